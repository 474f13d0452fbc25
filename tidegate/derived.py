"""Figures that are worked out from other figures, such as what one success costs with the people who helped.

A derived figure says nothing as soon as one of its parts says nothing, and it is as old as its oldest part. Knows what
its parts are worth already; how that is judged is known in `thresholds`.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate.models.derived import MINUTES
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tidegate.models.plan import Plan, PlanMetric

Status = Literal["value", "no_data", "stale", "error", "insufficient_sample"]

_MICRO = Decimal("0.000001")
_EXACT = Context(prec=60)
"""Wide enough for all that two figures can come to; the context of a thread may be another."""
_MOST = Decimal(10) ** 12
_STATUS: MappingProxyType[Code, Status] = MappingProxyType(
    {Code.SOURCE_ERROR: "error", Code.STALE: "stale", Code.FEW_SAMPLES: "insufficient_sample"}
)
"""Why a part says nothing, as the whole then says it; all else is no data."""
_WORST_FIRST: tuple[Status, ...] = ("error", "stale", "insufficient_sample", "no_data")


class Part(NamedTuple):
    """What one part says, and what that is worth."""

    last: Reading
    code: Code
    value: Decimal | None


def of(plan: Plan, names: Mapping[str, object]) -> Iterator[tuple[str, PlanMetric]]:
    """Yield what is derived from any of these metrics."""
    for name, metric in plan.metrics.items():
        if metric.derived is not None and any(part in names for part in metric.derived.parts):
            yield name, metric


def parts(plan: Plan, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return these metrics with what they are derived from in the place of what is derived."""
    found: list[str] = []
    for name in names:
        metric = plan.metrics[name]
        found.extend((name,) if metric.derived is None else metric.derived.parts)
    return tuple(dict.fromkeys(found))


def reading(metric: PlanMetric, said: Mapping[str, Part]) -> Reading:
    """Work out what a derived metric says, as of its oldest part."""
    taken = [part.last.taken_at for part in said.values()]
    oldest, newest = min(taken), max(taken)
    silent = {_STATUS.get(part.code, "no_data"): name for name, part in said.items() if part.value is None}
    for status in _WORST_FIRST:
        if status in silent:
            return Reading(status=status, taken_at=oldest, note=f"its part {silent[status]} says nothing that counts")
    if newest - oldest > metric.every.longest:
        return Reading(status="stale", taken_at=oldest, note=f"its parts were read more than {metric.every} apart")
    return _per_success(metric, said, oldest)


def _per_success(metric: PlanMetric, said: Mapping[str, Part], at: datetime) -> Reading:
    asked = metric.derived
    value = {name: Decimal(0) if part.value is None else part.value for name, part in said.items()}
    if asked is None or any(each < 0 for each in value.values()):
        return Reading(status="error", taken_at=at, note="one of its parts is less than nothing")
    successes, spend = value[asked.successes], value[asked.spend]
    if successes == 0:
        return Reading(status="no_data", taken_at=at, note=f"nothing has succeeded; {spend} is spent")
    minutes, rate = value.get(asked.minutes or "", Decimal(0)), asked.rate or Decimal(0)
    people = _EXACT.divide(_EXACT.multiply(minutes, rate), Decimal(MINUTES))
    cost = _EXACT.divide(_EXACT.add(spend, people), successes)
    if cost >= _MOST:
        return Reading(status="error", taken_at=at, note="it is larger than can be written down")
    shown = f"({spend} + {minutes} min x {rate}/h) / {successes}" if asked.minutes else f"{spend} / {successes}"
    # Rounded up: never cheaper than it was.
    exact = cost.quantize(_MICRO, ROUND_CEILING, _EXACT)
    return Reading(status="value", value=exact, n=int(successes), taken_at=at, note=shown)
