"""Handoff, the years of operating, and the end: delivery steps back, nothing just stops being looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar, fallback, gates, handing, recurring, resume, retirement, schedule, supplier
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome, TurnPage, Verdict
from tidegate.models.event import Reduction, Retire, Terminate, Withdraw
from tidegate.models.owing import Obligation
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.rights import functions_of, may, requesters
from tidegate.roster import can_vote
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate


def offer(turn: Turn) -> None:
    """Ask the receiver to take it over; until they sign, nothing is handed over."""
    turn.move_to(Phase.HANDOFF_PENDING, target=None, purpose=GateKind.HANDOFF, missed=0, narrow_at=None)
    due = calendar.later(turn.plan.calendar, turn.now, turn.rules.handoff_within)
    handoff = turn.plan.handoff
    receiver = handoff.receiver if handoff else turn.plan.business_owner
    owed = Obligation(kind="handoff", what="signature of the receiver", owner=receiver, due=due)
    turn.change(obligations={**turn.state.obligations, "handoff": owed})
    reason = because(Code.HANDOFF_OFFERED, receiver=receiver, due=due)
    turn.system("handoff offered", Outcome.DONE, reason)
    turn.tell(reason, (receiver,))


def await_receiver(turn: Turn) -> None:
    """Open the handoff's round of votes once the receiver has run a drill."""
    handoff = turn.plan.handoff
    if handoff is None or not can_vote(turn.plan.roster.get(handoff.receiver)):
        return
    if turn.state.position.sent_back or not turn.state.exposure.control.open:
        return
    if turn.state.proposal is not None:
        return
    if any(gate.kind is GateKind.HANDOFF for gate in turn.state.gates.values()):
        return
    drill = turn.state.readiness.get(ReadinessItem.RECEIVER_DRILL)
    if drill is None or drill.by != handoff.receiver:
        return
    if any(check.verdict is not Verdict.PASSED for check in handing.checks(turn.plan, turn.state, turn.now)):
        return
    # To say that it is ready again is no wish of theirs that somebody else must agree to; to have written it is.
    barred = requesters(turn.plan, turn.state)
    gates.open_gate(
        turn,
        GateKind.HANDOFF,
        turn.state.position.level,
        None,
        f"handoff of {turn.plan.title}",
        persons=(handoff.receiver,),
        excluded=tuple(name for name in barred if name != handoff.receiver or name in turn.plan.authors),
    )


def handed_over(turn: Turn, gate: Gate) -> None:
    """The receiver has signed: from now on it operates, and is looked at for as long as it does."""
    schedule.use(turn, gate)
    position, rules = turn.state.position, turn.rules
    watch = position.observation
    review = calendar.again(turn.plan.calendar, turn.now, rules.review_every)
    kept = {name: owed for name, owed in turn.state.obligations.items() if name != "handoff"}
    turn.change(obligations=kept)
    schedule.go_on(
        turn,
        Phase.OPERATING,
        handed_over=True,
        observation=watch.but(review_at=review) if watch else None,
    )
    recurring.launched(turn)
    turn.system("handed over", Outcome.DONE, because(Code.HANDED_OVER, review=review))
    handing.taken_over(turn)
    supplier.follow(turn)
    turn.moves.append(TurnPage(title=f"Operating {turn.plan.title}"))


def retire(turn: Turn, event: Retire) -> Reason:
    """Propose to end it in good order."""
    if not may(turn.plan, event.actor, Right.RETIRE):
        return turn.note("retire", Outcome.REFUSED, because(Code.NO_RIGHT, who=event.actor.subject, right="retire"))
    if turn.state.position.phase is Phase.RETIRING or any(
        gate.kind is GateKind.RETIREMENT for gate in turn.state.gates.values()
    ):
        return turn.note("retire", Outcome.NOOP, because(Code.RETIREMENT_OPEN))
    turn.change(requesters=tuple(sorted({*turn.state.requesters, event.actor.subject})))
    said = turn.note("retire", Outcome.DONE, because(Code.RETIREMENT_PROPOSED, why=event.reason or "no reason given"))
    level = max(turn.state.position.level, 1)
    opened = gates.open_gate(turn, GateKind.RETIREMENT, level, None, f"retirement of {turn.plan.title}")
    if opened is not None:
        retirement.proposed(turn)
    return said if opened else because(Code.UNSATISFIABLE, kind="retirement", seats="see the programme")


def retiring(turn: Turn, gate: Gate) -> None:
    """It was agreed: take everything back, whatever else was under way."""
    schedule.use(turn, gate)
    if turn.plan.end is None:
        _end(turn, "retired")
        return
    # What was raised for an emergency is not left raised for as long as runs under way have to finish.
    resume.revert(turn)
    _clear(turn)
    retirement.begin(turn, turn.plan.end)
    if turn.state.position.phase is not Phase.RETIRING:
        kept = turn.state.obligations
        _end(turn, "retired")
        turn.change(obligations={**turn.state.obligations, **kept})


def terminate(turn: Turn, event: Terminate) -> Reason:
    """End it now, on the word of who answers for it all."""
    if not may(turn.plan, event.actor, Right.TERMINATE):
        return turn.note(
            "terminate", Outcome.REFUSED, because(Code.NO_RIGHT, who=event.actor.subject, right="terminate")
        )
    if Function.RISK in turn.state.vetoes:
        # Risk may keep it from being closed, and nobody may keep it from being made safe.
        turn.note("terminate", Outcome.REFUSED, because(Code.VETO_STANDS, function="risk"))
        return fallback.reduce(turn, Reduction.ROLLBACK, functions=functions_of(turn.plan, event.actor))
    said = turn.note("terminate", Outcome.DONE, because(Code.TERMINATING, why=event.reason or "no reason given"))
    _end(turn, "terminated")
    return said


def withdraw(turn: Turn, event: Withdraw) -> Reason:
    """Take it back before anybody is served."""
    barred = refused(turn.plan, turn.state, event.actor, Right.START)
    if barred is not None:
        return turn.note("withdraw", Outcome.REFUSED, barred)
    exposure = turn.state.exposure
    if exposure.unresolved:
        return turn.note("withdraw", Outcome.REFUSED, because(Code.STILL_SETTLING))
    if (
        turn.state.position.level > 0
        or exposure.peak > 0
        or exposure.desired.serves
        or exposure.confirmed.serves
        or exposure.pending is not None
    ):
        return turn.note("withdraw", Outcome.REFUSED, because(Code.ALREADY_SERVED))
    _clear(turn)
    turn.move_to(Phase.WITHDRAWN, target=None, purpose=None, level=0)
    return turn.note("withdraw", Outcome.DONE, because(Code.WITHDRAWN, why=event.reason or "no reason given"))


def _end(turn: Turn, how: str) -> None:
    fallback.reduce(turn, Reduction.ROLLBACK, functions=functions_of(turn.plan, turn.actor))
    _clear(turn)
    turn.move_to(Phase.RETIRING, target=None, purpose=None, level=0, ending=how, narrow_at=None, retry_at=None)


def _clear(turn: Turn) -> None:
    for gate in tuple(turn.state.gates.values()):
        fallback.close_gate(turn, gate.id, "superseded")
    turn.change(obligations={}, proposal=None, emergency=None, announcements={})


def drain(turn: Turn) -> None:
    """Be over only when nothing is exposed any more, and read back as gone."""
    if turn.state.position.ending == "retired" and retirement.begun(turn.state):
        # A revision may say less of the end than the one it began under; it goes on all the same.
        retirement.go_on(turn, turn.plan.end or retirement.PLAIN)
        return
    if not retirement.gone(turn.state):
        return
    if turn.state.position.ending == "terminated":
        turn.move_to(Phase.TERMINATED)
        turn.system("terminated", Outcome.DONE, because(Code.TERMINATED))
    elif ReadinessItem.ARCHIVE in turn.state.readiness:
        turn.move_to(Phase.RETIRED)
        turn.system("retired", Outcome.DONE, because(Code.RETIRED))
