"""The way up, one phase after another: prepare, ask, schedule, widen, watch, look, go on.

Called after every event. It opens a door only where a yes, a deadline or a figure has made that due; it widens nothing
but what a quorum has agreed to.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import (
    amend,
    calendar,
    cycles,
    derived,
    endings,
    environment,
    fallback,
    gates,
    membership,
    readiness,
    replaced,
    resume,
    retirement,
    schedule,
    stewardship,
    thresholds,
    votes,
)
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Outcome, TurnPage, Verdict
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Ready, Start
    from tidegate.models.gate import Ending, Gate

_STEPS = 12
"""More steps than any event can need; a rule that runs in circles stops here instead of for ever."""
_PATIENCE = Span.of("1bd")
"""Between two attempts where a person has to do the reading: they work by day."""


def start(turn: Turn, event: Start) -> Reason:
    """Classify and begin to prepare the first wave."""
    if turn.state.position.phase is not Phase.SUBMITTED:
        return turn.note("start", Outcome.NOOP, because(Code.ALREADY_STARTED))
    barred = refused(turn.plan, turn.state, event.actor, Right.START)
    if barred is not None:
        return turn.note("start", Outcome.REFUSED, barred)
    turn.change(requesters=(event.actor.subject,))
    turn.system(
        "classified",
        Outcome.DONE,
        because(Code.CLASSIFIED, tier=turn.plan.tier, why=turn.plan.tier_why, standard=turn.plan.standard),
    )
    turn.move_to(Phase.PREPARING, target=1, purpose=GateKind.FIRST_EXPOSURE)
    return turn.note("start", Outcome.DONE, because(Code.STARTED, title=turn.plan.title))


def ready_again(turn: Turn, event: Ready) -> Reason:
    """Somebody says that what was sent back is ready again."""
    position = turn.state.position
    if not position.sent_back:
        return turn.note("ready", Outcome.NOOP, because(Code.NOTHING_SENT_BACK))
    turn.change(requesters=tuple(sorted({*turn.state.requesters, event.actor.subject})))
    watch = position.observation
    turn.place(sent_back=False, observation=watch.but(review_at=turn.now) if watch else None)
    return turn.note("ready", Outcome.DONE, because(Code.READY_AGAIN))


def progress(turn: Turn) -> None:
    """Take every step that is due now."""
    for _ in range(_STEPS):
        before = turn.state
        _settle_gates(turn)
        schedule.displaced(turn)
        _STEP.get(turn.state.position.phase, _stay)(turn)
        if turn.state is before:
            break
    replaced.follow(turn)
    retirement.follow(turn)


def _stay(turn: Turn) -> None:
    """Wait for an event."""


def _prepare(turn: Turn) -> None:
    state, position = turn.state, turn.state.position
    if position.target is None or position.purpose is None or position.sent_back or not state.exposure.control.open:
        return
    if state.vetoes or state.embargoes or state.proposal is not None or _over(turn, position.target):
        return
    if _proves_more(turn, position.target):
        return
    needs = gates.readiness(turn.plan, state, position.target, turn.now)
    readiness.timed(turn, turn.plan.rung(position.target).stage, needs)
    needs += environment.checks(turn.plan, state, position.target)
    if gates.worst(needs) is not Verdict.PASSED:
        membership.look(turn, needs, position.target)
        stewardship.look(turn, needs)
        return
    level = position.target
    if not membership.ready(turn, level):
        return
    label = fallback.level_name(turn.plan, level)
    change = membership.pinned(turn.plan, turn.state, turn.plan.exposure(level))
    if gates.open_gate(turn, position.purpose, level, change, label):
        turn.move_to(Phase.AWAITING_APPROVAL)


def _proves_more(turn: Turn, target: int) -> bool:
    """Go back to watching a stage whose rules have come to ask for more cycles: only there it gains them."""
    leaves = turn.state.position.purpose is GateKind.STAGE and turn.plan.rung(target).stage is not turn.stage
    watch = turn.state.position.observation
    if not leaves or watch is None or not cycles.short(turn.plan, turn.state, turn.stage):
        return False
    later = calendar.again(turn.plan.calendar, turn.now, turn.rules.review_every)
    watched = watch.but(until=later, latest=max(watch.latest, later), review_at=later)
    turn.move_to(Phase.OBSERVING, target=None, purpose=None, observation=watched)
    return True


def _over(turn: Turn, level: int) -> bool:
    _, ends = gates.lifetime(turn.plan, turn.state, level)
    return ends is not None and turn.now >= ends


def _observe(turn: Turn) -> None:
    position, watch = turn.state.position, turn.state.position.observation
    if watch is None or turn.state.exposure.control is not Control.LIVE or turn.state.emergency is not None:
        return
    rung = turn.plan.rung(position.level)
    wanted = tuple(condition.metric for condition in rung.advance_when)
    enough = thresholds.enough(turn.state, wanted) >= rung.min_samples
    over = turn.now >= watch.until
    if over and not enough and not watch.extended and turn.now < watch.latest:
        turn.place(observation=watch.but(extended=True))
        turn.system(
            "observation extended", Outcome.DONE, because(Code.EXTENDED, until=watch.latest, needed=rung.min_samples)
        )
        return
    in_time = over and (enough or turn.now >= watch.latest) and not position.sent_back and _leads_on(turn)
    if in_time or turn.now >= watch.review_at:
        turn.move_to(Phase.CHECKPOINT_DUE, sent_back=False)


def _leads_on(turn: Turn) -> bool:
    """Whether a review could lead anywhere; where nothing comes next, people look at the cadence of the standard."""
    position = turn.state.position
    owes = position.cycles < turn.rules.repeat_cycles or cycles.short(turn.plan, turn.state, turn.stage)
    if position.level < len(turn.plan.ladder) or owes or position.handed_over:
        return True
    return turn.stage is Stage.SYSTEM_OF_RECORD and turn.plan.handoff is not None


def _operate(turn: Turn) -> None:
    watch = turn.state.position.observation
    if watch is not None and turn.now >= watch.review_at and turn.state.exposure.control is Control.LIVE:
        turn.move_to(Phase.CHECKPOINT_DUE)


def _checkpoint(turn: Turn) -> None:
    """Have fresh evidence, then ask people; evidence that cannot be had holds."""
    position = turn.state.position
    if turn.state.exposure.control is not Control.LIVE:
        # Somebody held it meanwhile; people look as soon as it goes on.
        turn.move_to(Phase.OPERATING if position.handed_over else Phase.OBSERVING, target=None, purpose=None)
        return
    checks = thresholds.checks(turn.plan, turn.state, turn.now)
    verdict = gates.worst(checks)
    if verdict in (Verdict.PASSED, Verdict.FAILED):
        following = _following(turn)
        if following is None or membership.ready(turn, following):
            _open_review(turn)
        elif membership.given_up(turn):
            cohorts = membership.read_of(turn.plan, following)
            turn.system("checkpoint", Outcome.REFUSED, because(Code.ROLL_AWAITED, cohorts=cohorts))
            fallback.reduce(turn, Reduction.HOLD)
        return
    if position.retry_at is not None and turn.now < position.retry_at:
        return
    silent = tuple(
        check.name for check in checks if check.name in turn.plan.metrics and check.verdict is not Verdict.PASSED
    )
    if not silent or position.attempts > turn.rules.evidence_retries:
        _inconclusive(turn, verdict)
        return
    turn.settled("readings")
    thresholds.ask(turn, silent, position.attempts + 1)
    by_hand = any(turn.plan.metrics[name].by_hand for name in derived.parts(turn.plan, silent))
    retry = calendar.again(turn.plan.calendar, turn.now, _PATIENCE if by_hand else turn.rules.retry_every)
    turn.place(attempts=position.attempts + 1, retry_at=retry)
    turn.system(
        "evidence asked for", Outcome.DONE, because(Code.EVIDENCE_ASKED, metrics=silent, attempt=position.attempts + 1)
    )


def _inconclusive(turn: Turn, verdict: Verdict) -> None:
    checks = thresholds.checks(turn.plan, turn.state, turn.now)
    why = next(check.reason for check in checks if check.verdict is verdict)
    turn.system(
        "checkpoint",
        Outcome.REFUSED,
        because(Code.INCONCLUSIVE, verdict=verdict.value, why=why.code.value, **why.facts),
    )
    fallback.reduce(turn, Reduction.HOLD)


def _open_review(turn: Turn) -> None:
    position = turn.state.position
    level, top = position.level, len(turn.plan.ladder)
    for old in tuple(turn.state.gates.values()):
        if old.kind in (GateKind.CHECKPOINT, GateKind.OPERATING):
            # A hold leaves the round open in which nothing widens; what is looked at anew is asked anew.
            by = because(Code.SUPERSEDED, gate=old.id, by="a newer review")
            turn.system("gate superseded", Outcome.SUPERSEDED, by, gate=old.id, subject=old.subject)
            fallback.close_gate(turn, old.id, "superseded")
    following = _following(turn)
    if position.handed_over and level == top:
        opened = gates.open_gate(turn, GateKind.OPERATING, level, None, f"operating {turn.plan.title}")
    elif following is not None:
        change = membership.pinned(turn.plan, turn.state, turn.plan.exposure(following))
        opened = gates.open_gate(
            turn, GateKind.CHECKPOINT, following, change, fallback.level_name(turn.plan, following)
        )
    else:
        opened = gates.open_gate(turn, GateKind.CHECKPOINT, level, None, f"the end of {turn.stage.value}")
    if opened:
        turn.move_to(Phase.CHECKPOINT_REVIEW, target=following, purpose=opened.kind)
    elif turn.state.exposure.control is Control.LIVE:
        missed(turn, because(Code.NO_REVIEWERS))


def _following(turn: Turn) -> int | None:
    """Return the wave that an advance would lead to; none where the stage ends."""
    level = turn.state.position.level
    there = level < len(turn.plan.ladder) and turn.plan.rung(level + 1).stage is turn.stage
    return level + 1 if there else None


def missed(turn: Turn, why: Reason) -> None:
    """A review was not held: hold, then narrow, then pause, each at its own deadline."""
    rules, times = turn.rules, turn.state.position.missed
    turn.system("review missed", Outcome.EXPIRED, why)
    verb = (Reduction.HOLD, Reduction.NARROW, Reduction.PAUSE)[min(times, 2)]
    fallback.reduce(turn, verb)
    wait = (rules.narrow_after, rules.pause_after, None)[min(times, 2)]
    at = calendar.later(turn.plan.calendar, turn.now, wait) if wait is not None else None
    turn.place(missed=times + 1, narrow_at=at)
    turn.tell(
        because(Code.REVIEW_MISSED, times=times + 1),
        tuple(dict.fromkeys((*fallback.pager(turn), *turn.plan.heads.values()))),
        urgent=True,
    )


def _settle_gates(turn: Turn) -> None:
    for gate in tuple(turn.state.gates.values()):
        if gate.id not in turn.state.gates:
            continue
        how = gates.said_no(gate)
        if how is not None:
            _ended(turn, gate, how)
        elif gate.satisfied_at is None and _moot(turn, gate):
            _refresh(turn, gate)
        elif gate.satisfied_at is None and _agreed(turn, gate):
            _satisfied(turn, gate)


def _agreed(turn: Turn, gate: Gate) -> bool:
    in_time = turn.now < gate.expires_at and not turn.state.vetoes
    # What is not known to have stopped does not go on, whoever says so.
    stopping = gate.kind is GateKind.RESUME and turn.state.exposure.control.stopping
    return in_time and not stopping and not votes.missing(turn.plan, gate, turn.now)


def _moot(turn: Turn, gate: Gate) -> bool:
    """Whether what the reviewers see has turned: red that is green again, or green that is red."""
    now = gates.worst(gates.evidence(turn.plan, turn.state, gate.kind, gate.level, turn.now))
    was = gate.briefing.verdict
    return now is not was and (now is Verdict.PASSED or (was is Verdict.PASSED and now is Verdict.FAILED))


def _refresh(turn: Turn, gate: Gate) -> None:
    fallback.close_gate(turn, gate.id, "void")
    turn.system(
        "briefing outdated",
        Outcome.SUPERSEDED,
        because(Code.BRIEFING_TURNED, gate=gate.id),
        gate=gate.id,
        subject=gate.subject,
    )
    if gate.kind in (GateKind.CHECKPOINT, GateKind.OPERATING):
        turn.move_to(Phase.CHECKPOINT_DUE)
    elif gate.kind is GateKind.HANDOFF:
        turn.move_to(Phase.HANDOFF_PENDING)
    else:
        turn.move_to(Phase.PREPARING)


def _ended(turn: Turn, gate: Gate, how: Ending) -> None:
    """Somebody said no, or changes were asked for."""
    no = next(
        ballot
        for ballot in gate.ballots
        if ballot.choice.value == ("reject" if how == "rejected" else "request_changes")
    )
    fallback.close_gate(turn, gate.id, how)
    code = Code.GATE_REJECTED if how == "rejected" else Code.GATE_SENT_BACK
    turn.system(
        "gate closed",
        Outcome.DONE,
        because(code, gate=gate.id, by=no.person, function=no.function.value),
        gate=gate.id,
        subject=gate.subject,
    )
    turn.tell(because(code, gate=gate.id, by=no.person, function=no.function.value), fallback.turn_owners(turn))
    if gate.kind in (GateKind.CHECKPOINT, GateKind.OPERATING) and how == "rejected":
        fallback.reduce(turn, Reduction.HOLD, functions=(no.function,))
    else:
        gates.lapse(turn, gate)


def _satisfied(turn: Turn, gate: Gate) -> None:
    turn.system(
        "quorum met",
        Outcome.DONE,
        because(Code.QUORUM, gate=gate.id, label=gate.label),
        gate=gate.id,
        subject=gate.subject,
    )
    if gate.kind is GateKind.AMENDMENT:
        amend.agreed(turn, gate)
    elif gate.kind is GateKind.OVERRIDE:
        resume.emergency(turn, gate)
    elif gate.kind is GateKind.RETIREMENT:
        endings.retiring(turn, gate)
    elif gate.kind is GateKind.HANDOFF:
        endings.handed_over(turn, gate)
    elif gate.change is not None:
        turn.keep_gate(gate.but(satisfied_at=turn.now))
        turn.move_to(Phase.SCHEDULED, target=gate.level, purpose=gate.kind)
        schedule.announce(turn, gate)
    elif gate.kind is GateKind.RESUME:
        resume.released(turn, gate)
    elif gate.kind is GateKind.OPERATING:
        _go_on(turn, gate, Phase.OPERATING)
    else:
        _stage_done(turn, gate)


def _go_on(turn: Turn, gate: Gate, phase: Phase) -> None:
    """People looked, and it goes on as it is until the next time; a review never follows at once upon another."""
    schedule.use(turn, gate)
    watch = turn.state.position.observation
    later = calendar.again(turn.plan.calendar, turn.now, turn.rules.review_every)
    schedule.go_on(
        turn,
        phase,
        missed=0,
        narrow_at=None,
        observation=watch.but(until=later, latest=max(watch.latest, later), review_at=later) if watch else None,
    )
    turn.system("reviewed", Outcome.DONE, because(Code.REVIEWED, until=later))
    turn.moves.append(TurnPage(title=f"{phase.value} {turn.plan.title}"))


def _stage_done(turn: Turn, gate: Gate) -> None:
    position = turn.state.position
    passed = position.cycles + 1
    cycles.over(turn)
    if passed < turn.rules.repeat_cycles or cycles.short(turn.plan, turn.state, turn.stage):
        _go_on(turn, gate, Phase.OBSERVING)
        turn.place(cycles=passed)
        return
    if position.level < len(turn.plan.ladder):
        schedule.use(turn, gate)
        following = position.level + 1
        stage = turn.plan.rung(following).stage
        turn.move_to(Phase.PREPARING, target=following, purpose=GateKind.STAGE, cycles=passed, missed=0, narrow_at=None)
        turn.system("stage done", Outcome.DONE, because(Code.STAGE_DONE, next=stage.value))
        turn.moves.append(TurnPage(title=f"Preparing {stage.value}"))
    elif turn.stage is Stage.SYSTEM_OF_RECORD and turn.plan.handoff is not None:
        schedule.use(turn, gate)
        endings.offer(turn)
    else:
        _go_on(turn, gate, Phase.OBSERVING)
        turn.place(cycles=passed)


_STEP = MappingProxyType(
    {
        Phase.PREPARING: _prepare,
        Phase.SCHEDULED: schedule.advance,
        Phase.OBSERVING: _observe,
        Phase.CHECKPOINT_DUE: _checkpoint,
        Phase.OPERATING: _operate,
        Phase.HANDOFF_PENDING: endings.await_receiver,
        Phase.RETIRING: endings.drain,
    }
)
