"""What happened is written down as it is decided, so that it can be decided again: events, digests, and their papers.

    begun:   the first record of a life
    heard:   one event more; what changed nothing and wrote nothing leaves no record
    batch:   what goes to the ledger next
    stored:  what has arrived there is forgotten here

While the ledger is away for long, records are counted instead of kept; a record of the whole state then closes the gap.
"""

from __future__ import annotations

import hashlib
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from tidegate.briefing import paper
from tidegate.digest import digest, sealed_words
from tidegate.models.decision import Outcome
from tidegate.models.event import Amend
from tidegate.models.messages import Backlog
from tidegate.models.record import Paper, Record, Row, Text
from tidegate.models.state import State
from tidegate.rules import RULES
from tidegate.seal import tokens
from tidegate.turn import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.decision import Entry, Move
    from tidegate.models.event import Event
    from tidegate.models.plan import Plan

_GONE = "~"
_DIGITS = 12
TEXTS_KEPT = 400
"""From so many texts on, those of events that are not kept are not kept either."""
KEPT = 160 * 1024
"""Bytes of events, papers and texts that wait for the ledger at most; what comes then is counted."""


_BORN = MappingProxyType(
    {
        name: None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        for name, field in State.model_fields.items()
    }
)
"""What each part of a state is where nobody has said otherwise."""


class Spelled(NamedTuple):
    """A state in words, and the digests of its parts; what has not changed since is not spelled again."""

    state: State
    words: dict[str, Any]
    marks: dict[str, Any]
    parts: dict[str, str]
    """One digest of each part, whatever it is made of."""
    digest: str


def spell(state: State, last: Spelled | None = None) -> Spelled:
    """Spell a state, without the lines that wait for the ledger and without what it was born with."""
    words: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    parts: dict[str, str] = {}
    for name, born in _BORN.items():
        value = getattr(state, name)
        was = getattr(last.state, name) if last is not None else None
        if last is not None and value is was:
            if name in last.words:
                words[name], marks[name], parts[name] = last.words[name], last.marks[name], last.parts[name]
            continue
        if name == "outbox" or value == born:
            continue
        if isinstance(value, dict):
            known = was if isinstance(was, dict) and last is not None and name in last.words else {}
            words[name], marks[name] = {}, {}
            for key, one in value.items():
                same = last is not None and key in known and known[key] is one
                words[name][key] = last.words[name][key] if same and last is not None else _words(one)
                marks[name][key] = last.marks[name][key] if same and last is not None else _mark(words[name][key])
        else:
            words[name] = _words(value)
            marks[name] = _marked(words[name])
        parts[name] = _part(marks[name])
    return Spelled(state, words, marks, parts, _mark(parts))


def digest_of_words(words: dict[str, Any]) -> str:
    """Return the digest of a state that is given in words."""
    return _mark({name: _part(_marked(value)) for name, value in words.items()})


def _part(mark: Any) -> str:
    return _mark(mark) if isinstance(mark, dict) else mark


def _marked(words: Any) -> Any:
    return {key: _mark(value) for key, value in words.items()} if isinstance(words, dict) else _mark(words)


def _mark(words: Any) -> str:
    return hashlib.sha256(_WRITER.encode(words).encode()).hexdigest()


_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def _words(value: Any) -> Any:
    if isinstance(value, BaseModel):
        words = value.model_dump(mode="json", exclude_defaults=True)
        # A move is told from another by its kind, which is a default of each.
        return {"kind": value.kind, **words} if hasattr(value, "kind") else words
    if isinstance(value, tuple):
        return [_words(one) for one in value]
    return to_jsonable_python(value)


def begun(backlog: Backlog, plan: Plan, state: State, now: datetime) -> Backlog:
    """Return a backlog with the first record of a life."""
    paper = _plan(plan)
    event = {"kind": "begun", "plan": paper.digest}
    return _with(backlog, _record(backlog, event, {}, spell(state), (), now), (paper,), {})


def heard(  # all that one decision is made of
    backlog: Backlog,
    before: Spelled,
    event: Event,
    texts: Mapping[str, Text],
    decision: Decision,
    now: datetime,
) -> tuple[Backlog, Spelled]:
    """Return a backlog with one event more and the texts that it brought, and the state after it, spelled."""
    state = decision.state
    if state is before.state:
        return backlog, before
    if backlog.missed:
        # Counting is all there is time for; the state is spelled again when the gap is closed.
        return _missed(backlog, texts), before
    after = spell(state, before)
    if not decision.entries and after.digest == before.digest:
        return backlog, after
    words = event.model_dump(mode="json", exclude_defaults=True) | {"kind": event.kind}
    papers = [
        Paper(kind="briefing", digest=gate.briefing.digest, words=paper(gate.briefing))
        for name, gate in state.gates.items()
        if name not in before.state.gates
    ]
    if isinstance(event, Amend):
        words |= {"plan": _digest_of_plan(event.plan), "called": event.plan.digest}
        touched = change(before.words, after.words).keys() - {"receipts", "written"}
        if not touched and all(entry.outcome is Outcome.REFUSED for entry in decision.entries):
            # Anybody may send a plan. One that was refused and changed nothing is named and not kept.
            words["refused"] = True
        else:
            papers.append(_plan(event.plan))
    return _with(backlog, _record(backlog, words, before.words, after, decision.moves, now), papers, texts), after


def _record(  # all that a record is made of
    backlog: Backlog,
    event: dict[str, Any],
    before: dict[str, Any],
    after: Spelled,
    moves: Sequence[Move],
    now: datetime,
) -> Record:
    return Record(
        number=backlog.number + 1,
        at=now,
        batch=backlog.batch,
        event=event,
        written=after.state.written,
        state=after.digest,
        change=change(before, after.words),
        moves=digest_of(moves),
        rules=RULES,
    )


def _with(backlog: Backlog, record: Record, papers: Sequence[Paper], texts: Mapping[str, Text]) -> Backlog:
    papers = tuple(paper.but(record=record.number) for paper in papers)
    texts = {mark: text.but(record=record.number) for mark, text in texts.items()}
    weight = backlog.weight + _weight((record, *papers, *texts.values()))
    if backlog.records and weight > KEPT:
        return _missed(backlog, texts)
    return backlog.but(
        number=record.number,
        records=(*backlog.records, record),
        papers=(*backlog.papers, *papers),
        texts={**backlog.texts, **texts},
        weight=weight,
    )


def _missed(backlog: Backlog, texts: Mapping[str, Text]) -> Backlog:
    """Count an event that is not kept; the words that its lines stand for are, as far as there is room."""
    number, kept = backlog.number + 1, backlog.texts
    if len(kept) < TEXTS_KEPT:
        kept = {**kept, **{mark: text.but(record=number) for mark, text in texts.items()}}
    return backlog.but(number=number, missed=backlog.missed + 1, texts=kept)


def uncounted(backlog: Backlog) -> Backlog:
    """Return a backlog that an event could not be written into: then at least it is counted."""
    return _missed(backlog, {})


def _weight(words: Iterable[Record | Paper | Text]) -> int:
    # The whole state, which closes a gap, must not open the next one.
    light = (one for one in words if not (isinstance(one, Paper) and one.kind == "state"))
    return sum(len(one.model_dump_json().encode()) for one in light)


def fingerprint(state: State) -> str:
    """Return the digest of a state."""
    return spell(state).digest


def change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what makes one object of another: what is new or other by name, and the names of what is gone."""
    gone = sorted(before.keys() - after.keys())
    changes: dict[str, Any] = {_GONE: gone} if gone else {}
    for name, value in after.items():
        was = before.get(name)
        if was is value and name in before:
            continue
        if name not in before or was != value:
            changes[name] = change(was, value) if isinstance(was, dict) and isinstance(value, dict) else value
    return changes


def changed(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return an object with such changes made; what is new comes in the order in which it was named."""
    gone = changes.get(_GONE, ())
    after = {name: value for name, value in before.items() if name not in gone}
    for name in sorted(changes, key=_count):
        value, was = changes[name], before.get(name)
        if name != _GONE:
            after[name] = changed(was, value) if isinstance(was, dict) and isinstance(value, dict) else value
    return after


def _count(name: str) -> int:
    """Return the number that a name was given: gates, obligations and notices are counted through."""
    last = name.rpartition("-")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) <= _DIGITS else -1


def digest_of(moves: Sequence[Move]) -> str:
    """Return the digest of moves."""
    return hashlib.sha256("\n".join(move.model_dump_json() for move in moves).encode()).hexdigest()


def _plan(plan: Plan) -> Paper:
    words = sealed_words(plan, plan.digest)
    return Paper(kind="plan", digest=digest(words), words=words)


def _digest_of_plan(plan: Plan) -> str:
    return digest(sealed_words(plan, plan.digest))


# -- to the ledger ----------------------------------------------------------------------------------------------------


def batch(backlog: Backlog, outbox: Sequence[Entry]) -> tuple[Row, ...]:
    """Return what goes to the ledger next: each event with the lines it wrote, in the order of what happened."""
    rows: list[Row] = []
    lines = 0
    for row in _rows(backlog.records, outbox):
        lines += max(len(row.entries), 1)
        if rows and lines > BATCH:
            break
        rows.append(row)
    return tuple(rows)


def _rows(records: Sequence[Record], outbox: Sequence[Entry]) -> Iterator[Row]:
    waiting = list(outbox)
    for record in records:
        mine = [entry for entry in waiting if entry.number <= record.written]
        del waiting[: len(mine)]
        yield Row(record=record, entries=tuple(mine))
    yield from (Row(record=None, entries=(entry,)) for entry in waiting)


def stored(backlog: Backlog, rows: Sequence[Row], plan: Plan, state: State, now: datetime) -> Backlog:
    """Return a backlog without what the ledger has; a gap is closed by the whole state, and what it refers to."""
    last = max((row.record.number for row in rows if row.record is not None), default=-1)
    records = tuple(record for record in backlog.records if record.number > last)
    papers = tuple(paper for paper in backlog.papers if paper.record > last)
    unsaved = (text for text in backlog.texts.values() if text.record > last)
    left = backlog.but(records=records, papers=papers, weight=_weight((*records, *papers, *unsaved)))
    if records or not backlog.missed:
        return left
    # The whole state, so that what comes after it can be decided again although something before it was not kept.
    spelled = spell(state)
    whole = Paper(kind="state", digest=spelled.digest, words=spelled.words)
    open_ = [
        Paper(kind="briefing", digest=gate.briefing.digest, words=paper(gate.briefing)) for gate in state.gates.values()
    ]
    plans = [plan] if state.proposal is None else [plan, state.proposal.plan]
    closing = _record(left, {"kind": "missed", "count": backlog.missed}, spelled.words, spelled, (), now)
    return _with(left.but(missed=0), closing, (whole, *map(_plan, plans), *open_), {})


def forgotten(backlog: Backlog, marks: Sequence[str]) -> Backlog:
    """Return a backlog without words that were erased from the ledger; those on their way there stay."""
    last = min((record.number for record in backlog.records), default=backlog.number + 1)
    kept = {mark: text for mark, text in backlog.texts.items() if mark not in marks or text.record >= last}
    return backlog.but(texts=kept)


def carried(backlog: Backlog, state: State, lately: Sequence[Entry]) -> Backlog:
    """Return a backlog whose texts are those that wait for the ledger, and those that somebody may still read here."""
    last = min((record.number for record in backlog.records), default=backlog.number + 1)
    shown = set(tokens(state.model_dump_json() + "".join(entry.model_dump_json() for entry in lately)))
    texts = {mark: text for mark, text in backlog.texts.items() if text.record >= last or mark in shown}
    return backlog.but(texts=texts)
