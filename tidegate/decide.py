"""The door: one event in, one decision out. Every rule is behind it, and none is anywhere else.

    decide(plan, state, event, now) -> Decision(state, moves, entries, plan, receipt)

Pure: the same four arguments give the same answer on any machine, in any year.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from tidegate import (
    alerts,
    amend,
    deadlines,
    drills,
    endings,
    fallback,
    freezes,
    handing,
    membership,
    moved,
    obligations,
    questions,
    reconcile,
    rehearsed,
    reminders,
    rereview,
    resume,
    samples,
    schedule,
    signature,
    thresholds,
    training,
    votes,
    waivers,
    waves,
)
from tidegate.calendar import LEAST
from tidegate.deadlines import next_deadline
from tidegate.digest import digest
from tidegate.models.decision import Entry, Move, Outcome, Reason, Receipt
from tidegate.models.event import (
    CLOCK,
    SYSTEM,
    Actor,
    Alert,
    Changed,
    Choice,
    Confirm,
    Drill,
    Fault,
    HandOver,
    Judge,
    Message,
    Postpone,
    Question,
    Readings,
    Ready,
    Reduce,
    Reduction,
    Rehearsed,
    Report,
    Resume,
    Sample,
    StopTheLine,
    Stored,
    Terminate,
    Tick,
    Train,
    Vote,
)
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase, Position, State
from tidegate.turn import OUTBOX_LIMIT, Turn, because

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tidegate.deadlines import Deadline
    from tidegate.models.event import Event

RECEIPTS_KEPT = 1_000
"""From so many answers on that may still be asked for again, only reductions are heard."""
FORGET_AFTER = timedelta(hours=24)
"""How long a message may be on its way unless it says how long; then its answer can be forgotten."""
_LONGEST_FACT = 200
_OPENING = (Confirm, HandOver, Postpone, Ready, Rehearsed, Resume, Sample)
"""What is not a vote and still takes something out of the way of a widening, or of the end of a stop."""
REMEMBER_AT_MOST = timedelta(days=7)
"""No message keeps its answer for longer, whatever it says."""


class Decision(NamedTuple):
    """What follows from one event."""

    state: State
    moves: tuple[Move, ...]
    entries: tuple[Entry, ...]
    plan: Plan
    """The plan that is in force from now on."""
    receipt: Receipt | None
    """The answer to whoever sent it."""


def begin(plan: Plan, now: datetime) -> State:
    """Return the state of a rollout that has just been submitted."""
    position = Position(phase=Phase.SUBMITTED, since=now, nudge_at=now + max(plan.rules(1).review_every.wall, LEAST))
    nonce = digest({"use_case": plan.use_case, "plan": plan.digest, "began": now.isoformat()})[:32]
    return State(use_case=plan.use_case, plan=plan.digest, position=position, ticked_at=now, nonce=nonce)


def decide(plan: Plan, state: State, event: Event, now: datetime) -> Decision:
    """Decide one event."""
    if isinstance(event, Message):
        return _message(plan, state, event, now)
    actor = CLOCK if isinstance(event, Tick) else SYSTEM
    turn = Turn(plan, state, now, actor, None)
    _WORLD[event.kind](turn, event)
    drills.follow(turn)
    waves.progress(turn)
    reminders.arm(turn)
    return Decision(turn.state, tuple(turn.moves), tuple(turn.entries), turn.plan, None)


def decide_all(plan: Plan, state: State, events: Iterable[Event], now: datetime) -> tuple[Decision, ...]:
    """Decide everything that arrived together, in the order of safety."""
    decisions = []
    for event in in_order(events, next_deadline(plan, state), now):
        decision = decide(plan, state, event, now)
        plan, state = decision.plan, decision.state
        decisions.append(decision)
    return tuple(decisions)


def in_order(events: Iterable[Event], deadline: Deadline | None, now: datetime) -> tuple[Event, ...]:
    """Return what arrived together, what makes it safer first; a deadline that has come is one of them."""
    waiting: list[Event] = list(events)
    if deadline is not None and deadline.at <= now and not any(isinstance(event, Tick) for event in waiting):
        waiting.append(Tick())
    # Who takes a yes back in the same breath is heard in the order of their own words.
    undone = {(one.actor.subject, one.gate) for one in waiting if _says(one, _BACK)}
    return tuple(sorted(waiting, key=lambda one: _place(one, undone)))


def precedence(event: Event) -> int:
    """Return the order of safety: rollback, pause, redirect, narrow, hold, the rest, each no; what advances last."""
    if isinstance(event, Reduce):
        return -event.verb.rank
    if isinstance(event, Drill) and event.real:
        return -Reduction(event.way).rank
    if isinstance(event, StopTheLine):
        return 2 if event.lift else -event.does.rank
    if isinstance(event, Terminate):
        return -Reduction.PAUSE.rank
    if isinstance(event, Alert):
        rank = Reduction.HOLD.rank if event.resolved else Reduction(event.does.value).rank
        return 2 if event.resolved and not event.truncated else -rank
    if _says(event, _NO):
        return 2
    return _ORDER.get(event.kind, 2)


def _place(event: Event, undone: set[tuple[str, str]]) -> int:
    own = isinstance(event, Vote) and (event.actor.subject, event.gate) in undone
    return min(precedence(event), 2) if own else precedence(event)


def _says(event: object, choices: tuple[Choice, ...]) -> TypeGuard[Vote]:
    return isinstance(event, Vote) and getattr(event, "choice", None) in choices


_BACK = (Choice.REVOKE,)
_NO = (Choice.VETO, Choice.REJECT, Choice.REQUEST_CHANGES, *_BACK)
"""What a vote can say that lets nothing widen."""
_ORDER = MappingProxyType(
    {
        "dispatched": 1,
        "applied": 1,
        "drilled": 1,
        "observed": 1,
        "fault": 1,
        "readings": 1,
        "sample": 1,
        "tick": 1,
        "vote": 3,
        "override": 3,
        "let_through": 3,
        "exception_decision": 3,
    }
)


def as_if_proven(plan: Plan, state: State, event: Message, key: str, now: datetime) -> Decision:
    """Return what would follow if a message were signed with this key: for questions, and never to be acted on."""
    proven = Actor(subject=event.actor.subject, kind=event.actor.kind, method="ssh", verified=True, key=key)
    return _message(plan, state, event, now, proven)


def _message(plan: Plan, state: State, event: Message, now: datetime, proven: Actor | None = None) -> Decision:
    known = state.receipts.get(event.id)
    # Whoever signs the same words again does not make other words of them.
    mark = hashlib.sha256(event.model_dump_json(exclude={"not_after", "signature"}).encode()).hexdigest()
    if known is not None and known.digest == mark:
        return Decision(state, (), (), plan, known)
    # What a message claims of its sender counts for nothing; what its signature proves does.
    actor, forged = (proven, None) if proven else signature.recognised(plan, state, event, now)
    event = event.model_copy(update={"actor": actor})
    turn = Turn(plan, state, now, actor, event.id)
    safer = isinstance(event, Reduce | Alert) or (isinstance(event, StopTheLine) and not event.lift)
    safer = safer or (isinstance(event, Drill) and event.real)
    conflict = None if known is None else because(Code.ID_CONFLICT, id=event.id)
    # Who says no may be mistaken about their key, or say it without one; a yes may not.
    unproven = None if _cautious(event) else forged or _unsigned(turn, event)
    refusal = None if safer else conflict or _unheard(state, event, now) or unproven
    if refusal is not None:
        return _refused(turn, mark, refusal)
    if forged is not None:
        turn.note("signature", Outcome.REFUSED, forged)
    if conflict is not None:
        # An id that somebody used up for other words is put on record, and silences nobody who makes it safer.
        turn.note("message", Outcome.REFUSED, conflict)
    reason = _PEOPLE[event.kind](turn, event)  # type: ignore[attr-defined]  # every message has a kind
    mine = [entry.outcome for entry in turn.entries if entry.cause == event.id and entry.reason == reason]
    receipt = _receipt(mark, mine[-1] if mine else Outcome.REFUSED, reason, now, event.not_after)
    if known is None:
        _remember(turn, event.id, receipt)
    waves.progress(turn)
    reminders.arm(turn)
    return Decision(turn.state, tuple(turn.moves), tuple(turn.entries), turn.plan, receipt)


def _unsigned(turn: Turn, event: Message) -> Reason | None:
    """Where only signed decisions count, so do only signed words that could take something out of the way."""
    signs = any(rule.signed for rule in turn.rules.gates.values())
    opens = isinstance(event, _OPENING) or (isinstance(event, StopTheLine) and event.lift)
    opens = opens or (isinstance(event, Drill) and not event.real)
    opens = opens or (isinstance(event, Question) and event.answers is not None)
    opens = opens or (isinstance(event, Train) and event.change is None)
    if not signs or not opens or event.actor.verified:
        return None
    return because(Code.SIGNATURE_REQUIRED, gate=f"this {event.kind}")  # type: ignore[attr-defined]  # every message has a kind


def _cautious(event: Message) -> bool:
    """Whether it can only make it safer: a no, what is wrong, what is measured, an end. Nothing silences it."""
    if isinstance(event, Confirm):
        return not event.ratified
    if isinstance(event, Judge):
        return not event.accept
    if isinstance(event, Report):
        return event.settles is None
    if isinstance(event, Rehearsed):
        return event.document.result.verdict == "red"
    return isinstance(event, Changed | Readings | Terminate) or _says(event, _NO)


def _refused(turn: Turn, mark: str, why: Reason) -> Decision:
    reason = turn.note("message", Outcome.REFUSED, why)
    receipt = _receipt(mark, Outcome.REFUSED, reason, turn.now)
    return Decision(turn.state, (), tuple(turn.entries), turn.plan, receipt)


def _unheard(state: State, event: Message, now: datetime) -> Reason | None:
    """Return why a message that makes nothing safer is not heard at all."""
    if event.not_after is not None and now >= event.not_after:
        return because(Code.TOO_LATE, until=event.not_after)
    if state.position.phase.over:
        return because(Code.OVER, phase=state.position.phase.value)
    kept = len(state.receipts)
    if kept >= RECEIPTS_KEPT:
        kept = sum(old.until > now for old in state.receipts.values())
    full = kept >= RECEIPTS_KEPT or len(state.outbox) >= 2 * OUTBOX_LIMIT
    if full and not _cautious(event):
        return because(Code.BUSY)
    return None


def _receipt(mark: str, outcome: Outcome, reason: Reason, now: datetime, not_after: datetime | None = None) -> Receipt:
    # A message that may still arrive is still known then, within reason: nobody fills the memory for years.
    until = max(now + FORGET_AFTER, min(not_after or now, now + REMEMBER_AT_MOST))
    # An answer is kept for a day, and there are many: what is long stands in the record alone.
    if any(len(fact) > _LONGEST_FACT for fact in reason.facts.values()):
        reason = reason.but(facts={name: fact[:_LONGEST_FACT] for name, fact in reason.facts.items()})
    return Receipt.model_construct(digest=mark, outcome=outcome, reason=reason, until=until)


def _remember(turn: Turn, message: str, receipt: Receipt) -> None:
    """Keep the answer as long as the question may come again, and forget those that can come no more."""
    receipts = {name: old for name, old in turn.state.receipts.items() if old.until > turn.now}
    # Where there is no more room, only what makes it safer is still heard, and may be heard twice. It forgets nothing
    # in its stead: a yes that was used or taken back, and came again, would count again.
    if len(receipts) < RECEIPTS_KEPT:
        receipts[message] = receipt
    turn.change(receipts=receipts)


def _stored(turn: Turn, event: Stored) -> None:
    if event.number > turn.state.stored:
        left = tuple(entry for entry in turn.state.outbox if entry.number > event.number)
        turn.change(stored=min(event.number, turn.state.written), outbox=left)


def _fault(turn: Turn, event: Fault) -> None:
    """Something could not be read or decided: put it aside, and stop where we cannot trust ourselves."""
    reason = turn.note("fault", Outcome.REFUSED, because(Code.FAULT, name=event.name, note=event.note))
    turn.settled(event.answers)
    if event.holds:
        if event.name != "noticed":  # a notice of it would come back so too
            turn.tell(reason, fallback.pager(turn), urgent=True)
        fallback.reduce(turn, Reduction.HOLD)


def _tick(turn: Turn, _: Tick) -> None:
    deadlines.tick(turn)


_PEOPLE: MappingProxyType[str, Callable[[Turn, Any], Reason]] = MappingProxyType(
    {
        "start": waves.start,
        "ready": obligations.ready,
        "vote": votes.cast,
        "reduce": fallback.asked,
        "drill": drills.asked,
        "stop_the_line": fallback.stop_the_line,
        "delegate": obligations.delegate,
        "remind": obligations.remind,
        "reassign": obligations.reassign,
        "postpone": obligations.postpone,
        "let_through": freezes.let_through,
        "confirm": obligations.confirm,
        "resume": resume.propose,
        "amend": amend.propose,
        "override": resume.override,
        "issue": waivers.report,
        "changed": rereview.changed,
        "exception": waivers.ask,
        "exception_decision": waivers.judge,
        "hand_over": handing.take,
        "rehearsed": rehearsed.take,
        "retire": endings.retire,
        "terminate": endings.terminate,
        "withdraw": endings.withdraw,
        "alert": alerts.take,
        "readings": thresholds.take,
        "turnover": membership.turnover,
        "moved": moved.take,
        "sample": samples.take,
        "question": questions.take,
        "training": training.take,
    }
)

_WORLD: MappingProxyType[str, Callable[[Turn, Any], None]] = MappingProxyType(
    {
        "dispatched": reconcile.dispatched,
        "applied": reconcile.applied,
        "drilled": drills.drilled,
        "observed": reconcile.observed,
        "noticed": schedule.noticed,
        "snapshot": membership.taken,
        "stored": _stored,
        "tick": _tick,
        "fault": _fault,
    }
)
