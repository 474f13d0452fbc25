"""Drills: a way down is tried before it is needed, timed, read back, and put on record; its age opens or shuts a gate.

On test subjects nothing is decided about exposure: a copy of each target serves them and takes it away again, and the
real targets are not touched. A real drill is a reduction like any other, watched until it is read back. What is
measured decides whether it passed, and nobody's word. A drill that fails takes with it what an earlier one had proved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import fallback, migration, obligations
from tidegate.models.decision import Outcome, Reason, Rehearse
from tidegate.models.drill import MOST_SUBJECTS, DrilledTarget, Drilling, DrillRecord
from tidegate.models.event import ActorKind, Drill, Reduce, Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.owing import Evidence
from tidegate.models.plan import NarrowTo
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.drill import Drilled
    from tidegate.models.plan import Plan

REALLY = "everybody served"
_PROVES = "rollback"
"""The way down that takes everything away; having tried a milder one proves less."""
_HALF = NarrowTo(name="half", share=5_000)
"""What is drilled where the plan knows no level between the waves."""
_LONGEST = timedelta(days=1)
"""A real drill that is not read back by then has failed, though it is still being tried."""


def asked(turn: Turn, event: Drill) -> Reason:
    """Begin a drill."""
    return _really(turn, event) if event.real else _on_subjects(turn, event)


def _really(turn: Turn, event: Drill) -> Reason:
    before = turn.state.exposure.epoch
    words = Reduce(id=event.id, actor=event.actor, verb=Reduction(event.way), to=event.to, reason=event.reason)
    said = fallback.asked(turn, words)
    done = (Code.NARROWED, Code.PAUSED, Code.ROLLING_BACK)
    if turn.state.exposure.epoch == before or said.code not in done:
        # Refused, so already, or only held: nothing was drilled, and the answer says why.
        return said
    _begin(turn, event, REALLY, f"drill-{turn.state.exposure.epoch}", turn.state.exposure.epoch)
    return said


def _on_subjects(turn: Turn, event: Drill) -> Reason:
    wish = _wish(turn, event)
    if isinstance(wish, Reason):
        return turn.note("drill", Outcome.REFUSED, wish)
    on, exposure, rest, label = wish
    key = turn.name("drill")
    turn.perform("drill", Rehearse(key=key, verb=event.way, exposure=exposure, rest=rest, label=label))
    return _begin(turn, event, on, key, 0)


def _wish(turn: Turn, event: Drill) -> tuple[str, Exposure, Exposure, str] | Reason:
    plan, who = turn.plan, event.actor.subject
    barred = refused(plan, turn.state, event.actor, Right.READY)
    if barred is not None and not _receiver(plan, who, human=event.actor.kind is ActorKind.HUMAN):
        return barred
    if "drill" in turn.state.owed:
        return because(Code.DRILL_RUNNING)
    fitting = {name: people for name, people in plan.test_subjects.items() if people <= MOST_SUBJECTS}
    on = event.subjects or (next(iter(fitting)) if len(fitting) == 1 else None)
    if on is None:
        return because(Code.NO_SUBJECTS, known=sorted(fitting) or "none")
    served = {name for rung in plan.ladder for name in rung.exposure.cohorts}
    if on not in fitting or on in served:
        return because(Code.NOT_TEST_SUBJECTS, cohort=on, known=sorted(fitting) or "none", most=MOST_SUBJECTS)
    now = turn.state.exposure.desired
    whole = now if now.serves else plan.exposure(max(turn.state.position.level, 1))
    exposure = whole.but(cohorts={on: CohortShare(people=fitting[on])})
    if event.way != "narrow":
        return (on, exposure, NOTHING, "nothing") if event.to is None else because(Code.NO_SUCH_LEVEL, level=event.to)
    levels = [level.but(cohorts=None) for level in (*plan.fallback.levels, _HALF) if event.to in (None, level.name)]
    for level in levels:
        rest = fallback.narrowed(exposure, level)
        if rest != exposure:
            return on, exposure, rest, level.name
    return because(Code.NO_SUCH_LEVEL, level=event.to or "half")


def _begin(turn: Turn, event: Drill, on: str, key: str, epoch: int) -> Reason:
    old = turn.state.drilling
    if old is not None and old.real:
        _over(turn, (), -1, because(Code.DRILL_OVERTAKEN))
    drilling = Drilling(
        key=key,
        verb=event.way,
        by=event.actor.subject,
        human=event.actor.kind is ActorKind.HUMAN,
        proven=event.actor.verified,
        since=turn.now,
        on=on,
        epoch=epoch,
    )
    turn.change(drilling=drilling)
    return turn.note("drill", Outcome.DONE, because(Code.DRILL_BEGUN, verb=event.way, on=on, drill=key))


def drilled(turn: Turn, event: Drilled) -> None:
    """Take in what became of a drill on test subjects."""
    move = turn.state.owed.get("drill")
    if not isinstance(move, Rehearse) or move.key != event.key:
        return
    turn.settled("drill")
    drilling = turn.state.drilling
    if drilling is None or drilling.key != event.key:
        # A real drill has begun meanwhile: it is what counts.
        turn.system("drill", Outcome.SUPERSEDED, because(Code.DRILL_OVERTAKEN))
        return
    wrong = [f"{one.target}: {one.note or 'not as wanted'}" for one in event.targets if not one.confirmed]
    missing = [name for name in turn.plan.targets if name not in {one.target for one in event.targets}]
    wrong += [f"{name}: nothing was seen" for name in missing]
    if not event.clean:
        wrong.append("test subjects may still be served on the copies; the next drill clears them")
    why = None if not wrong else because(Code.DRILL_FAILED, verb=move.verb, on=drilling.on, why=event.note or wrong)
    _over(turn, event.targets, event.millis, why)


def follow(turn: Turn) -> None:
    """Look whether a real drill is over; called whenever the world has answered, or time has passed."""
    drilling, exposure = turn.state.drilling, turn.state.exposure
    if drilling is None or not drilling.real:
        return
    took = turn.now - drilling.since
    if exposure.confirmed_epoch == drilling.epoch:
        targets = tuple(DrilledTarget(target=name, confirmed=True) for name in turn.plan.targets)
        _over(turn, targets, int(took / timedelta(milliseconds=1)), None)
    elif exposure.control is Control.STOP_NOT_CONFIRMED or took > _LONGEST:
        why = "it was not read back"
        seen = tuple(
            DrilledTarget(target=one.target, confirmed=one.became == "confirmed", note=one.note or one.became)
            for one in exposure.targets
        )
        _over(
            turn,
            seen,
            int(took / timedelta(milliseconds=1)),
            because(Code.DRILL_FAILED, verb=drilling.verb, on=drilling.on, why=why),
        )
    elif exposure.epoch != drilling.epoch:
        _over(turn, (), -1, because(Code.DRILL_OVERTAKEN))


def _over(turn: Turn, targets: tuple[DrilledTarget, ...], millis: int, why: Reason | None) -> None:
    """Put on record what came of the drill under way, and let the gates see it."""
    drilling, state = turn.state.drilling, turn.state
    if drilling is None:
        return
    within, seconds = turn.plan.fallback.drill_within, f"{max(millis, 0) / 1000:.1f}"
    if why is None and within is not None and timedelta(milliseconds=millis) > within.wall:
        late = f"it took {seconds} s, and the plan allows {within}"
        why = because(Code.DRILL_FAILED, verb=drilling.verb, on=drilling.on, why=late)
    record = DrillRecord(
        by=drilling.by, at=turn.now, on=drilling.on, millis=max(millis, 0), passed=why is None, targets=targets
    )
    turn.change(drilling=None, drills={**state.drills, drilling.verb: record})
    proved = [ReadinessItem.ROLLBACK_TESTED] if drilling.verb == _PROVES else []
    if proved and turn.state.position.phase is Phase.HANDOFF_PENDING and _own(turn, drilling):
        proved.append(ReadinessItem.RECEIVER_DRILL)
    seen = ", ".join(one.target for one in targets)
    said = why or because(Code.DRILL_PASSED, verb=drilling.verb, on=drilling.on, targets=seen, seconds=seconds)
    if why is None:
        given = Evidence(by=drilling.by, at=turn.now, ref=f"{drilling.key}: {drilling.verb} read back in {seconds} s")
        turn.change(readiness={**state.readiness, **dict.fromkeys(proved, given)})
        if proved:
            obligations.met(turn, "drill")
            migration.shown(turn, ReadinessItem.ROLLBACK_TESTED)
    else:
        left = {item: kept for item, kept in state.readiness.items() if item not in proved}
        turn.change(readiness=left)
    turn.system("drill", Outcome.DONE if why is None else Outcome.REFUSED, said)
    turn.tell(said, tuple(dict.fromkeys((drilling.by, *fallback.pager(turn)))), urgent=why is not None)


def _own(turn: Turn, drilling: Drilling) -> bool:
    """Whether it is the receiver's own drill, as surely as their yes must be theirs."""
    signs = any(rule.signed for rule in turn.rules.gates.values())
    return _receiver(turn.plan, drilling.by, human=drilling.human) and (drilling.proven or not signs)


def _receiver(plan: Plan, who: str, *, human: bool) -> bool:
    return human and plan.handoff is not None and who == plan.handoff.receiver
