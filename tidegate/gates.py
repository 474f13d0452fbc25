"""Gates: what must hold before exposure may widen, and the round of votes about exactly one change.

The order is fixed: guardrails, source health, freshness, samples, signals, readiness, obligations, freeze; people last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import briefing as briefings
from tidegate import (
    bypass,
    calendar,
    debt,
    dimensions,
    environment,
    fallback,
    freezes,
    handing,
    hours,
    judging,
    membership,
    migration,
    proven,
    rehearsed,
    replaced,
    stewardship,
    thresholds,
    training,
    votes,
    waivers,
)
from tidegate import readiness as items
from tidegate.digest import digest
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import Choice
from tidegate.models.gate import Ending, Gate
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.rights import requesters
from tidegate.roster import eligible, missing_seats
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.decision import Reason
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

NO_METRICS = (GateKind.FIRST_EXPOSURE, GateKind.RESUME, GateKind.AMENDMENT, GateKind.OVERRIDE, GateKind.RETIREMENT)
"""Decisions that rest on other evidence than the figures of a wave that is being watched."""


def evidence(plan: Plan, state: State, kind: GateKind, level: int, now: datetime) -> tuple[Check, ...]:
    """Return the conditions that a reviewer sees, in their order; approvals are asked for when these pass."""
    checks: list[Check] = []
    if kind not in NO_METRICS:
        checks.extend(bypass.checks(plan, state, now))
        judged = judging.judged(plan, state, now)
        checks.extend(thresholds.checks(plan, state, now, judged))
        checks.extend(dimensions.checks(plan, state, judged))
    if kind in (GateKind.FIRST_EXPOSURE, GateKind.STAGE):
        checks.extend(readiness(plan, state, level, now))
    if kind is GateKind.STAGE:
        checks.extend(proven.checks(plan, state, level, now))
    if kind in (GateKind.FIRST_EXPOSURE, GateKind.STAGE, GateKind.CHECKPOINT):
        checks.extend(membership.checks(plan, state, level))
        checks.extend(environment.checks(plan, state, level))
    if kind is GateKind.HANDOFF:
        checks.extend(handing.checks(plan, state, now))
    if kind is GateKind.CHECKPOINT:
        checks.extend(_known(plan, state, max(level, 1), now))
    return tuple(checks)


def _known(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return a level's known problems and exceptions, and all that its stage owes if it was raised under way."""
    if plan.stages[plan.rung(level).stage].raised:
        return readiness(plan, state, level, now)
    found = (*waivers.problems(plan, state, level, now), *debt.checks(plan, state, level, now))
    return (*found, *rehearsed.checks(plan, state, level, now))


def readiness(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return each readiness item of a level's stage and whether it is met by evidence that is fresh enough."""
    stage = plan.rung(level).stage
    rules = plan.stages[stage].rules
    checks = [
        Check(name=f"owed: {what}", verdict=Verdict.FAILED, reason=because(Code.OWED, what=what, stage=stage.value))
        for what in plan.stages[stage].owed
    ]
    checks.extend(waivers.problems(plan, state, level, now))
    asked = (
        _on_record(plan, state, level, item, now) or items.item(plan, state, stage, item, now)
        for item in rules.readiness
    )
    checks.extend(waivers.waived(plan, state, level, now, check) for check in asked)
    checks.extend(stewardship.checks(plan, state, now))
    if rules.drill_max_age is not None and ReadinessItem.ROLLBACK_TESTED not in rules.readiness:
        checks.append(items.item(plan, state, stage, ReadinessItem.ROLLBACK_TESTED, now))
    checks.extend(debt.checks(plan, state, level, now))
    checks.extend(rehearsed.checks(plan, state, level, now))
    return migration.graced(plan, state, stage, checks, now)


def _on_record(plan: Plan, state: State, level: int, item: ReadinessItem, now: datetime) -> Check | None:
    """Return what is on record of an item, where that says more than somebody's word."""
    if item is ReadinessItem.TRAINING:
        return training.probe(plan, state, level, now)
    return stewardship.probe(plan, now) if item is ReadinessItem.DATA_STEWARD else None


def drill_needed(plan: Plan, state: State) -> bool:
    """Whether only a drill that was run here counts, where a rollout stands or where it is to go."""
    position = state.position
    levels = (max(position.level, 1), max(position.target or position.level, 1))
    return any(plan.rules(level).drill_recorded for level in levels)


def barred(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[Check, ...]:
    """Return whatever bars exposure from widening, whoever has agreed to it."""
    level = gate.level
    found: list[Check] = []
    if not state.exposure.control.open:
        found.append(_bar("control", because(Code.NOT_OPEN, control=state.exposure.control.value)))
    if state.exposure.unresolved:
        found.append(_bar("settling", because(Code.STILL_SETTLING)))
    found.extend(_bar("veto", because(Code.VETO_STANDS, function=function.value)) for function in sorted(state.vetoes))
    found.extend(_bar("embargo", because(Code.EMBARGO, dependency=name)) for name in sorted(state.embargoes))
    found.extend(
        _bar("obligation", because(Code.OVERDUE, what=owed.what, owner=owed.owner, due=owed.due))
        for owed in state.obligations.values()
        if owed.overdue
    )
    if gate.kind in (GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT, GateKind.STAGE) and training.changes(state):
        found.append(_bar("training", because(Code.TRAINING_CHANGE_OPEN, ids=training.changes(state))))
    known = (*_known(plan, state, max(level, 1), now), *environment.checks(plan, state, level))
    found.extend(_bar(check.name, check.reason) for check in known if check.verdict is not Verdict.PASSED)
    forced = migration.barred(plan, state)
    if forced:
        found.append(_bar("standard", because(Code.STANDARD_FORCED, standard=plan.standard, gaps=forced)))
    lost = replaced.way_back_gone(plan, state)
    if lost is not None:
        gone = because(Code.NO_WAY_BACK, process=lost.process, manual=plan.fallback.manual)
        found.append(_bar("way back", gone))
    if state.proposal is not None:
        found.append(_bar("amendment", because(Code.AMENDMENT_OPEN, gate=state.proposal.gate)))
    stage, ends = lifetime(plan, state, level)
    if ends is not None and now >= ends:
        found.append(_bar("expiry", because(Code.STAGE_EXPIRED, stage=stage.value, at=ends)))
    frozen = freezes.binding(plan, gate, now)
    if frozen is not None:
        found.append(_bar("freeze", because(Code.FROZEN, name=frozen.name, until=frozen.ends, why=frozen.reason)))
    return tuple(found)


def lifetime(plan: Plan, state: State, level: int) -> tuple[Stage, datetime | None]:
    """Return the stage whose end counts, and that end: a stage that was once passed ends nothing any more."""
    stage = plan.rung(max(level, state.exposure.peak, 1)).stage
    return stage, plan.stages[stage].expires


def _bar(name: str, reason: Reason) -> Check:
    return Check(name=name, verdict=Verdict.PENDING, reason=reason)


def worst(checks: tuple[Check, ...]) -> Verdict:
    """Return the worst verdict; no conditions at all have passed."""
    return max((check.verdict for check in checks), key=lambda verdict: verdict.rank, default=Verdict.PASSED)


def open_gate(  # noqa: PLR0913  # every argument is part of what a yes is a yes to
    turn: Turn,
    kind: GateKind,
    level: int,
    change: Exposure | None,
    label: str,
    *,
    needs: dict[Function, int] | None = None,
    persons: tuple[str, ...] = (),
    plan: Plan | None = None,
    excluded: tuple[str, ...] | None = None,
    signed: bool = False,
) -> Gate | None:
    """Open a round of votes about exactly this change, or say at once that it could never be met."""
    now = turn.now
    rule = turn.plan.rules(level).gates[kind]
    asked = needs if needs is not None else dict(rule.functions)
    barred_from_it = requesters(turn.plan, turn.state) if excluded is None else excluded
    seated = {name for function in asked for name in eligible(turn.plan.roster, function, barred_from_it)}
    window = hours.fair_again(turn.plan, kind, sorted({*seated, *persons}), now, rule.window)
    lacking = missing_seats(turn.plan.roster, asked, barred_from_it, (now, window))
    if lacking:
        if not turn.state.position.told:
            seats = [f"{seat.function.value} ({seat.why})" for seat in lacking]
            reason = because(Code.UNSATISFIABLE, kind=kind.value, seats=seats)
            turn.system("gate not opened", Outcome.REFUSED, reason)
            turn.tell(reason, (turn.plan.governance_owner, lead(turn.plan, turn.state)), urgent=True)
            turn.place(told=True)
        return None
    checks = evidence(turn.plan, turn.state, kind, level, now)
    inherits = plan is not None and handing.inherited(turn.plan, turn.state, plan) is not None
    facts = briefings.facts(turn.plan, turn.state, kind, level, change, label, now, inherits=inherits)
    briefing = briefings.frozen(turn, checks, worst(checks), facts)
    subject = digest(
        {
            "plan": (plan or turn.plan).digest,
            "standard": turn.plan.stages[turn.plan.rung(max(level, 1)).stage].standard_digest,
            "kind": kind.value,
            "level": level,
            "change": None if change is None else change.model_dump(mode="json"),
            "from": turn.state.exposure.desired.model_dump(mode="json"),
            "briefing": briefing.digest,
            "as_of": briefing.as_of.isoformat(),
        }
    )
    gate = Gate.model_construct(
        id=turn.name(kind.value.replace("_", "-")),
        kind=kind,
        level=level,
        change=change,
        label=label,
        subject=subject,
        opened_at=now,
        expires_at=window,
        remind_at=window,
        needs=asked,
        persons=persons,
        excluded=barred_from_it,
        signed=rule.signed or signed,
        briefing=briefing,
    )
    ask = votes.askable(turn.plan, turn.state, gate, now)
    gate = in_hours(turn, gate, ask)
    turn.keep_gate(gate)
    turn.place(attempts=0)
    reason = because(Code.GATE_OPENED, gate=gate.id, label=label, until=gate.expires_at, needs=needed(gate))
    turn.system("gate opened", Outcome.DONE, reason, gate=gate.id, subject=subject)
    turn.tell(reason, tuple(dict.fromkeys((*ask, *turn.plan.consulted))))
    return gate


def in_hours(turn: Turn, gate: Gate, ask: tuple[str, ...]) -> Gate:
    """Return a round of votes with its end, reminders and escalation counted from now, in the hours of who is asked."""
    rule, plan, now = turn.plan.rules(gate.level).gates[gate.kind], turn.plan, turn.now
    return _armed(turn, gate, hours.reminders(plan, ask, now, rule.remind_every)).but(
        expires_at=max(gate.expires_at, hours.fair_again(plan, gate.kind, ask, now, rule.window)),
        escalate_at=hours.fair_again(plan, gate.kind, ask, now, rule.escalate_after),
    )


def _armed(turn: Turn, gate: Gate, reminders: dict[str, datetime]) -> Gate:
    rule = turn.plan.rules(gate.level).gates[gate.kind]
    first = min(reminders.values(), default=calendar.again(turn.plan.calendar, turn.now, rule.remind_every))
    later = {person: at for person, at in sorted(reminders.items()) if at > first}
    return gate.but(remind_at=first, reminders=later)


def needed(gate: Gate) -> tuple[str, ...]:
    """Say who must agree."""
    functions = [
        f"{count} x {function.value}" if count > 1 else function.value for function, count in sorted(gate.needs.items())
    ]
    return (*functions, *gate.persons)


def said_no(gate: Gate) -> Ending | None:
    """Return how a gate ends because somebody said no, if somebody did."""
    choices = [ballot.choice for ballot in gate.ballots]
    if Choice.REJECT in choices:
        return "rejected"
    return "changes_requested" if Choice.REQUEST_CHANGES in choices else None


def expire(turn: Turn, gate: Gate) -> None:
    """Close a gate that nobody answered in time. It was not approved, and nobody rejected it."""
    lacking = votes.missing(turn.plan, gate, turn.now)
    fallback.close_gate(turn, gate.id, "expired")
    turn.system(
        "gate expired",
        Outcome.EXPIRED,
        because(Code.EXPIRED, gate=gate.id, label=gate.label, lacking=lacking),
        gate=gate.id,
        subject=gate.subject,
    )


def lapse(turn: Turn, gate: Gate) -> None:
    """Go back to where a gate came from, and wait until somebody says that it is ready again."""
    kept = turn.state.announcements.items()
    turn.change(announcements={key: said for key, said in kept if not key.startswith(f"{gate.id}-")})
    back = {
        GateKind.FIRST_EXPOSURE: Phase.PREPARING,
        GateKind.STAGE: Phase.PREPARING,
        GateKind.HANDOFF: Phase.HANDOFF_PENDING,
        GateKind.CHECKPOINT: Phase.OBSERVING,
        GateKind.OPERATING: Phase.OPERATING,
    }.get(gate.kind)
    if back in (Phase.PREPARING, Phase.HANDOFF_PENDING):
        turn.move_to(back, sent_back=True)
    elif back is not None:
        watch = turn.state.position.observation
        later = calendar.again(turn.plan.calendar, turn.now, turn.rules.review_every)
        turn.move_to(
            back, target=None, purpose=None, sent_back=True, observation=watch.but(review_at=later) if watch else None
        )
    elif gate.kind is GateKind.AMENDMENT:
        proposal, position = turn.state.proposal, turn.state.position
        if proposal is not None and proposal.gate == gate.id:
            turn.change(proposal=None)
        elif position.purpose is GateKind.AMENDMENT and position.phase is not Phase.WIDENING:
            # The revision stays in force; what it would have widened is not widened.
            phase = Phase.OPERATING if position.handed_over else Phase.OBSERVING
            turn.move_to(phase, target=None, purpose=None)
    elif gate.kind is GateKind.RESUME and gate.change is not None:
        turn.move_to(Phase.REDUCED, target=None, purpose=None)


def remind(turn: Turn, gate: Gate, *, everybody: bool = False) -> None:
    """Ask those who have not answered and are at work, or everybody; missed reminders collapse into one.

    Whoever is not there is asked when they next are, and the others again after their own working time.
    """
    rule, now = turn.plan.rules(gate.level).gates[gate.kind], turn.now
    ask = votes.askable(turn.plan, turn.state, gate, now)
    armed = {person: gate.reminders.get(person, gate.remind_at) for person in ask}
    coming = {person: at for person, at in armed.items() if at > now}
    due = {person: hours.at_work(turn.plan, person, now) for person in ask if everybody or person not in coming}
    here = tuple(person for person, at in due.items() if everybody or at <= now)
    turn.keep_gate(_armed(turn, gate, coming | due | hours.reminders(turn.plan, here, now, rule.remind_every)))
    if here:
        reason = because(Code.REMINDED, gate=gate.id, who=here, until=gate.expires_at)
        turn.system("reminder", Outcome.DONE, reason, gate=gate.id)
        turn.tell(reason, here)


_STEPS = ("deputies", "heads of function", "the programme")


def escalate(turn: Turn, gate: Gate) -> None:
    """Ask the next people up: deputies, then heads of function, then the programme."""
    step = gate.escalations
    rule = turn.plan.rules(gate.level).gates[gate.kind]
    raised = gate.but(escalations=step + 1, escalate_at=None)
    ask = votes.askable(turn.plan, turn.state, raised, turn.now)
    if step + 1 < len(_STEPS):
        again = hours.fair_again(turn.plan, gate.kind, ask, turn.now, rule.escalate_after)
        raised = raised.but(escalate_at=again)
    turn.keep_gate(raised)
    lacking = [Function(name) for name in votes.missing(turn.plan, gate, turn.now) if name in tuple(Function)]
    heads = [turn.plan.heads[function] for function in lacking if function in turn.plan.heads]
    to = (ask, tuple(heads), (turn.plan.governance_owner,))[step]
    reason = because(Code.ESCALATED, gate=gate.id, step=_STEPS[step], lacking=[function.value for function in lacking])
    turn.system("escalation", Outcome.DONE, reason, gate=gate.id)
    turn.tell(reason, tuple(dict.fromkeys(to)), urgent=True)
