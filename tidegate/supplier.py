"""Where an outside supplier's work ends: the end of a contract is owed an answer before it comes, and counted down to.

A supplier answers for nothing; whoever owns changes says in time who does their work from then on.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from tidegate.models.decision import Outcome
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

NOTICE = timedelta(days=30)
"""So long before the end it must be known who does the work from then on."""
NEAR = timedelta(days=60)
"""So long before that it is named among what is to be done."""
LEAST = timedelta(days=5)
"""So long there is at the least, where the end is near already."""
OWED = "vendor"


def follow(turn: Turn, old: Plan | None = None) -> None:
    """Owe an answer before a contract ends, once it operates; another end is another answer."""
    vendor = turn.plan.handoff.vendor if turn.plan.handoff is not None else None
    before = old.handoff.vendor if old is not None and old.handoff is not None else None
    if not turn.state.position.handed_over or (old is not None and before == vendor):
        return
    kept = {name: owed for name, owed in turn.state.obligations.items() if name != OWED}
    if vendor is None:
        turn.change(obligations=kept)
        return
    ends = datetime.combine(vendor.until, time(), UTC)
    due = max(ends - NOTICE, turn.now + LEAST)
    handoff = turn.plan.handoff
    owner = (handoff.changes or handoff.receiver) if handoff is not None else turn.plan.ai_owner
    what = f"who does the work of {vendor.name} after {vendor.until}"
    turn.change(obligations={**kept, OWED: Obligation(kind="vendor", what=what, owner=owner, due=due)})
    reason = because(Code.CONTRACT_ENDS, vendor=vendor.name, until=vendor.until, who=owner, due=due)
    turn.system("supplier", Outcome.DONE, reason)
