"""The process that a use case replaces: planned to end, due, and ended once its owner has confirmed it.

Until then it is the way back, and its end can be put off by any revision. Afterwards a fallback that still relies on
it is no fallback: nothing goes on until another way is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar, fallback
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.ending import Ends, Replaced
from tidegate.models.event import Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Confirm
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

PROCESS, WAY_BACK = "decommission", "way-back"
"""What is owed about it: that it has ended, and then another way back."""
_CONFIRM, _ANOTHER = Span.of("20bd"), Span.of("10bd")


def follow(turn: Turn) -> None:
    """Owe what the plan in force asks for, and no more of what an older one did."""
    if not turn.state.position.phase.over:
        _process(turn)
        _way_back(turn)


def of(plan: Plan) -> Replaced | None:
    """Return what the plan says of the process that it replaces."""
    return plan.end.replaces if plan.end is not None else None


def stands(plan: Plan, state: State) -> str:
    """Say how far it has come: `planned`, `due`, `ended`, or nothing where nothing is replaced."""
    replaced = of(plan)
    if replaced is None:
        return ""
    if state.ends is not None and state.ends.ended_process is not None:
        return "ended"
    return "due" if state.ticked_at >= replaced.after and state.position.handed_over else "planned"


def way_back_gone(plan: Plan, state: State) -> Replaced | None:
    """Return the process that has ended, where the fallback still relies on the manual way that ended with it."""
    replaced, ends = of(plan), state.ends
    if ends is None or ends.ended_process is None or plan.fallback.manual != ends.manual:
        return None
    if replaced is None:
        # A plan that speaks of it no more brings nothing back.
        return Replaced(process="the process", after=ends.ended_process, owner=plan.fallback.manual_owner)
    return replaced if replaced.then is None else None


def way_of_working(plan: Plan, state: State) -> str:
    """Return how the work is done without the assistant, as things stand."""
    replaced = of(plan)
    ended = state.ends is not None and state.ends.ended_process is not None
    return replaced.then if ended and replaced is not None and replaced.then is not None else plan.fallback.manual


def too_early(turn: Turn, name: str) -> Reason | None:
    """Return why a process cannot have ended yet, or why a way back is not there because somebody says so."""
    replaced = of(turn.plan)
    if name == PROCESS and replaced is not None and turn.now < replaced.after:
        return because(Code.PROCESS_STAYS, process=replaced.process, after=replaced.after)
    if name == WAY_BACK and (lost := way_back_gone(turn.plan, turn.state)) is not None:
        return because(Code.NO_WAY_BACK, process=lost.process, manual=turn.plan.fallback.manual)
    return None


def ended(turn: Turn, event: Confirm) -> Reason:
    """Take in that the process has ended, by the word of its owner: it is no way back from now on."""
    replaced = of(turn.plan)
    before = turn.state.ends or Ends()
    turn.change(ends=before.but(ended_process=turn.now, manual=turn.plan.fallback.manual))
    return because(
        Code.PROCESS_ENDED,
        process=replaced.process if replaced is not None else "the process",
        by=event.actor.subject,
        evidence=event.evidence or "",
        then=(replaced.then if replaced is not None else None) or "no other way was named",
    )


def _process(turn: Turn) -> None:
    plan, state = turn.plan, turn.state
    replaced, owed = of(plan), state.obligations.get(PROCESS)
    over = state.ends is not None and state.ends.ended_process is not None
    waits = state.position.handed_over and state.position.phase is not Phase.RETIRING
    if replaced is None or over or not waits:
        if owed is not None:
            _met(turn, PROCESS)
        return
    due = calendar.later(plan.calendar, replaced.after, _CONFIRM)
    what = f"confirm that {replaced.process} has ended, which may be from {replaced.after:%Y-%m-%d} on"
    if owed is None or (owed.due, owed.owner, owed.what) != (due, replaced.owner, what):
        _owe(turn, PROCESS, Obligation(kind="decommission", what=what, owner=replaced.owner, due=due, then="block"))


def _way_back(turn: Turn) -> None:
    plan, lost = turn.plan, way_back_gone(turn.plan, turn.state)
    if lost is None or turn.state.position.phase is Phase.RETIRING:
        if WAY_BACK in turn.state.obligations:
            _met(turn, WAY_BACK)
        return
    if WAY_BACK in turn.state.obligations:
        return
    due = calendar.later(plan.calendar, turn.now, _ANOTHER)
    what = f"another manual way than {plan.fallback.manual}, by an amendment"
    _owe(turn, WAY_BACK, Obligation(kind="decommission", what=what, owner=plan.ai_owner, due=due, then="pause"))
    reason = because(Code.NO_WAY_BACK, process=lost.process, manual=plan.fallback.manual)
    turn.system("no way back", Outcome.DONE, reason)
    turn.tell(reason, fallback.pager(turn), urgent=True)
    fallback.reduce(turn, Reduction.HOLD)


def _owe(turn: Turn, name: str, owed: Obligation) -> None:
    turn.change(obligations={**turn.state.obligations, name: owed})


def _met(turn: Turn, name: str) -> None:
    turn.change(obligations={other: kept for other, kept in turn.state.obligations.items() if other != name})
