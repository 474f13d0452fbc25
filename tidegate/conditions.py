"""What must hold to go on, beside every metric by itself: in this wave, all of it at once, and by more than heads.

Nothing here is met by being silent: a condition about a metric that decides nothing is open, and never left out. Knows
readings that are usable already; what makes one so is known in `thresholds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.base import MetricFamily
from tidegate.models.decision import Check, Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from tidegate.models.base import Bound
    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric, Rung
    from tidegate.models.reading import Reading
    from tidegate.models.state import MetricState, State


def of_this_wave(state: State, name: str, last: Reading | None, reason: Reason) -> tuple[Verdict, Reason]:
    """Return what a usable answer is worth to a condition to go on: no data is none, and an earlier wave is another."""
    if reason.code is Code.NO_DATA_ZERO:
        return Verdict.INCONCLUSIVE, because(Code.OPENS_NOTHING, metric=name)
    watch = state.position.observation
    if last is not None and watch is not None and last.taken_at < watch.since:
        return Verdict.INCONCLUSIVE, because(Code.BEFORE_WAVE, metric=name, at=last.taken_at, since=watch.since)
    return Verdict.PASSED, reason


def apart(state: State, rung: Rung, names: tuple[str, ...]) -> Iterator[Check]:
    """Yield what was read too long before the rest: that each held at some time is not that all hold at once."""
    if rung.together is None:
        return
    taken = {name: last.taken_at for name in names if (last := state.metrics[name].last) is not None}
    newest = max(taken.values(), default=None)
    for name, at in taken.items():
        if newest is not None and newest - at > rung.together.wall:
            why = because(Code.NOT_TOGETHER, metric=name, at=at, within=str(rung.together))
            yield Check(name=name, verdict=Verdict.INCONCLUSIVE, reason=why)


def asked(plan: Plan, rung: Rung, values: dict[str, Decimal]) -> Iterator[Check]:
    """Yield what must hold to go on; what is measured and silent has been said already."""
    named = [plan.metrics[each.metric] for each in rung.advance_when if each.metric in plan.metrics]
    if named and all(metric.family is MetricFamily.ADOPTION for metric in named):
        why = because(Code.ONLY_HEADS, conditions=tuple(str(each) for each in rung.advance_when))
        yield Check(name="heads", verdict=Verdict.INCONCLUSIVE, reason=why)
    for condition in rung.advance_when:
        value = values.get(condition.metric)
        if value is None:
            metric = plan.metrics.get(condition.metric)
            if metric is None or metric.dry_run:
                why = because(Code.DECIDES_NOTHING, condition=str(condition))
                yield Check(name=str(condition), verdict=Verdict.INCONCLUSIVE, reason=why)
            continue
        met = condition.bound.holds(value)
        reason = because(Code.CONDITION, condition=str(condition), value=value, met="met" if met else "not met")
        yield Check(name=str(condition), verdict=Verdict.PASSED if met else Verdict.FAILED, reason=reason)


def beyond(metric: PlanMetric, watched: MetricState, pausing: tuple[Bound, ...]) -> str:
    """Say which threshold a figure has left, and over how many cases: whoever is woken by it asks that first."""
    last = watched.last
    if last is None or last.number is None:
        return "no data fails here"
    value, cases = last.number, f"{last.n:,} cases"
    left = next((bound for bound in (*pausing, *(bound for _, bound in metric.bands)) if bound.holds(value)), None)
    if left is None:
        how = f"{watched.worse} readings in a row were each worse" if watched.worse else "not well again yet"
        return f"{how}, {cases}"
    return f"{left}, {cases}"
