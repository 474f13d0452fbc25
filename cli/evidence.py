"""The verbs that show evidence and let go of words: `evidence list`, `show`, `erase`.

They need no server; only `erase` tells a rollout that runs to forget too.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import past, render
from cli.answers import Exit, Refusal
from cli.evidence_verify import export, verify
from cli.options import AsJson, UseCase, Who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.reading import Text, View
    from tidegate.envelope import Sealed

__all__ = ["erase", "evidence", "export", "list_", "show", "verify"]
_LAST = 20
_KEYS = (
    "seq", "id", "at", "action", "outcome", "who", "kind", "function", "on_behalf_of", "gate", "stage", "wave",
    "people", "verified", "times", "hash",
)  # fmt: skip
Named = Annotated[str | None, typer.Argument(metavar="[USE_CASE]", help="Which rollout; else all of them, in short.")]


def evidence() -> None:
    """Show, export and verify what is on record."""


def list_(
    use_case: Named = None,
    *,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many, the latest last.")] = _LAST,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only what came after that.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", metavar="ID", help="Only what this one did.")] = None,
    action: Annotated[str | None, typer.Option("--action", metavar="WORD", help="Only actions with this word.")] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="WORD", help="Only `done`, `refused`, `expired` and so on.")
    ] = None,
    gate: Annotated[str | None, typer.Option("--gate", metavar="GATE", help="Only about this round of votes.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every entry, also those that only changed the state.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what is on record of a rollout, or of which rollouts something is.

    With --json and a use case: {"entries": [{"seq", "id", "at", "action", "outcome", "who", "kind", "function",
    "on_behalf_of", "gate", "stage", "wave", "people", "verified", "times", "hash", "sentence"}]}; without one:
    {"streams": [{"stream", "entries", "first", "last", "signed", "signed_at"}]}.

    Example: tidegate evidence list minutes-summariser --actor risk-officer
    """
    from cli.evidence_ledger import opened, there
    from cli.moments import moment
    from store.page import line_of, plain

    with opened() as view:
        if use_case is None:
            _streams(view, as_json=as_json)
            return
        there(view, use_case)
        after = moment(since, "--since").astimezone(UTC).isoformat().replace("+00:00", "Z") if since else ""
        found: list[dict[str, Any]] = []
        for row in view.rows(use_case, newest=True):
            line = line_of(row)
            wanted = (
                (everything or line["action"])
                and (actor is None or line["who"] == actor.strip().lower())
                and (action is None or action.replace("_", " ").lower() in line["action"])
                and (outcome is None or line["outcome"] == outcome.lower())
                and (gate is None or line["gate"] == gate)
            )
            if line["at"] < after or (len(found) == last and not everything):
                break
            if wanted:
                found.append(line)
        found.reverse()
        texts = {one.token: one for one in view.texts(_tokens(found))}
    for line in found:
        line["sentence"] = plain(line["title"], texts)
    if as_json:
        render.answer({"entries": [{key: line[key] for key in (*_KEYS, "sentence")} for line in found]})
    elif not found:
        render.say("Nothing on record is like that.")
    else:
        render.table(
            ("Entry", "When", "Who", "What", "Outcome"),
            [(f"{one['seq']:,}", _when(one["at"]), one["who"], one["sentence"], one["outcome"]) for one in found],
        )


def show(
    use_case: UseCase,
    which: Annotated[str, typer.Argument(metavar="NUMBER|ID", help="Which entry.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show everything about one entry, and what stands before and after it.

    With --json: {"entry": as it was hashed, "hash", "sentence", "texts": {token: {"text", "erased_at", "erased_by",
    "why"}}, "before", "after": sentences}.

    Example: tidegate evidence show minutes-summariser 12
    """
    from cli.evidence_ledger import opened, there
    from store.page import line_of, plain
    from tidegate.seal import tokens

    with opened() as view:
        there(view, use_case)
        row = view.row(use_case, int(which) if which.isdecimal() else which)
        if row is None:
            raise Refusal(
                f"{use_case} has no entry {which}",
                f"`tidegate evidence list {use_case} --all` lists every one.",
                Exit.NO_SUCH_THING,
            )
        near = [view.row(use_case, row.seq + step) for step in (-1, 1)]
        spelled = row.body.decode("utf-8", "backslashreplace")
        known = " ".join([spelled, *(one.body.decode("utf-8", "backslashreplace") for one in near if one)])
        texts = {one.token: one for one in view.texts(tokens(known))}
    before, after = (plain(line_of(one)["title"], texts) if one is not None else None for one in near)
    line = line_of(row)
    if as_json:
        try:
            entry = json.loads(spelled)
        except ValueError:
            entry = None
        render.answer({
            "entry": entry,
            "hash": row.hash,
            "sentence": plain(line["title"], texts),
            "texts": {one: _text(texts[one]) for one in tokens(spelled) if one in texts},
            "before": before,
            "after": after,
        })  # fmt: skip
        return
    _show(row, line, texts)
    for name, sentence in (("Before it", before), ("After it", after)):
        if sentence is not None:
            render.heading(name)
            render.sentence(sentence, "  ")


def erase(
    use_case: UseCase,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays on record.")],
    text: Annotated[
        str | None, typer.Option("--text", metavar="TOKEN", help="One text, by what stands for it.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="ID", help="All that a person wrote.")] = None,
    older: Annotated[
        str | None, typer.Option("--older-than", metavar="SPAN", help="All that was written so long ago: 400d.")
    ] = None,
    who: Who = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask for no confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase people's words for good; the entries stay, and verify as before.

    A rollout that runs is told to forget them too; what was sent to Temporal stays in its history for as long as that
    is kept. With --json: {"erased": [token], "entry": the number of the entry that says so, or null, "forgotten":
    whether a running rollout was told}.

    Example: tidegate evidence erase minutes-summariser --person risk-officer --as office-head --reason "asked for it"
    """
    from cli.evidence_ledger import known_trouble, opened, there
    from cli.telling import speaker
    from store import erasing

    by = speaker(who)
    if sum(one is not None for one in (text, person, older)) != 1:
        raise Refusal("say what is to be erased, in one way", "One of --text TOKEN, --person ID, --older-than SPAN.")
    with opened() as view:
        there(view, use_case)
    with known_trouble():
        which = _chosen(use_case, text, person, older)
        if not which:
            raise Refusal("there is nothing like that to erase", "It may be erased already.", Exit.NO_SUCH_THING)
        count = render.counted(len(which), "text")
        if not yes and not typer.confirm(f"Erase {count} of {use_case} for good? Nobody can bring them back", err=True):
            raise Refusal("nothing was erased", "", Exit.NO)
        now = datetime.now(UTC)
        done = erasing.erase(past.ledger(), use_case, which, by=by, why=reason, now=now, tool=_tool())
    told = _forgotten(use_case, which)
    if as_json:
        render.answer({"erased": list(done.tokens), "entry": done.seq, "forgotten": told})
        return
    if done.seq is None:
        render.say("It was erased already.")
    else:
        render.say(f"ERASED {render.counted(len(done.tokens), 'text')}; entry {done.seq} says so.")
    if not told:
        render.sentence(
            f"No rollout {use_case} was told: one that runs may show the words until it is told. To tell it:"
        )
        for mark in which:
            render.say(f"    tidegate evidence erase {use_case} --text {mark} --reason TEXT")
    render.sentence(
        "Copies of the database and bundles that were made before still have the words, and so has the server's own"
        " history until it is deleted."
    )


def _forgotten(use_case: str, tokens: Sequence[str]) -> bool:
    """Tell a rollout that runs to forget words too; return whether one was told."""
    from cli import talk
    from cli.message import Message
    from workflows import ids

    try:
        talk.server().signal(Message(use_case, ids.FORGET, {"tokens": list(tokens)}))
    except Refusal:
        return False
    return True


# -- in parts ------------------------------------------------------------------------------------------------------


def _chosen(use_case: str, text: str | None, person: str | None, older: str | None) -> list[str]:
    from store import erasing
    from store.reading import reading
    from tidegate.models.base import Span

    if text is not None:
        # One that was erased already is taken, too: a rollout that runs may not have been told.
        with reading(past.ledger()) as view:
            return [one.token for one in view.texts_of(use_case) if one.token == text.strip()]
    if person is not None:
        return [said.token for said in erasing.of_person(past.ledger(), use_case, person)]
    try:
        span = Span.of(older or "").wall
    except ValueError:
        raise Refusal(f"--older-than: '{older}' is no span", "Write it like 400d or 12w.") from None
    return [said.token for said in erasing.older(past.ledger(), use_case, datetime.now(UTC) - span)]


def _tool() -> str:
    from importlib.metadata import version

    return f"tidegate {version('tidegate')}"


def _streams(view: View, *, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for one in view.streams():
        ends = [view.row(one.stream, seq) for seq in (one.first, one.last)]
        head = next(iter(sorted(view.heads(one.stream), key=lambda head: head.seq, reverse=True)), None)
        found.append({
            "stream": one.stream,
            "entries": one.entries,
            **dict(zip(("first", "last"), map(_at, ends), strict=True)),
            "signed": head.seq if head else None,
            "signed_at": head.at if head else None,
        })  # fmt: skip
    if as_json:
        render.answer({"streams": found})
    elif not found:
        render.say("Nothing is on record yet.")
    else:
        render.table(
            ("Use case", "Entries", "First", "Last", "Signed up to"),
            [
                (
                    one["stream"], f"{one['entries']:,}", _when(one["first"]), _when(one["last"]),
                    f"{one['signed']:,}" if one["signed"] else "nothing",
                )
                for one in found
            ],
        )  # fmt: skip


def _at(row: Sealed | None) -> str:
    from store.page import line_of

    return "" if row is None else str(line_of(row)["at"])


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def _tokens(lines: list[dict[str, Any]]) -> Iterator[str]:
    from tidegate.seal import tokens

    return (mark for line in lines for mark in tokens(line["title"]))


def _text(one: Text) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("text", "erased_at", "erased_by", "why")}


def _show(row: Sealed, line: dict[str, Any], texts: dict[str, Text]) -> None:
    from store.page import plain

    render.heading(f"Entry {row.seq:,}", first=True)
    render.sentence(plain(line["title"], texts))
    for name, said in line["said"]:
        render.say(f"  {render.clean(name)}:")
        render.sentence(plain(said, texts), "    ")
    where = " · ".join(part for part in (line["stage"].replace("_", " "), line["wave"]) if part)
    facts = (
        ("When", line["at"]), ("Recorded", line["recorded"]), ("Who", f"{line['who']} {line['kind']}".strip()),
        ("As", line["function"]), ("For", line["on_behalf_of"]),
        ("Recognised by", f"{line['method']}, {'signed' if line['verified'] else 'not signed'}"), ("Key", line["key"]),
        ("Action", line["action"]), ("Outcome", line["outcome"]), ("Where", where), ("Round", line["gate"]),
        *((name.capitalize(), f"{was} -> {now}") for name, was, now in line["changes"]),
        ("About", line["subject"]), ("Plan", line["plan"]), ("Id", row.id), ("Hash", row.hash), ("Follows", row.prev),
    )  # fmt: skip
    for name, value in facts:
        if value:
            render.say(f"  {name:<14}{render.clean(str(value))}")
