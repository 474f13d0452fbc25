"""Every decision is computed again from what is on record, and compared with what was written down.

A record is the event, the moment, and what it changed in the state. From the state that is on record before it, its
lines, its moves and the state after it must come out the same; so each decision is judged by itself, and one that is
wrong names no other. What an older version of the rules decided is said to be so: it was right then. Hashes are not
looked at here: a decision that no rules would give is found however well its hashes fit.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from tidegate import envelope, recording
from tidegate.decide import Decision, begin, decide, precedence
from tidegate.models.base import Instant
from tidegate.models.decision import Entry
from tidegate.models.event import Event, Fault
from tidegate.models.plan import Plan
from tidegate.models.record import Record, Row
from tidegate.models.state import State
from tidegate.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Words = dict[str, Any]
Kind = Literal["differs", "older_rules", "out_of_order", "not_kept", "unreadable"]
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_LINES = 500
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Instant)
_OF_THE_LEDGER = ("seq", "recorded_at", "prev", "run", "tool", "count")
"""What does not follow from the rules; how many alike were counted together is known to the rollout alone."""


class Difference(NamedTuple):
    """One thing that does not come out as it is written."""

    seq: int
    kind: Kind
    what: str


class _Life:
    """One life of a rollout, as it is on record."""

    def __init__(self, stream: str, name: str) -> None:
        """Begin with nothing."""
        self.stream, self.name = stream, name
        self.words: Words | None = None
        """The state; none while it is not known."""
        self.spelled: recording.Spelled | None = None
        """The same as the rules gave it, where that is what is written: then nothing is read or spelled again."""
        self.outbox: tuple[Entry, ...] = ()
        self.plan: Plan | None = None
        self.record, self.batch, self.rules = -1, -1, 0
        self.last: Event | None = None
        self.lines: list[Words] = []
        """The lines of late, from which those that waited for the ledger are known after a gap."""
        self.bare: list[int] = []
        """Lines without their events: only a gap that is closed afterwards explains them."""

    @property
    def state(self) -> State:
        """The state with the lines that waited for the ledger."""
        known = self.spelled.state if self.spelled is not None else _state(self.words or {})
        return known.but(outbox=self.outbox)


def check(rows: Iterable[Words], papers: Callable[[str], Any]) -> Iterator[Difference]:
    """Decide everything again; `papers` returns what a digest stands for, and raises LookupError if nothing does."""
    lives: dict[str, _Life] = {}
    for group in _records(rows):
        first = group[0]
        life = lives.setdefault(first["life"], _Life(first["stream"], first["life"]))
        life.lines = [*life.lines, *(row for row in group if row.get("number") is not None)][-_LINES:]
        try:
            yield from _again(life, group, papers)
        except (ValidationError, LookupError, KeyError, TypeError, ValueError) as error:
            life.words = life.spelled = None
            yield Difference(first["seq"], "unreadable", f"it cannot be decided again: {_why(error)}")
    for life in lives.values():
        for seq in life.bare:
            yield Difference(seq, "not_kept", "the event behind it is not kept, and no gap is closed after it")


def _records(rows: Iterable[Words]) -> Iterator[list[Words]]:
    """Put together the rows of each record; what belongs to none stands alone; acts of the ledger are left out."""
    group: list[Words] = []
    for row in rows:
        if row.get("life") is None:
            continue
        if group and (row["life"], row["record"]) != (group[0]["life"], group[0]["record"]):
            yield group
            group = []
        group.append(row)
        if row["record"] is None:
            yield group
            group = []
    if group:
        yield group


def _again(life: _Life, group: list[Words], papers: Callable[[str], Any]) -> Iterator[Difference]:
    first, last = group[0], group[-1]
    if first["record"] is None:
        life.bare.append(first["seq"])
        return
    heard, then = first["heard"], last["then"]
    yield from _in_line(life, first)
    if first["batch"] != life.batch:
        life.last = None
    life.record, life.batch, life.rules = first["record"], first["batch"], first["rules"]
    if heard["kind"] == "missed":
        words = papers(then["state"])
        if recording.digest_of_words(words) != then["state"]:
            yield Difference(first["seq"], "differs", "the state that closes the gap is not the one that it names")
        life.words, life.spelled, life.bare, life.plan, life.last = words, None, [], None, None
        waited = [line for line in life.lines if line["number"] > words.get("stored", 0)]
        life.outbox = tuple(_entry(line) for line in waited)
        yield Difference(first["seq"], "not_kept", f"{heard['count']} events before it were counted and not kept")
        return
    if heard["kind"] == "begun":
        life.plan = _plan(papers(heard["plan"]), heard["plan"])
        decision = Decision(begin(life.plan, _at(first)), (), (), life.plan, None)
    elif life.words is None:
        yield Difference(first["seq"], "not_kept", "what came before it is not known, so it cannot be decided again")
        return
    elif heard.get("refused"):
        yield from _refused(life, group)
        return
    else:
        state = life.state
        if life.plan is None or life.plan.digest != state.plan:
            life.plan = _plan(papers(state.plan), state.plan)
        event = _event(heard, papers)
        yield from _order(life, first, event)
        decision = decide(life.plan, state, event, _at(first))
    after = recording.spell(decision.state, life.spelled)
    change = recording.change(life.words or {}, after.words)
    yield from _compare(life, group, decision, after, change)
    as_written = (after.digest, change) == (then["state"], then["change"])
    life.spelled = after if as_written else None
    life.words = after.words if as_written else recording.changed(life.words or {}, then["change"])
    stored = life.words.get("stored", 0)
    life.outbox = tuple(entry for entry in decision.state.outbox if entry.number > stored)


def _in_line(life: _Life, first: Words) -> Iterator[Difference]:
    """See that records follow each other as they are counted, and that what counts up never counts down."""
    heard, gap = first["heard"], 0
    if heard["kind"] == "missed":
        gap = heard["count"]
    if life.record >= 0 and first["record"] != life.record + 1 + gap:
        yield Difference(first["seq"], "differs", f"record {first['record']} follows {life.record}")
    if first["batch"] < life.batch:
        yield Difference(first["seq"], "differs", "it is said to have come with what came before")
    if not max(life.rules, 1) <= first["rules"] <= RULES:
        yield Difference(first["seq"], "differs", f"there were no rules {first['rules']} then")


def _refused(life: _Life, group: list[Words]) -> Iterator[Difference]:
    """See that a revision that was refused, and so was not kept, changed nothing."""
    then = group[-1]["then"]
    touched = set(then["change"]) - {"receipts", "written"}
    if touched or any(row["outcome"] != "refused" for row in group) or _after(life, then) != then["state"]:
        yield Difference(group[0]["seq"], "differs", "a revision that was refused changes nothing")
    life.words, life.spelled = recording.changed(life.words or {}, then["change"]), None
    life.outbox = (*life.outbox, *(_entry(row) for row in group))


def _order(life: _Life, first: Words, event: Event) -> Iterator[Difference]:
    """See that of two that arrived together what makes it safer was decided first."""
    before, life.last = life.last, event
    if isinstance(before, Fault) and before.holds:
        return  # it stands in the place of what could not be decided
    if before is not None and precedence(event) < min(precedence(before), 0):
        yield Difference(first["seq"], "out_of_order", "it makes it safer, and was decided after what arrived with it")


def _compare(
    life: _Life, group: list[Words], decision: Decision, after: recording.Spelled, change: Words
) -> Iterator[Difference]:
    """Compare what is written with what comes out; the first row that differs is named."""
    first, last = group[0], group[-1]
    then = last["then"]
    if (after.digest, change) != (then["state"], then["change"]) and _after(life, then) != then["state"]:
        yield Difference(last["seq"], "differs", "what it changed does not lead to the state that it names")
        return
    record = Record(
        number=first["record"],
        at=_at(first),
        batch=first["batch"],
        event=first["heard"],
        written=decision.state.written,
        state=after.digest,
        change=change,
        moves=recording.digest_of(decision.moves),
        rules=first["rules"],
    )
    expected = list(envelope.bodies(life.stream, life.name, (Row(record=record, entries=decision.entries),)))
    for row, body in zip(group, expected, strict=False):
        names = sorted({*row, *body} - {*_OF_THE_LEDGER})
        wrong = [name for name in names if row.get(name) != body.get(name)]
        if wrong:
            yield _difference(row, wrong)
            return
    if len(group) != len(expected):
        yield _difference(last, [f"{len(expected)} lines instead of {len(group)}"])


def _after(life: _Life, then: Words) -> str:
    return recording.fingerprint(_state(recording.changed(life.words or {}, then["change"])))


def _entry(row: Words) -> Entry:
    """Return a line as the rollout knew it."""
    actor, authentication = row["actor"], row["authentication"]
    return Entry.model_validate_json(
        json.dumps(
            {
                **{name: value for name, value in row.items() if name in Entry.model_fields},
                **row["after"],
                "at": row["occurred_at"],
                "actor": actor["subject"],
                "actor_kind": actor["kind"],
                "organisation": actor["organisation"],
                "method": authentication["method"],
                "verified": authentication["verified"],
                "key": authentication["key"] or "",
                "before": row["before"] if row["before"] != row["after"] else None,
            }
        )
    )


def _difference(row: Words, wrong: list[str]) -> Difference:
    if row["rules"] != RULES:
        return Difference(
            row["seq"], "older_rules", f"rules {row['rules']} made it; rules {RULES} would make another {wrong[0]}"
        )
    return Difference(row["seq"], "differs", f"the rules give another {', '.join(wrong)}")


def _event(heard: Words, papers: Callable[[str], Any]) -> Event:
    words = dict(heard)
    if words["kind"] == "amend":
        words["plan"] = {**papers(words["plan"]), "digest": words.pop("called")}
    return _EVENT.validate_json(json.dumps(words))


def _plan(words: Any, digest: str) -> Plan:
    return Plan.model_validate_json(json.dumps({**words, "digest": digest}))


def _state(words: Mapping[str, Any]) -> State:
    return State.model_validate_json(json.dumps(words))


def _at(row: Words) -> datetime:
    return _MOMENT.validate_json(json.dumps(row["occurred_at"]))


def _why(error: Exception) -> str:
    return type(error).__name__
