"""What is owed by a date, and the small requests around a round of votes: confirm, delegate, reassign, remind."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import (
    calendar,
    fallback,
    gates,
    hours,
    migration,
    readiness,
    reconcile,
    recurring,
    reminders,
    replaced,
    resume,
    retirement,
    runbook,
    samples,
    subject,
    training,
    vacancy,
    votes,
    waves,
)
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, Confirm, Delegate, Postpone, Ready, Reassign, Reduction, Remind
from tidegate.models.gate import Delegation
from tidegate.models.owing import Evidence
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.rights import Seat, functions_of, holders, may, own_key, seat_for
from tidegate.roster import can_vote
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.owing import Obligation

_DELEGATIONS_KEPT = 50
_MEETS = MappingProxyType(
    {
        ReadinessItem.ROLLBACK_TESTED: "drill",
        ReadinessItem.EVALUATION: "evaluation",
        ReadinessItem.ARCHIVE: retirement.ARCHIVE,
    }
)
"""What is owed again and again, by the readiness item that shows it."""
LONGEST_DELEGATION = timedelta(days=90)


def ready(turn: Turn, event: Ready) -> Reason:
    """Take in that a readiness item is met."""
    member = turn.plan.roster.get(event.actor.subject)
    if member is not None and member.organisation == "vendor":
        return turn.note("ready", Outcome.REFUSED, because(Code.VENDOR, who=event.actor.subject))
    barred = refused(turn.plan, turn.state, event.actor, Right.READY)
    if event.item is None:
        if barred is not None:
            return turn.note("ready", Outcome.REFUSED, barred)
        return waves.ready_again(turn, event)
    receiver = turn.plan.handoff.receiver if turn.plan.handoff else None
    drill = event.item is ReadinessItem.RECEIVER_DRILL
    if drill and (event.actor.subject != receiver or event.actor.kind is not ActorKind.HUMAN):
        return turn.note(
            "ready",
            Outcome.REFUSED,
            because(Code.ONLY_RECEIVER, who=event.actor.subject, receiver=receiver or "nobody"),
        )
    if not drill and barred is not None:
        return turn.note("ready", Outcome.REFUSED, barred)
    if event.item is ReadinessItem.DATA_STEWARD and Function.DATA_STEWARD not in functions_of(turn.plan, event.actor):
        return turn.note(
            "ready", Outcome.REFUSED, because(Code.ONLY_FUNCTION, who=event.actor.subject, function="data_steward")
        )
    lacks = _unproven(turn, event, event.item)
    if lacks is not None:
        return turn.note("ready", Outcome.REFUSED, lacks)
    given = Evidence(by=event.actor.subject, at=turn.now, ref=event.evidence or "", digest=event.digest or "")
    turn.change(readiness={**turn.state.readiness, event.item: given})
    if event.item in _MEETS:
        met(turn, _MEETS[event.item])
    migration.shown(turn, event.item)
    return turn.note("ready", Outcome.DONE, because(Code.READINESS_MET, item=event.item.value, by=event.actor.subject))


def _unproven(turn: Turn, event: Ready, item: ReadinessItem) -> Reason | None:
    """Return why a word for an item is not enough."""
    unsealed = retirement.archive_lacks(turn, event)
    if unsealed is not None:
        return unsealed
    position = turn.state.position
    drilled = item in (ReadinessItem.RECEIVER_DRILL, ReadinessItem.ROLLBACK_TESTED)
    if drilled and gates.drill_needed(turn.plan, turn.state):
        return because(Code.DRILL_NEEDED, use_case=turn.plan.use_case)
    if item in readiness.ONLY_SEEN and turn.plan.rules(position.target or position.level).checklist > 0:
        return because(Code.ONLY_SEEN, item=item.value)
    return because(Code.EVIDENCE_NEEDED, what=item.value) if event.evidence is None else None


def confirm(turn: Turn, event: Confirm) -> Reason:
    """Take in that something is so: a stop, a notice understood, an obligation met."""
    if event.actor.kind is not ActorKind.HUMAN or not can_vote(turn.plan.roster.get(event.actor.subject)):
        return turn.note("confirm", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=event.actor.subject))
    if event.what == "stop":
        return reconcile.attested(turn, event)
    if event.what.startswith("notice:"):
        return _acknowledged(turn, event)
    owed = turn.state.obligations.get(event.what)
    if owed is None:
        return turn.note("confirm", Outcome.NOOP, because(Code.NOTHING_TO_CONFIRM, what=event.what))
    if not _owner(turn, event, owed):
        return turn.note(
            "confirm",
            Outcome.REFUSED,
            because(Code.NOT_YOURS, who=event.actor.subject, what=event.what, owner=owed.owner),
        )
    lacks = _lacks(turn, event, owed)
    if lacks is not None:
        return turn.note("confirm", Outcome.REFUSED, lacks)
    met(turn, event.what)
    return _confirmed(turn, event, owed) if event.ratified else _disowned(turn, event, owed)


def _confirmed(turn: Turn, event: Confirm, owed: Obligation) -> Reason:
    """Do what follows from what is so now."""
    if owed.kind == "retire_or_keep":
        return turn.note("keep", Outcome.DONE, retirement.keep(turn, event))
    if event.what == replaced.PROCESS:
        return turn.note("confirm", Outcome.DONE, replaced.ended(turn, event))
    if owed.kind == "step":
        runbook.confirmed(turn, event.what, event.actor.subject)
    elif owed.kind == "ending":
        retirement.told_by_hand(turn, event.what)
    recurring.closed(turn, event, owed)
    return turn.note("confirm", Outcome.DONE, because(Code.OBLIGATION_MET, what=owed.what, by=event.actor.subject))


def _lacks(turn: Turn, event: Confirm, owed: Obligation) -> Reason | None:
    """Return why the word of whoever owes it is not enough."""
    otherwise = _otherwise(turn, event, owed) or replaced.too_early(turn, event.what)
    if otherwise is not None:
        return otherwise
    if event.evidence is None:
        return because(Code.EVIDENCE_NEEDED, what=event.what)
    still = owed.kind == "replacement" and subject.uses(turn.plan, owed.about)
    if still and Function.RISK not in functions_of(turn.plan, event.actor):
        return because(Code.STILL_USED, what=owed.about)
    undecided = recurring.lacks(event, owed)
    if undecided is not None:
        return undecided
    if not event.ratified and owed.kind != "override_review":
        return because(Code.NOT_RATIFIABLE, what=event.what)
    return None


def _otherwise(turn: Turn, event: Confirm, owed: Obligation) -> Reason | None:
    """Return what is needed where it is met by something else than a word, or not by everybody's."""
    use_case = turn.plan.use_case
    if owed.kind == "drill" and gates.drill_needed(turn.plan, turn.state):
        return because(Code.DRILL_NEEDED, use_case=use_case)
    item = migration.item(turn.plan, event.what) if owed.kind == "standard" else None
    if item is not None:
        return because(Code.READINESS_OWED, item=item.value)
    if owed.kind == "sample":
        return because(Code.SAMPLE_NEEDED, use_case=use_case)
    if owed.kind == "vacancy":
        return because(Code.NAME_NEEDED, use_case=use_case)
    if owed.kind == "question":
        return because(Code.ANSWER_NEEDED, use_case=use_case, id=event.what)
    if owed.kind == "ending" and not event.what.startswith(retirement.TELL):
        return because(Code.READ_BACK_NEEDED, what=owed.what)
    return training.lacking(turn, event.actor.subject) if owed.kind in training.ANSWERED_FOR else None


def _disowned(turn: Turn, event: Confirm, owed: Obligation) -> Reason:
    """An override was not right: it is over at once, it is held, and everybody hears of the incident that it is now."""
    reason = because(Code.NOT_RATIFIED, what=owed.what, by=event.actor.subject, evidence=event.evidence or "")
    said = turn.note("confirm", Outcome.DONE, reason)
    resume.revert(turn)
    fallback.reduce(turn, Reduction.HOLD, functions=functions_of(turn.plan, event.actor))
    turn.tell(reason, tuple(sorted(turn.plan.roster)), urgent=True)
    return said


def _owner(turn: Turn, event: Confirm, owed: Obligation) -> bool:
    functions = [function.value for function in functions_of(turn.plan, event.actor)]
    # An override is reviewed by somebody who did not ask for it; the rest is confirmed by whoever owes it.
    if owed.kind == "override_review" and any(
        gate.kind is GateKind.OVERRIDE and gate.how == "consumed" and event.actor.subject in gate.approvers
        for gate in turn.state.closed
    ):
        return False
    if owed.kind == "step" and may(turn.plan, event.actor, Right.CONFIRM_STOP):
        # Whoever may say that it is stopped has walked the way down with them.
        return True
    if not reminders.whose(turn.plan, owed):
        # Whoever owes it has left: what nobody could meet would bar for ever. Who is next to them says it is met.
        return event.actor.subject == vacancy.second(turn.plan, turn.plan, turn.state, owed.owner)
    return any(event.actor.subject == name or name in functions for name in (owed.owner, *owed.others))


def met(turn: Turn, name: str) -> None:
    """Owe something no longer, or not until its next day."""
    owed = turn.state.obligations.get(name)
    if owed is None:
        return
    left = {other: kept for other, kept in turn.state.obligations.items() if other != name}
    if owed.every_days is not None:
        left[name] = owed.but(due=turn.now + timedelta(days=owed.every_days), overdue=False, narrow_at=None)
    turn.change(obligations=left)


def _acknowledged(turn: Turn, event: Confirm) -> Reason:
    number = event.what.removeprefix("notice:")
    key = next((name for name in turn.state.announcements if name.endswith(f"-{number}")), "")
    said = turn.state.announcements.get(key)
    if said is None or not number.isdecimal() or int(number) >= len(turn.plan.notices):
        return turn.note("confirm", Outcome.NOOP, because(Code.NOTHING_TO_CONFIRM, what=event.what))
    notice = turn.plan.notices[int(number)]
    if notice.to and event.actor.subject not in notice.to:
        return turn.note(
            "confirm",
            Outcome.REFUSED,
            because(Code.NOT_YOURS, who=event.actor.subject, what=event.what, owner=notice.to),
        )
    turn.change(announcements={**turn.state.announcements, key: said.but(confirmed_by=event.actor.subject)})
    return turn.note(
        "confirm", Outcome.DONE, because(Code.ACKNOWLEDGED, audience=notice.audience, by=event.actor.subject)
    )


def overdue(turn: Turn, name: str) -> None:
    """A day has passed: what was owed holds the rollout, or bars it from widening."""
    owed = turn.state.obligations[name]
    if samples.idle(turn, name):
        return
    turn.change(obligations={**turn.state.obligations, name: owed.but(overdue=True)})
    reason = because(Code.OVERDUE, what=owed.what, owner=owed.owner, due=owed.due)
    turn.system("obligation overdue", Outcome.EXPIRED, reason)
    # Who owes it may have left the roster since; then those who are paged find somebody.
    people: tuple[str, ...] = (owed.owner,) if owed.owner in turn.plan.roster else ()
    if not people and owed.owner in tuple(Function):
        people = holders(turn.plan, Function(owed.owner))
    turn.tell(reason, tuple(dict.fromkeys((*people, *fallback.pager(turn)))), urgent=True)
    if owed.then in ("narrow", "pause"):
        fallback.reduce(turn, Reduction(owed.then))
        return
    if owed.then == "hold" and turn.state.exposure.control.open:
        fallback.reduce(turn, Reduction.HOLD)
    # Once it operates, what is owed is owed as it was there, however far down it has been brought meanwhile.
    handed = turn.state.position.handed_over
    wait = (recurring.operating(turn.plan) if handed else turn.rules).overdue_narrows
    if owed.then == "hold" and wait is not None and turn.state.exposure.desired.serves:
        at = calendar.later(turn.plan.calendar, turn.now, wait)
        kept = turn.state.obligations[name]
        turn.change(obligations={**turn.state.obligations, name: kept.but(narrow_at=at)})


def owed_still(turn: Turn, name: str) -> None:
    """It held on its day, and nobody has met it since: fewer are served, and those who lead hear of it."""
    owed = turn.state.obligations[name]
    turn.change(obligations={**turn.state.obligations, name: owed.but(narrow_at=None)})
    reason = because(Code.OWED_STILL, what=owed.what, owner=owed.owner, due=owed.due)
    turn.system("owed still", Outcome.EXPIRED, reason)
    turn.tell(reason, tuple(dict.fromkeys((*fallback.pager(turn), *turn.plan.heads.values()))), urgent=True)
    fallback.reduce(turn, Reduction.NARROW)


def delegate(turn: Turn, event: Delegate) -> Reason:
    """Let somebody act in one's place; both names stand in the record."""
    who = event.actor.subject
    if event.function not in functions_of(turn.plan, event.actor):
        return turn.note(
            "delegate", Outcome.REFUSED, because(Code.ONLY_FUNCTION, who=who, function=event.function.value)
        )
    if event.to == who or not can_vote(turn.plan.roster.get(event.to)):
        return turn.note("delegate", Outcome.REFUSED, because(Code.NO_DELEGATE, to=event.to))
    kept = tuple(
        rule for rule in turn.state.delegations
        if (rule.principal, rule.function) != (who, event.function) and rule.until > turn.now
    )  # fmt: skip
    if event.until <= turn.now:
        turn.change(delegations=kept)
        return turn.note(
            "delegate", Outcome.DONE, because(Code.DELEGATION_ENDED, who=who, function=event.function.value)
        )
    if len(kept) >= _DELEGATIONS_KEPT:
        return turn.note("delegate", Outcome.REFUSED, because(Code.TOO_MANY, what="delegations"))
    until = min(event.until, turn.now + LONGEST_DELEGATION)
    rule = Delegation(
        principal=who,
        to=event.to,
        function=event.function,
        since=turn.now,
        until=until,
        verified=event.actor.verified,
        key=event.actor.key,
    )
    turn.change(delegations=(*kept, rule))
    return turn.note(
        "delegate",
        Outcome.DONE,
        because(Code.DELEGATED, who=who, to=event.to, function=event.function.value, until=until),
    )


def remind(turn: Turn, event: Remind) -> Reason:
    """Ask those who have not answered, because somebody wants it."""
    gate = turn.state.gates.get(event.gate)
    if gate is None:
        return turn.note("remind", Outcome.REFUSED, because(Code.UNKNOWN_GATE, gate=event.gate))
    if not functions_of(turn.plan, event.actor):
        return turn.note("remind", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=event.actor.subject))
    said = turn.note("remind", Outcome.DONE, because(Code.ASKED_AGAIN, gate=gate.id), gate=gate.id)
    gates.remind(turn, gate, everybody=True)
    return said


def reassign(turn: Turn, event: Reassign) -> Reason:
    """The head of a function names who else may decide one gate for it."""
    gate = turn.state.gates.get(event.gate)
    if gate is None:
        return turn.note("reassign", Outcome.REFUSED, because(Code.UNKNOWN_GATE, gate=event.gate))
    who = event.actor.subject
    leads = turn.plan.heads.get(event.function) == who and can_vote(turn.plan.roster.get(who))
    if not leads or event.actor.kind is not ActorKind.HUMAN:
        return turn.note(
            "reassign", Outcome.REFUSED, because(Code.NOT_HEAD, who=event.actor.subject, function=event.function.value)
        )
    if who in gate.excluded:
        # Who asked for it does not choose who decides it either.
        return turn.note("reassign", Outcome.REFUSED, because(Code.REQUESTER, who=who), gate=gate.id)
    if gate.signed and not event.actor.verified:
        return turn.note("reassign", Outcome.REFUSED, because(Code.SIGNATURE_REQUIRED, gate=gate.id), gate=gate.id)
    if event.actor.verified and not own_key(gate, who, event.actor.key):
        return turn.note("reassign", Outcome.REFUSED, because(Code.LATE_KEY, who=who, gate=gate.id), gate=gate.id)
    if event.to in gate.excluded or event.to == event.actor.subject or not can_vote(turn.plan.roster.get(event.to)):
        return turn.note("reassign", Outcome.REFUSED, because(Code.NO_DELEGATE, to=event.to))
    if event.function not in gate.needs:
        return turn.note(
            "reassign", Outcome.REFUSED, because(Code.NOT_NEEDED, function=event.function.value, gate=gate.id)
        )
    turn.keep_gate(gate.but(assigned=tuple(dict.fromkeys((*gate.assigned, (event.function, event.to))))))
    if event.actor.key:
        by = (event.function, event.to, who, event.actor.key)
        turn.keep_gate(turn.state.gates[gate.id].but(assigned_by=tuple(dict.fromkeys((*gate.assigned_by, by)))))
    reason = because(Code.REASSIGNED, gate=gate.id, function=event.function.value, to=event.to)
    turn.tell(reason, (event.to,))
    return turn.note("reassign", Outcome.DONE, reason, gate=gate.id, function=event.function)


def postpone(turn: Turn, event: Postpone) -> Reason:
    """Give a review more time, once, by at most one more window, and not on the requester's word."""
    gate = turn.state.gates.get(event.gate)
    if gate is None:
        return turn.note("postpone", Outcome.REFUSED, because(Code.UNKNOWN_GATE, gate=event.gate))
    who = event.actor.subject
    if turn.now >= gate.expires_at:
        late = because(Code.GATE_EXPIRED, gate=gate.id, at=gate.expires_at)
        return turn.note("postpone", Outcome.REFUSED, late, gate=gate.id)
    if who in gate.excluded:
        return turn.note("postpone", Outcome.REFUSED, because(Code.REQUESTER, who=who), gate=gate.id)
    seat = seat_for(turn.plan, turn.state, gate, event.actor, None, None, turn.now)
    barred = refused(turn.plan, turn.state, event.actor, Right.POSTPONE)
    if not isinstance(seat, Seat) and barred is not None:
        return turn.note("postpone", Outcome.REFUSED, barred, gate=gate.id)
    asked = votes.askable(turn.plan, turn.state, gate, turn.now)
    window = turn.plan.rules(gate.level).gates[gate.kind].window
    latest = hours.fair(turn.plan, gate.kind, asked, gate.expires_at, window)
    if gate.postponed or not gate.expires_at < event.until <= latest:
        return turn.note("postpone", Outcome.REFUSED, because(Code.POSTPONED_ONCE, until=latest), gate=gate.id)
    turn.keep_gate(gate.but(expires_at=event.until, postponed=True))
    return turn.note("postpone", Outcome.DONE, because(Code.POSTPONED, gate=gate.id, until=event.until), gate=gate.id)
