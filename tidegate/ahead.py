"""What happens if nobody does anything: the rules themselves say it, with a clock that runs ahead of ours.

Nothing is guessed: every row is what `decide` would write down at that moment, if no person spoke, backends confirmed,
notices arrived, and sources went on saying what they said last.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate.deadlines import deadlines
from tidegate.decide import decide
from tidegate.explain import explain
from tidegate.models.decision import Entry, Notify, TakeReadings, TakeSnapshot
from tidegate.models.event import Actor, ActorKind, Applied, Event, Noticed, Readings, Stored, Tick
from tidegate.models.member import Resolved, Snapshot
from tidegate.models.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State

FURTHEST = timedelta(days=180)
NEXT, MOST = 6, 12
"""So many rows are told of what comes next, and so many in all."""
_TICKS, _ANSWERS, _TOLD = 200, 20, 40
_QUIET = frozenset({"notice", "readings", "evidence asked for", "confirmed", "control plane blind"})
"""What the rules write down that tells nobody what comes; that the clock runs ahead here is nobody's blindness."""
_AGAIN = frozenset({"reminder", "nudge"})
"""What comes again and again until somebody answers."""
_SOURCE = Actor(subject="sources", kind=ActorKind.SERVICE)


class Ahead(NamedTuple):
    """One thing that would happen."""

    at: datetime
    what: str
    """What is done, such as `reminder` or `narrow`."""
    sentence: str
    """Why, in words."""
    control: str
    """What is then being done to exposure."""
    people: int
    """At most so many people are served then."""
    safer: bool
    """Whether exposure or the control over it is otherwise from then on."""
    times: int = 1
    """How often it comes, where it comes again and again."""
    last: datetime | None = None
    """When it comes for the last time that is looked at."""


def ahead(plan: Plan, state: State, now: datetime) -> tuple[Ahead, ...]:
    """Return what would happen, in its order: the next things, and of all that follows what makes it safer."""
    rows: list[Ahead] = []
    first: dict[tuple[str, str | None], int] = {}
    for row, gate in _told(plan, state, now):
        place = first.get((row.what, gate))
        if place is not None:
            rows[place] = rows[place]._replace(times=rows[place].times + 1, last=row.at)
            continue
        if row.what in _AGAIN:
            first[row.what, gate] = len(rows)
        rows.append(row)
        if len(rows) > _TOLD:
            break
    later = [row for row in rows[NEXT:] if row.safer]
    return (*rows[:NEXT], *later[: MOST - NEXT])


def _told(plan: Plan, state: State, now: datetime) -> Iterator[tuple[Ahead, str | None]]:
    end = now + FURTHEST
    stood = (state.exposure.control.value, state.exposure.desired.people)
    for _ in range(_TICKS):
        # A machine's readings are no event in anybody's day; they are given on the way.
        coming = [
            one.at for one in deadlines(plan, state) if one.what != "reading due" or plan.metrics[one.about].by_hand
        ]
        if not coming or min(coming) > end:
            return
        now = max(now, min(coming))
        for event in (*_sources(plan, state, now), Tick()):
            plan, state, entries = _decided(plan, state, event, now)
            for entry in entries:
                if entry.action in _QUIET:
                    continue
                stands = (entry.control, entry.people)
                said = explain(entry.reason)
                yield Ahead(entry.at, entry.action, said, *stands, safer=stands != stood), entry.gate
                stood = stands


def _decided(plan: Plan, state: State, event: Event, now: datetime) -> tuple[Plan, State, list[Entry]]:
    """Let one event be decided and the world answer it; return every line that was written."""
    entries: list[Entry] = []
    left = [event]
    for _ in range(_ANSWERS):
        for one in left:
            decision = decide(plan, state, one, now)
            plan, state = decision.plan, decision.state
            entries += decision.entries
        left = list(_answers(state))
        if not left:
            break
    return plan, state, entries


def _answers(state: State) -> Iterator[Event]:
    if state.written > state.stored:
        yield Stored(number=state.written)
    pending = state.exposure.pending
    if pending is not None:
        yield Applied(epoch=pending.epoch, result="confirmed", observed=pending.exposure)
    for key, move in state.owed.items():
        if isinstance(move, Notify):
            yield Noticed(key=key, result="delivered")
        elif isinstance(move, TakeSnapshot):
            # Who will be in it then nobody knows; that it can be read is all that is supposed.
            yield Snapshot(cohorts={name: Resolved(digest="0" * 64, people=1) for name in move.cohorts})


def _sources(plan: Plan, state: State, now: datetime) -> Iterator[Event]:
    """Say again what each source said last, where it is asked by a machine and ever said something."""
    asked = state.owed.get("readings")
    wanted = asked.metrics if isinstance(asked, TakeReadings) else ()
    items = {
        name: Reading(status=last.status, value=last.value, n=last.n, taken_at=now)
        for name, watched in state.metrics.items()
        if name in plan.metrics and not plan.metrics[name].by_hand and (last := watched.last) is not None
        if watched.due_at <= now or name in wanted
    }
    if items and state.exposure.desired.serves:
        yield Readings(id=f"ahead-{int(now.timestamp())}", actor=_SOURCE, items=items)
