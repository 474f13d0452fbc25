"""What stands between a yes and its effect: notices, freezes, fresh evidence; then the yes is used, once."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tidegate import (
    briefing,
    calendar,
    content,
    fallback,
    gates,
    membership,
    retirement,
    runbook,
    telling,
    thresholds,
    votes,
)
from tidegate.digest import digest
from tidegate.models.base import GateKind
from tidegate.models.content import Change
from tidegate.models.decision import Check, Notify, Outcome, Verdict
from tidegate.models.event import Consequence
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.state import Announcement, Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.event import Noticed
    from tidegate.models.exposure import Exposure
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def announce(turn: Turn, gate: Gate) -> None:
    """Tell every audience of the change that was approved, and start their lead time."""
    turn.change(announcements={})
    for index in range(len(turn.plan.notices)):
        _send(turn, gate, index)


def _send(turn: Turn, gate: Gate, index: int) -> None:
    notice, key = turn.plan.notices[index], f"{gate.id}-{index}"
    ready = calendar.later(turn.plan.calendar, turn.now, notice.lead)
    before = turn.state.announcements.get(key)
    sent = Announcement(at=turn.now, ready_at=ready, tries=before.tries if before is not None else 0)
    turn.change(announcements={**turn.state.announcements, key: sent})
    exposure = turn.state.exposure
    change = Change(before=exposure.confirmed, after=_becomes(turn, gate))
    first = exposure.peak == 0 and not exposure.confirmed.serves
    turn.perform(key, content.announcement(turn.plan, index, gate, change, ready=ready, first=first))


def _send_again(turn: Turn, gate: Gate) -> None:
    """A notice that did not arrive is sent again, and its lead time begins anew: nobody was told."""
    for index in range(len(turn.plan.notices)):
        said = turn.state.announcements.get(f"{gate.id}-{index}")
        if said is not None and said.retry_at is not None and turn.now >= said.retry_at:
            _send(turn, gate, index)


def noticed(turn: Turn, event: Noticed) -> None:
    """Take in whether a notice arrived; partly is not delivered."""
    move = turn.state.owed.get(event.key)
    told = move if isinstance(move, Notify) else None
    turn.settled(event.key)
    announced = turn.state.announcements.get(event.key)
    if announced is None and retirement.noticed(turn, event):
        _kept(turn, event, told)
        return
    if announced is None:
        runbook.reached(turn, event)
        if event.result != "delivered" or (told is not None and told.epoch):
            _kept(turn, event, told)
        return
    delivered = event.result == "delivered"
    retry = None if delivered else calendar.again(turn.plan.calendar, turn.now, turn.rules.retry_every)
    answered = announced.but(
        result=event.result, retry_at=retry, why=telling.why(event), tries=0 if delivered else announced.tries + 1
    )
    turn.change(announcements={**turn.state.announcements, event.key: answered})
    _kept(turn, event, told)
    if told is not None and retry is not None:
        telling.stuck(turn, told, answered)


def _kept(turn: Turn, event: Noticed, told: Notify | None) -> None:
    """Write down what became of a notice: which change it was about, and which version of which words was sent."""
    delivered = event.result == "delivered"
    about: dict[str, object] = {}
    gate = subject = None
    if told is not None and told.audience:
        about = {"audience": told.audience, "text": event.text, "revision": turn.state.plan[:12]}
        about |= {"epoch": told.epoch} if told.epoch else {}
        of = turn.state.gates.get(told.gate)
        gate, subject = (told.gate or None), (of.subject if of is not None else None)
    turn.system(
        "notice",
        Outcome.DONE if delivered else Outcome.REFUSED,
        because(
            Code.NOTICE_DELIVERED if delivered else Code.NOTICE_FAILED,
            notice=event.key,
            result=telling.became(event),
            **about,
        ),
        gate=gate,
        subject=subject,
    )


def told(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[Check, ...]:
    """Return whether everybody who must know does, has had time, and has confirmed where that is asked."""
    found = []
    for index, notice in enumerate(plan.notices):
        name = f"notice {notice.audience}"
        said = state.announcements.get(f"{gate.id}-{index}")
        if said is None or said.result != "delivered":
            result = "not sent" if said is None else said.result + (f", {said.why}" if said.why else "")
            found.append(_pending(name, because(Code.NOTICE_OPEN, audience=notice.audience, result=result)))
        elif notice.acknowledge and said.confirmed_by is None:
            found.append(_pending(name, because(Code.UNCONFIRMED, audience=notice.audience, to=notice.to)))
        elif now < said.ready_at:
            found.append(_pending(name, because(Code.LEAD_TIME, audience=notice.audience, until=said.ready_at)))
    return tuple(found)


def _pending(name: str, reason: Reason) -> Check:
    return Check(name=name, verdict=Verdict.PENDING, reason=reason)


def open_points(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[Check, ...]:
    """Return what still stands between an approved change and its effect, people last."""
    return _open(plan, state, gate, now, gates.evidence(plan, state, gate.kind, gate.level, now))


def _open(plan: Plan, state: State, gate: Gate, now: datetime, evidence: tuple[Check, ...]) -> tuple[Check, ...]:
    checks = [check for check in evidence if check.verdict is not Verdict.PASSED]
    resuming = gate.kind is GateKind.RESUME and not state.exposure.control.stopping
    checks.extend(check for check in gates.barred(plan, state, gate, now) if not (resuming and check.name == "control"))
    checks.extend(told(plan, state, gate, now))
    lacking = votes.missing(plan, gate, now)
    if lacking:
        checks.append(_pending("approvals", because(Code.QUORUM_LOST, gate=gate.id, lacking=lacking)))
    return tuple(checks)


def waiting(state: State) -> Gate | None:
    """Return the round of votes whose time is awaited: the position says which, and there is no other."""
    if state.position.phase is not Phase.SCHEDULED:
        return None
    place = (state.position.target, state.position.purpose)
    agreed = (gate for gate in state.gates.values() if gate.satisfied_at is not None)
    return next((gate for gate in agreed if (gate.level, gate.kind) == place), None)


def displaced(turn: Turn) -> None:
    """End aloud what was agreed and has lost its place: nothing would ever use it, or something at the wrong time."""
    kept, phase = waiting(turn.state), turn.state.position.phase
    for gate in tuple(turn.state.gates.values()):
        if gate.satisfied_at is None or gate is kept:
            continue
        first = f"what came first ({phase.value.replace('_', ' ')}); who still wants it asks anew"
        reason = because(Code.SUPERSEDED, gate=gate.id, by=kept.id if kept is not None else first)
        turn.system("gate superseded", Outcome.SUPERSEDED, reason, gate=gate.id, subject=gate.subject)
        turn.tell(reason, fallback.turn_owners(turn))
        fallback.close_gate(turn, gate.id, "superseded")
        said = turn.state.announcements.items()
        turn.change(announcements={key: one for key, one in said if not key.startswith(f"{gate.id}-")})


def go_on(turn: Turn, phase: Phase, **changes: Any) -> None:
    """Enter a phase in which it goes on as it is; what waits for its time loses nothing by that, and still waits."""
    if waiting(turn.state) is not None:
        turn.place(**changes)
    else:
        turn.move_to(phase, target=None, purpose=None, **changes)


def advance(turn: Turn) -> None:
    """Use the approvals as soon as nothing stands in the way; take them back when what they rest on is gone."""
    gate = waiting(turn.state)
    if gate is None:
        turn.move_to(Phase.PREPARING)
        return
    if votes.missing(turn.plan, gate, turn.now):
        _reopen(turn, gate)
        return
    evidence = gates.evidence(turn.plan, turn.state, gate.kind, gate.level, turn.now)
    if _stale(turn, gate, evidence):
        _void(turn, gate)
        return
    _send_again(turn, gate)
    points = _open(turn.plan, turn.state, gate, turn.now, evidence)
    if not points:
        consume(turn, gate)
        return
    position, rules = turn.state.position, turn.plan.rules(gate.level)
    unread = tuple(check.name for check in points if check.name in turn.plan.metrics)
    waited = position.retry_at is None or turn.now >= position.retry_at
    if not waited:
        return
    if unread and position.attempts <= rules.evidence_retries:
        turn.settled("readings")
        thresholds.ask(turn, unread, position.attempts + 1)
        again = calendar.again(turn.plan.calendar, turn.now, rules.retry_every)
        turn.place(attempts=position.attempts + 1, retry_at=again)
    elif position.retry_at is not None:
        turn.place(retry_at=None)


def _stale(turn: Turn, gate: Gate, evidence: tuple[Check, ...]) -> bool:
    limit = calendar.later(turn.plan.calendar, gate.briefing.as_of, turn.plan.rules(gate.level).briefing_max_age)
    aged = any(check.reason.code is Code.READINESS_STALE for check in evidence)
    return gates.worst(evidence) is Verdict.FAILED or aged or turn.now >= limit or _lowered(turn.state, gate)


def _lowered(state: State, gate: Gate) -> bool:
    """Whether less is exposed than where a revision's raise began: it would bring back what nobody was asked about."""
    facts, change = gate.briefing.facts, gate.change
    if gate.kind is not GateKind.AMENDMENT or facts is None or change is None:
        return False
    return not facts.before.meet(change) <= state.exposure.desired


def _reopen(turn: Turn, gate: Gate) -> None:
    """A yes that no longer counts is asked for again, never stretched."""
    kept = tuple(
        ballot for ballot in gate.ballots
        if ballot.choice not in votes.YES or votes.valid(turn.plan, gate, ballot, turn.now)
    )  # fmt: skip
    again = gate.but(ballots=kept, satisfied_at=None, escalations=0)
    ask = votes.askable(turn.plan, turn.state, again, turn.now)
    again = gates.in_hours(turn, again, ask)
    turn.keep_gate(again)
    turn.change(announcements={})
    turn.move_to(Phase.CHECKPOINT_REVIEW if gate.kind is GateKind.CHECKPOINT else Phase.AWAITING_APPROVAL)
    lacking = votes.missing(turn.plan, again, turn.now)
    reason = because(Code.REOPENED, gate=gate.id, lacking=lacking)
    turn.system("gate reopened", Outcome.EXPIRED, reason, gate=gate.id, subject=gate.subject)
    turn.tell(reason, ask)


def _void(turn: Turn, gate: Gate) -> None:
    """What the reviewers saw is no longer so: their yes was to something else."""
    fallback.close_gate(turn, gate.id, "void")
    turn.change(announcements={})
    reason = because(Code.EVIDENCE_VOID, gate=gate.id, as_of=gate.briefing.as_of)
    turn.system("approvals void", Outcome.EXPIRED, reason, gate=gate.id, subject=gate.subject)
    turn.tell(reason, fallback.turn_owners(turn))
    back = {GateKind.CHECKPOINT: Phase.CHECKPOINT_DUE, GateKind.RESUME: Phase.REDUCED}.get(gate.kind, Phase.PREPARING)
    if gate.kind in (GateKind.CHECKPOINT, GateKind.RESUME):
        turn.move_to(back, target=None, purpose=None)
    else:
        turn.move_to(back)


def consume(turn: Turn, gate: Gate) -> None:
    """Use the approvals, once: the widening is authorised, written down, and only then begun."""
    approvers = [ballot.person for ballot in gate.ballots if votes.valid(turn.plan, gate, ballot, turn.now)]
    use(turn, gate)
    for other in tuple(turn.state.gates.values()):
        if other.kind is GateKind.OVERRIDE:
            # It asked for a step from where exposure was until now.
            by = because(Code.SUPERSEDED, gate=other.id, by=gate.id)
            turn.system("gate superseded", Outcome.SUPERSEDED, by, gate=other.id, subject=other.subject)
            fallback.close_gate(turn, other.id, "superseded")
    change = _becomes(turn, gate)
    turn.expose(before=turn.state.exposure.desired)
    turn.move_to(Phase.WIDENING, target=gate.level, purpose=gate.kind)
    turn.system(
        "widening authorised",
        Outcome.DONE,
        because(
            Code.AUTHORISED,
            gate=gate.id,
            label=gate.label,
            people=change.people,
            by=approvers,
            exposure=digest(change),
        ),
        gate=gate.id,
        subject=gate.subject,
    )
    fallback.fence(turn, "widen", change, gate.label, after=turn.state.written)


def _becomes(turn: Turn, gate: Gate) -> Exposure:
    """Return what a round of votes has agreed to, to the letter."""
    return gate.change or membership.pinned(turn.plan, turn.state, turn.plan.exposure(gate.level))


_OWES = MappingProxyType(
    {
        Consequence.HOLD: Code.OWES,
        Consequence.NARROW: Code.OWES_OR_NARROW,
        Consequence.PAUSE: Code.OWES_OR_PAUSE,
    }
)
"""How a condition is told, by what follows when it is not met."""


def use(turn: Turn, gate: Gate) -> None:
    """Take a satisfied gate off the table; what it was tied to is owed from now on."""
    for ballot in gate.ballots:
        for promise in ballot.promises:
            owed = Obligation(kind="condition", what=promise.what, owner=promise.owner, due=promise.due)
            owed = owed.but(then=promise.consequence.value)
            name = turn.name("condition")
            turn.change(obligations={**turn.state.obligations, name: owed})
            reason = because(_OWES[promise.consequence], id=name, who=promise.owner, what=promise.what, due=promise.due)
            turn.system("condition", Outcome.DONE, reason)
    briefing.used(turn, gate)
    fallback.close_gate(turn, gate.id, "consumed")
