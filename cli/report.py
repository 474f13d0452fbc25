"""The verbs that report from the ledger: `report monthly`, `scorecard`, `portfolio`, `review`, `compare` and `links`.

They need no server. The same figures, by the same rules, as the briefings that people signed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, UseCase

if TYPE_CHECKING:
    from cli.reporting import Told
    from store.reading import View
    from tidegate.models.document import Document
    from tidegate.models.report import Part
    from tidegate.scorecard import Time

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write it: .html, .md or .json, with a signature beside it."),
]
Month = Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Which month; else the one before now.")]


def report() -> None:
    """Report from the ledger what was gained, how it is used, what it costs, and how it was decided."""


def monthly(*, month: Month = None, out: Out = None, as_json: AsJson = False) -> None:
    """Report a month of every use case: outcomes, adoption, spend, and how the reviewing went.

    With --json: {"report", "title", "lede", "at", "template", "parts": [{"heading", "note", "heads", "rows", "lines",
    "figures", "of"}]}; with --out as well: {"path", "sha256", "signed"}.

    Example: tidegate report monthly --month 2026-11 --out november.html
    """
    from cli.evidence_ledger import opened
    from cli.excepted import part as exceptions
    from cli.report_parts import card_of, card_parts
    from cli.reporting import everything

    time = _month(month)
    with opened() as view:
        found = everything(view)
        parts = [part for one in found for part in card_parts(one, card_of(one, time), time)]
        parts.append(exceptions(found, time.seen))
        lede = f"{render.counted(len(found), 'use case')}, {time.start:%d %B %Y} to {time.seen:%d %B %Y}."
        _deliver("monthly", f"The month {time.start:%B %Y}", lede, parts, view, found, out, as_json=as_json)


def scorecard(use_case: UseCase, *, month: Month = None, out: Out = None, as_json: AsJson = False) -> None:
    """Report a month of one use case: spend, utilisation, value delivered, and where the spend leads.

    With --json: as `report monthly --json`.

    Example: tidegate report scorecard claims-triage --month 2026-11
    """
    from cli.evidence_ledger import opened
    from cli.report_parts import card_of, card_parts
    from cli.reporting import one_of

    time = _month(month)
    with opened() as view:
        one = one_of(view, use_case)
        card = card_of(one, time)
        lede = f"{time.start:%d %B %Y} to {time.seen:%d %B %Y}."
        title = f"Scorecard of {one.plan.title}, {time.start:%B %Y}"
        _deliver("scorecard", title, lede, list(card_parts(one, card, time)), view, [one], out, as_json=as_json)


def portfolio(*, month: Month = None, out: Out = None, as_json: AsJson = False) -> None:
    """Report all use cases beside each other, for those who decide in which to invest and which to retire.

    One rule says the same of each: retire, hold, unknown, watch or invest. It decides nothing. With --json: as
    `report monthly --json`.

    Example: tidegate report portfolio --out portfolio.html
    """
    from cli.evidence_ledger import opened
    from cli.excepted import alternatives
    from cli.excepted import part as exceptions
    from cli.report_parts import card_of, impact, portfolio_row
    from cli.reporting import everything
    from cli.wayback import lines
    from tidegate.models.report import Part
    from tidegate.request import STREAM

    time = _month(month)
    with opened() as view:
        found = everything(view)
        cards = [(one, card_of(one, time)) for one in found]
        rows = tuple(portfolio_row(one, card) for one, card in cards)
        heads = ("Use case", "Stage", "People", "Outcome", "Spend", "One rule says", "Because")
        counts = [card.verdict[0] for _, card in cards]
        short = tuple(f"{word}: {counts.count(word)}" for word in dict.fromkeys(counts))
        parts = [
            Part(heading="Every use case", heads=heads, rows=rows, note="The rule compares; people decide."),
            Part(heading="In short", lines=short),
            Part(heading="What happened to exposure", lines=tuple(impact(found, time))),
            exceptions(found, time.seen),
            alternatives(lines(view, STREAM), time.seen),
        ]
        lede = f"{render.counted(len(found), 'use case')} as of {time.seen:%d %B %Y}."
        _deliver("portfolio", f"Portfolio, {time.start:%B %Y}", lede, parts, view, found, out, as_json=as_json)


def review(use_case: UseCase, *, out: Out = None, as_json: AsJson = False) -> None:
    """Report all that a review after launch needs: outcome, decisions, incidents, exceptions, and what each rests on.

    With --json: as `report monthly --json`.

    Example: tidegate report review claims-triage --out review.html
    """
    from cli.evidence_ledger import opened
    from cli.report_parts import review_parts
    from cli.reporting import one_of

    now = datetime.now(UTC)
    with opened() as view:
        one = one_of(view, use_case)
        last = one.last()
        stands = f"{render.spoken(last.get('stage') or 'before the first wave')} {last.get('wave') or ''}".strip()
        lede = f"From its beginning to {now:%d %B %Y}; it stands at {stands}, {render.spoken(last['after']['phase'])}."
        parts = list(review_parts(one, view, now))
        _deliver("review", f"Review of {one.plan.title} after launch", lede, parts, view, [one], out, as_json=as_json)


def compare(
    one: Annotated[str, typer.Argument(metavar="USE_CASE[@GATE]", help="One checkpoint; the last one if not named.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[USE_CASE[@GATE]]", help="The other; else the one before it.")
    ] = None,
    *,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Compare two checkpoints, of one use case or of two: the same template asks the same of each.

    With --json: as `report monthly --json`.

    Example: tidegate report compare claims-triage
    """
    from cli.evidence_ledger import opened
    from tidegate.compared import comparable, compared
    from tidegate.models.report import Part

    with opened() as view:
        earlier, later = _two(view, one, other)
        if not comparable(earlier, later):
            raise Refusal(
                f"{earlier.gate} was evaluated by {earlier.template} and {later.gate} by {later.template}",
                "Only what was asked in the same way can be compared.",
                Exit.NO,
            )
        names = tuple(f"{doc.use_case} {doc.label} ({doc.as_of:%Y-%m-%d})" for doc in (earlier, later))
        rows = tuple((pair.what, pair.one, pair.other, pair.moved) for pair in compared(earlier, later))
        part = Part(heading="Side by side", heads=("What", *names, "Moved"), rows=rows)
        lede = f"{names[0]} beside {names[1]}, both by the template {later.template}."
        _deliver("compare", "Two checkpoints", lede, [part], view, [], out, as_json=as_json)


def links(use_case: UseCase, *, out: Out = None, as_json: AsJson = False) -> None:
    """Show which notice, round of votes, and version of plan and policy stand behind each change of exposure.

    With --json: as `report monthly --json`.

    Example: tidegate report links claims-triage
    """
    from cli.evidence_ledger import opened
    from cli.report_parts import links_part
    from cli.reporting import one_of

    with opened() as view:
        one = one_of(view, use_case)
        lede = "Each change of what is exposed, oldest first; a reduction waits for no notice."
        _deliver("links", f"Changes of {one.plan.title}", lede, [links_part(one)], view, [one], out, as_json=as_json)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report that was written with --out.")],
    *,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="FILE", help="A public key that you trust, or its file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a report is as it was signed.

    It ends with 1 if it is not. With --json: {"file", "intact", "what": what is wrong, "key", "at", "streams"}.

    Example: tidegate report verify november.html
    """
    from cli.evidence_ledger import own_key
    from cli.reporting import wrong
    from store.bundle import public_key

    own = own_key()
    given = key or ([str(own)] if own is not None else [])
    try:
        keys = [public_key(one) for one in given]
    except (OSError, ValueError) as error:
        raise Refusal(f"--key: {error}", "It is an Ed25519 public key: base64, or `ssh-ed25519 ...`.") from None
    what, words = wrong(file, keys)
    if as_json:
        said = {name: words.get(name) for name in ("key", "at", "streams")}
        render.answer({"file": str(file), "intact": not what, "what": what, **said})
    elif what:
        render.say(f"NOT INTACT: {render.clean(str(file))}: {what}.")
    else:
        trusted = "" if keys else f" Trusted because it came with it: key {words['key']}."
        render.say(f"INTACT: {render.clean(str(file))}, signed {words['at']}.{trusted}")
    if what:
        raise typer.Exit(Exit.NO)


# -- in parts ---------------------------------------------------------------------------------------------------------


def _deliver(  # a report and where it goes
    report: str, title: str, lede: str, parts: list[Part], view: View, found: list[Told], out: Path | None,
    *, as_json: bool,
) -> None:  # fmt: skip
    from cli.reporting import deliver
    from tidegate.models.briefing import TEMPLATE
    from tidegate.models.report import Report

    made = Report(report=report, title=title, lede=lede, at=datetime.now(UTC), template=TEMPLATE, parts=tuple(parts))
    deliver(made, view, {one.use_case: one.history for one in found}, out, as_json=as_json)


def _month(said: str | None) -> Time:
    from tidegate.scorecard import Time

    now = datetime.now(UTC)
    try:
        if said is None:
            year, month = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
        else:
            found = datetime.strptime(said, "%Y-%m").replace(tzinfo=UTC)
            year, month = found.year, found.month
    except ValueError:
        raise Refusal(f"--month: '{said}' is no month", "Write it as 2026-11.", Exit.USAGE) from None
    time = Time.month(year, month, now)
    if time.start > now:
        raise Refusal(f"--month: {said} has not begun", "Name one that has.", Exit.USAGE)
    return time


def _two(view: View, one: str, other: str | None) -> tuple[Document, Document]:
    from cli.reporting import one_of

    def docs(said: str) -> tuple[list[Document], str]:
        use_case, _, gate = said.partition("@")
        kinds = ("first_exposure", "checkpoint", "stage", "operating")
        return [doc for doc in one_of(view, use_case).documents if doc.kind in kinds], gate

    found, gate = docs(one)
    later = _named(found, gate, one)
    if other is not None:
        beside, named = docs(other)
        return later, _named(beside, named, other)
    before = [doc for doc in found if doc.as_of < later.as_of]
    if not before:
        raise Refusal(f"{one} has one checkpoint only", "Name another one to compare it with.", Exit.NO_SUCH_THING)
    return before[-1], later


def _named(found: list[Document], gate: str, said: str) -> Document:
    match = [doc for doc in found if not gate or doc.gate == gate]
    if not match:
        known = render.listed([doc.gate for doc in found]) or "none"
        raise Refusal(f"{said}: no such briefing is on record", f"On record: {known}.", Exit.NO_SUCH_THING)
    return match[-1]
