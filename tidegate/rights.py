"""Who may do what: functions from the roster, rights from the plan, seats in a round of votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate.keys import fingerprints, stands
from tidegate.models.event import Actor, ActorKind
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.roster import can_vote
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.base import Function
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Member, Plan
    from tidegate.models.state import State

LONGEST_CHAIN = 2
"""A delegate may delegate once more, and no further."""


class Seat(NamedTuple):
    """The place at the table that a vote takes: in which function, and whose."""

    function: Function
    principal: str
    leave: tuple[tuple[str, str], ...] = ()
    """Who has lent it by their signature, and with which key."""


def functions_of(plan: Plan, actor: Actor) -> tuple[Function, ...]:
    """Return the functions in which somebody may act now; none for who is unknown, inactive or no person."""
    member = plan.roster.get(actor.subject)
    if member is None or not member.active or actor.kind is not ActorKind.HUMAN:
        return ()
    return member.functions


def may(plan: Plan, actor: Actor, right: Right) -> bool:
    """Whether somebody holds a function that has this right; a vendor may make it safer, and nothing else."""
    if right is not Right.REDUCE and not can_vote(plan.roster.get(actor.subject)):
        return False
    allowed = plan.rights.get(right, ())
    return any(function in allowed for function in functions_of(plan, actor))


def holders(plan: Plan, function: Function) -> tuple[str, ...]:
    """Return everybody active in a function, in a stable order."""
    return tuple(sorted(name for name, member in plan.roster.items() if member.active and function in member.functions))


def requesters(plan: Plan, state: State) -> tuple[str, ...]:
    """Return everybody who wrote or asked for what is being decided."""
    return tuple(sorted({*plan.authors, *state.requesters}))


def away(member: Member, now: datetime) -> bool:
    """Whether somebody is on leave."""
    return any(first <= now < last for first, last in member.away)


def own_key(gate: Gate, person: str, key: str) -> bool:
    """Whether a signature counts in a round of votes: made with a key that its person had when the round was opened.

    Whoever may change the roster could otherwise add a key of theirs to somebody else's entry, and vote as them.
    """
    return person not in gate.keys_before or key in gate.keys_before[person]


def keys_lost(old: Plan, new: Plan) -> frozenset[tuple[str, str]]:
    """Return who has lost which key: whatever it signed and is not used yet counts no more."""
    return frozenset(
        (name, key)
        for name, member in old.roster.items()
        for key in fingerprints(member)
        if key not in fingerprints(new.roster.get(name))
    )


def keys_kept(gate: Gate, old: Plan, new: Plan) -> Gate:
    """Return an open round as a changed roster leaves it: it remembers which keys its people had."""
    changed = {
        name: fingerprints(old.roster.get(name))
        for name in sorted({*old.roster, *new.roster})
        if name not in gate.keys_before and fingerprints(old.roster.get(name)) != fingerprints(new.roster.get(name))
    }
    return gate.but(keys_before={**gate.keys_before, **changed}) if changed else gate


def seat_for(
    plan: Plan, state: State, gate: Gate, actor: Actor, wish: Function | None, behalf: str | None, now: datetime
) -> Seat | Reason:
    """Return the seat that somebody may take in a round of votes, or why they may not."""
    person = actor.subject
    if actor.kind is not ActorKind.HUMAN:
        return because(Code.NOT_A_PERSON, who=person, kind=actor.kind.value)
    member = plan.roster.get(person)
    if member is None:
        return because(Code.UNKNOWN_PERSON, who=person)
    if not member.active:
        return because(Code.INACTIVE_PERSON, who=person)
    if member.organisation == "vendor":
        return because(Code.VENDOR, who=person)
    if person in gate.excluded:
        return because(Code.REQUESTER, who=person)
    if wish is not None and wish not in gate.needs and person not in gate.persons:
        return because(Code.NOT_NEEDED, function=wish.value, gate=gate.id)
    wanted = (wish,) if wish is not None else _wanted(gate)
    found = [seat for function in wanted for seat in _seats(plan, state, gate, person, function, now)]
    if behalf is not None:
        found = [seat for seat in found if seat.principal == behalf]
    if not found and person in gate.persons and behalf is None:
        # Who must say yes in person has a seat in any function; it fills no other seat.
        found = [Seat(function, person) for function in member.functions if wish in (None, function)]
    if not found:
        return because(Code.NO_SEAT, who=person, functions=[function.value for function in wanted])
    return found[0]


def _wanted(gate: Gate) -> tuple[Function, ...]:
    # What is still missing comes first, so that a person of two functions fills the one that counts.
    taken = [ballot.function for ballot in gate.ballots]
    return tuple(sorted(gate.needs, key=lambda function: (taken.count(function) >= gate.needs[function], function)))


def _seats(plan: Plan, state: State, gate: Gate, person: str, function: Function, now: datetime) -> Iterator[Seat]:
    member = plan.roster[person]
    if function in member.functions or assigned(plan, gate, function, person):
        yield Seat(function, person)
    for principal, leave in _lent(plan, state, gate, person, function, now).items():
        yield Seat(function, principal, leave)


def assigned(plan: Plan, gate: Gate, function: Function, person: str) -> bool:
    """Whether a head of function has named somebody for this gate, with a key that did not fall into other hands."""
    if (function, person) not in gate.assigned:
        return False
    by = [(head, key) for what, who, head, key in gate.assigned_by if (what, who) == (function, person)]
    return not by or any(stands(plan.roster.get(head), key) for head, key in by)


def principals(plan: Plan, state: State, gate: Gate, person: str, function: Function, now: datetime) -> tuple[str, ...]:
    """Return for whom somebody may act in a function: by delegation, or as deputy of who is away or does not answer."""
    return tuple(_lent(plan, state, gate, person, function, now))


def _lent(
    plan: Plan, state: State, gate: Gate, person: str, function: Function, now: datetime
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the same with what each rests on: who lent their seat on the way, and with which key that was signed."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}

    def able(name: str) -> bool:
        # A chain leads only through people who could sit there themselves, and where signatures count, by signed steps.
        member = plan.roster.get(name)
        return can_vote(member) and member is not None and function in member.functions and name not in gate.excluded

    reached: dict[str, tuple[tuple[str, str], ...]] = {person: ()}
    for _ in range(LONGEST_CHAIN):
        givers = {
            rule.principal: (*reached[rule.to], *(((rule.principal, rule.key),) if rule.key else ()))
            for rule in state.delegations
            if rule.function is function and rule.to in reached and rule.since <= now < rule.until
            if able(rule.principal) and (rule.verified or not gate.signed)
            if not rule.verified or own_key(gate, rule.principal, rule.key)
            if stands(plan.roster.get(rule.principal), rule.key)
        }
        reached = {name: leave for name, leave in givers.items() if name != person and name not in found}
        if not reached:
            break
        found |= reached
    for name in sorted(name for name, member in plan.roster.items() if member.deputy == person):
        called = gate.escalations > 0 or away(plan.roster[name], now)
        if name not in found and able(name) and called:
            found[name] = ()
    return found
