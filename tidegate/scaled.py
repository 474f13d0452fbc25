"""Whether a use case is run as what is scaled, or still as a pilot: five dimensions, each with what that rests on.

Goal, ownership, governance, metrics and delivery. A pilot may be where it is in all five; one that is called more
than a pilot should not. It opens and shuts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import cycles, judging
from tidegate.audit import audit
from tidegate.models.base import MetricFamily, Stage
from tidegate.models.decision import Verdict
from tidegate.roster import can_vote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State

_FAMILIES = (MetricFamily.OUTCOME, MetricFamily.GOVERNANCE, MetricFamily.TECHNICAL, MetricFamily.COST)


class Dimension(NamedTuple):
    """One dimension, and how far it has come."""

    name: str
    pilot: str
    """How a pilot has it."""
    scaled: str
    """How it is where it is scaled."""
    met: bool
    rests: tuple[str, ...]
    """What that rests on."""
    lacks: tuple[str, ...]
    """What is not so yet."""


def maturity(plan: Plan, state: State, now: datetime) -> tuple[Dimension, ...]:
    """Return the five dimensions."""
    return (
        _dimension("goal", "to learn", "an outcome that is better than it was", _goal(plan, state, now)),
        _dimension("ownership", "whoever builds it", "who runs it has taken it over", _ownership(plan, state)),
        _dimension(
            "governance", "a light standard", "the last stage's standard, with no gap", _governance(plan, state, now)
        ),
        _dimension("metrics", "counted by hand", "all four families, read and fresh", _metrics(plan, state, now)),
        _dimension("delivery", "wave by wave", "it repeats, and the way back was tried", _delivery(plan, state)),
    )


Said = tuple[bool, str]


def _dimension(name: str, pilot: str, scaled: str, found: Iterator[Said]) -> Dimension:
    said = tuple(found)
    rests = tuple(what for met, what in said if met)
    lacks = tuple(what for met, what in said if not met)
    return Dimension(name, pilot, scaled, not lacks, rests, lacks)


def _goal(plan: Plan, state: State, now: datetime) -> Iterator[Said]:
    outcomes = [
        (name, metric)
        for name, metric in plan.metrics.items()
        if metric.family is MetricFamily.OUTCOME and metric.goal is not None and metric.part_of is None
    ]
    better = [told for name, metric in outcomes if (told := _better(plan, state, name, metric, now))]
    if not outcomes:
        yield False, "no outcome has a goal"
    elif not better:
        yield False, f"no figure shows that {', '.join(name for name, _ in outcomes)} became better"
    for told in better:
        yield True, told


def _better(plan: Plan, state: State, name: str, metric: PlanMetric, now: datetime) -> str:
    value = _value(plan, state, name, metric, now)
    if value is None or metric.goal is None or metric.baseline is None:
        return ""
    gained = value > metric.baseline if metric.goal.upward else value < metric.baseline
    return f"{name} is {value}, and was {metric.baseline}" if gained or metric.goal.holds(value) else ""


def _ownership(plan: Plan, state: State) -> Iterator[Said]:
    if plan.handoff is None:
        yield False, "nobody is named who takes it over"
        return
    who = plan.handoff.receiver
    yield state.position.handed_over, f"{who} has {'' if state.position.handed_over else 'not '}taken it over"
    lost = [
        name
        for name in (who, plan.business_owner, plan.accountable_exec)
        if name and not can_vote(plan.roster.get(name))
    ]
    yield (
        not lost,
        f"{', '.join(lost)} cannot answer for it any more" if lost else "everybody who answers is still here",
    )


def _governance(plan: Plan, state: State, now: datetime) -> Iterator[Said]:
    level = state.position.level
    stage = plan.rung(level).stage if level else None
    top = stage is Stage.SYSTEM_OF_RECORD
    where = stage.value.replace("_", " ") if stage is not None else "no stage yet"
    yield top, f"it is held to the rules of {where} ({plan.standard})"
    found = audit(plan, state, now)
    yield not found.gaps, f"an audit finds: {found.short}"


def _metrics(plan: Plan, state: State, now: datetime) -> Iterator[Said]:
    for family in _FAMILIES:
        of = [(name, metric) for name, metric in plan.metrics.items() if metric.family is family and not metric.dry_run]
        fresh = [name for name, metric in of if _value(plan, state, name, metric, now) is not None]
        if not of:
            yield False, f"no {family.value} figure is measured"
        elif not fresh:
            yield False, f"no {family.value} figure is known now: {', '.join(name for name, _ in of)}"
        else:
            yield True, f"{family.value}: {', '.join(fresh)}"
    counted = [name for name, m in plan.metrics.items() if m.guardrail and m.by_hand and m.from_sample is None]
    yield (
        not counted,
        (f"{', '.join(counted)} acts, and is counted by hand" if counted else "no figure that acts is counted by hand"),
    )


def _delivery(plan: Plan, state: State) -> Iterator[Said]:
    level = state.position.level
    proven = [one for stage in plan.stages for one in cycles.clean(state, stage)]
    needed = max((part.rules.repeat_cycles for part in plan.stages.values()), default=1)
    kept = any(part.rules.maturity for part in plan.stages.values())
    if kept:
        yield (
            len(proven) >= needed,
            f"{len(proven)} of {needed} stretches stayed inside their bands until people looked",
        )
    else:
        yield level == len(plan.ladder), f"wave {level} of {len(plan.ladder)}; its standard counts no cycles"
    last = state.drills.get("rollback")
    if last is None:
        yield False, "no rollback was ever tried here"
    else:
        yield last.passed, f"the rollback of {last.at:%Y-%m-%d} was {'' if last.passed else 'not '}read back in time"


def _value(plan: Plan, state: State, name: str, metric: PlanMetric, now: datetime) -> Decimal | None:
    watched = state.metrics.get(name)
    last, since = (watched.last, watched.since) if watched is not None else (None, None)
    verdict, _, value = judging.judge(plan, metric, name, last, now, since)
    return value if verdict is Verdict.PASSED else None
