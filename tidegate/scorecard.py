"""The scorecard of a use case over a time: what it gained, how it is used, what it costs, where that leads.

Counted from readings and lines of the ledger, by one rule for all use cases, so that whether to invest in one or to
retire it is argued from the same figures. Knows nothing of where they come from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tidegate.document import moved
from tidegate.models.base import Band, MetricFamily
from tidegate.models.dimension import dimension_of
from tidegate.models.document import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.models.plan import Plan, PlanMetric


_DAY = timedelta(days=1)


class Time(NamedTuple):
    """From when until when; until when there is anything to see, if that is sooner."""

    start: datetime
    end: datetime
    seen: datetime

    @classmethod
    def month(cls, year: int, month: int, now: datetime) -> Time:
        """Return a month of the calendar."""
        start = now.replace(year=year, month=month, day=1, hour=0, minute=0, second=0, microsecond=0)
        end = start.replace(year=year + month // 12, month=month % 12 + 1)
        return cls(start, end, min(now, end))

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.start <= at < self.end


class Card(NamedTuple):
    """How one use case did."""

    use_case: str
    title: str
    level: int
    """On which level it stood at the end."""
    people: tuple[int, int]
    """The most people served at its beginning, and at its end."""
    figures: tuple[Measured, ...]
    """Every metric, outcomes first, with its last figure of that time."""
    first: Mapping[str, Decimal]
    """The first figure of each in that time."""
    spend: Decimal | None
    """What was spent, where a metric counts up to the budget."""
    budget: Decimal | None
    run_rate: Decimal | None
    """What it comes to at the end if it goes on like this."""
    used: Decimal | None
    """Which share of its runs was used, in hundredths."""
    due: tuple[str, ...]
    """Which of its conditions of retirement hold."""

    @property
    def verdict(self) -> tuple[str, str]:
        """What the same rule says of each: retire, hold, unknown, invest or watch; and why."""
        strayed = [one.name for one in self.figures if Band(one.band).rank >= Band.HOLD.rank]
        outcomes = [one for one in self.figures if one.family == MetricFamily.OUTCOME.value and one.goal]
        known = [one for one in outcomes if one.value is not None and one.baseline is not None]
        if self.due:
            return "retire", f"it holds that {', '.join(self.due)}"
        if strayed:
            return "hold", f"{', '.join(strayed)} strayed"
        if not known:
            return "unknown", "no outcome with a goal and a baseline has a figure"
        if self.budget is not None and self.run_rate is not None and self.run_rate > self.budget:
            return "watch", f"it is on its way to {self.run_rate:,.0f} of a budget of {self.budget:,.0f}"
        back = [one.name for one in known if one.moved.endswith("away from the goal")]
        if back:
            return "watch", f"{', '.join(back)} moved away from the goal"
        if all(one.dimension != "spend" or one.value is None for one in self.figures):
            return "watch", "the outcome improves, and nobody knows what it costs"
        return "invest", "the outcome moves towards its goal, nothing strayed, and it is known what it costs"


def scorecard(
    plan: Plan,
    readings: Mapping[str, Sequence[tuple[datetime, Decimal]]],
    people: Sequence[tuple[datetime, int]],
    level: int,
    time: Time,
) -> Card:
    """Return the scorecard of a use case over a time."""
    seen = {name: [one for one in readings.get(name, ()) if time.holds(one[0])] for name in plan.metrics}
    order = tuple(MetricFamily)
    ranked = sorted(plan.metrics.items(), key=lambda one: order.index(one[1].family))
    spend = _counted(plan, seen, "budget_per_month")
    runs = _counted(plan, seen, "runs_per_day", mean=True)
    exposed = plan.exposure(level)
    budget = Decimal(exposed.budget_per_month) if exposed.budget_per_month is not None else None
    passed = max((time.seen - time.start) / _DAY, 1)
    whole = (time.end - time.start) / _DAY
    return Card(
        use_case=plan.use_case,
        title=plan.title,
        level=level,
        people=(_people(people, time.start), _people(people, time.seen)),
        figures=tuple(measured(name, metric, seen[name]) for name, metric in ranked),
        first={name: points[0][1] for name, points in seen.items() if points},
        spend=spend,
        budget=budget,
        run_rate=None if spend is None else spend * Decimal(whole) / Decimal(passed),
        used=None if runs is None or not exposed.runs_per_day else runs / exposed.runs_per_day * 100,
        due=tuple(
            str(one) for one in plan.retire_when if seen.get(one.metric) and one.bound.holds(seen[one.metric][-1][1])
        ),
    )


def measured(name: str, metric: PlanMetric, points: Sequence[tuple[datetime, Decimal]]) -> Measured:
    """Return the last figure of a metric against how things stood before and what it should reach."""
    value = points[-1][1] if points else None
    band = Band.HEALTHY if value is None else _band(metric, value)
    dimension = dimension_of(metric.family, metric.dimension)
    return Measured(
        name=name,
        family=metric.family.value,
        dimension=dimension.spoken if dimension is not None else "",
        says="passed" if points else "inconclusive",
        why=f"{len(points)} readings",
        value=value,
        n=len(points),
        taken_at=points[-1][0] if points else None,
        band=band.value,
        baseline=metric.baseline,
        moved=moved(metric, value),
        goal=str(metric.goal) if metric.goal is not None else "",
        reached=metric.goal.holds(value) if metric.goal is not None and value is not None else None,
        bands=tuple((band.value, str(bound)) for band, bound in metric.bands),
        healthy=str(metric.healthy) if metric.healthy is not None else "",
    )


def _band(metric: PlanMetric, value: Decimal) -> Band:
    held = (band for band, bound in metric.bands if bound.holds(value))
    return max(held, key=lambda band: band.rank, default=Band.HEALTHY)


def _counted(
    plan: Plan, seen: Mapping[str, Sequence[tuple[datetime, Decimal]]], limit: str, *, mean: bool = False
) -> Decimal | None:
    """Return what the metric says that counts up to a limit: its last figure, or their mean."""
    points = next((seen[name] for name, metric in plan.metrics.items() if metric.limit == limit and seen[name]), ())
    if not points:
        return None
    return sum((value for _, value in points), Decimal(0)) / len(points) if mean else points[-1][1]


def _people(people: Sequence[tuple[datetime, int]], at: datetime) -> int:
    return next((count for since, count in reversed(people) if since <= at), 0)
