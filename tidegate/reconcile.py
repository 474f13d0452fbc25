"""What the backends answer: confirmed, not confirmed, overtaken, or changed by somebody else.

Contained means that the reduction was read back and that no earlier widening is left that may still write.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import calendar, cycles, fallback, runbook, samples, targets, telling, thresholds
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome, TurnPage
from tidegate.models.event import Applied, Confirm, Dispatched, Observed, Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import wider_in
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Observation, Phase
from tidegate.rights import may
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Apply, ApplyVerb, Reason
    from tidegate.models.exposed import ExposureState

RETRIES = (timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1))
"""How soon a reduction that was not confirmed is tried again: soon at first, then every minute, for ever."""
SETTLE = timedelta(minutes=5)
"""How long an overtaken widening may still surprise us before everything is fenced again."""
NOBODY = 0
"""The epoch of an answer to no attempt: of a look."""
_ATTESTORS = 2
_REVERTS_KEPT = 21
"""One more than any standard may allow in a day."""
_DAY = timedelta(days=1)

_RESTING = MappingProxyType(
    {
        "hold": Control.HELD,
        "narrow": Control.NARROWED,
        "redirect": Control.REDIRECTED,
        "pause": Control.PAUSED,
        "rollback": Control.ROLLED_BACK,
    }
)


def applied(turn: Turn, event: Applied) -> None:
    """Take in what became of an attempt."""
    exposure = turn.state.exposure
    pending = exposure.pending
    if event.epoch == NOBODY:
        # A look that could not see everything. While something is under way, that will be told of itself.
        if pending is None and not _from_before(exposure, event.known):
            targets.unseen(turn, event)
        return
    if pending is None or event.epoch != pending.epoch:
        _overtaken(turn, event)
        return
    targets.learn(turn, event.targets)
    # A read-back that shows another exposure is not a confirmation, whatever the driver calls it.
    if event.result == "confirmed" and event.observed in (None, pending.exposure):
        _confirmed(turn, pending)
    elif pending.verb == "widen":
        _widening_failed(turn, event)
    else:
        _reduction_failed(turn, event)


def dispatched(turn: Turn, event: Dispatched) -> None:
    """Write down that an attempt is on its way; what becomes of it is another line."""
    pending = turn.state.exposure.pending
    if pending is not None and pending.epoch == event.epoch:
        reason = because(Code.DISPATCHED, verb=pending.verb, label=pending.label, epoch=pending.epoch)
        turn.system("dispatched", Outcome.DONE, reason)
        runbook.driven(turn, "dispatched")


def _confirmed(turn: Turn, pending: Apply) -> None:
    exposure = turn.state.exposure
    telling.changed(turn, exposure.confirmed, pending)
    turn.settled("apply")
    turn.expose(
        confirmed=pending.exposure,
        confirmed_epoch=pending.epoch,
        pending=None,
        attested=(),
        tries=0,
        retry_at=turn.now + SETTLE if exposure.unresolved else None,
    )
    if pending.verb == "widen":
        _widened(turn, pending)
        return
    runbook.driven(turn, "confirmed")
    if exposure.control in (Control.ROLLING_BACK, Control.STOP_NOT_CONFIRMED):
        rolled_back = exposure.control is Control.ROLLING_BACK
        turn.control(Control.ROLLED_BACK if rolled_back else _strictest(turn, pending.verb))
    code = Code.SETTLING if exposure.unresolved else Code.CONFIRMED
    turn.system("confirmed", Outcome.DONE, because(code, label=pending.label, epoch=pending.epoch))


def _strictest(turn: Turn, verb: str) -> Control:
    """Return what stands once a stop is confirmed: the strictest that was asked for, whatever was said last."""
    asked = (verb, *(cause.verb for cause in turn.state.exposure.causes))
    return max((_RESTING.get(each, Control.HELD) for each in asked), key=lambda control: control.rank)


def _widened(turn: Turn, pending: Apply) -> None:
    position = turn.state.position
    level = position.target or position.level
    rung = turn.plan.rung(level)
    rules = turn.plan.rules(level)
    new_stage = position.level == 0 or rung.stage is not turn.plan.rung(position.level).stage
    until = calendar.later(turn.plan.calendar, turn.now, rung.observe)
    latest = max(calendar.later(turn.plan.calendar, turn.now, rung.max_observe), until)
    review = max(calendar.again(turn.plan.calendar, turn.now, rules.review_every), until)
    emergency = turn.state.emergency is not None
    if position.purpose is GateKind.CHECKPOINT:
        cycles.over(turn)
    runbook.over(turn)
    turn.expose(causes=(), redirect_to=None, peak=turn.state.exposure.peak if emergency else level)
    turn.control(Control.LIVE)
    turn.change(announcements={}, requesters=(), restart=turn.state.restart if emergency else None)
    turn.move_to(
        Phase.OBSERVING,
        level=level,
        target=None,
        purpose=None,
        cycles=0 if new_stage else position.cycles + (position.purpose is GateKind.CHECKPOINT),
        missed=0,
        narrow_at=None,
        observation=Observation(since=turn.now, until=until, latest=latest, review_at=review),
    )
    thresholds.begin(turn)
    samples.follow(turn)
    reason = because(Code.WIDENED, label=pending.label, people=pending.exposure.people, epoch=pending.epoch)
    turn.system("confirmed", Outcome.DONE, reason)
    if turn.plan.informed:
        turn.tell(reason, turn.plan.informed)
    turn.moves.append(TurnPage(title=f"Wave {pending.label}"))


def _widening_failed(turn: Turn, event: Applied) -> None:
    """Go back to what was there before, by itself; nobody is asked."""
    before = turn.state.exposure.before
    label = fallback.label_of(turn.plan, before, "as before")
    turn.system("widen", Outcome.REFUSED, because(Code.WIDEN_FAILED, result=_told(event), epoch=event.epoch))
    if event.result in ("unknown", "failed"):
        # It may still write: until we know, every reduction is fenced again.
        turn.expose(unresolved=(*turn.state.exposure.unresolved, event.epoch), pending=None)
    else:
        turn.expose(pending=None)
    turn.change(emergency=None)
    fallback.reduce(turn, Reduction.HOLD)
    _tighter_outside(turn, event)
    turn.tell(because(Code.WIDEN_REVERTED, label=label), fallback.pager(turn), urgent=True)


def _reduction_failed(turn: Turn, event: Applied) -> None:
    """Say loudly that it is not confirmed, and go on trying."""
    if _tighter_outside(turn, event):
        return
    _unconfirmed(turn, _told(event))


def _told(event: Applied) -> str:
    return targets.summary(event.targets, event.result)


def _unconfirmed(turn: Turn, result: str) -> None:
    exposure = turn.state.exposure
    first = exposure.control is not Control.STOP_NOT_CONFIRMED
    turn.control(Control.STOP_NOT_CONFIRMED)
    turn.expose(retry_at=turn.now + RETRIES[min(exposure.tries, len(RETRIES) - 1)], tries=exposure.tries + 1)
    runbook.driven(turn, "unknown" if result.startswith("unknown") else "failed", note=result)
    reason = because(Code.STOP_NOT_CONFIRMED, label=exposure.label, result=result, manual=turn.plan.fallback.manual)
    if first:
        turn.system("reduction not confirmed", Outcome.REFUSED, reason)
        turn.tell(reason, fallback.pager(turn), urgent=True)


def _tighter_outside(turn: Turn, event: Applied) -> bool:
    """Take over what was read back and is less than what is wanted: somebody made it safer without us."""
    exposure, found = turn.state.exposure, event.observed
    if found is None or found == exposure.desired or not found <= exposure.desired:
        return False
    turn.system("drift", Outcome.DONE, because(Code.DRIFT_TIGHTER, label=exposure.label, people=found.people))
    fallback.adopt(turn, found)
    return True


def _overtaken(turn: Turn, event: Applied) -> None:
    """An answer to an older attempt: whatever it wrote, write the newest wish over it."""
    exposure = turn.state.exposure
    if event.epoch not in exposure.unresolved:
        turn.system("late answer", Outcome.NOOP, because(Code.LATE_ANSWER, epoch=event.epoch, now=exposure.epoch))
        return
    left = tuple(epoch for epoch in exposure.unresolved if epoch != event.epoch)
    turn.expose(unresolved=left)
    turn.system(
        "overtaken widening answered",
        Outcome.SUPERSEDED,
        because(Code.OVERTAKEN, epoch=event.epoch, now=exposure.epoch),
    )
    _again(turn)


def _again(turn: Turn) -> None:
    exposure = turn.state.exposure
    verb = exposure.pending.verb if exposure.pending else _verb_of(exposure.control)
    after = exposure.pending.after if exposure.pending else 0
    fallback.fence(turn, verb, exposure.desired, exposure.label, after=after)


def _verb_of(control: Control) -> ApplyVerb:
    standing: dict[Control, ApplyVerb] = {
        Control.HELD: "hold",
        Control.NARROWED: "narrow",
        Control.REDIRECTED: "redirect",
        Control.PAUSED: "pause",
    }
    return standing.get(control, "rollback" if control.rank > Control.PAUSED.rank else "hold")


def retry(turn: Turn) -> None:
    """Try a reduction again that was not confirmed, or fence again what has had time to settle."""
    exposure = turn.state.exposure
    if exposure.pending is None:
        turn.expose(unresolved=())
    turn.system("try again", Outcome.DONE, because(Code.TRY_AGAIN, label=exposure.label))
    _again(turn)


def observed(turn: Turn, event: Observed) -> None:
    """Compare what is with what was decided: tighter is adopted, wider is taken back."""
    exposure = turn.state.exposure
    if _from_before(exposure, event.known) and event.epoch <= exposure.epoch:
        return  # what bears a newer epoch than ours was written after us, whenever the look began
    targets.learn(turn, event.targets)
    if exposure.pending is not None or exposure.unresolved:
        if exposure.pending is not None and exposure.pending.verb != "widen" and event.epoch > exposure.epoch:
            # Written outside under a newer epoch: ours would lose to it for ever.
            turn.expose(epoch=event.epoch)
            if not exposure.desired <= event.exposure:
                # And it is less than what we want: going back up to that is a matter of consent.
                turn.system(
                    "drift",
                    Outcome.DONE,
                    because(Code.DRIFT_TIGHTER, label=exposure.label, people=event.exposure.people),
                )
                fallback.adopt(turn, event.exposure)
                return
            turn.system("try again", Outcome.DONE, because(Code.TRY_AGAIN, label=exposure.label))
            _again(turn)
        return
    wider = wider_in(event.exposure, exposure.desired)
    if wider:
        _revert(turn, event, wider)
    elif exposure.epoch == 0:
        # An earlier life of this use case, or somebody else's use of the target, has left its fence: ours begin above.
        turn.expose(epoch=event.epoch, confirmed_epoch=event.epoch)
    elif event.exposure != exposure.desired or event.epoch > exposure.epoch:
        # Somebody made it safer outside: that is theirs to do, and going on is ours to decide.
        turn.expose(epoch=max(exposure.epoch, event.epoch))
        turn.system(
            "drift", Outcome.DONE, because(Code.DRIFT_TIGHTER, label=exposure.label, people=event.exposure.people)
        )
        fallback.adopt(turn, event.exposure)
    else:
        turn.expose(confirmed=event.exposure, confirmed_epoch=event.epoch)


def _from_before(exposure: ExposureState, known: int | None) -> bool:
    """Whether a look may have been before the last change was made, which has been read back since."""
    return known is not None and exposure.confirmed_epoch > known


def _revert(turn: Turn, event: Observed, wider: tuple[str, ...]) -> None:
    recent = tuple(at for at in turn.state.exposure.reverts if at > turn.now - _DAY)
    reason = because(Code.DRIFT_WIDER, dimensions=(*wider[:5], *targets.where(event.targets)))
    turn.system("unapproved change", Outcome.REFUSED, reason)
    turn.tell(reason, fallback.pager(turn), urgent=True)
    turn.expose(reverts=(*recent, turn.now)[-_REVERTS_KEPT:])
    verb = _verb_of(turn.state.exposure.control)
    if len(recent) >= turn.rules.max_reverts:
        turn.expose(epoch=max(turn.state.exposure.epoch, event.epoch))
        fallback.reduce(turn, Reduction.PAUSE)
        if turn.state.exposure.pending is None:
            # It was stopped already, and somebody is served all the same: the stop is not there.
            exposure = turn.state.exposure
            fallback.fence(turn, verb, exposure.desired, exposure.label)
            _unconfirmed(turn, "mismatch")
        return
    desired = turn.state.exposure.desired.meet(event.exposure)
    fallback.fence(turn, verb, desired, turn.state.exposure.label, floor=event.epoch)


def attested(turn: Turn, event: Confirm) -> Reason:
    """Two people say with their own names that it is really stopped."""
    exposure = turn.state.exposure
    if exposure.control is not Control.STOP_NOT_CONFIRMED:
        return turn.note("confirm stop", Outcome.NOOP, because(Code.NOTHING_TO_CONFIRM, what="stop"))
    if not may(turn.plan, event.actor, Right.CONFIRM_STOP):
        return turn.note(
            "confirm stop", Outcome.REFUSED, because(Code.NO_RIGHT, who=event.actor.subject, right="confirm_stop")
        )
    if event.evidence is None:
        return turn.note("confirm stop", Outcome.REFUSED, because(Code.EVIDENCE_NEEDED, what="stop"))
    if event.actor.subject in exposure.attested:
        return turn.note("confirm stop", Outcome.NOOP, because(Code.ALREADY_CONFIRMED, who=event.actor.subject))
    said = (*exposure.attested, event.actor.subject)
    turn.expose(attested=said)
    if len(said) < _ATTESTORS:
        return turn.note("confirm stop", Outcome.DONE, because(Code.ONE_MORE, what="stop"))
    verb = exposure.pending.verb if exposure.pending else "rollback"
    turn.expose(
        confirmed=exposure.desired,
        confirmed_epoch=exposure.epoch,
        pending=None,
        retry_at=None,
        tries=0,
        unresolved=(),
        attested=(),
    )
    turn.settled("apply")
    turn.control(_strictest(turn, verb))
    runbook.driven(turn, "confirmed", by=said)
    return turn.note("confirm stop", Outcome.DONE, because(Code.STOP_ATTESTED, who=said))
