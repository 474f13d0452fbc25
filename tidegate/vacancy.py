"""Owners who have left: it is held at once, somebody is asked to name who follows, and what is owed is a name.

A hold is lifted by people and never by a name alone: that somebody follows does not say that all is well.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, fallback
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.event import Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.roster import can_vote
from tidegate.sides import AI_OWNER, RECEIVER, delivery, lead, stepped_back, vacancy
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State

WITHIN = Span.of("5bd")
"""How long whoever is asked has to name somebody."""


SPOKEN = MappingProxyType(
    {
        AI_OWNER: "AI owner",
        RECEIVER: "receiver",
        "business_owner": "business owner",
        "issues": "owner of issues",
        "changes": "owner of changes",
        "escalations": "owner of escalations",
    }
)
"""What people call each of these roles."""


class Role(NamedTuple):
    """Something that one person owns."""

    name: str
    holder: str
    holds: bool
    """Whether it is held when nobody owns this any more."""


def roles(plan: Plan, state: State) -> Iterator[Role]:
    """Yield who owns what: delivery until a handoff is in force, the receiver's side from the signature on."""
    taken, handoff = state.position.handed_over, plan.handoff
    if not stepped_back(state):
        yield Role(AI_OWNER, plan.ai_owner, holds=True)
    yield Role("business_owner", plan.business_owner, holds=True)
    if handoff is None:
        return
    yield Role(RECEIVER, handoff.receiver, holds=taken)
    for name in ("issues", "changes", "escalations"):
        holder = getattr(handoff, name)
        if holder:
            yield Role(name, holder, holds=taken)


def follow(turn: Turn, old: Plan) -> None:
    """A revision is in force: see who has left, who follows, and who of those who were asked has left as well."""
    was = {role.name: role.holder for role in roles(old, turn.state)}
    here = {vacancy(role.name): role for role in roles(turn.plan, turn.state)}
    for name, owed in tuple(turn.state.obligations.items()):
        if owed.kind != "vacancy":
            continue
        role = here.get(name)
        if role is None or can_vote(turn.plan.roster.get(role.holder)):
            _filled(turn, name, role)
        elif not can_vote(turn.plan.roster.get(owed.owner)):
            _ask(turn, old, role, owed.due)
    for name, role in here.items():
        before = was.get(role.name, "")
        left = can_vote(old.roster.get(before)) and not can_vote(turn.plan.roster.get(role.holder))
        if left and name not in turn.state.obligations:
            _ask(turn, old, role, calendar.later(turn.plan.calendar, turn.now, WITHIN))
            if role.holds:
                # Nobody decides about it any more: nothing goes on until somebody is named.
                fallback.reduce(turn, Reduction.HOLD)


def _ask(turn: Turn, old: Plan, role: Role, due: datetime) -> None:
    """Ask whoever is next to name who follows; until then they stand in."""
    plan, to = turn.plan, second(turn.plan, old, turn.state, role.holder)
    what = f"a successor for {role.holder} as {SPOKEN[role.name]}"
    owed = Obligation(kind="vacancy", what=what, owner=to, due=due)
    turn.change(obligations={**turn.state.obligations, vacancy(role.name): owed})
    reason = because(Code.VACANT, who=role.holder, role=SPOKEN[role.name], to=to, due=owed.due)
    turn.system("owner vacant", Outcome.DONE, reason)
    others = (plan.business_owner, lead(plan, turn.state), plan.governance_owner)
    told = [name for name in (to, *others) if can_vote(plan.roster.get(name))]
    turn.tell(reason, tuple(dict.fromkeys(told)), urgent=True)


def second(plan: Plan, old: Plan, state: State, holder: str) -> str:
    """Return who is asked in somebody's place: their deputy, the heads of their functions, the programme.

    Where none of them is there, the first of the roster who may act at all: it must never be nobody's.
    """
    was = old.roster.get(holder) or plan.roster.get(holder)
    functions = was.functions if was is not None else ()
    chain = (
        was.deputy if was is not None else None,
        *(plan.heads.get(function) for function in functions),
        plan.governance_owner,
        plan.accountable_exec,
        plan.business_owner,
    )
    barred = {holder, delivery(plan) if stepped_back(state) else ""}
    able = (name for name in (*chain, *sorted(plan.roster)) if name and can_vote(plan.roster.get(name)))
    return next((name for name in able if name not in barred), plan.governance_owner)


def _filled(turn: Turn, name: str, role: Role | None) -> None:
    left = {other: owed for other, owed in turn.state.obligations.items() if other != name}
    turn.change(obligations=left)
    if role is not None:
        turn.system("owner named", Outcome.DONE, because(Code.FOLLOWED, who=role.holder, role=SPOKEN[role.name]))
