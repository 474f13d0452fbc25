"""Votes: who is heard, what counts, and when the quorum is met.

First decision wins; a change of mind is an explicit revoke. A yes is good for a while, for one exact change, once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import calendar, fallback
from tidegate.keys import stands
from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.decision import Outcome, Reason, Verdict
from tidegate.models.event import Choice, Reduction, Vote
from tidegate.models.gate import Ballot, Veto
from tidegate.models.reasons import Code
from tidegate.rights import Seat, assigned, functions_of, own_key, principals, seat_for
from tidegate.roster import can_vote
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

YES = (Choice.APPROVE, Choice.APPROVE_WITH_CONDITIONS)
_REVOKED_AT_MOST = 50
_OWED_AT_MOST = 100
"""From so many things owed on, no further condition is taken on: what is never met must not pile up."""


def cast(turn: Turn, vote: Vote) -> Reason:
    """Hear one vote."""
    if vote.choice is Choice.WITHDRAW_VETO:
        return _withdraw_veto(turn, vote)
    gate = turn.state.gates.get(vote.gate)
    if gate is None:
        return _late(turn, vote)
    if vote.subject != gate.subject:
        return _refuse(
            turn, vote, because(Code.WRONG_SUBJECT, gate=gate.id, seen=vote.subject[:12], now=gate.subject[:12])
        )
    if turn.now >= gate.expires_at and gate.satisfied_at is None:
        return _refuse(turn, vote, because(Code.GATE_EXPIRED, gate=gate.id, at=gate.expires_at))
    if vote.choice is Choice.VETO:
        return _veto(turn, vote, gate)
    if vote.choice is Choice.REVOKE:
        return _revoke(turn, vote, gate)
    seat = seat_for(turn.plan, turn.state, gate, vote.actor, vote.function, vote.on_behalf_of, turn.now)
    if isinstance(seat, Reason):
        return _refuse(turn, vote, seat)
    return _decide(turn, vote, gate, seat)


def _decide(turn: Turn, vote: Vote, gate: Gate, seat: Seat) -> Reason:
    if (gate.signed or _signs(turn.plan, gate)) and not vote.actor.verified:
        return _refuse(turn, vote, because(Code.SIGNATURE_REQUIRED, gate=gate.id))
    if vote.actor.verified and not own_key(gate, vote.actor.subject, vote.actor.key):
        return _refuse(turn, vote, because(Code.LATE_KEY, who=vote.actor.subject, gate=gate.id))
    if vote.id in gate.revoked:
        return _refuse(turn, vote, because(Code.ID_CONFLICT, id=vote.id))
    theirs = [one for one in gate.ballots if {vote.actor.subject, seat.principal} & {one.person, one.principal}]
    standing = next((ballot for ballot in theirs if not lapsed(ballot, turn.now)), None)
    if standing is not None:
        return _refuse(turn, vote, because(Code.ALREADY_VOTED, who=standing.person, choice=standing.choice.value))
    unfit = _unfit(turn, vote, gate, seat) if vote.choice in YES else None
    if unfit is not None:
        return _refuse(turn, vote, unfit)
    if vote.choice in YES and len(gate.revoked) >= _REVOKED_AT_MOST:
        # Which yes was taken back is never forgotten: it would count again if it were sent again.
        return _refuse(turn, vote, because(Code.TOO_MANY, what="votes taken back"))
    rule = turn.plan.rules(gate.level).gates[gate.kind]
    ballot = Ballot(
        person=vote.actor.subject,
        function=seat.function,
        principal=seat.principal,
        choice=vote.choice,
        at=turn.now,
        expires_at=calendar.later(turn.plan.calendar, turn.now, rule.vote_expiry),
        verified=vote.actor.verified,
        key=vote.actor.key,
        promises=vote.promises,
        message=vote.id,
        leave=seat.leave,
    )
    # A yes that has lapsed never counts again; the new one takes its place, so that there is one to be taken back.
    turn.keep_gate(gate.but(ballots=(*(one for one in gate.ballots if one not in theirs), ballot)))
    return _record(turn, vote, Outcome.DONE, because(_HEARD[vote.choice], gate=gate.id, label=gate.label), seat)


def _unfit(turn: Turn, vote: Vote, gate: Gate, seat: Seat) -> Reason | None:
    """Return why a yes cannot be taken: unanswered questions, red conditions, or promises nobody could keep."""
    unanswered = _unanswered(turn, vote, gate, seat.function)
    if unanswered is not None:
        return because(Code.UNANSWERED, question=unanswered, function=seat.function.value)
    if gate.briefing.verdict is not Verdict.PASSED:
        return because(Code.PREMATURE, gate=gate.id, verdict=gate.briefing.verdict.value)
    if vote.choice is Choice.APPROVE_WITH_CONDITIONS and not vote.promises:
        return because(Code.NO_CONDITIONS, gate=gate.id)
    if vote.promises and len(turn.state.obligations) >= _OWED_AT_MOST:
        return because(Code.TOO_MANY, what="conditions")
    strange = next((one.owner for one in vote.promises if not can_vote(turn.plan.roster.get(one.owner))), None)
    return None if strange is None else because(Code.UNKNOWN_PERSON, who=strange)


def _unanswered(turn: Turn, vote: Vote, gate: Gate, function: Function) -> str | None:
    if gate.kind is GateKind.OVERRIDE:
        return None  # who asks for it in an emergency says so in one breath; the review after it asks the rest
    asked = turn.plan.rules(gate.level).gates[gate.kind].questions.get(function, ())
    return next((question for question in asked if not vote.answers.get(question, "").strip()), None)


_HEARD = MappingProxyType(
    {
        Choice.APPROVE: Code.APPROVED,
        Choice.APPROVE_WITH_CONDITIONS: Code.APPROVED_WITH_CONDITIONS,
        Choice.ABSTAIN: Code.ABSTAINED,
        Choice.REJECT: Code.REJECTED,
        Choice.REQUEST_CHANGES: Code.CHANGES_REQUESTED,
    }
)


def lapsed(ballot: Ballot, now: datetime) -> bool:
    """Whether a yes was not used in time: it counts no more, and its giver is asked again."""
    return ballot.choice in YES and now >= ballot.expires_at


def valid(plan: Plan, gate: Gate, ballot: Ballot, now: datetime) -> bool:
    """Whether a yes still counts: unexpired, and its giver still holds the seat it was given from."""
    if ballot.choice not in YES or lapsed(ballot, now) or ballot.person in gate.excluded:
        return False
    voter, principal = plan.roster.get(ballot.person), plan.roster.get(ballot.principal)
    if voter is None or principal is None or not can_vote(voter) or not can_vote(principal):
        return False
    if not ballot.verified and _signs(plan, gate):
        return False
    rests_on = ((ballot.person, ballot.key), *ballot.leave)
    if not all(stands(plan.roster.get(person), key) for person, key in rests_on):
        return False
    if ballot.person == ballot.principal:
        return ballot.function in voter.functions or assigned(plan, gate, ballot.function, ballot.person)
    # A delegate's yes was given while the delegation stood; what must still stand is the principal's own seat.
    return ballot.function in principal.functions and ballot.principal not in gate.excluded


def _signs(plan: Plan, gate: Gate) -> bool:
    """Whether the revision in force counts only signed decisions, whatever was so when the round was opened."""
    rule = plan.rules(gate.level).gates.get(gate.kind)
    return rule is not None and rule.signed


def missing(plan: Plan, gate: Gate, now: datetime) -> tuple[str, ...]:
    """Name what the quorum still lacks, functions first; empty means that it is met."""
    counted = [ballot for ballot in gate.ballots if valid(plan, gate, ballot, now)]
    lacking = [
        function.value
        for function, needed in sorted(gate.needs.items())
        for _ in range(needed - sum(ballot.function is function for ballot in counted))
    ]
    said = [ballot.principal for ballot in counted]
    return (*lacking, *(person for person in gate.persons if person not in said))


def askable(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[str, ...]:
    """Return who could still give a yes that is missing, in a stable order."""
    spoken = {name for one in gate.ballots if not lapsed(one, now) for name in (one.person, one.principal)}
    lacking = [Function(name) for name in missing(plan, gate, now) if name in tuple(Function)]
    found = {person for person in gate.persons if person not in spoken}
    for function in dict.fromkeys(lacking):
        for name, member in plan.roster.items():
            if not can_vote(member) or name in gate.excluded or name in spoken:
                continue
            sits = function in member.functions or assigned(plan, gate, function, name)
            if sits or principals(plan, state, gate, name, function, now):
                found.add(name)
    return tuple(sorted(found))


def _veto(turn: Turn, vote: Vote, gate: Gate) -> Reason:
    held = _vetoing(turn, vote, gate.kind, gate.level)
    if not held:
        return _refuse(turn, vote, because(Code.NO_VETO, who=vote.actor.subject, gate=gate.id))
    veto = Veto(person=vote.actor.subject, at=turn.now, gate=gate.id)
    turn.change(vetoes={**turn.state.vetoes, held[0]: veto})
    return _record(
        turn,
        vote,
        Outcome.DONE,
        because(Code.VETOED, gate=gate.id, function=held[0].value),
        Seat(held[0], vote.actor.subject),
    )


def _vetoing(turn: Turn, vote: Vote, kind: GateKind, level: int) -> tuple[Function, ...]:
    """Return the functions in which somebody may block such a gate."""
    if not can_vote(turn.plan.roster.get(vote.actor.subject)):
        return ()
    rules = turn.plan.rules(level).gates
    if kind not in rules:
        # A gate of a stage that it has left since; any stage that knows such a gate says who may block it.
        known = [turn.plan.stages[stage].rules.gates for stage in Stage if stage in turn.plan.stages]
        rules = next((gates for gates in known if kind in gates), rules)
    vetoing = rules[kind].veto if kind in rules else ()
    held = functions_of(turn.plan, vote.actor)
    return tuple(function for function in held if function in vetoing and vote.function in (None, function))


def _withdraw_veto(turn: Turn, vote: Vote) -> Reason:
    own = functions_of(turn.plan, vote.actor) if can_vote(turn.plan.roster.get(vote.actor.subject)) else ()
    if not vote.actor.verified and any(rule.signed for rule in turn.rules.gates.values()):
        return _refuse(turn, vote, because(Code.SIGNATURE_REQUIRED, gate=vote.gate))
    if any(not own_key(gate, vote.actor.subject, vote.actor.key) for gate in turn.state.gates.values()) and (
        vote.actor.verified
    ):
        return _refuse(turn, vote, because(Code.LATE_KEY, who=vote.actor.subject, gate=vote.gate))
    standing = [function for function in turn.state.vetoes if function in own]
    # The one who answers for it all may lift another's veto, by name and with evidence.
    overruled = Function.ACCOUNTABLE_EXEC in own and not standing and vote.reason is not None
    lifted = standing or (list(turn.state.vetoes) if overruled else [])
    if not lifted:
        return _refuse(turn, vote, because(Code.NOT_YOUR_VETO, who=vote.actor.subject))
    turn.change(vetoes={function: veto for function, veto in turn.state.vetoes.items() if function not in lifted})
    code = Code.VETO_OVERRULED if overruled else Code.VETO_WITHDRAWN
    return _record(turn, vote, Outcome.DONE, because(code, functions=[function.value for function in lifted]), None)


def _revoke(turn: Turn, vote: Vote, gate: Gate) -> Reason:
    mine = [ballot for ballot in gate.ballots if ballot.person == vote.actor.subject]
    if not mine:
        return _refuse(turn, vote, because(Code.NOTHING_TO_REVOKE, who=vote.actor.subject))
    kept = tuple(ballot for ballot in gate.ballots if ballot.person != vote.actor.subject)
    undone = tuple(ballot.message for ballot in mine)
    turn.keep_gate(gate.but(ballots=kept, revoked=(*gate.revoked, *undone)))
    return _record(
        turn, vote, Outcome.DONE, because(Code.REVOKED, gate=gate.id), Seat(mine[0].function, mine[0].principal)
    )


def _late(turn: Turn, vote: Vote) -> Reason:
    over = next((gate for gate in turn.state.closed if gate.id == vote.gate), None)
    if over is None:
        return _refuse(turn, vote, because(Code.UNKNOWN_GATE, gate=vote.gate))
    if over.how == "consumed" and vote.choice is Choice.REVOKE and vote.actor.subject in over.approvers:
        _record(turn, vote, Outcome.DONE, because(Code.REVOKED_LATE, gate=over.id), None)
        return fallback.reduce(turn, Reduction.HOLD, functions=functions_of(turn.plan, vote.actor))
    if over.how == "consumed" and vote.choice is Choice.VETO:
        held = _vetoing(turn, vote, over.kind, turn.state.position.level)
        if held:
            turn.change(
                vetoes={**turn.state.vetoes, held[0]: Veto(person=vote.actor.subject, at=turn.now, gate=over.id)}
            )
            _record(turn, vote, Outcome.DONE, because(Code.VETOED_LATE, gate=over.id, function=held[0].value), None)
            return fallback.reduce(turn, Reduction.HOLD, functions=held)
    reason = because(Code.GATE_OVER, gate=over.id, how=over.how.replace("_", " "), at=over.at)
    # What lost to something safer is not refused for its own sake: it was overtaken, and is asked for again.
    return _record(turn, vote, Outcome.SUPERSEDED if over.how == "superseded" else Outcome.REFUSED, reason, None)


def _refuse(turn: Turn, vote: Vote, reason: Reason) -> Reason:
    return _record(turn, vote, Outcome.REFUSED, reason, None)


def _record(turn: Turn, vote: Vote, outcome: Outcome, reason: Reason, seat: Seat | None) -> Reason:
    return turn.note(
        f"vote {vote.choice.value}",
        outcome,
        reason,
        function=seat.function if seat else vote.function,
        on_behalf_of=seat.principal if seat and seat.principal != vote.actor.subject else None,
        gate=vote.gate,
        subject=vote.subject,
    )
