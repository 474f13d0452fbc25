"""The ways down: hold, narrow, redirect, pause, roll back. No approval, in any state, in any freeze.

Every reduction is a meet with what is exposed now, so none can widen. What was being widened is superseded.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import cycles, incidents, runbook
from tidegate.manual import load
from tidegate.models.base import GateKind
from tidegate.models.decision import Apply, ApplyVerb, Outcome, Reason
from tidegate.models.event import ActorKind, Reduce, Reduction, StopTheLine
from tidegate.models.exposed import Cause, Control
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.gate import ClosedGate, Ending
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.rights import functions_of, may
from tidegate.sides import lead
from tidegate.subject import gone
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Function
    from tidegate.models.exposed import TargetState
    from tidegate.models.gate import Gate
    from tidegate.models.plan import NarrowTo, Plan
    from tidegate.models.state import State

_CAUSES_KEPT = 10
_CLOSED_KEPT = 20
_EMBARGOES_KEPT = 50
_OTHERS = "others"
"""The bar for every shared thing beyond those; it is lifted under that name."""

_RESTING = MappingProxyType(
    {
        Reduction.HOLD: Control.HELD,
        Reduction.NARROW: Control.NARROWED,
        Reduction.REDIRECT: Control.REDIRECTED,
        Reduction.PAUSE: Control.PAUSED,
        Reduction.ROLLBACK: Control.ROLLING_BACK,
    }
)
_KEEP_PHASE = (Phase.HANDOFF_PENDING, Phase.OPERATING, Phase.REDUCED, Phase.PREPARING)
"""Phases that a hold does not end."""

_HOLD_KEEPS = (GateKind.HANDOFF, GateKind.OPERATING)
"""Rounds of votes that widen nothing."""


def asked(turn: Turn, event: Reduce) -> Reason:
    """Decide a reduction that somebody or something asks for."""
    listed = event.actor.kind is not ActorKind.HUMAN or may(turn.plan, event.actor, Right.REDUCE)
    if not listed:
        turn.tell(because(Code.UNLISTED, who=event.actor.subject, verb=event.verb.value), pager(turn), urgent=True)
        if turn.rules.unlisted_sender == "refuse":
            return turn.note(
                event.verb.value,
                Outcome.REFUSED,
                because(Code.UNLISTED, who=event.actor.subject, verb=event.verb.value),
            )
        turn.note(
            event.verb.value, Outcome.DONE, because(Code.UNLISTED_HELD, who=event.actor.subject, verb=event.verb.value)
        )
        return reduce(turn, Reduction.HOLD)
    # In which of their functions; one that they do not hold would only be asked in vain before it goes on.
    held = functions_of(turn.plan, event.actor)
    functions = tuple(function for function in event.functions if function in held) or held
    return reduce(turn, event.verb, to=event.to, functions=functions)


def reduce(turn: Turn, verb: Reduction, *, to: str | None = None, functions: tuple[Function, ...] = ()) -> Reason:
    """Make it safer, and say what is now true."""
    state = turn.state
    if state.position.phase.over:
        return turn.note(verb.value, Outcome.NOOP, because(Code.OVER, phase=state.position.phase.value))
    current = state.exposure
    overtakes = current.pending is not None and current.pending.verb == "widen"
    # Nobody is added: from a widening under way every way down begins at what was there before it.
    begun = overtakes or state.position.phase is Phase.WIDENING
    base = current.desired.meet(current.before) if begun else current.desired
    wish = _bound(turn.plan, state.but(exposure=current.but(desired=base)), verb, to)
    if isinstance(wish, Reason):
        return turn.note(verb.value, Outcome.REFUSED, wish)
    verb, bound, label = wish
    desired = base.meet(bound)
    cause = Cause(verb=verb.value, by=turn.actor.subject, functions=functions, at=turn.now)
    control = _RESTING[verb]
    # Said again while people decide to go on, it is a new no, and their votes are good for nothing more.
    widening = bool(_leading_on(state, verb)) or overtakes
    if desired == current.desired and current.control.rank >= control.rank and not widening:
        turn.expose(causes=_with(current.causes, cause))
        if current.control is Control.STOP_NOT_CONFIRMED:
            # Nothing more can be asked of the backends; what people do in the stricter way down begins all the same.
            runbook.begin(turn, verb.value, current.label, again=True)
        return turn.note(verb.value, Outcome.NOOP, because(Code.ALREADY, verb=verb.value, label=current.label))
    _supersede(turn, verb)
    if verb is not Reduction.HOLD:
        cycles.stray(turn)
    # A milder verb never relaxes a stricter one that stands; it only goes into the record.
    again = verb is Reduction.ROLLBACK and current.control is Control.ROLLED_BACK
    stricter = current.control if current.control.rank > control.rank and not again else control
    label = current.label if desired == current.desired and current.control.rank >= Control.NARROWED.rank else label
    redirect = turn.plan.fallback.redirect_to if verb is Reduction.REDIRECT else current.redirect_to
    turn.expose(
        control=stricter,
        since=turn.now if stricter is not current.control else current.since,
        causes=_with(current.causes, cause),
        redirect_to=redirect,
        attested=(),
    )
    _rest(turn, verb, desired)
    fence(turn, verb.value, desired, label)
    reason = because(_SAID[verb], label=label, people=desired.people)
    turn.note(verb.value, Outcome.DONE, reason)
    if verb.rank >= Reduction.REDIRECT.rank and turn.plan.fallback.manual_minutes is not None:
        falls = load(turn.plan, current.desired)
        turn.tell(because(Code.MANUAL_LOAD, what=falls.sentence()), (turn.plan.fallback.manual_owner,), urgent=True)
    incident = incidents.opened(turn, verb)
    if incident is not None:
        turn.system("incident", Outcome.DONE, incident)
        turn.tell(incident, pager(turn), urgent=True)
    turn.tell(reason, turn_owners(turn), urgent=verb is not Reduction.HOLD)
    runbook.begin(turn, verb.value, label)
    return reason


_SAID = MappingProxyType(
    {
        Reduction.HOLD: Code.HELD,
        Reduction.NARROW: Code.NARROWED,
        Reduction.REDIRECT: Code.REDIRECTED,
        Reduction.PAUSE: Code.PAUSED,
        Reduction.ROLLBACK: Code.ROLLING_BACK,
    }
)


def adopt(turn: Turn, observed: Exposure) -> None:
    """Take over what somebody made safer outside, and hold: going on is decided here."""
    desired = turn.state.exposure.desired.meet(observed)
    held = turn.state.exposure.control.rank < Control.HELD.rank
    _supersede(turn, Reduction.HOLD)
    if held:
        turn.control(Control.HELD)
    cause = Cause(verb="adopt", by=turn.actor.subject, at=turn.now)
    turn.expose(causes=_with(turn.state.exposure.causes, cause))
    _rest(turn, Reduction.HOLD, desired)
    fence(turn, "hold", desired, label_of(turn.plan, desired, "as found"))
    turn.tell(because(Code.ADOPTED, label=turn.state.exposure.label), pager(turn), urgent=True)


def fence(turn: Turn, verb: ApplyVerb, desired: Exposure, label: str, *, floor: int = 0, after: int = 0) -> None:
    """Want an exposure under a new epoch, and ask the backends for it at once."""
    exposure = turn.state.exposure
    epoch = max(exposure.epoch, floor) + 1
    old, unresolved = exposure.pending, exposure.unresolved
    if old is not None and old.verb == "widen" and not old.exposure <= desired:
        unresolved = (*unresolved, old.epoch)
    redirect = None if verb == "widen" else exposure.redirect_to
    move = Apply.model_construct(
        verb=verb, epoch=epoch, exposure=desired, label=label, after=after, redirect_to=redirect
    )
    if desired != exposure.desired:
        # What they were last known to serve is kept; that it is what is wanted is true no more.
        turn.expose(targets=tuple(_asked(row, turn.now) for row in exposure.targets), tries=0)
    turn.expose(desired=desired, label=label, epoch=epoch, pending=move, unresolved=unresolved, retry_at=None)
    turn.perform("apply", move)


def _asked(row: TargetState, now: datetime) -> TargetState:
    return row if row.became == "asked" else row.but(became="asked", since=now)


def _bound(plan: Plan, state: State, verb: Reduction, to: str | None) -> tuple[Reduction, Exposure, str] | Reason:
    """Return what a verb really does, the bound that exposure is met with, and its name; or why it cannot."""
    now = state.exposure.desired
    level = None if to is None else level_named(plan, to)
    if level is not None:
        to = level_name(plan, level)
    if verb is Reduction.HOLD:
        return verb, now, label_of(plan, now, state.exposure.label)
    if verb is Reduction.NARROW:
        return _narrower(plan, state, to)
    if verb is Reduction.REDIRECT:
        return _redirected(plan, state)
    if verb is Reduction.ROLLBACK and to is not None:
        if level is None:
            return because(Code.NO_SUCH_LEVEL, level=to)
        if now <= plan.exposure(level) and now.unnamed != plan.exposure(level):
            return because(Code.WOULD_WIDEN, level=to, now=state.exposure.label)
        return verb, plan.exposure(level), to
    return verb, NOTHING, "nothing"


def _narrower(plan: Plan, state: State, to: str | None) -> tuple[Reduction, Exposure, str] | Reason:
    now = state.exposure.desired
    if to is None:
        for name, bound in ways_down(plan, state):
            if now.meet(bound) != now:
                return Reduction.NARROW, bound, name
        return Reduction.PAUSE, NOTHING, "nothing"
    bounds = dict(ways_down(plan, state, everything=True))
    if to not in bounds:
        return because(Code.NO_SUCH_LEVEL, level=to)
    between = to in [level.name for level in plan.fallback.levels]
    if now <= bounds[to] and now.unnamed != bounds[to].unnamed and not between:
        return because(Code.WOULD_WIDEN, level=to, now=state.exposure.label)
    return Reduction.NARROW, bounds[to], to


def _redirected(plan: Plan, state: State) -> tuple[Reduction, Exposure, str]:
    now, target = state.exposure.desired, plan.fallback.redirect_to
    if target is None or target in gone(plan, state):
        # Where nothing is there any more to send work to, nobody is served.
        return Reduction.PAUSE, NOTHING, "nothing"
    if plan.fallback.redirect_kind == "model":
        return Reduction.REDIRECT, now.but(models=(target,)), f"redirected to {target}"
    return Reduction.REDIRECT, NOTHING, f"redirected to {target}"


def ways_down(plan: Plan, state: State, *, everything: bool = False) -> tuple[tuple[str, Exposure], ...]:
    """Return the levels below, mildest first: those of the fallback plan, then the waves before, then nothing."""
    now = state.exposure.desired
    between = [(level.name, narrowed(now, level)) for level in plan.fallback.levels]
    top = len(plan.ladder) if everything else max(state.position.level - 1, 0)
    waves = [(level_name(plan, level), plan.exposure(level)) for level in range(top, 0, -1)]
    return (*between, *waves, ("nothing", NOTHING)) if everything else (*between, *waves)


def narrowed(now: Exposure, level: NarrowTo) -> Exposure:
    """Return what a level between the waves leaves of an exposure."""
    cohorts = {
        name: part.but(
            share=min(part.share, level.share), people=-(-part.people * min(part.share, level.share) // part.share)
        )
        for name, part in now.cohorts.items()
        if level.cohorts is None or name in level.cohorts
    }
    grants = {
        grant: min(mode, level.modes.get(grant.rsplit(":", 1)[1], mode), key=lambda each: each.rank)
        for grant, mode in now.grants.items()
    }
    models = now.models if level.models is None else tuple(name for name in now.models if name in level.models)
    return Exposure(**{**dict(now), "cohorts": cohorts, "grants": grants, "models": models})


def level_name(plan: Plan, level: int) -> str:
    """Return a level's name, `pilot/pmo`."""
    if level == 0:
        return "nothing"
    rung = plan.rung(level)
    return f"{rung.stage.value}/{rung.wave}"


def level_named(plan: Plan, name: str) -> int | None:
    """Return the level of that name; the wave's own name will do where only one has it."""
    names = [level_name(plan, level) for level in range(len(plan.ladder) + 1)]
    found = [level for level, full in enumerate(names) if name in (full, full.rpartition("/")[2])]
    return found[0] if len(found) == 1 else None


def label_of(plan: Plan, exposure: Exposure, otherwise: str) -> str:
    """Return the name of the level that is exactly this exposure."""
    for level in range(len(plan.ladder) + 1):
        if plan.exposure(level) == exposure.unnamed:
            return level_name(plan, level)
    return otherwise


def level_of(plan: Plan, exposure: Exposure) -> int:
    """Return the lowest level that covers an exposure; 0 when nobody is served."""
    if not exposure.serves:
        return 0
    covering = [level for level in range(1, len(plan.ladder) + 1) if exposure <= plan.exposure(level)]
    return covering[0] if covering else len(plan.ladder)


def _rest(turn: Turn, verb: Reduction, desired: Exposure) -> None:
    """Bring the position to where a reduction leaves it."""
    position = turn.state.position
    if position.phase in (Phase.SUBMITTED, Phase.RETIRING):
        return
    if verb is not Reduction.HOLD or turn.state.exposure.control.rank > Control.HELD.rank:
        turn.move_to(Phase.REDUCED, level=level_of(turn.plan, desired), target=None, purpose=None)
    elif position.phase in _KEEP_PHASE:
        return
    elif position.level == 0:
        turn.move_to(Phase.PREPARING, target=1, purpose=GateKind.FIRST_EXPOSURE)
    else:
        turn.move_to(Phase.OPERATING if position.handed_over else Phase.OBSERVING, target=None, purpose=None)


def _supersede(turn: Turn, verb: Reduction) -> None:
    """Close every gate that would have widened; its votes are in the record and good for nothing more."""
    for gate in _leading_on(turn.state, verb):
        turn.system(
            "gate superseded",
            Outcome.SUPERSEDED,
            because(Code.SUPERSEDED, gate=gate.id, by=verb.value),
            gate=gate.id,
            subject=gate.subject,
        )
        close_gate(turn, gate.id, "superseded")
    turn.change(announcements={})
    turn.place(retry_at=None, attempts=0)
    if verb is not Reduction.HOLD:
        # Another hold does not stop the clock of a review that nobody has held.
        turn.place(narrow_at=None, missed=0)


def _leading_on(state: State, verb: Reduction) -> tuple[Gate, ...]:
    """Return the gates that a reduction ends: an amendment only once it is in force and widens, a retirement never."""
    proposed = state.proposal.gate if state.proposal is not None else None
    kept = (GateKind.RETIREMENT, *_HOLD_KEEPS) if verb is Reduction.HOLD else (GateKind.RETIREMENT,)
    return tuple(gate for gate in state.gates.values() if gate.kind not in kept and gate.id != proposed)


def close_gate(turn: Turn, gate_id: str, how: Ending) -> None:
    """Take a gate off the table and remember how it ended."""
    gate = turn.state.gates[gate_id]
    voters = tuple(ballot.person for ballot in gate.ballots if ballot.choice.value.startswith("approve"))
    over = ClosedGate.model_construct(id=gate.id, kind=gate.kind, how=how, at=turn.now, approvers=voters)
    turn.change(
        gates={name: other for name, other in turn.state.gates.items() if name != gate_id},
        closed=_remembered((*turn.state.closed, over)),
    )


def _remembered(closed: tuple[ClosedGate, ...]) -> tuple[ClosedGate, ...]:
    # The last override stays for as long as it may be reviewed: not by one of those who gave it.
    overrides = [gate.id for gate in closed if gate.kind is GateKind.OVERRIDE and gate.how == "consumed"]
    stays = overrides[-1] if overrides else ""
    while len(closed) > _CLOSED_KEPT:
        first = next(gate.id for gate in closed if gate.id != stays)
        closed = tuple(gate for gate in closed if gate.id != first)
    return closed


def stop_the_line(turn: Turn, event: StopTheLine) -> Reason:
    """Bar or unbar a shared dependency; barring pauses or narrows, unbarring widens nothing."""
    held = event.dependency in turn.state.embargoes
    if event.lift:
        if not may(turn.plan, event.actor, Right.STOP_THE_LINE):
            return turn.note(
                "lift embargo", Outcome.REFUSED, because(Code.NO_RIGHT, who=event.actor.subject, right="stop_the_line")
            )
        if not held:
            return turn.note("lift embargo", Outcome.NOOP, because(Code.NO_EMBARGO, dependency=event.dependency))
        turn.change(embargoes={name: at for name, at in turn.state.embargoes.items() if name != event.dependency})
        return turn.note("lift embargo", Outcome.DONE, because(Code.EMBARGO_LIFTED, dependency=event.dependency))
    if event.actor.kind is ActorKind.HUMAN and not may(turn.plan, event.actor, Right.REDUCE):
        return asked(turn, Reduce(id=event.id, actor=event.actor, verb=event.does))
    full = not held and len(turn.state.embargoes) >= _EMBARGOES_KEPT
    barred = _OTHERS if full else event.dependency
    turn.change(embargoes={**turn.state.embargoes, barred: turn.now})
    turn.note("stop the line", Outcome.NOOP if held else Outcome.DONE, because(Code.EMBARGO, dependency=barred))
    return reduce(turn, event.does, functions=functions_of(turn.plan, event.actor))


def _with(causes: tuple[Cause, ...], cause: Cause) -> tuple[Cause, ...]:
    kept = tuple(old for old in causes if (old.by, old.verb) != (cause.by, cause.verb))
    kept = (*kept, cause)
    while len(kept) > _CAUSES_KEPT:
        # Who is pushed out by a flood of others is still asked: their functions stand with the next in line.
        first, second, *rest = kept
        both = tuple(dict.fromkeys((*first.functions, *second.functions)))
        kept = (second.but(functions=both), *rest)
    return kept


def pager(turn: Turn) -> tuple[str, ...]:
    """Return whom a page reaches: who decides about it, who delivered it, who runs it, and who owns escalations."""
    plan = turn.plan
    above = () if plan.escalation_owner is None else (plan.escalation_owner,)
    people = (lead(plan, turn.state), plan.ai_owner, plan.fallback.manual_owner, plan.governance_owner, *above)
    return tuple(dict.fromkeys(people))


def turn_owners(turn: Turn) -> tuple[str, ...]:
    """Return who always hears when exposure changes."""
    plan = turn.plan
    people = (lead(plan, turn.state), plan.ai_owner, plan.business_owner, plan.fallback.manual_owner, *plan.informed)
    return tuple(dict.fromkeys(people))
