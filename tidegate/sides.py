"""Which side decides: delivery before a handoff is in force, the receiver's side after it, and who stands in for both.

Whoever delivered it keeps every way down, for as long as it lives. What widens, changes or resumes it is the receiver's
then. Where the one who decides has left, whoever was asked to name a successor may act until there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Function
from tidegate.models.event import ActorKind
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.rights import functions_of, may
from tidegate.roster import can_vote
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Actor
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

DELIVERYS = frozenset(
    {Right.START, Right.READY, Right.RESUME, Right.AMEND, Right.OVERRIDE, Right.POSTPONE, Right.HANDOFF}
)
"""What opens or changes something: delivery has it until the handoff is in force, and the receiver's side after it."""
AI_OWNER, RECEIVER = "ai_owner", "receiver"


class Entitled(NamedTuple):
    """Who has a right now: whoever holds one of these functions, and these people."""

    functions: tuple[Function, ...]
    people: tuple[str, ...] = ()


def stepped_back(state: State) -> bool:
    """Whether a handoff is in force: delivery may stop it, and nothing else."""
    return state.takeover is not None and state.takeover.in_force


def lead(plan: Plan, state: State) -> str:
    """Return who decides about it now; where they have left, who stands in until a successor is named."""
    taken = stepped_back(state) and plan.handoff is not None
    stands_in = state.obligations.get(vacancy(RECEIVER if taken else AI_OWNER))
    if stands_in is not None:
        return stands_in.owner
    return plan.handoff.receiver if taken and plan.handoff is not None else plan.ai_owner


def vacancy(role: str) -> str:
    """Return under which name it is owed to name who follows in a role."""
    return f"vacancy-{role}"


def delivery(plan: Plan) -> str:
    """Return who delivered it; nobody where the receiver has become the AI owner as well."""
    same = plan.handoff is not None and plan.ai_owner == plan.handoff.receiver
    return "" if same else plan.ai_owner


def entitled(plan: Plan, state: State, right: Right) -> Entitled:
    """Return who has a right now."""
    functions = plan.rights.get(right, ())
    if right not in DELIVERYS or Function.AI_OWNER not in functions:
        return Entitled(functions)
    people: list[str] = []
    if stepped_back(state):
        functions = tuple(function for function in functions if function is not Function.AI_OWNER)
        people += receivers(plan)
    chief = lead(plan, state)
    if chief not in (plan.ai_owner, *people):
        people.append(chief)
    return Entitled(functions, tuple(name for name in dict.fromkeys(people) if _by_name(plan, name, functions)))


def _by_name(plan: Plan, name: str, functions: tuple[Function, ...]) -> bool:
    """Whether it is somebody's by their name: who has it by a function needs no second word for it."""
    member = plan.roster.get(name)
    return can_vote(member) and member is not None and not any(one in functions for one in member.functions)


def holding(plan: Plan, state: State, right: Right) -> tuple[str, ...]:
    """Return the same by name, as it is said: functions, and people where it is theirs by name."""
    functions, people = entitled(plan, state, right)
    return (*(function.value for function in functions), *people)


def receivers(plan: Plan) -> tuple[str, ...]:
    """Return the receiver's side: the receiver, their deputy, and who owns issues, changes and escalations."""
    handoff = plan.handoff
    if handoff is None:
        return ()
    receiver = plan.roster.get(handoff.receiver)
    deputy = receiver.deputy if receiver is not None else None
    named = (handoff.receiver, deputy, handoff.issues, handoff.changes, handoff.escalations)
    return tuple(dict.fromkeys(name for name in named if name and name != delivery(plan)))


def refused(plan: Plan, state: State, actor: Actor, right: Right) -> Reason | None:
    """Return why somebody may not do it now; none where they may."""
    who = actor.subject
    gone = stepped_back(state) and right in DELIVERYS
    functions, people = entitled(plan, state, right)
    able = right is Right.REDUCE or can_vote(plan.roster.get(who))
    by_name = actor.kind is ActorKind.HUMAN and who in people
    held = any(function in functions for function in functions_of(plan, actor))
    if able and (by_name or (held and not (gone and who == delivery(plan)))):
        return None
    if gone and may(plan, actor, right) and plan.handoff is not None:
        return because(Code.STEPPED_BACK, who=who, receiver=lead(plan, state), right=right.value)
    return because(Code.NO_RIGHT, who=who, right=right.value)
