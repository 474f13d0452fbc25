"""What a rollout waits for between two moments in which nothing is decided, and who can end the wait.

A wait changes without anybody saying anything: a freeze begins, a notice's lead is over, somebody goes on leave. So the
time between two decisions is told in pieces. It reads a state and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, freezes, impasse, standing, votes
from tidegate.models.base import Function
from tidegate.models.programme import Right
from tidegate.models.state import Phase
from tidegate.saying import listed, spoken
from tidegate.sides import holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.lived import Kind
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Wait(NamedTuple):
    """One piece of waiting; nothing is said where it waits for nothing."""

    kind: Kind = ""
    why: str = ""
    owner: str = ""
    awaits: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


NOTHING = Wait()


def waits(plan: Plan, state: State, since: datetime, until: datetime) -> Iterator[tuple[datetime, Wait]]:
    """Yield from when on it waits for what, if nothing is decided in between."""
    last = None
    for moment in (since, *sorted(at for at in _turns(plan, state) if since < at < until)):
        found = wait(plan, state, moment)
        if found != last:
            yield moment, found
        last = found


def wait(plan: Plan, state: State, now: datetime) -> Wait:
    """Return what it waits for at one moment; what stands in the way comes first."""
    phase, exposure = state.position.phase, state.exposure
    if phase.over:
        return NOTHING
    if exposure.control.stopping:
        return Wait("world", "the stop to be read back, or confirmed by hand", Function.OPERATIONS.value)
    if exposure.pending is not None or phase is Phase.WIDENING:
        systems = ", ".join(plan.targets)
        return Wait("world", f"{systems} to serve {exposure.label}", Function.PLATFORM.value, plan.targets)
    open_ = standing.waiting(state)
    if open_:
        return _votes(plan, state, open_[0], now)
    if phase is Phase.REDUCED or (not exposure.control.open and phase is not Phase.RETIRING):
        who = holding(plan, state, Right.RESUME)
        named = tuple(spoken(name) for name in who)
        return Wait(
            "stopped", f"somebody to go on after it was {spoken(exposure.control.value)}", listed(named, "or"), named
        )
    if phase is Phase.SCHEDULED:
        return _scheduled(plan, state, now)
    if phase in (Phase.OBSERVING, Phase.CHECKPOINT_DUE, Phase.CHECKPOINT_REVIEW):
        return _watched(plan, state, now)
    if phase is Phase.OPERATING:
        return NOTHING
    if state.position.told and (seats := impasse.hopeless(plan, state, now)):
        # The round is not opened at all, for nobody could fill it.
        names = tuple(spoken(seat.function.value) for seat in seats)
        why = "; ".join(f"{spoken(seat.function.value)}, of whom too few are there: {seat.why}" for seat in seats)
        return Wait("people", why, plan.governance_owner, names, tuple(who for seat in seats for who in seat.people))
    return _step(plan, state, now, "handoff" if phase is Phase.HANDOFF_PENDING else "readiness")


def _votes(plan: Plan, state: State, gate: Gate, now: datetime) -> Wait:
    lacking = votes.missing(plan, gate, now)
    people = votes.askable(plan, state, gate, now)
    # Whoever is on leave is waited for only where nobody else who is there could say it.
    barred = {name: _absent(plan, gate, name, people, lacking.count(name), now) for name in dict.fromkeys(lacking)}
    absent = tuple(sorted({who for found in barred.values() for who in found}))
    awaits = tuple(spoken(name) for name, found in barred.items() if found or not absent)
    away = f"; {listed(absent)} {'is' if len(absent) == 1 else 'are'} on leave" if absent else ""
    why = f"{listed([spoken(name) for name in barred])} to decide on {gate.label}{away}"
    return Wait("people", why, listed(people, "or"), awaits, absent)


def _absent(
    plan: Plan, gate: Gate, lacking: str, people: tuple[str, ...], needed: int, now: datetime
) -> tuple[str, ...]:
    """Return who on leave is waited for: a person, or those of a function of whom too few are there."""
    asked = [
        name
        for name, member in plan.roster.items()
        if name not in gate.excluded and (name == lacking or lacking in [one.value for one in member.functions])
    ]
    away = tuple(name for name in asked if any(begin <= now < end for begin, end in plan.roster[name].away))
    # A deputy or a delegate who may speak for them is asked, and so is nobody's to be waited for.
    stands_in = [name for name in people if name not in asked and _for(plan, name, away)]
    there = [name for name in asked if name in people and name not in away]
    return away if len(there) + len(stands_in) < needed else ()


def _for(plan: Plan, name: str, away: tuple[str, ...]) -> bool:
    return any(plan.roster[one].deputy == name for one in away)


def _scheduled(plan: Plan, state: State, now: datetime) -> Wait:
    ready = max((said.ready_at for said in state.announcements.values()), default=now)
    if now < ready:
        audiences = tuple(notice.audience for notice in plan.notices)
        return Wait(
            "notice", f"{listed(audiences)} to have had their notice, until {_day(plan, ready)}", "clock", audiences
        )
    for gate in state.gates.values():
        window = freezes.binding(plan, gate, now)
        if window is not None:
            through = tuple(spoken(function.value) for function in window.approvers)
            why = f"the freeze {window.name} to end on {_day(plan, window.ends)}: {window.reason}"
            return Wait("freeze", why, listed(through, "or") or "nobody before then", (window.name,))
    return _step(plan, state, now, "notice")


def _watched(plan: Plan, state: State, now: datetime) -> Wait:
    watch = state.position.observation
    if watch is not None and now < watch.until:
        return Wait("watching", f"the wave to be watched until {_day(plan, watch.until)}", "clock")
    return _step(plan, state, now, "figures")


def _step(plan: Plan, state: State, now: datetime, kind: Kind) -> Wait:
    """Say what would move it on; where nobody knows of anything, it is the clock's to go on."""
    found = next(standing.steps(plan, state, now), None)
    if found is None:
        return Wait(kind, "the next reading or look" if kind == "figures" else "the clock", "clock")
    people = tuple(spoken(name) for name in found.who)
    return Wait(kind, f"{found.why} (`{found.verb}`)", listed(people, "or"), people)


def _turns(plan: Plan, state: State) -> Iterator[datetime]:
    """Name the moments at which a wait turns into another one."""
    if state.position.phase is Phase.SCHEDULED:
        yield from (at for window in plan.freezes for at in (window.starts, window.ends))
        yield from (said.ready_at for said in state.announcements.values())
    if state.position.observation is not None:
        yield state.position.observation.until
    for gate in standing.waiting(state):
        yield from (
            at
            for name, member in plan.roster.items()
            if name in gate.persons or any(function in gate.needs for function in member.functions)
            for leave in member.away
            for at in leave
        )


def _day(plan: Plan, at: datetime) -> str:
    return f"{at + calendar.offset(plan.calendar.shifts, at):%Y-%m-%d}"
