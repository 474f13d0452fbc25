"""How much a metric is forgiven: the first days of a wave, errors of its source, silence, and one good reading.

What is forgiven here never passes anything: within its patience a metric only does not act yet. Knows the answers of
one metric and what was counted of it before; what is done about them is known in `thresholds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar
from tidegate.models.base import Band
from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import MetricState


class Silence(NamedTuple):
    """What has been counted since a metric last said something that counts."""

    errors: int = 0
    answers: int = 0


def early_until(plan: Plan, metric: PlanMetric, since: datetime | None) -> datetime | None:
    """Return until when what a metric says counts for nothing, because the wave has only begun."""
    if metric.initial_delay is None or since is None:
        return None
    return calendar.later(plan.calendar, since, metric.initial_delay)


def silence(metric: PlanMetric, old: MetricState, verdict: Verdict, why: Code) -> Silence:
    """Count one more answer: only one that counts begins anew, so errors and silences cannot hide each other."""
    unbounded = metric.error_limit is None and metric.inconclusive_limit is None
    if unbounded or verdict in (Verdict.PASSED, Verdict.FAILED):
        return Silence()
    if why is Code.TOO_EARLY:
        return Silence(old.errors, old.silent)
    return Silence(old.errors + (verdict is Verdict.ERRORED), old.silent + 1)


def lost(metric: PlanMetric, said: Silence) -> bool:
    """Whether a metric has been silent for as long as it may be: then nobody is added any more."""
    errors = metric.error_limit is not None and said.errors >= metric.error_limit
    return errors or (metric.inconclusive_limit is not None and said.answers >= metric.inconclusive_limit)


def why_lost(metric: PlanMetric, name: str, said: Silence) -> Reason:
    """Say which of the two limits was reached."""
    if metric.error_limit is not None and said.errors >= metric.error_limit:
        return because(Code.ERROR_LIMIT, metric=name, times=said.errors, limit=metric.error_limit)
    return because(Code.INCONCLUSIVE_LIMIT, metric=name, times=said.answers, limit=metric.inconclusive_limit or 0)


def settled(metric: PlanMetric, now: Band, old: MetricState) -> tuple[Band, int]:
    """Return the band that stands, and how many good readings in a row have come: it gets better only after enough."""
    if now.rank >= old.band.rank:
        return now, 0
    good = old.good + 1
    return (now, 0) if good >= (metric.recover or 1) else (old.band, good)
