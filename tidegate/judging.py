"""What one answer of a source is worth, and why it may say nothing at all.

No data, a stale value, too few samples and a silent source are four different reasons, and none of them passes.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from tidegate import calendar, patience
from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.reading import Reading
    from tidegate.models.state import State

    Judged: TypeAlias = Mapping[str, tuple[Verdict, Reason, Decimal | None]]
    """What the last answer of each metric is worth."""

AHEAD = timedelta(minutes=5)
"""A reading from further in the future than this comes from a clock that is wrong."""


def judged(plan: Plan, state: State, now: datetime) -> Judged:
    """Return what the last answer of every metric is worth now."""
    found = {}
    for name, metric in plan.metrics.items():
        watched = state.metrics.get(name)
        last, since = (watched.last, watched.since) if watched else (None, None)
        found[name] = judge(plan, metric, name, last, now, since)
    return found


def judge(
    plan: Plan, metric: PlanMetric, name: str, last: Reading | None, now: datetime, since: datetime | None = None
) -> tuple[Verdict, Reason, Decimal | None]:
    """Return what a metric's last answer is worth now, and its value where it has one that counts.

    `since` is from when on it is watched, where its first readings are to be passed over.
    """
    if last is None:
        return Verdict.INCONCLUSIVE, because(Code.NO_READING, metric=name), None
    if last.status == "error":
        return *_unread(name, last), None
    if last.status == "stale" or calendar.later(plan.calendar, last.taken_at, metric.max_age) <= now:
        return Verdict.INCONCLUSIVE, because(Code.STALE, metric=name, at=last.taken_at), None
    if last.taken_at > now + AHEAD:
        return Verdict.INCONCLUSIVE, because(Code.FROM_THE_FUTURE, metric=name, at=last.taken_at), None
    until = patience.early_until(plan, metric, since)
    if until is not None and last.taken_at < until:
        return Verdict.INCONCLUSIVE, because(Code.TOO_EARLY, metric=name, until=until), None
    absent = last.status == "no_data" or (last.status == "value" and last.value is None)
    if absent and metric.on_no_data == "fail":
        return Verdict.FAILED, because(Code.NO_DATA_FAILS, metric=name), None
    if absent and metric.on_no_data == "inconclusive":
        return Verdict.INCONCLUSIVE, because(Code.NO_DATA, metric=name), None
    if last.status == "insufficient_sample" or last.n < metric.min_samples:
        # That nothing happened is no sample of how it goes when something does, whatever no data counts as.
        return Verdict.INCONCLUSIVE, because(Code.FEW_SAMPLES, metric=name, n=last.n, needed=metric.min_samples), None
    if absent:
        return Verdict.PASSED, because(Code.NO_DATA_ZERO, metric=name), Decimal(0)
    return Verdict.PASSED, _read(name, last), last.value


def _read(name: str, last: Reading) -> Reason:
    if last.note is None:
        return because(Code.READ, metric=name, value=last.value, n=last.n)
    return because(Code.READ_NOTED, metric=name, value=last.value, n=last.n, note=last.note)


def _unread(name: str, last: Reading) -> tuple[Verdict, Reason]:
    if last.why == "not_a_number":
        # It did answer, and said nothing: no figure, and no fault of the way to it.
        return Verdict.INCONCLUSIVE, because(Code.NOT_A_NUMBER, metric=name, note=last.note or "NaN")
    return Verdict.ERRORED, because(Code.SOURCE_ERROR, metric=name, note=last.note or "no reason given")
