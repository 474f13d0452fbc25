"""Controls that were gone around: what was learned meanwhile is void, and a wave is watched anew before it counts.

A pilot that succeeded only because somebody went around its controls has shown nothing about how it does under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar, fallback
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.reasons import Code
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def void(turn: Turn) -> None:
    """Let nothing count that was seen until now: the wave is watched from its beginning again."""
    turn.change(bypassed=turn.now)
    until, watch = counts_from(turn.plan, turn.state), turn.state.position.observation
    if until is None:
        return
    if watch is not None:
        later = {name: max(getattr(watch, name), until) for name in ("until", "latest", "review_at")}
        turn.place(observation=watch.but(since=turn.now, extended=False, **later))
    reason = because(Code.INVALID_EVIDENCE, at=turn.now, until=until)
    turn.system("evidence void", Outcome.DONE, reason)
    turn.tell(reason, fallback.pager(turn), urgent=True)


def counts_from(plan: Plan, state: State) -> datetime | None:
    """Return from when on evidence counts again; none if nobody has gone around anything on this level."""
    if state.bypassed is None or state.position.level == 0:
        return None
    return calendar.later(plan.calendar, state.bypassed, plan.rung(state.position.level).observe)


def checks(plan: Plan, state: State, now: datetime) -> tuple[Check, ...]:
    """Return the condition that a reviewer sees as long as the evidence is void."""
    until = counts_from(plan, state)
    if until is None or state.bypassed is None or now >= until:
        return ()
    reason = because(Code.INVALID_EVIDENCE, at=state.bypassed, until=until)
    return (Check(name="bypass", verdict=Verdict.FAILED, reason=reason),)
