"""Freezes: times in which nothing widens, and the one change that somebody may let through one of them.

A freeze binds what is approved and waits; it stops no reduction, and nothing halfway. Who lets a change through
approves nothing: every yes, notice and figure is asked for as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, LetThrough
from tidegate.models.gate import Passage
from tidegate.models.reasons import Code
from tidegate.rights import functions_of, requesters
from tidegate.roster import can_vote
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import FreezeWindow, Plan


def binding(plan: Plan, gate: Gate, now: datetime) -> FreezeWindow | None:
    """Return the freeze that a change still waits for; of several the one that ends last."""
    frozen = calendar.freezes_at(plan.freezes, plan.rung(max(gate.level, 1)).stage, now)
    held = [window for window in frozen if passage(plan, gate, window) is None]
    return max(held, key=lambda window: window.ends, default=None)


def passage(plan: Plan, gate: Gate, window: FreezeWindow) -> Passage | None:
    """Return by whom a change was let through a freeze, if they may still do so and it is still that freeze."""
    for given in gate.passages:
        member = plan.roster.get(given.by)
        if (given.freeze, given.starts, given.ends) != (window.name, window.starts, window.ends):
            continue
        if member is not None and can_vote(member) and given.by not in gate.excluded and (
            any(function in window.approvers for function in member.functions)
        ):  # fmt: skip
            return given
    return None


def ahead(plan: Plan, gate: Gate, name: str, now: datetime) -> FreezeWindow | None:
    """Return the freeze of that name which stands before a change: the one that lasts, else the next to come."""
    if gate.change is None or gate.kind is GateKind.OVERRIDE:
        return None  # nothing of this waits for a freeze
    stage = plan.rung(max(gate.level, 1)).stage
    coming = [one for one in plan.freezes if one.name == name and stage in one.stages and one.ends > now]
    return min(coming, key=lambda window: (window.starts, window.ends), default=None)


def let_through(turn: Turn, event: LetThrough) -> Reason:
    """Let one change through one freeze, on the word of somebody whom the freeze names and who did not ask for it."""
    gate = turn.state.gates.get(event.gate)
    if gate is None:
        return turn.note("let through", Outcome.REFUSED, because(Code.UNKNOWN_GATE, gate=event.gate))
    window = ahead(turn.plan, gate, event.freeze, turn.now)
    refusal = _refusal(turn, event, gate, window)
    if refusal is not None or window is None:
        reason = refusal or because(Code.NO_FREEZE, freeze=event.freeze, gate=gate.id)
        return turn.note("let through", Outcome.REFUSED, reason, gate=gate.id, subject=event.subject)
    known = passage(turn.plan, gate, window)
    if known is not None:
        reason = because(Code.LET_THROUGH_ALREADY, gate=gate.id, freeze=window.name, by=known.by)
        return turn.note("let through", Outcome.NOOP, reason, gate=gate.id, subject=gate.subject)
    who = event.actor.subject
    given = Passage(
        freeze=window.name,
        starts=window.starts,
        ends=window.ends,
        by=who,
        at=turn.now,
        why=event.reason or "",
        verified=event.actor.verified,
    )
    others = tuple(one for one in gate.passages if one.freeze != window.name or one.ends > turn.now)
    turn.keep_gate(gate.but(passages=(*others[-_KEPT:], given)))
    why, until = event.reason, window.ends
    reason = because(Code.LET_THROUGH, by=who, gate=gate.id, label=gate.label, freeze=window.name, until=until, why=why)
    turn.tell(reason, tuple(dict.fromkeys((turn.plan.governance_owner, lead(turn.plan, turn.state)))))
    held = next(function for function in functions_of(turn.plan, event.actor) if function in window.approvers)
    return turn.note("let through", Outcome.DONE, reason, function=held, gate=gate.id, subject=gate.subject)


_KEPT = 20
"""A change is let through a freeze at a time; so many may stand before it."""


def _refusal(turn: Turn, event: LetThrough, gate: Gate, window: FreezeWindow | None) -> Reason | None:
    who = event.actor.subject
    if event.actor.kind is not ActorKind.HUMAN:
        return because(Code.NOT_A_PERSON, who=who, kind=event.actor.kind.value)
    if event.subject != gate.subject:
        return because(Code.WRONG_SUBJECT, gate=gate.id, seen=event.subject[:12], now=gate.subject[:12])
    if window is None:
        return because(Code.NO_FREEZE, freeze=event.freeze, gate=gate.id)
    if not window.approvers:
        return because(Code.NO_PASSAGE, freeze=window.name)
    allowed = can_vote(turn.plan.roster.get(who)) and any(
        function in window.approvers for function in functions_of(turn.plan, event.actor)
    )
    if not allowed:
        functions = [function.value for function in window.approvers]
        return because(Code.NOT_FREEZE_APPROVER, who=who, freeze=window.name, functions=functions)
    if who in gate.excluded or who in requesters(turn.plan, turn.state):
        return because(Code.REQUESTER, who=who)
    if gate.signed and not event.actor.verified:
        return because(Code.SIGNATURE_REQUIRED, gate=gate.id)
    return None if event.reason else because(Code.REASON_NEEDED, what="a change is let through a freeze")
