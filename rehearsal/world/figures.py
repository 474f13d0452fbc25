"""Figures that a scenario scripts: a number, a formula of `day`, or a file; and sources that do not say them.

What is not named is as good as its goal, so that a scenario speaks of what goes wrong and of nothing else.

    fails, away    it cannot be asked            no_data    there was nothing to measure
    slow           it does not answer in time    stale      it says what it said before, and by now that is too old
    nan            it says that it is no number  few        it says so of too few cases
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from activities.sources.contract import Asked, NoNumber, Odd, answered
from tidegate.formula import Formula, parse
from tidegate.sources import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from activities.sources.reader import Source
    from rehearsal.world.windows import Moments, Windows
    from tidegate.models.base import Bound
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.reading import Reading
    from tidegate.models.scenario import Series

MANY = 1_000
"""Over how many cases a figure is that nobody scripted, unless something needs more."""
_DAY = timedelta(days=1)
_SUCCESSES = Decimal(100)


class Figure(NamedTuple):
    """What a metric says at a moment; no value where there was nothing to measure."""

    value: Decimal | None
    n: int


class Row(NamedTuple):
    """One line of a file: from this moment on it says so."""

    at: datetime
    figure: Figure


def rows(text: str, began: datetime, n: int) -> tuple[Row, ...]:
    """Return the lines of a file of `day,value,n` or `at,value,n`. Raises ValueError, with the line."""
    lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = [name.strip() for name in lines.fieldnames or ()]
    if "value" not in names or ("day" in names) is ("at" in names):
        raise ValueError("a file of figures has the columns day,value,n or at,value,n")
    found = []
    for number, raw in enumerate(lines, 2):
        row = {(name or "").strip(): (value or "").strip() for name, value in raw.items() if isinstance(value, str)}
        try:
            at = began + timedelta(days=float(row["day"])) if "day" in names else _moment(row["at"])
            value = Decimal(row["value"]) if row["value"] else None
            found.append(Row(at, Figure(value, int(row.get("n") or n))))
        except (ValueError, InvalidOperation, OverflowError, KeyError):
            raise ValueError(f"line {number} of the file of figures cannot be read") from None
        if (value is not None and not value.is_finite()) or found[-1].figure.n < 0:
            raise ValueError(f"line {number} of the file of figures holds no figure")
    if not found:
        raise ValueError("the file of figures has no line")
    return tuple(sorted(found, key=lambda each: each.at))


def _moment(said: str) -> datetime:
    found = datetime.fromisoformat(said)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class _Told(NamedTuple):
    """One series, read."""

    series: Series
    formula: Formula | None
    rows: tuple[Row, ...]


class Figures:
    """What every metric says at every moment: `by_kind` is what a worker's sources are."""

    def __init__(
        self, plan: Callable[[], Plan], moments: Moments, began: datetime, faults: Windows, beside: Path,
        series: Mapping[str, tuple[Series, ...]],
    ) -> None:  # fmt: skip
        """Read every formula and every file at once. Raises ValueError for one that cannot be read."""
        self._plan = plan
        self._moments = moments
        self._began = began
        self._faults = faults
        self._good: dict[tuple[str, str], Decimal] = {}
        """A figure that is as good as its goal, by the plan in force and its name."""
        self._told = {name: tuple(_read(one, began, beside) for one in many) for name, many in series.items()}
        moments.await_(one.since for many in series.values() for one in many if one.since is not None)

    @property
    def by_kind(self) -> dict[str, Source]:
        """The sources, by kind."""
        return dict.fromkeys(KINDS, self)

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return what a source says of one metric, as far as the scenario lets it."""
        how, until = self._faults.of(asked.metric.source, asked.as_of), asked.until(settings)
        if how == "slow":
            raise Odd("it did not answer in time")
        if how == "no_data":
            return answered(asked, None, until)
        if how == "nan":
            raise NoNumber("NaN")
        if how not in (None, "stale", "few"):
            raise Odd("it does not answer")
        figure = self.figure(asked.name, until)
        if how == "stale":
            until -= asked.metric.max_age.longest + _DAY
        n = figure.n if how != "few" else max(asked.metric.min_samples - 1, 0)
        return answered(asked, figure.value, until, n=n)

    def figure(self, name: str, at: datetime) -> Figure:
        """Return what a metric says at a moment, whoever reads it. Raises Odd where a formula comes to no number."""
        series = self._series(name, at)
        if series is None:
            plan = self._plan()
            if (plan.digest, name) not in self._good:
                self._good[plan.digest, name] = good(plan, name)
            return Figure(self._good[plan.digest, name], self._many(name))
        if series.formula is not None:
            try:
                return Figure(series.formula(Decimal((at - self._began) / _DAY)), series.series.n)
            except ValueError as error:
                raise Odd(str(error)) from None
        row = bisect_right(series.rows, at, key=lambda each: each.at)
        return series.rows[row - 1].figure if row else Figure(None, 0)

    def _series(self, name: str, at: datetime) -> _Told | None:
        """Return the series that began last."""
        found: tuple[datetime, _Told] | None = None
        for one in self._told.get(name, ()):
            since = self._began if one.series.since is None else self._moments.at(one.series.since)
            if since is not None and since <= at and (found is None or since >= found[0]):
                found = since, one
        return None if found is None else found[1]

    def _many(self, name: str) -> int:
        plan = self._plan()
        needed = plan.metrics[name].min_samples if name in plan.metrics else 0
        return max(MANY, needed, *(rung.min_samples for rung in plan.ladder))


def _read(series: Series, began: datetime, beside: Path) -> _Told:
    if series.csv is not None:
        try:
            text = (beside / series.csv).read_text("utf-8")
        except OSError as error:
            raise ValueError(f"{series.csv} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{series.csv} is not UTF-8 text") from None
        return _Told(series, None, rows(text, began, series.n))
    if series.value is None:
        raise ValueError("a series needs a `value` or a `csv` file")
    return _Told(series, parse(series.value), ())


def good(plan: Plan, name: str) -> Decimal:
    """Return a figure that is as good as its goal: nothing acts on it, and every wave may go on by it."""
    for derived, metric in sorted(plan.metrics.items()):
        if metric.derived is not None and name in metric.derived.parts and not _bounds(plan, name):
            # Its own figure speaks of nothing; what is worked out from it does.
            part = {metric.derived.successes: _SUCCESSES, metric.derived.spend: good(plan, derived) * _SUCCESSES}
            return part.get(name, Decimal(0))
    bounds = _bounds(plan, name)
    candidates: list[Decimal] = []
    for _, bound in bounds:
        step = max(abs(bound.value), Decimal(1)) / 100
        candidates += [bound.value, bound.value + step, bound.value - step]
    # The goal first, for what is as good as that looks like life; of several the one that most is well with.
    return max([*candidates, Decimal(0)], key=lambda each: sum(bound.holds(each) is wanted for wanted, bound in bounds))


def _bounds(plan: Plan, name: str) -> tuple[tuple[bool, Bound], ...]:
    """Return each test of a metric, and whether it should pass."""
    metric = plan.metrics.get(name)
    found = [] if metric is None else [*_own(metric)]
    for rung in plan.ladder:
        found += [(True, each.bound) for each in rung.advance_when if each.metric == name]
        found += [(False, each.bound) for each in (*rung.pause_when, *rung.guard_when) if each.metric == name]
    found += [(False, each.bound) for each in plan.retire_when if each.metric == name]
    return tuple(found)


def _own(metric: PlanMetric) -> Iterator[tuple[bool, Bound]]:
    if metric.goal is not None:
        yield True, metric.goal
    if metric.healthy is not None:
        yield True, metric.healthy
    for _, bound in metric.bands:
        yield False, bound
