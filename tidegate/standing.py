"""Where a rollout stands, who it waits for, and what would move it on: the same words for every reader.

Pure like the rules, and made from them: it decides nothing.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import (
    conditions,
    debt,
    environment,
    freezes,
    gates,
    handing_steps,
    judging,
    lastly,
    readying,
    rehearsed,
    replaced,
    schedule,
    subject,
    supplier,
    thresholds,
    typed,
    votes,
    waivers,
)
from tidegate.deadlines import deadlines
from tidegate.digest import digest
from tidegate.explain import explain
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import Fault
from tidegate.models.exposed import Control
from tidegate.models.messages import Answer, Coming, Standing, Step
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.sides import holding
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.decision import Check, Reason
    from tidegate.models.event import Event
    from tidegate.models.gate import Gate
    from tidegate.models.owing import Obligation
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_JUDGED = (Verdict.PASSED, Verdict.FAILED)
"""What is known, and no other figure is asked for."""
_LOST = ("unseen", "failed", "unknown")
"""What became of a target that nobody has seen."""
_FIGURES = 2
"""So many are named beside a decision."""
_AFTER = MappingProxyType(
    {
        GateKind.FIRST_EXPOSURE: "then {label} is served",
        GateKind.CHECKPOINT: "it goes on with {label}",
        GateKind.STAGE: "then {label} is served",
        GateKind.RESUME: "then it goes on: {label}",
        GateKind.AMENDMENT: "then the revision is in force: {label}",
        GateKind.OVERRIDE: "then at once, for a while: {label}",
        GateKind.HANDOFF: "then it is handed over: {label}",
        GateKind.OPERATING: "it goes on operating: {label}",
        GateKind.RETIREMENT: "then it ends: {label}",
    }
)


def standing(plan: Plan, state: State, now: datetime) -> Standing:
    """Say where a rollout stands."""
    position, exposure = state.position, state.exposure
    rung = plan.rung(position.level) if position.level else None
    stage = (rung or plan.rung(1)).stage
    confirmed = (
        exposure.confirmed == exposure.desired
        and exposure.confirmed_epoch == exposure.epoch
        and not exposure.unresolved
    )
    owes = debt.debt(plan, state, stage, now)
    awaits = dict.fromkeys(name for gate in waiting(state) for name in votes.missing(plan, gate, now))
    told = Standing(
        use_case=plan.use_case,
        title=plan.title,
        stage=stage.value,
        wave=rung.wave if rung else "",
        phase=position.phase.value,
        control=exposure.control.value,
        label=exposure.label,
        people=exposure.desired.people,
        confirmed=confirmed,
        served=exposure.confirmed.people,
        held_back=exposure.desired.held_back(plan.exposure(len(plan.ladder))),
        epoch=exposure.epoch,
        awaits=tuple(awaits),
        steps=tuple(steps(plan, state, now)),
        coming=_coming(plan, state),
        through=_through(plan, state),
        targets=exposure.targets,
        unseen=exposure.unseen_since,
        owes_look=environment.owes_look(plan, state),
        runbook=state.runbook,
        ending=lastly.steps(plan, state, now),
        exposure=digest(exposure.desired),
        bars=tuple(sorted(state.embargoes)),
        exceptions=owes.in_force,
        exception_days=owes.days,
        unstored=len(state.outbox),
        plan=state.plan,
        at=now,
        line="",
    )
    return told.but(line=_line(told))


def _coming(plan: Plan, state: State) -> Coming | None:
    """Return what comes next that somebody should know of; that a machine reads a figure is not."""
    known = [
        deadline
        for deadline in deadlines(plan, state)
        if deadline.what != "reading due" or plan.metrics[deadline.about].by_hand
    ]
    first = min(known, key=lambda deadline: deadline.at, default=None)
    return first and Coming(at=first.at, what=_named(first.what, first.about), owner=first.owner)


def answer(event: Event, decision: Decision, now: datetime) -> Answer:
    """Return what the sender of a message hears."""
    receipt = decision.receipt
    outcome, reason = (receipt.outcome, receipt.reason) if receipt else (Outcome.REFUSED, _put_aside(event))
    stands = standing(decision.plan, decision.state, now)
    return Answer(outcome=outcome, reason=reason, sentence=explain(reason), standing=stands)


def _put_aside(event: Event) -> Reason:
    note = event.note if isinstance(event, Fault) else "it is no message"
    return because(Code.FAULT, name=event.name if isinstance(event, Fault) else event.kind, note=note)


def waiting(state: State) -> tuple[Gate, ...]:
    """Return the rounds of votes that still lack somebody."""
    return tuple(gate for gate in state.gates.values() if gate.satisfied_at is None)


def steps(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    """Name everything that would move it on, and who may do it; what stands in the way comes first."""
    if state.position.phase.over:
        return
    yield from _stopped(plan, state, now)
    yield from _in_the_way(plan, state)
    for gate in waiting(state):
        yield from _votes(plan, state, gate, now)
    yield from _of_phase(plan, state, now)
    yield from _owed(plan, state, now)


def _stopped(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    exposure = state.exposure
    if exposure.control is Control.STOP_NOT_CONFIRMED:
        yield Step(
            verb="confirm stop --evidence WHERE",
            who=holding(plan, state, Right.CONFIRM_STOP),
            why=f"it could not be read back that it is stopped; follow {plan.fallback.manual}, then two people confirm",
        )
    resuming = any(gate.kind is GateKind.RESUME for gate in state.gates.values())
    if exposure.control.open or exposure.control.stopping or resuming or state.position.phase is Phase.RETIRING:
        return
    yield Step(
        verb='resume --cause "WHAT WAS WRONG, AND WHAT HAS CHANGED"',
        who=holding(plan, state, Right.RESUME),
        why=f"it is {_spoken(exposure.control.value)}; to go on is a decision{_astray(plan, state, now)}",
    )
    if exposure.control is not Control.HELD:
        # To release a hold widens nothing, and asks for none.
        yield from rehearsed.steps(plan, state, max(state.position.level, 1), now)


def _astray(plan: Plan, state: State, now: datetime) -> str:
    """Say of the figures that a machine reads which stray or say nothing now: whoever goes on should know."""
    found = [
        explain(check.reason).rstrip(".")
        for check in thresholds.checks(plan, state, now)
        if check.verdict is not Verdict.PASSED and check.name in state.metrics and not plan.metrics[check.name].by_hand
    ]
    return f". Now: {'; '.join(found[:_FIGURES])}" if found else ""


def _in_the_way(plan: Plan, state: State) -> Iterator[Step]:
    for function in sorted(state.vetoes):
        yield Step(verb="withdraw-veto", who=(function.value,), why=f"a veto of {_spoken(function.value)} stands")
    for name in sorted(state.embargoes):
        yield Step(
            verb=f"lift {name}",
            who=holding(plan, state, Right.STOP_THE_LINE),
            why=f"{name} is stopped, and nothing that it reaches widens",
        )
    for name, waiver in state.waivers.items():
        if waiver.by is None and not waiver.over:
            yield Step(
                verb=f'exception decide {name} --grant|--deny --reason "WHY"',
                who=waivers.acceptors(plan, state, waiver),
                why=f"{waiver.asked_by} asks that {_spoken(waiver.item)} need not be met for a while",
            )
    if state.position.sent_back:
        again = "it was sent back; say that it is ready again"
        yield Step(verb="ready --again", who=holding(plan, state, Right.READY), why=again)


def _votes(plan: Plan, state: State, gate: Gate, now: datetime) -> Iterator[Step]:
    people = votes.askable(plan, state, gate, now) or votes.missing(plan, gate, now)
    if gate.briefing.verdict is Verdict.PASSED:
        after = _AFTER[gate.kind].format(label=gate.label)
        own = handing_steps.signature(gate, people, after)
        if own is not None:
            yield own
            people = tuple(name for name in people if name not in own.who)
        if not people:
            return
        yield Step(verb=f"approve --gate {gate.id}", who=people, why=f"once all agree, {after}", gate=gate.id)
        return
    # A figure that people owe turns what the reviewers see; that comes before a no.
    seen = {check.name: check for check in gates.evidence(plan, state, gate.kind, gate.level, now)}
    yield from _figures(plan, tuple(check for check in seen.values() if check.verdict not in _JUDGED))
    if rehearsed.CONDITION in seen:
        yield from rehearsed.steps(plan, state, max(gate.level, 1), now)
    yield Step(
        verb=f"reject --gate {gate.id}",
        who=people,
        why=f"its conditions are {gate.briefing.verdict.value}, so nobody can approve it as it is",
        gate=gate.id,
    )


def _of_phase(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    phase, position = state.position.phase, state.position
    if phase is Phase.SUBMITTED:
        yield Step(verb="start", who=holding(plan, state, Right.START), why="it is submitted and has not begun")
    elif phase is Phase.PREPARING and not position.sent_back:
        yield from readying.steps(plan, state, position.target or 1, now)
        yield from _ground(environment.checks(plan, state, position.target or 1))
    elif phase is Phase.SCHEDULED:
        for gate in state.gates.values():
            if gate.satisfied_at is not None:
                yield from _scheduled(plan, state, gate, now)
    elif phase in (Phase.OBSERVING, Phase.CHECKPOINT_DUE):
        yield from _watched(plan, state, now)
    elif phase is Phase.HANDOFF_PENDING:
        drill = readying.drilling(plan) if gates.drill_needed(plan, state) else "ready receiver_drill --evidence WHERE"
        yield from handing_steps.before(plan, state, now, drill)
    elif phase is Phase.OPERATING:
        yield from _readings(plan, state, now)
        yield from _end(plan, state)
    elif phase is Phase.RETIRING and position.ending == "retired":
        yield from lastly.said(plan, state, now)


def _end(plan: Plan, state: State) -> Iterator[Step]:
    if not any(gate.kind is GateKind.RETIREMENT for gate in state.gates.values()):
        who = holding(plan, state, Right.RETIRE)
        yield Step(verb='retire --reason "WHY"', who=who, why="when it has done its work")


def _watched(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    level = max(state.position.level, 1)
    yield from _readings(plan, state, now)
    if plan.stages[plan.rung(level).stage].raised:
        # What a stage owes that was raised under way is owed before its next review can lead anywhere.
        yield from readying.steps(plan, state, level, now)
    else:
        yield from rehearsed.steps(plan, state, level, now)


def _scheduled(plan: Plan, state: State, gate: Gate, now: datetime) -> Iterator[Step]:
    yield from _notices(plan, state, gate)
    yield from _frozen(plan, gate, now)
    yield from _figures(plan, schedule.open_points(plan, state, gate, now))
    yield from rehearsed.steps(plan, state, max(gate.level, 1), now)
    yield from _ground(environment.checks(plan, state, gate.level))


def _ground(checks: tuple[Check, ...]) -> Iterator[Step]:
    for check in checks:
        if check.verdict is not Verdict.PASSED:
            yield Step(verb="exposure --observed", who=(Function.PLATFORM.value,), why=explain(check.reason))


def _notices(plan: Plan, state: State, gate: Gate) -> Iterator[Step]:
    for index, notice in enumerate(plan.notices):
        said = state.announcements.get(f"{gate.id}-{index}")
        if notice.acknowledge and said is not None and said.confirmed_by is None:
            yield Step(verb=f"confirm notice:{index}", who=notice.to, why=f"{notice.audience} have not confirmed yet")


def _frozen(plan: Plan, gate: Gate, now: datetime) -> Iterator[Step]:
    window = freezes.binding(plan, gate, now)
    if window is not None and window.approvers:
        yield Step(
            verb=f'let-through --gate {gate.id} --freeze {window.name} --reason "WHY"',
            who=tuple(function.value for function in window.approvers),
            why=f"it waits until {window.ends:%Y-%m-%d %H:%M} UTC, the end of a freeze: {window.reason}",
            gate=gate.id,
        )


def _through(plan: Plan, state: State) -> tuple[str, ...]:
    """Say what was let through which freeze, and by whom."""
    return tuple(
        f"let through the freeze {window.name} by {given.by}"
        for gate in state.gates.values()
        for window in plan.freezes
        if (given := freezes.passage(plan, gate, window)) is not None
    )


def _readings(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    """Ask for the figures that people give and that say nothing yet, or nothing of the wave that is watched."""
    wanted, few = _too_few(plan, state)
    for name, metric in plan.metrics.items():
        if not metric.by_hand:
            continue
        watched = state.metrics.get(name)
        last = watched.last if watched else None
        verdict, reason, _ = judging.judge(plan, metric, name, last, now, watched.since if watched else None)
        if name in wanted and verdict is Verdict.PASSED:
            verdict, reason = conditions.of_this_wave(state, name, last, reason)
        if watched is None or verdict is not Verdict.PASSED or watched.due_at <= now:
            yield _reading(name, metric.reviewer, explain(reason))
        elif few is not None and name in wanted:
            yield _reading(name, metric.reviewer, explain(few))


def _too_few(plan: Plan, state: State) -> tuple[tuple[str, ...], Reason | None]:
    """Return whose counts say how much was seen of this wave, and why that is not enough, if it is not."""
    rung = plan.rung(max(state.position.level, 1))
    wanted = tuple(condition.metric for condition in rung.advance_when)
    seen = thresholds.enough(state, wanted)
    few = because(Code.FEW_RUNS, n=seen, needed=rung.min_samples) if seen < rung.min_samples else None
    return wanted, few


def _figures(plan: Plan, points: tuple[Check, ...]) -> Iterator[Step]:
    for check in points:
        metric = plan.metrics.get(check.name)
        if metric is not None and metric.by_hand:
            yield _reading(check.name, metric.reviewer, explain(check.reason))


def _reading(name: str, who: str, why: str) -> Step:
    return Step(verb=f"reading {name}=VALUE --n CASES", who=(who,), why=why)


def _owed(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    """Name what is owed; what comes round again is named once its day is near."""
    for name, owed in state.obligations.items():
        if owed.kind in ("handoff", "ending") or (not owed.overdue and owed.due - now > _near(plan, state, owed)):
            continue
        why = f"{owed.what} is owed"
        if owed.kind == "vacancy":
            who = tuple(dict.fromkeys((owed.owner, *holding(plan, state, Right.AMEND))))
            yield Step(verb="amend PLAYBOOK", who=who, why=why)
        elif owed.kind == "drill":
            item = ReadinessItem.ROLLBACK_TESTED.value
            verb = readying.drilling(plan) if gates.drill_needed(plan, state) else f"ready {item} --evidence WHERE"
            yield Step(verb=verb, who=holding(plan, state, Right.READY), why=why)
        elif owed.kind == "replacement" and subject.uses(plan, owed.about):
            # Nobody's word that it was replaced will do while the plan in force still uses it.
            yield Step(verb="amend PLAYBOOK", who=holding(plan, state, Right.AMEND), why=why)
        elif owed.kind == "retire_or_keep":
            keeps = f"{why}; whoever answers for it may also live with it"
            yield Step(verb='retire --reason "WHY"', who=holding(plan, state, Right.RETIRE), why=why)
            yield Step(verb=f"confirm {name} --evidence WHERE", who=(owed.owner,), why=keeps)
        elif name == replaced.WAY_BACK:
            yield Step(verb="amend PLAYBOOK", who=holding(plan, state, Right.AMEND), why=why)
        elif owed.kind == "standard" and (item := typed.asked_by_standard(plan, name)):
            yield Step(verb=f"ready {item} --evidence WHERE", who=holding(plan, state, Right.READY), why=why)
        elif owed.kind in typed.ANSWERED:
            yield Step(verb=typed.ANSWERED[owed.kind].format(name=name), who=(owed.owner, *owed.others), why=why)
        else:
            yield Step(verb=f"confirm {name} --evidence WHERE", who=(owed.owner,), why=why)


def _near(plan: Plan, state: State, owed: Obligation) -> timedelta:
    """Return how long before its day it is named: what comes round oftener than reviews, half its time before."""
    if owed.kind in ("decommission", "launch_review"):
        return plan.rules(state.position.level).review_every.wall
    if owed.every_days is None:
        return supplier.NEAR if owed.kind == "vendor" else timedelta.max
    return min(plan.rules(state.position.level).review_every.wall, timedelta(days=owed.every_days) / 2)


def _named(what: str, about: str) -> str:
    return f"{what}: {about}" if about else what


def _spoken(word: str) -> str:
    return word.replace("_", " ")


def _line(told: Standing) -> str:
    """Say it in one line, for a list and for when nobody can be asked."""
    where = f"{told.stage}/{told.wave}" if told.wave else told.stage
    parts = [f"{_spoken(told.phase)} at {_spoken(where)}"]
    if told.control not in ("none", "live"):
        parts.append(_spoken(told.control).upper())
    sure = "" if told.confirmed else " (not confirmed)"
    parts.append(f"{f'up to {told.people} people' if told.people else 'nobody'} served{sure}")
    if told.unseen is not None:
        lost = ", ".join(row.target for row in told.targets if row.became in _LOST) or "a target"
        parts.append(f"{lost} OUT OF SIGHT since {told.unseen:%Y-%m-%d %H:%M} UTC")
    parts.extend(told.through)
    if told.bars:
        parts.append(f"stopped for {', '.join(told.bars)}")
    if told.exceptions:
        parts.append(f"{told.exceptions} exception{'s' if told.exceptions > 1 else ''} in force")
    if told.awaits:
        parts.append(f"waits for {', '.join(_spoken(name) for name in told.awaits)}")
    if told.coming is not None:
        parts.append(f"next: {told.coming.what} by {told.coming.at:%Y-%m-%d %H:%M} UTC")
    return "; ".join(parts)
