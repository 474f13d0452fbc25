"""Small charts as points to draw: one figure against its thresholds, figures along time, people along time.

It knows where things stand on a sheet, and not how they look; the templates draw them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tidegate.models.document import Measured

WIDE, HIGH = 640.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 628.0, 14.0, 140.0
"""Where the lines of a chart along time may run."""
BAR_LEFT, BAR_RIGHT = 4.0, 316.0
"""Where a bar may run."""
_AIR = 1.12
_ROUND = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_LINES = 4
_TICKS = 7
_STEPS = (1, 2, 7, 14, 30, 61, 91, 182, 365, 730)


class Zone(NamedTuple):
    """A stretch of a bar, or of the height of a chart, in which a figure would act."""

    start: float
    length: float
    band: str
    title: str


class Bar(NamedTuple):
    """One figure on a line: where it stands among its thresholds, beside baseline and goal."""

    zones: tuple[Zone, ...]
    value: float | None
    baseline: float | None
    goal: float | None
    title: str


class Tick(NamedTuple):
    """A line of the calendar or of the scale."""

    at: float
    label: str


class Sheet(NamedTuple):
    """Figures along time."""

    line: str
    points: tuple[tuple[float, float, str], ...]
    zones: tuple[Zone, ...]
    baseline: float | None
    goal: float | None
    heights: tuple[Tick, ...]
    days: tuple[Tick, ...]
    title: str


class Stairs(NamedTuple):
    """People along time: as decided, and what an advance would add."""

    line: str
    area: str
    ahead: str
    """Where it would go from the last moment on; empty where nothing is asked."""
    heights: tuple[Tick, ...]
    days: tuple[Tick, ...]
    title: str


def bar(one: Measured) -> Bar | None:
    """Return one figure among its thresholds; nothing where there is nothing to hold it against."""
    marks = [_number(one.value), _number(one.baseline), *(_bound(text) for text in (one.goal, one.healthy))]
    marks += [_bound(text) for _, text in one.bands]
    known = [mark for mark in marks if mark is not None]
    if len(known) < (1 if one.value is None else 2):
        return None
    least, most = min(0.0, *known), max(*known, 0.0) or 1.0
    most = least + (most - least) * _AIR

    def x(value: float) -> float:
        return round(BAR_LEFT + (value - least) / (most - least) * (BAR_RIGHT - BAR_LEFT), 1)

    zones = tuple(
        Zone(round(start, 1), round(end - start, 1), band, f"{band} {text}")
        for band, text, start, end in _zones(one.bands, x(least), x(most), x)
    )
    value, baseline, goal = _number(one.value), _number(one.baseline), _bound(one.goal)
    return Bar(
        zones=zones,
        value=None if value is None else x(value),
        baseline=None if baseline is None else x(baseline),
        goal=None if goal is None else x(goal),
        title=_bar_says(one),
    )


def _bar_says(one: Measured) -> str:
    said = [f"{one.name}: {'no reading that counts' if one.value is None else one.value}"]
    said += [f"baseline {one.baseline}"] if one.baseline is not None else []
    said += [f"goal {one.goal}"] if one.goal else []
    said += [f"{band} {text}" for band, text in one.bands]
    return ", ".join(said)


def _zones(
    bands: Sequence[tuple[str, str]], first: float, last: float, x: Callable[[float], float]
) -> Iterator[tuple[str, str, float, float]]:
    """Return where each band lies, mildest first, so that the graver one is drawn above it."""
    for band, text in reversed(bands):
        edge = _bound(text)
        if edge is None:
            continue
        low, high = sorted((first, last))
        place = min(max(x(edge), low), high)
        upward = text.startswith(">")
        start, end = sorted((place, last if upward else first))
        if end > start:
            yield band, text, start, end


def sheet(one: Measured, readings: Sequence[tuple[datetime, Decimal]]) -> Sheet | None:
    """Return the figures of one metric along time, against its thresholds; one figure is no curve."""
    if len(readings) < 2:  # noqa: PLR2004  # a line has two ends
        return None
    values = [float(value) for _, value in readings]
    marks = [_number(one.baseline), _bound(one.goal), *(_bound(text) for _, text in one.bands)]
    known = [*values, *(mark for mark in marks if mark is not None and mark <= max(values) * 3 + 1)]
    step = _step(max(known, default=1.0), min([0.0, *known]))
    least = min(0.0, *known)
    least = -step * _up(-least / step) if least < 0 else 0.0
    most = max(step, step * _up(max(known) / step))
    x, days = _calendar([at for at, _ in readings])

    def y(value: float) -> float:
        return round(BOTTOM - (value - least) / (most - least) * (BOTTOM - TOP), 1)

    points = tuple((x(at), y(float(value)), f"{at:%Y-%m-%d %H:%M}: {value}") for at, value in readings)
    zones = tuple(
        Zone(round(min(start, end), 1), round(abs(end - start), 1), band, f"{band} {text}")
        for band, text, start, end in _zones(one.bands, y(least), y(most), y)
    )
    baseline, goal = _number(one.baseline), _bound(one.goal)
    return Sheet(
        line="M" + "L".join(f"{across},{down}" for across, down, _ in points),
        points=points,
        zones=zones,
        baseline=None if baseline is None or not least <= baseline <= most else y(baseline),
        goal=None if goal is None or not least <= goal <= most else y(goal),
        heights=tuple(Tick(y(at), f"{at:g}") for at in _scale(least, most, step)),
        days=days,
        title=f"{one.name} along time: {len(readings)} readings, from {values[0]:g} to {values[-1]:g}",
    )


def stairs(people: Sequence[tuple[datetime, int]], ends: datetime, asked: int | None) -> Stairs | None:
    """Return how many were to be served along time, and how many would be."""
    if not people:
        return None
    most = max([*(count for _, count in people), asked or 0, 1])
    step, top = scale(most)
    x, days = _calendar([people[0][0], *(at for at, _ in people), ends], keep=0.0 if asked is None else 40.0)

    def y(count: int) -> float:
        return round(BOTTOM - count / top * (BOTTOM - TOP), 1)

    path = [f"M{x(people[0][0])},{y(0)}"]
    path += [f"H{x(at)}V{y(count)}" for at, count in people]
    now, last = x(ends), people[-1][1]
    path.append(f"H{now}")
    drawn = "".join(path)
    says = f"People served at most along time: {last:,} now"
    return Stairs(
        line=drawn,
        area=f"{drawn}V{y(0)}Z",
        ahead="" if asked is None or asked == last else f"M{now},{y(last)}V{y(asked)}H{RIGHT}",
        heights=tuple(Tick(y(int(at)), f"{int(at):,}") for at in _scale(0.0, top, step)),
        days=days,
        title=says if asked is None else f"{says}, {asked:,} asked for",
    )


def scale(most: int) -> tuple[float, float]:
    """Return a round step for whole counts up to so many, and the mark that they stay below."""
    step = max(1.0, _step(float(most), 0.0, whole=True))
    return step, step * _up(most / step)


def marks(top: float, step: float) -> list[float]:
    """Return the marks of a scale of whole counts."""
    return _scale(0.0, top, step)


def _calendar(moments: Sequence[datetime], keep: float = 0.0) -> tuple[_Across, tuple[Tick, ...]]:
    start, end = min(moments), max(moments)
    span = max((end - start).total_seconds(), 60.0)
    across = _Across(start, span, RIGHT - keep)
    hours = span / 3600
    if hours < 48:  # noqa: PLR2004  # two days have hours
        step, at, form = timedelta(hours=max(1, round(hours / 6))), start.replace(minute=0, second=0), "%H:%M"
        if hours < 1:
            return across, (Tick(across(start), f"{start:%H:%M}"), Tick(across(end), f"{end:%H:%M}"))
    else:
        days = next((days for days in _STEPS if hours / 24 / days <= _TICKS), _STEPS[-1])
        step, at, form = timedelta(days=days), start.replace(hour=0, minute=0, second=0), "%d %b"
    ticks = []
    while (at := at + step) <= end:
        ticks.append(Tick(across(at), at.strftime(form)))
    return across, tuple(ticks)


class _Across:
    """Where a moment stands from left to right."""

    def __init__(self, start: datetime, span: float, right: float) -> None:
        self.start, self.span, self.right = start, span, right

    def __call__(self, at: datetime) -> float:
        return round(LEFT + (at - self.start).total_seconds() / self.span * (self.right - LEFT), 1)


def _step(most: float, least: float, *, whole: bool = False) -> float:
    """Return a round number of which about four lie between two."""
    rough = Decimal(str(most - least)) / _LINES or Decimal(1)
    power = Decimal(10) ** rough.adjusted()
    steps = (one * power for one in _ROUND if not whole or one == int(one))
    return float(next(step for step in steps if step >= rough))


def _up(count: float) -> int:
    return int(-(-round(count, 9) // 1))


def _scale(least: float, most: float, step: float) -> list[float]:
    count = round((most - least) / step)
    return [round(least + step * place, 9) for place in range(count + 1)]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _bound(text: str) -> float | None:
    return float(text.rpartition(" ")[2]) if text else None
