"""Whoever owes something is reminded of it once, before its day; on the day itself it is the rules that act.

Off where the standard does not say how long before. A reminder changes nothing that is exposed or decided.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import calendar, fallback
from tidegate.models.base import Function, Span
from tidegate.models.decision import Outcome
from tidegate.models.reasons import Code
from tidegate.rights import holders
from tidegate.roster import can_vote
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.owing import Obligation
    from tidegate.models.plan import Plan, WorkingTime

_DAY = timedelta(days=1)
_FURTHEST = 60
"""Days before its day that are looked at: longer holidays there are none."""
_OWN = ("step", "handoff")
"""What has notices of its own at every step: the way down, and the handoff's round of votes."""


def arm(turn: Turn) -> None:
    """Work out once, for each day on which something is owed, when people are reminded of it."""
    before = turn.rules.remind_before
    if before is None or turn.state.position.phase.over:
        return
    owing = turn.state.obligations
    stale = {name: owed for name, owed in owing.items() if owed.armed_for != owed.due and owed.kind not in _OWN}
    if stale:
        armed = {name: _armed(turn, owed, before) for name, owed in stale.items()}
        turn.change(obligations={name: armed.get(name, owed) for name, owed in owing.items()})


def _armed(turn: Turn, owed: Obligation, before: Span) -> Obligation:
    """Half the time there is, or so long before its day: whichever is later."""
    if owed.due <= turn.now or owed.overdue:
        # Of a day that has passed nobody is reminded, however long ago somebody says that it was.
        return owed.but(armed_for=owed.due, remind_at=None)
    half = turn.now + (owed.due - turn.now) / 2
    at = max(half, earlier(turn.plan.calendar, owed.due, before))
    soon = turn.now < at < owed.due
    return owed.but(armed_for=owed.due, remind_at=at.replace(microsecond=0) if soon else None)


def earlier(days: WorkingTime, due: datetime, span: Span) -> datetime:
    """Return the latest moment, by whole days, from which the span passes before a date."""
    if not span.business:
        return due - span.wall
    at = due
    for _ in range(_FURTHEST):
        at -= _DAY
        if calendar.later(days, at, span) <= due:
            return at
    return at


def due(turn: Turn, name: str) -> None:
    """Remind whoever owes it, once."""
    owed = turn.state.obligations[name]
    turn.change(obligations={**turn.state.obligations, name: owed.but(remind_at=None)})
    who = whose(turn.plan, owed)
    reason = because(Code.OWED_SOON, id=name, what=owed.what, owner=owed.owner, due=owed.due)
    turn.system("reminder", Outcome.DONE, reason)
    turn.tell(reason, who or fallback.pager(turn))


def whose(plan: Plan, owed: Obligation) -> tuple[str, ...]:
    """Return the people who can meet it; nobody where whoever owes it has left."""
    found: list[str] = []
    for name in (owed.owner, *owed.others):
        if name in plan.roster:
            found += [name] if can_vote(plan.roster[name]) else []
        elif name in tuple(Function):
            found += [person for person in holders(plan, Function(name)) if can_vote(plan.roster[person])]
    return tuple(dict.fromkeys(found))
