"""What is measured, with its thresholds frozen: from a playbook's bounds to bands in order.

Knows one metric at a time and the cadence of its stage; how bands act is known in `thresholds`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.authoring.names import BY_HAND
from tidegate.models.base import Band, Bound, Operator, Span
from tidegate.models.measure import Baseline
from tidegate.models.plan import PlanMetric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.authoring.case import Case
    from tidegate.models.measure import Metric

_OPPOSITE: Mapping[Operator, Operator] = MappingProxyType(
    {Operator.LT: Operator.GE, Operator.LE: Operator.GT, Operator.GT: Operator.LE, Operator.GE: Operator.LT}
)
_WORST_FIRST = (Band.ROLLBACK, Band.PAUSE, Band.NARROW, Band.HOLD, Band.WATCH)


def plan_metrics(case: Case) -> dict[str, PlanMetric]:
    """Return every metric as it will be read and judged, each segment as one of its own behind its whole."""
    found: dict[str, PlanMetric] = {}
    for name, metric in case.playbook.metrics.items():
        found[name] = _metric(case, metric)
        for segment, part in metric.segments.items():
            # What a segment does not say is said of the whole; its bands are its own, and so is its baseline.
            said = {field: getattr(part, field) for field in type(part).model_fields}
            own = metric.model_copy(update={**said, "segments": {}, "goal": None, "baseline": None, "limit": None})
            found[segment_name(name, segment)] = _metric(case, own).but(part_of=name)
    return found


def segment_name(name: str, segment: str) -> str:
    """Return what a segment of a metric is called wherever a metric is named."""
    return f"{name}.{segment}"


def bands(metric: Metric) -> tuple[tuple[Band, Bound], ...]:
    """Return which test puts a reading in which band, worst first.

    A metric that only says where all is well holds as soon as it is not; one that also says from where on it acts is
    watched in between. So no reading lies outside of every band unseen.
    """
    given = [(band, bound) for band in _WORST_FIRST if (bound := getattr(metric, band.value)) is not None]
    if metric.healthy is not None and metric.watch is None:
        acts = any(band is not Band.WATCH for band, _ in given)
        given.append((Band.WATCH if acts else Band.HOLD, not_met(metric.healthy)))
    return tuple(given)


def not_met(bound: Bound) -> Bound:
    """Return the bound that holds exactly where this one does not."""
    return Bound(_OPPOSITE[bound.operator], bound.value)


def cadence(case: Case, metric: Metric) -> Span:
    """Return how often it is read: its own cadence, else the one of the first stage."""
    return metric.every or case.rules[next(iter(case.rules))].read_every


def max_age(case: Case, metric: Metric) -> Span:
    """Return from when on a reading says nothing any more: twice its cadence unless it says so."""
    every = cadence(case, metric)
    return metric.max_age or Span(every.length * 2, every.unit)


def by_hand(case: Case, metric: Metric) -> bool:
    """Whether a person gives the reading."""
    source = case.programme.sources.get(metric.source)
    return metric.source == BY_HAND or (source is not None and source.kind == BY_HAND)


def _metric(case: Case, metric: Metric) -> PlanMetric:
    baseline = metric.baseline.value if isinstance(metric.baseline, Baseline) else metric.baseline
    return PlanMetric(
        family=metric.kind,
        source=metric.source,
        query=metric.query,
        baseline=baseline,
        goal=metric.goal,
        bands=bands(metric),
        healthy=metric.healthy,
        guardrail=metric.guardrail,
        dry_run=metric.dry_run,
        consecutive=metric.consecutive,
        min_samples=metric.min_samples,
        every=cadence(case, metric),
        max_age=max_age(case, metric),
        on_no_data=metric.on_no_data,
        blind_limit=metric.blind_limit,
        by_hand=by_hand(case, metric),
        reviewer=metric.reviewer or case.playbook.ai_owner,
        dimension=metric.dimension,
        limit=metric.limit,
        trend=metric.trend,
        from_sample=metric.from_sample,
        recover=metric.recover,
        initial_delay=metric.initial_delay,
        error_limit=metric.error_limit,
        inconclusive_limit=metric.inconclusive_limit,
        level=metric.level,
        supports=metric.supports,
        first_response=metric.first_response,
        unit=metric.unit,
        derived=metric.derived,
    )
