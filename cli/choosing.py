"""Which round of votes somebody means: the one they name, else the only one in which their word is still awaited.

It guesses nothing: where two rounds are meant equally well it names both. Who may vote is for the rules to say, so who
may not is sent all the same, and the refusal is on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import render
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_LATE = ("veto", "revoke")
"""What can still be said of a round whose votes have been used."""


def open_round(
    plan: Plan, state: State, who: str, now: datetime, *, named: str | None, choice: str = ""
) -> Gate | None:
    """Return the round that is meant; none if what is named or meant is no longer open."""
    if named is not None:
        return state.gates.get(named)
    gates = list(state.gates.values())
    if choice == "revoke":
        gates = [gate for gate in gates if any(ballot.person == who for ballot in gate.ballots)]
    elif choice != "veto":
        gates = [gate for gate in gates if gate.satisfied_at is None]
        mine = [gate for gate in gates if _awaited(plan, state, gate, who, now)]
        gates = mine or gates
    if len(gates) > 1:
        rounds = [f"{gate.id} ({gate.label})" for gate in gates]
        raise Refusal(
            f"several rounds of votes are open: {render.listed(rounds)}",
            f"Name one: --gate {gates[0].id}.",
        )
    if not gates and choice not in _LATE:
        raise Refusal(
            "no round of votes is open",
            f"`tidegate status {plan.use_case}` says what it waits for.",
            Exit.NO,
        )
    return gates[0] if gates else None


def frozen_round(plan: Plan, state: State, now: datetime, named: str | None, freeze: str | None) -> tuple[Gate, str]:
    """Return the change that waits for a freeze, or is named, and the freeze that is meant."""
    from tidegate import freezes

    found = []
    for gate in state.gates.values():
        window = freezes.binding(plan, gate, now)
        name = freeze or (window.name if window is not None else None)
        if name is not None and named in (None, gate.id):
            found.append((gate, name))
    if len(found) == 1:
        return found[0]
    mend = f"`tidegate status {plan.use_case}` says what it waits for."
    if found:
        raise Refusal("several rounds of votes are open", f"Name one: --gate {found[0][0].id}.")
    if named is not None and named not in state.gates:
        raise Refusal(f"there is no round of votes called {named}", mend, Exit.NO)
    raise Refusal("nothing waits for a freeze now", f"{mend} For one that is to come, name it: --freeze NAME.", Exit.NO)


def over(state: State, who: str, choice: str) -> str | None:
    """Return the last round whose votes were used and of which this can still be said."""
    found = [gate.id for gate in state.closed if gate.how == "consumed" and (choice == "veto" or who in gate.approvers)]
    return found[-1] if found else None


def vetoed(plan: Plan, state: State, who: str) -> str | None:
    """Return the round about which a veto stands that somebody may withdraw; any other if none is theirs."""
    member = plan.roster.get(who)
    held = member.functions if member is not None else ()
    own = [veto.gate for function, veto in state.vetoes.items() if function in held]
    every = [veto.gate for veto in state.vetoes.values()]
    return next((gate for gate in (*own, *every) if gate is not None), None)


def _awaited(plan: Plan, state: State, gate: Gate, who: str, now: datetime) -> bool:
    """Whether somebody has a seat there and has not spoken."""
    from tidegate.models.event import Actor
    from tidegate.rights import Seat, seat_for

    if any(who in (ballot.person, ballot.principal) for ballot in gate.ballots):
        return False
    return isinstance(seat_for(plan, state, gate, Actor(subject=who), None, None, now), Seat)
