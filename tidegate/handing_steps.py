"""What moves a handoff on, and who may do it: the papers laid out, the receiver's own drill, their signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import handing
from tidegate.explain import explain
from tidegate.models.base import GateKind
from tidegate.models.decision import Verdict
from tidegate.models.messages import Step
from tidegate.models.programme import Right
from tidegate.models.standard import ReadinessItem
from tidegate.sides import holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

TAKE = "handoff"
"""How the receiver signs: the papers are read before they do."""
OFFER = "handoff --offer"
"""How what is handed over is laid out."""


def before(plan: Plan, state: State, now: datetime, drill: str) -> Iterator[Step]:
    """Name what is lacking before the receiver is asked; `drill` is how one is run."""
    receiver = plan.handoff.receiver if plan.handoff else plan.business_owner
    asked = {check.name: check for check in handing.checks(plan, state, now)}
    pack, own = asked.get("pack"), asked.get(ReadinessItem.RECEIVER_DRILL.value)
    if pack is not None and pack.verdict is not Verdict.PASSED:
        who = tuple(dict.fromkeys((*holding(plan, state, Right.HANDOFF), receiver)))
        yield Step(verb=OFFER, who=who, why=explain(pack.reason).partition(": tidegate")[0])
    given = state.readiness.get(ReadinessItem.RECEIVER_DRILL)
    if given is None or given.by != receiver or (own is not None and own.verdict is not Verdict.PASSED):
        why = "the receiver rolls it back once with their own hands before they sign"
        yield Step(verb=drill, who=(receiver,), why=why)


def signature(gate: Gate, people: tuple[str, ...], after: str) -> Step | None:
    """Return the receiver's own step in a round about papers; everybody else approves it as any other."""
    facts = gate.briefing.facts
    own = tuple(name for name in people if name in gate.persons)
    if gate.kind is not GateKind.HANDOFF or facts is None or facts.handed is None or not own:
        return None
    why = f"who takes it over signs for what is laid out; {after}"
    return Step(verb=TAKE, who=own, why=why, gate=gate.id)
