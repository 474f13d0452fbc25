"""Going on after a reduction, and the emergency override: both are rounds of votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar, fallback, gates, membership, schedule, votes
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome, Reason, Verdict
from tidegate.models.event import Choice, Override, Resume, Vote
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Emergency, Phase
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.gate import Gate


def propose(turn: Turn, event: Resume) -> Reason:
    """Open the round of votes that a resume needs: of those who reduced, and of everybody when it would widen."""
    barred = refused(turn.plan, turn.state, event.actor, Right.RESUME)
    if barred is not None:
        return turn.note("resume", Outcome.REFUSED, barred)
    if turn.state.position.phase is Phase.RETIRING:
        return turn.note("resume", Outcome.REFUSED, because(Code.RETIREMENT_OPEN))
    control = turn.state.exposure.control
    if control.open:
        return turn.note("resume", Outcome.NOOP, because(Code.NOTHING_TO_RESUME))
    if control.stopping:
        return turn.note("resume", Outcome.REFUSED, because(Code.STILL_STOPPING, control=control.value))
    if any(gate.kind is GateKind.RESUME for gate in turn.state.gates.values()):
        return turn.note("resume", Outcome.NOOP, because(Code.RESUME_OPEN))
    wish = _target(turn, event.to)
    if wish is None:
        return turn.note("resume", Outcome.REFUSED, because(Code.NO_SUCH_LEVEL, level=event.to or ""))
    if wish > highest(turn) and not (_as_it_is(turn) and wish == turn.state.position.level):
        level = fallback.level_name(turn.plan, highest(turn))
        return turn.note("resume", Outcome.REFUSED, because(Code.TOO_HIGH, level=event.to or "", highest=level))
    owed = [] if _as_it_is(turn) else gates.readiness(turn.plan, turn.state, max(wish, 1), turn.now)
    stale = next((check.reason for check in owed if check.verdict is not Verdict.PASSED), None)
    stale = stale or (None if _as_it_is(turn) else membership.unread(turn, max(wish, 1)))
    if stale is not None:
        return turn.note("resume", Outcome.REFUSED, stale)
    turn.change(requesters=tuple(sorted({*turn.state.requesters, event.actor.subject})))
    said = turn.note("resume", Outcome.DONE, because(Code.RESUME_PROPOSED, cause=event.cause))
    opened = _ask_again(turn) if _as_it_is(turn) else _ask_to_widen(turn, wish)
    return said if opened else because(Code.UNSATISFIABLE, kind="resume", seats="see the programme")


def highest(turn: Turn) -> int:
    """Return the highest level a resume may ask for: one below the last approved, unless the standard says more."""
    peak = turn.state.exposure.peak
    usual = peak if turn.rules.resume_to_peak else max(peak - 1, min(peak, 1))
    again = turn.state.restart
    # What is another than was judged begins again where the plan says, whatever was approved of the one before.
    if again is None:
        return usual
    return min(usual, fallback.level_named(turn.plan, again.back) or max(turn.state.position.level, 1))


def _as_it_is(turn: Turn) -> bool:
    """Whether going on changes no exposure: it was only held, or nobody was ever served."""
    return turn.state.exposure.control is Control.HELD or turn.state.exposure.peak == 0


def _target(turn: Turn, name: str | None) -> int | None:
    if name is None:
        return min(highest(turn), turn.state.exposure.peak)
    return fallback.level_named(turn.plan, name) or None  # nothing is no place to go on at


def _stale(turn: Turn) -> bool:
    since = turn.state.exposure.since or turn.now
    return turn.now >= calendar.later(turn.plan.calendar, since, turn.rules.stale_after)


def _ask_again(turn: Turn) -> bool:
    # Whoever held it is asked; where a timer or a figure did, operations. After a long hold, everybody is.
    causes = {function for cause in turn.state.exposure.causes for function in cause.functions}
    asked = dict.fromkeys(sorted(causes - {Function.AI_OWNER}), 1) or {Function.OPERATIONS: 1}
    level = max(turn.state.position.level, 1)
    rule = dict(turn.plan.rules(level).gates[GateKind.RESUME].functions)
    needs = {**asked, **rule} if _stale(turn) else asked
    for wish in (needs, rule):
        # If those who reduced it can no longer be asked, their escalation is the standard's own quorum.
        if gates.open_gate(
            turn, GateKind.RESUME, level, None, f"going on with {turn.state.exposure.label}", needs=wish
        ):
            return True
    return False


def _ask_to_widen(turn: Turn, target: int) -> bool:
    level = max(target, 1)
    causes = {function for cause in turn.state.exposure.causes for function in cause.functions}
    rule = dict(turn.plan.rules(level).gates[GateKind.RESUME].functions)
    needs = {**dict.fromkeys(sorted(causes - {Function.AI_OWNER}), 1), **rule}
    label = fallback.level_name(turn.plan, level)
    change = membership.pinned(turn.plan, turn.state, turn.plan.exposure(level))
    for wish in (needs, rule):
        if gates.open_gate(turn, GateKind.RESUME, level, change, label, needs=wish):
            turn.move_to(Phase.AWAITING_APPROVAL, target=level, purpose=GateKind.RESUME)
            return True
    return False


def released(turn: Turn, gate: Gate) -> None:
    """A hold is over: nothing changes for anybody served, and people look again as soon as they may."""
    schedule.use(turn, gate)
    served = turn.state.exposure.desired.serves
    turn.expose(causes=())
    turn.control(Control.LIVE if served else Control.NONE)
    position = turn.state.position
    if position.phase in (Phase.OBSERVING, Phase.OPERATING):
        turn.change(requesters=())
    watch = position.observation
    if position.phase is Phase.SUBMITTED:
        pass  # it was held before it began; it begins when somebody starts it
    elif not served:
        turn.move_to(
            Phase.PREPARING,
            level=0,
            target=1,
            purpose=GateKind.FIRST_EXPOSURE,
            missed=0,
            narrow_at=None,
            sent_back=False,
        )
    else:
        if position.phase is Phase.REDUCED:
            # A hold that was not confirmed at first, and was found to be less outside: it is watched again.
            turn.move_to(Phase.OPERATING if position.handed_over else Phase.OBSERVING, target=None, purpose=None)
            turn.change(requesters=())
        # The next review is due at once, but a wave is watched for as long as it was to be, hold or no hold.
        due = max(turn.now, watch.until) if watch else turn.now
        turn.place(missed=0, narrow_at=None, observation=watch.but(review_at=due) if watch else None)
    turn.system("resumed", Outcome.DONE, because(Code.RESUMED, label=turn.state.exposure.label))


def override(turn: Turn, event: Override) -> Reason:
    """Ask for more in an emergency; the second of two distinct holders of the right makes it so."""
    barred = refused(turn.plan, turn.state, event.actor, Right.OVERRIDE)
    if barred is not None:
        return turn.note("override", Outcome.REFUSED, barred)
    if any(owed.kind == "override_review" for owed in turn.state.obligations.values()):
        return turn.note("override", Outcome.REFUSED, because(Code.REVIEW_OWED))
    exposure = turn.state.exposure
    level = _raised_to(turn, event.to)
    if isinstance(level, Reason):
        outcome = Outcome.NOOP if level.code is Code.ALREADY else Outcome.REFUSED
        return turn.note("override", outcome, level)
    # An override raises what is live; what somebody reduced comes back only by a resume.
    if (
        exposure.control is not Control.LIVE
        or exposure.pending
        or exposure.unresolved
        or turn.state.vetoes
        or turn.state.embargoes
    ):
        return turn.note("override", Outcome.REFUSED, because(Code.NOT_OPEN, control=exposure.control.value))
    if turn.state.emergency is not None:
        return turn.note("override", Outcome.NOOP, because(Code.OVERRIDE_OPEN))
    gate = next((gate for gate in turn.state.gates.values() if gate.kind is GateKind.OVERRIDE), None)
    label = f"{fallback.level_name(turn.plan, level)} for {event.incident}"
    if gate is None:
        # In an emergency the one who asks is not barred: two distinct people are needed, and one of them is asking.
        unread = membership.unread(turn, level)
        if unread is not None:
            return turn.note("override", Outcome.REFUSED, unread)
        change = membership.pinned(turn.plan, turn.state, turn.plan.exposure(level))
        gate = gates.open_gate(turn, GateKind.OVERRIDE, level, change, label, excluded=turn.plan.authors)
        if gate is None:
            return because(Code.UNSATISFIABLE, kind="override", seats="see the programme")
        turn.note("override", Outcome.DONE, because(Code.OVERRIDE_ASKED, label=label), gate=gate.id)
    elif gate.label != label:
        return turn.note("override", Outcome.REFUSED, because(Code.OVERRIDE_OPEN))
    return votes.cast(
        turn, Vote(id=event.id, actor=event.actor, gate=gate.id, subject=gate.subject, choice=Choice.APPROVE)
    )


def _raised_to(turn: Turn, name: str) -> int | Reason:
    """Return the next level up, which is the only one that an override reaches; or why it is not that."""
    level, now = fallback.level_named(turn.plan, name), turn.state.position.level
    if level is None or level == 0:
        return because(Code.NO_SUCH_LEVEL, level=name)
    if level <= now:
        return because(Code.ALREADY, verb="override", label=turn.state.exposure.label)
    if now == 0 or level > now + 1:
        return because(Code.TOO_HIGH, level=name, highest="the next wave")
    return level


def emergency(turn: Turn, gate: Gate) -> None:
    """Two people have agreed: act at once, tell everybody, revert by itself, and owe a review."""
    rules = turn.plan.rules(gate.level)
    until = turn.now + rules.override_max.wall
    exposure = turn.state.exposure
    back = Emergency(
        gate=gate.id, back_to=exposure.desired, back_level=turn.state.position.level, until=until, incident=gate.label
    )
    turn.change(emergency=back)
    due = calendar.later(turn.plan.calendar, turn.now, rules.override_review)
    owed = Obligation(
        kind="override_review", what=f"review of the override {gate.label}", owner="risk", due=due, then="block"
    )
    name = turn.name("override-review")
    turn.change(obligations={**turn.state.obligations, name: owed})
    for other in tuple(turn.state.gates.values()):
        if other.kind in (GateKind.CHECKPOINT, GateKind.STAGE, GateKind.OPERATING):
            fallback.close_gate(turn, other.id, "superseded")
    schedule.consume(turn, gate)
    everybody = tuple(sorted(turn.plan.roster))
    turn.tell(because(Code.OVERRIDE, label=gate.label, until=until), everybody, urgent=True)


def revert(turn: Turn) -> None:
    """An override is over: back to where it was, whoever is asleep."""
    over = turn.state.emergency
    if over is None:
        return
    turn.change(emergency=None)
    turn.system("override over", Outcome.DONE, because(Code.OVERRIDE_OVER, label=over.incident))
    exposure, position = turn.state.exposure, turn.state.position
    if exposure.desired <= over.back_to:
        return
    looked_at = (Phase.WIDENING, Phase.OBSERVING, Phase.CHECKPOINT_DUE, Phase.CHECKPOINT_REVIEW)
    # What a revision would widen where the override led has lost its place with it.
    if position.phase in looked_at or position.purpose is GateKind.AMENDMENT:
        turn.move_to(
            Phase.OPERATING if position.handed_over else Phase.OBSERVING,
            level=over.back_level,
            target=None,
            purpose=None,
        )
    label = fallback.level_name(turn.plan, over.back_level)
    fallback.fence(turn, "narrow", exposure.desired.meet(over.back_to), label)
