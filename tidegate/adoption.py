"""How a revision takes over: our place in it, what is open, and who may still decide; at once down to what it allows.

Who had to agree to it is known in `amend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import (
    calendar,
    fallback,
    gates,
    handing,
    migration,
    recurring,
    rehearsed,
    schedule,
    supplier,
    vacancy,
    votes,
)
from tidegate.digest import digest
from tidegate.keys import fingerprints
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome, TurnPage
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, Phase
from tidegate.rights import keys_kept, keys_lost
from tidegate.roster import missing_seats
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan


def adopt(turn: Turn, new: Plan, *, by: str | None = None, material: bool = False) -> None:
    """Put a revision in force: find our place in it, and come down at once to what it allows."""
    old, position = turn.plan, turn.state.position
    level = moved(old, new, position.level)
    if level is None:
        # `amend` lets no plan come this far; from level 0 nothing would ever come down by itself.
        level = 1 if turn.state.exposure.desired.serves else 0
    target = None if position.target is None else moved(old, new, position.target)
    peak = moved(old, new, turn.state.exposure.peak) or level
    turn.plan = new
    turn.change(plan=new.digest)
    if material and turn.state.cycles:
        # What has repeated was something else.
        turn.change(cycles=())
    if material or _names(old) != _names(new):
        # A run that begins with the plan in force is one that whoever looks from outside can read it from.
        turn.moves.append(TurnPage(title=f"Revision {new.digest[:12]}"))
    expired = position.expired
    renewed = expired is not None and (
        expired not in new.stages or old.stages[expired].expires != new.stages[expired].expires
    )
    turn.place(level=level, target=target, told=False, expired=None if renewed else expired)
    if renewed:
        recurring.extended(turn)
    turn.expose(peak=peak, before=turn.state.exposure.before.meet(new.exposure(level)))
    _carry_emergency(turn, old)
    _watch_as_raised(turn, old)
    kept = {name: metric for name, metric in turn.state.metrics.items() if name in new.metrics}
    if turn.state.metrics:
        # What is measured from now on is read from now on.
        kept |= {name: MetricState(due_at=turn.now, since=turn.now) for name in new.metrics if name not in kept}
    turn.change(metrics=kept)
    turn.system(
        "revision in force", Outcome.DONE, because(Code.ADOPTED_PLAN, digest=new.digest[:12]), subject=new.digest
    )
    rehearsed.carry(turn, old, material=material)
    _carry_gates(turn, old, by, material=material)
    _carry_keys(turn, old)
    for gate in tuple(turn.state.gates.values()):
        if gate.satisfied_at is not None and new.notices != old.notices:
            schedule.announce(turn, gate)
    if position.target is not None and target is None and turn.state.position.phase is Phase.PREPARING:
        # The wave that was being prepared is gone: its place is taken by whatever now comes next.
        target = level + 1 if level < len(new.ladder) else None
        purpose = position.purpose if target else None
        turn.move_to(Phase.PREPARING if target else Phase.OBSERVING, target=target, purpose=purpose)
    _come_down(turn)
    _break_quorums(turn)
    handing.received_by(turn, old)
    supplier.follow(turn, old)
    vacancy.follow(turn, old)
    migration.begin(turn, old)


def _names(plan: Plan) -> tuple[object, ...]:
    """Return what decides about people by name: where they are read, and what their roles give."""
    return plan.cohorts, {name: backend.presets for name, backend in plan.drivers.items()}


def moved(old: Plan, new: Plan, level: int) -> int | None:
    """Return which level of the new revision a level of the old one is; none if it is gone."""
    return fallback.level_named(new, fallback.level_name(old, level))


def _watch_as_raised(turn: Turn, old: Plan) -> None:
    """A wave whose stage was raised under way is watched for as long, and looked at as often, as is asked now."""
    watch, level = turn.state.position.observation, turn.state.position.level
    if watch is None or level == 0:
        return
    rung, rules, working = turn.plan.rung(level), turn.plan.rules(level), turn.plan.calendar
    before = old.stages[rung.stage].raised if rung.stage in old.stages else ()
    if not set(turn.plan.stages[rung.stage].raised) - set(before):
        return
    until = max(watch.until, calendar.later(working, watch.since, rung.observe))
    review = max(min(watch.review_at, calendar.again(working, turn.now, rules.review_every)), until)
    turn.place(observation=watch.but(until=until, latest=max(watch.latest, until), review_at=review))


def _carry_emergency(turn: Turn, old: Plan) -> None:
    over = turn.state.emergency
    if over is not None:
        back = moved(old, turn.plan, over.back_level) or 0
        turn.change(emergency=over.but(back_level=back, back_to=over.back_to.meet(turn.plan.exposure(back))))


def _carry_gates(turn: Turn, old: Plan, by: str | None, *, material: bool) -> None:
    """End every round of votes whose question is another now; the rest find their level in the new revision."""
    proposal = turn.state.proposal
    for gate in tuple(turn.state.gates.values()):
        if gate.id == by:
            continue
        level = moved(old, turn.plan, gate.level)
        other = gate.change is not None and (level is None or gate.change.unnamed != turn.plan.exposure(level))
        # What was proposed was compared with the old revision, and would undo this one unseen.
        overtaken = proposal is not None and proposal.gate == gate.id
        if other or overtaken or (material and gate.kind not in (GateKind.RETIREMENT, GateKind.OVERRIDE)):
            _end_for(turn, gate, "the revision in force")
        else:
            turn.keep_gate(gate.but(level=max(turn.state.position.level, 1) if level is None else level))


def _end_for(turn: Turn, gate: Gate, by: str) -> None:
    """End a round of votes, and go back to where the question is asked anew."""
    turn.system(
        "gate superseded",
        Outcome.SUPERSEDED,
        because(Code.SUPERSEDED, gate=gate.id, by=by),
        gate=gate.id,
        subject=gate.subject,
    )
    fallback.close_gate(turn, gate.id, "superseded")
    if gate.satisfied_at is not None:
        turn.change(announcements={})
    if gate.kind in (GateKind.CHECKPOINT, GateKind.OPERATING):
        turn.move_to(Phase.CHECKPOINT_DUE, target=None, purpose=None)
    elif gate.kind in (GateKind.FIRST_EXPOSURE, GateKind.STAGE):
        turn.move_to(Phase.PREPARING)
    else:
        gates.lapse(turn, gate)


def _carry_keys(turn: Turn, old: Plan) -> None:
    """What a lost key signed is void; what a new one signs counts from the next round on, and its owner hears of it."""
    new, lost = turn.plan, keys_lost(old, turn.plan)
    for gate in tuple(turn.state.gates.values()):
        void = [ballot for ballot in gate.ballots if (ballot.person, ballot.key) in lost]
        after = keys_kept(gate, old, new)
        if void:
            kept = tuple(ballot for ballot in gate.ballots if ballot not in void)
            after = after.but(ballots=kept, revoked=(*gate.revoked, *(ballot.message for ballot in void)))
            reason = because(Code.KEYS_LOST, gate=gate.id, who=[ballot.person for ballot in void])
            turn.system("votes void", Outcome.EXPIRED, reason, gate=gate.id, subject=gate.subject)
        if after is not gate:
            turn.keep_gate(after)
    if any((rule.principal, rule.key) in lost for rule in turn.state.delegations):
        kept_rules = tuple(rule for rule in turn.state.delegations if (rule.principal, rule.key) not in lost)
        turn.change(delegations=kept_rules)
    changed = [
        name
        for name, member in sorted(new.roster.items())
        if set(fingerprints(member)) - set(fingerprints(old.roster.get(name)))
    ]
    if changed:
        reason = because(Code.KEYS_CHANGED, who=changed)
        turn.system("keys", Outcome.DONE, reason)
        turn.tell(reason, tuple(dict.fromkeys((*changed, new.governance_owner))), urgent=True)


def _come_down(turn: Turn) -> None:
    """Expose at most what the revision in force allows here; what is being widened to, too."""
    exposure, position = turn.state.exposure, turn.state.position
    widening = position.phase is Phase.WIDENING and position.target is not None
    level = (position.target if widening else position.level) or 1
    if not exposure.desired.serves or exposure.desired <= turn.plan.exposure(level):
        return
    allowed = exposure.desired.meet(turn.plan.exposure(level))
    label = fallback.label_of(turn.plan, allowed, "as amended")
    if widening:
        # What is under way goes on with less: that is a widening of its own to whoever applies it.
        reason = because(Code.AUTHORISED_LESS, label=label, people=allowed.people, exposure=digest(allowed))
        turn.system("widening authorised", Outcome.DONE, reason)
    fallback.fence(turn, "widen" if widening else "narrow", allowed, label, after=turn.state.written if widening else 0)


def _break_quorums(turn: Turn) -> None:
    """A round of votes that the new roster can no longer satisfy ends at once and says so; leave alone ends none.

    Who is only away comes back, or is stood in for: else whoever enters leave could put off a review and its hold.
    """
    for gate in tuple(turn.state.gates.values()):
        if gate.satisfied_at is not None and not votes.missing(turn.plan, gate, turn.now):
            continue
        window = (turn.now, max(gate.expires_at, turn.now))
        lacking = missing_seats(turn.plan.roster, gate.needs, gate.excluded, window)
        if not lacking:
            continue
        seats = [f"{seat.function.value} ({seat.why})" for seat in lacking]
        reason = because(Code.UNSATISFIABLE, kind=gate.kind.value, seats=seats)
        if not missing_seats(turn.plan.roster, gate.needs, gate.excluded, None):
            turn.tell(reason, (turn.plan.governance_owner, lead(turn.plan, turn.state)), urgent=True)
            continue
        turn.system("gate superseded", Outcome.SUPERSEDED, reason, gate=gate.id)
        fallback.close_gate(turn, gate.id, "superseded")
        gates.lapse(turn, gate)
