"""Where it went wrong first: the metric tree with what each figure says, and the level that left its threshold.

Read from the goal down. A goal that is missed while the assistant stays inside its bands is a matter of the process,
and not of the model; where what lies below says nothing, that is said too. Changes nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, thresholds
from tidegate.models.base import Band
from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State

LEVELS = ("goal", "operational", "contribution", "telemetry")

_MEANS = MappingProxyType(
    {
        "goal": Code.LEFT_GOAL,
        "operational": Code.LEFT_OPERATIONAL,
        "contribution": Code.LEFT_CONTRIBUTION,
        "telemetry": Code.LEFT_TELEMETRY,
    }
)


class Figure(NamedTuple):
    """One metric of the tree, as it stands."""

    name: str
    depth: int
    """How far below a goal it stands; 0 where it supports nothing."""
    metric: PlanMetric
    band: Band
    verdict: Verdict
    reason: Reason
    value: Decimal | None
    """What it says, where that counts."""
    taken_at: datetime | None
    n: int
    due_at: datetime | None
    """When it is read next; none while nobody watches."""
    overdue: bool
    """Whether it should have said something usable by now."""

    @property
    def left(self) -> bool:
        """Whether it has left its threshold; what is only rehearsed never counts."""
        return not self.metric.dry_run and (self.band is not Band.HEALTHY or self.verdict is Verdict.FAILED)

    @property
    def silent(self) -> bool:
        """Whether it should say something and does not."""
        return not self.metric.dry_run and self.value is None


class Diagnosis(NamedTuple):
    """Which level left its threshold first, and how far down that goes."""

    first: str | None
    """The first level that left its threshold, from the goal down."""
    deepest: str | None
    """The level down to which one metric explains the other."""
    path: tuple[str, ...]
    """The metrics on that way, from the top."""
    silent: tuple[str, ...]
    """What lies below and says nothing, so that it may go deeper."""
    beside: tuple[str, ...]
    """What has left its threshold and stands outside of the tree."""
    reason: Reason
    figures: tuple[Figure, ...]


def figures(plan: Plan, state: State, now: datetime) -> tuple[Figure, ...]:
    """Return every metric as it stands, goals first and what explains them below; what has no level comes last."""
    order: dict[str, int] = {}
    for name in sorted(plan.metrics, key=lambda each: _rank(plan.metrics[each])):
        if _above(plan, name) is None:
            _walk(plan, name, 0, order)
    for name in plan.metrics:
        _walk(plan, name, 0, order)  # what supports itself in a circle is shown too
    return tuple(_figure(plan, state, name, depth, now) for name, depth in order.items())


def diagnose(plan: Plan, state: State, now: datetime) -> Diagnosis:
    """Return the first level that left its threshold, from the goal down, and the way from there to the cause."""
    found = figures(plan, state, now)
    known = {figure.name: figure for figure in found}
    levelled = [figure for figure in found if figure.metric.level is not None]
    left = [figure for figure in levelled if figure.left]
    beside = tuple(figure.name for figure in found if figure.left and figure.metric.level is None)
    silent = tuple(figure.name for figure in levelled if figure.silent)
    if not levelled:
        return Diagnosis(None, None, (), (), beside, because(Code.NO_TREE), found)
    if not left:
        reason = because(Code.LEFT_UNKNOWN, silent=silent) if silent else because(Code.LEFT_NOTHING)
        return Diagnosis(None, None, (), silent, beside, reason, found)
    first = min((figure.metric.level or "" for figure in left), key=LEVELS.index)
    ways = [way for figure in left if figure.metric.level == first for way in _ways(plan, known, figure.name)]
    path = max(ways, key=lambda way: (LEVELS.index(known[way[-1]].metric.level or ""), len(way)))
    deepest = known[path[-1]].metric.level or ""
    below = tuple(name for name in _under(plan, path[-1]) if known[name].silent)
    reason = because(_MEANS[deepest], metric=path[-1])
    if below:
        reason = because(Code.LEFT_UNCLEAR, metric=path[-1], level=deepest, silent=below)
    return Diagnosis(first, deepest, path, below, beside, reason, found)


def _since(plan: Plan, metric: PlanMetric, since: datetime) -> datetime:
    """Return when a metric that is watched since then should have said something."""
    return calendar.later(plan.calendar, since, metric.every)


def _rank(metric: PlanMetric) -> int:
    return LEVELS.index(metric.level) if metric.level is not None else len(LEVELS)


def _above(plan: Plan, name: str) -> str | None:
    """Return what a metric stands below: its whole, or what it supports."""
    metric = plan.metrics[name]
    above = metric.part_of or metric.supports
    return above if above in plan.metrics else None


def _children(plan: Plan, name: str) -> tuple[str, ...]:
    return tuple(each for each in plan.metrics if _above(plan, each) == name and each != name)


def _walk(plan: Plan, name: str, depth: int, order: dict[str, int]) -> None:
    if name in order:
        return
    order[name] = depth
    for child in _children(plan, name):
        _walk(plan, child, depth + 1, order)


def _under(plan: Plan, name: str) -> Iterator[str]:
    found: dict[str, int] = {}
    _walk(plan, name, 0, found)
    yield from (each for each in found if each != name)


def _ways(plan: Plan, known: dict[str, Figure], name: str, seen: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the ways down from a metric along what has left its threshold too; a break in between ends one."""
    yield (name,)
    for child in _children(plan, name):
        if child not in (*seen, name) and known[child].left:
            yield from ((name, *way) for way in _ways(plan, known, child, (*seen, name)))


def _figure(plan: Plan, state: State, name: str, depth: int, now: datetime) -> Figure:
    metric, watched = plan.metrics[name], state.metrics.get(name)
    last, since = (watched.last, watched.since) if watched else (None, None)
    verdict, reason, value = thresholds.judge(plan, metric, name, last, now, since)
    shows = state.exposure.desired.serves and watched is not None
    due = watched.due_at if watched is not None and shows else None
    return Figure(
        name=name,
        depth=depth,
        metric=metric,
        band=watched.band if watched else Band.HEALTHY,
        verdict=verdict,
        reason=reason,
        value=value,
        taken_at=last.taken_at if last else None,
        n=last.n if last else 0,
        due_at=due,
        overdue=due is not None and value is None and (due <= now or _since(plan, metric, since or now) <= now),
    )
