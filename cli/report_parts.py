"""What reports say, part by part: figures against how things stood before, decisions, and what each change rests on.

Every part is made from what the ledger has, by the rules of `tidegate`; nothing is judged here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.reporting import Told
    from store.reading import View
    from tidegate.models.report import Part
    from tidegate.scorecard import Card, Time


def card_of(one: Told, time: Time) -> Card:
    """Return the scorecard of a rollout over a time."""
    from tidegate.scorecard import scorecard as made

    level = max(one.level(time.seen), 0)
    return made(one.plan, one.history.readings, one.history.people, level, time)


def card_parts(one: Told, card: Card, time: Time) -> Iterator[Part]:
    """Yield the parts of a scorecard."""
    from tidegate.models.report import Part
    from tidegate.process import process

    before, after = card.people
    money = "not measured: no metric has `limit: budget_per_month`"
    if card.spend is not None:
        money = f"{card.spend:,}" + (f" of {card.budget:,}" if card.budget is not None else "")
    units = [f"{f.name} {f.value}" for f in card.figures if f.dimension == "spend" and f.value is not None]
    used = f"{card.used:.0f}% of its runs" if card.used is not None else "not measured: no metric counts runs"
    value = [f"{f.name} {f.value} ({f.moved})" for f in card.figures if f.family == "outcome" and f.value is not None]
    rows = (
        ("Value delivered", "; ".join(value) or "nothing that counts was read"),
        ("Adoption", f"up to {after:,} people, {before:,} when it began"),
        ("Utilisation", used),
        ("Spend", "; ".join((money, *units))),
        ("Run rate", f"{card.run_rate:,.0f} by the end of the month" if card.run_rate is not None else "not known"),
        ("One rule says", f"{card.verdict[0]}: {card.verdict[1]}"),
    )
    yield Part(heading=card.title, heads=("What", "How it was"), rows=rows)
    figures = tuple(
        (f.name, ", ".join(filter(None, (f.family, f.dimension))), _cell(f.baseline), _cell(card.first.get(f.name)),
         _cell(f.value), f.goal or "-", f.moved, f.band if f.value is not None else "unknown")
        for f in card.figures
    )  # fmt: skip
    heads = ("Figure", "Speaks of", "Before", "First", "Last", "Goal", "Come so far", "Band")
    yield Part(heading=f"{card.title}: figures", heads=heads, rows=figures, figures=card.figures, of=one.use_case)
    found = process(line for line in one.lines if time.holds(datetime.fromisoformat(line["occurred_at"])))
    yield Part(heading=f"{card.title}: how the reviewing went", heads=("What", "How much"), rows=tuple(_process(found)))


def _process(found: Any) -> Iterator[tuple[str, str]]:
    done = "no round ended" if found.completion is None else f"{found.completion:g} of a hundred"
    yield "rounds of votes that people decided in time", done
    if found.hours_to_ready is not None:
        yield "until a checklist was complete, in the middle", f"{found.hours_to_ready:g} hours"
    for how, count in found.rounds.items():
        yield f"rounds {how}", str(count)
    yield "missed reviews", str(found.missed_reviews)
    for what, count in found.changes.items():
        yield what, str(count)
    for what in ("asked", "granted", "denied"):
        yield f"exceptions {what}", str(found.exceptions[what])


def portfolio_row(one: Told, card: Card) -> tuple[str, ...]:
    """Return the row of one use case beside the others."""
    outcome = [f"{f.name} {f.value} ({f.moved})" for f in card.figures if f.family == "outcome" and f.value is not None]
    spend = [f"{f.name} {f.value}" for f in card.figures if f.dimension == "spend" and f.value is not None]
    rung = one.plan.rung(card.level) if 0 < card.level <= len(one.plan.ladder) else None
    stage = f"{render.spoken(rung.stage.value)} {rung.wave}" if rung is not None else "not begun"
    verdict, why = card.verdict
    return (
        card.title, stage, f"{card.people[1]:,}", "; ".join(outcome) or "unknown", "; ".join(spend) or "unknown",
        verdict, why,
    )  # fmt: skip


def impact(found: list[Told], time: Time) -> Iterator[str]:
    """Yield how exposure changed in a time."""
    from tidegate.links import links as linked

    for one in found:
        for link in linked(one.lines):
            if time.holds(link.at):
                was, then = link.people
                yield f"{link.at:%Y-%m-%d} {one.plan.title}: {was:,} to {then:,} people ({link.what}, {link.by})"


def links_part(one: Told) -> Part:
    """Return each change of exposure with what it rests on."""
    from tidegate.links import links as linked
    from tidegate.models.report import Part

    rows = tuple(
        (f"{link.at:%Y-%m-%d %H:%M}", f"{link.people[0]:,} to {link.people[1]:,}", link.what, link.by, link.gate or "-",
         ", ".join(link.notices) or "none", link.plan[:12], link.standard, link.subject[:12] or "-")
        for link in linked(one.lines)
    )  # fmt: skip
    heads = ("When", "People", "What", "By", "Round", "Notices before it", "Plan", "Policy", "Subject")
    return Part(heading="Changes of exposure, and what each rests on", heads=heads, rows=rows)


def review_parts(one: Told, view: View, now: datetime) -> Iterator[Part]:
    """Yield the parts of a review after launch."""
    from tidegate.models.report import Part
    from tidegate.process import process
    from tidegate.scorecard import Time
    from tidegate.scorecard import scorecard as made

    begun = datetime.fromisoformat(one.lines[0]["occurred_at"])
    whole = Time(begun, now, now)
    card = made(one.plan, one.history.readings, one.history.people, one.level(now), whole)
    short = next(iter(card_parts(one, card, whole)))
    # Where the spend of a month leads says nothing of a whole life.
    yield short.but(rows=tuple(row for row in short.rows if row[0] != "Run rate"))
    figures = tuple(
        (f.name, ", ".join(filter(None, (f.family, f.dimension))), _cell(f.baseline), _cell(f.value), f.goal or "-",
         "yes" if f.reached else "no" if f.reached is not None else "-", f.moved) for f in card.figures
    )  # fmt: skip
    heads = ("Figure", "Speaks of", "Before", "Now", "Goal", "Reached", "Come so far")
    yield Part(heading="Outcome", heads=heads, rows=figures, figures=card.figures, of=one.use_case)
    docs = one.documents
    yield Part(
        heading="Every briefing that people decided upon",
        heads=("Round", "Led to", "When", "Conditions", "People", "Inconclusive of the four", "Digest"),
        rows=tuple(
            (doc.gate, doc.label, f"{doc.as_of:%Y-%m-%d}", doc.verdict,
             f"{doc.people_now:,} to {doc.people_then:,}" if doc.people_then is not None else f"{doc.people_now:,}",
             ", ".join(row.dimension for row in doc.dimensions if row.says != "passed") or "none", doc.digest[:12])
            for doc in docs
        ),
    )  # fmt: skip
    yield links_part(one)
    for heading, codes in _KINDS:
        yield Part(heading=heading, lines=tuple(_said(one, codes)))
    yield Part(heading="How the reviewing went", heads=("What", "How much"), rows=tuple(_process(process(one.lines))))
    signed = max((head.seq for head in view.heads(one.use_case)), default=0)
    yield Part(
        heading="What it means, and where the evidence is",
        lines=(
            f"Success means: {one.plan.success_means}",
            f"It does not mean: {one.plan.success_does_not_mean}",
            f"{len(one.lines):,} entries are on record, signed up to {signed:,}.",
            f"`tidegate evidence verify {one.use_case} --recompute` proves them; `evidence export` takes them away.",
        ),
    )


_KINDS = (
    ("Incidents, and times it was made safer",
     ("held", "narrowed", "redirected", "paused", "rolling_back", "incident_opened", "drift_wider", "override")),
    ("Controls that were gone around", ("invalid_evidence",)),
    ("Exceptions", ("exception_granted", "exception_denied", "exception_over")),
    ("Drills", ("drill_passed", "drill_failed", "drill_overtaken")),
)  # fmt: skip


def _said(one: Told, codes: tuple[str, ...]) -> Iterator[str]:
    for line in one.lines:
        if line.get("reason") and line["reason"]["code"] in codes:
            yield f"{line['occurred_at'][:10]} {line['actor']['subject']}: {one.sentence(line)}"


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
