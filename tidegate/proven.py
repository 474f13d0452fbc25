"""Maturity: the three gates before a system of record may begin, in their order, each with what it rests on.

First that it is worth having, then that it can be run at a risk that somebody accepts, then that it does so again and
again. A later one is not looked at before the one before it has passed. How a figure is judged is known in `judging`,
what a cycle is in `cycles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import cycles, judging, waivers
from tidegate.models.base import Band, MetricFamily, Stage
from tidegate.models.decision import Check, Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State

GATES = ("user value", "feasibility and acceptable risk", "operational repeatability")
"""The three, in order."""
_RUN = (MetricFamily.TECHNICAL, MetricFamily.GOVERNANCE)


class _Figure(NamedTuple):
    name: str
    metric: PlanMetric
    value: Decimal | None
    band: Band


def asked(plan: Plan, level: int) -> bool:
    """Whether a level begins what must have been proven before."""
    first = level > 1 and plan.rung(level - 1).stage is not Stage.SYSTEM_OF_RECORD
    return first and plan.rung(level).stage is Stage.SYSTEM_OF_RECORD and plan.rules(level).maturity


def checks(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return the three gates as conditions of the round of votes that would begin a system of record."""
    if not asked(plan, level):
        return ()
    found: list[Check] = []
    judges: tuple[Callable[[Plan, State, int, datetime], tuple[Verdict, Reason]], ...] = (_worth, _sound, _repeats)
    for number, (name, judge) in enumerate(zip(GATES, judges, strict=True), start=1):
        waits = next((before for before in found if before.verdict is not Verdict.PASSED), None)
        if waits is None:
            verdict, reason = judge(plan, state, level, now)
        else:
            verdict, reason = Verdict.PENDING, because(Code.MATURITY_WAITS, gate=name, before=GATES[found.index(waits)])
        found.append(Check(name=f"maturity {number}: {name}", verdict=verdict, reason=reason))
    return tuple(found)


def _worth(plan: Plan, state: State, _level: int, now: datetime) -> tuple[Verdict, Reason]:
    """User value: an outcome is better than before, or where it was to come, and none is astray."""
    outcomes = [
        figure
        for figure in _figures(plan, state, now)
        if figure.metric.family is MetricFamily.OUTCOME and figure.metric.goal is not None
    ]
    astray = [figure.name for figure in outcomes if figure.band.rank >= Band.HOLD.rank]
    better = [_against(figure) for figure in outcomes if _better(figure)]
    if astray:
        return Verdict.FAILED, because(Code.MATURITY_ASTRAY, gate=GATES[0], metrics=astray)
    if not better:
        names = [figure.name for figure in outcomes] or ["no outcome with a goal"]
        return Verdict.PENDING, because(Code.NO_BETTER, metrics=names)
    return Verdict.PASSED, because(Code.WORTH_SHOWN, figures=better)


def _better(figure: _Figure) -> bool:
    metric, value = figure.metric, figure.value
    if value is None or metric.goal is None:
        return False
    if metric.baseline is None:
        return metric.goal.holds(value)
    return metric.goal.holds(value) or (value > metric.baseline if metric.goal.upward else value < metric.baseline)


def _against(figure: _Figure) -> str:
    before = f"{figure.metric.baseline} before" if figure.metric.baseline is not None else "nothing before"
    return f"{figure.name} {figure.value} against {before}, goal {figure.metric.goal}"


def _sound(plan: Plan, state: State, level: int, now: datetime) -> tuple[Verdict, Reason]:
    """Feasibility and acceptable risk: what runs it is seen and in its bands, and no known problem is unaccepted."""
    run = [figure for figure in _figures(plan, state, now) if figure.metric.family in _RUN]
    astray = [figure.name for figure in run if figure.band.rank >= Band.HOLD.rank]
    open_ = [check.name for check in waivers.problems(plan, state, level, now) if check.verdict is not Verdict.PASSED]
    vetoes = [f"a veto of {function.value}" for function in sorted(state.vetoes)]
    if astray:
        return Verdict.FAILED, because(Code.MATURITY_ASTRAY, gate=GATES[1], metrics=astray)
    if open_ or vetoes:
        return Verdict.PENDING, because(Code.RISK_OPEN, what=[*open_, *vetoes])
    silent = [figure.name for figure in run if figure.value is None]
    if silent or not run:
        return Verdict.PENDING, because(Code.NOT_SEEN_RUNNING, metrics=silent or ["nothing technical is measured"])
    accepted = sorted({issue.by or issue.owner for issue in plan.accepted_issues.get(plan.rung(level).stage, ())})
    figures = [f"{figure.name} {figure.value}" for figure in run]
    return Verdict.PASSED, because(Code.SOUND, figures=figures, accepted=accepted or ["nobody, for none is known"])


def _repeats(plan: Plan, state: State, level: int, _now: datetime) -> tuple[Verdict, Reason]:
    """Operational repeatability: so many waves or periods, one after another, were inside their bands."""
    stage = plan.rung(level - 1).stage
    found, needed = cycles.clean(state, stage), plan.stages[stage].rules.repeat_cycles
    told = [f"{cycle.wave} until {cycle.until:%Y-%m-%d}" for cycle in found] or ["none"]
    few, n = len(found) < needed, len(found)
    code = Code.REPEATS_TOO_FEW if few else Code.REPEATS
    return Verdict.PENDING if few else Verdict.PASSED, because(code, n=n, needed=needed, stage=stage.value, cycles=told)


def _figures(plan: Plan, state: State, now: datetime) -> Iterator[_Figure]:
    for name, metric in plan.metrics.items():
        if metric.dry_run:
            continue
        watched = state.metrics.get(name)
        last, since = (watched.last, watched.since) if watched else (None, None)
        verdict, _, value = judging.judge(plan, metric, name, last, now, since)
        band = watched.band if watched else Band.HEALTHY
        yield _Figure(name, metric, value if verdict is Verdict.PASSED else None, band)
