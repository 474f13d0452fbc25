"""The picture of a story, as points to draw: stages and waves along time, people served, decisions and reductions.

It knows where things stand on a sheet, and not how they look; the template draws them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Words = dict[str, Any]
LEFT, RIGHT, TOP, BOTTOM = 56.0, 984.0, 72.0, 250.0
"""Where the line of people may run."""
LANES = {"yes": 276, "agreed": 298, "no": 320, "refused": 320, "down": 342}
"""How high the marks of each sort stand."""
_NAMED = 64.0
"""A band narrower than this has no name in it."""
_NEAR = 7.0
"""Marks nearer than this are one."""
_STEPS = (1, 2, 7, 14, 30, 61, 91, 182, 365, 730, 1826)
"""Days between lines of the calendar."""
_HOURS, _LINES, _LONG = 36, 9, 182
"""What is shorter has hours, so many lines are enough, and so many days apart they name the year."""
_TOLD = 8
"""Of so many marks that are one it is said what they are."""


class Band(NamedTuple):
    """A stage or a wave."""

    x: float
    width: float
    name: str
    title: str
    sort: str


class Mark(NamedTuple):
    """A decision, a refusal or a reduction, or several of a kind that came together."""

    x: float
    y: float
    sort: str
    title: str


class Picture(NamedTuple):
    """What is to be drawn."""

    stages: list[Band]
    waves: list[Band]
    line: str
    area: str
    marks: list[Mark]
    days: list[tuple[float, str]]
    heights: list[tuple[float, str]]
    lives: list[float]


def picture(lines: Sequence[Words], first: str, last: str) -> Picture | None:
    """Return what is to be drawn; nothing where nothing has happened."""
    moments = [at for line in lines if (at := _moment(line["at"])) is not None]
    if not moments:
        return None
    start, end = min([*moments, *filter(None, (_moment(first),))]), max([*moments, *filter(None, (_moment(last),))])
    span = max((end - start).total_seconds(), 60.0)

    def x(at: datetime) -> float:
        return round(LEFT + (at - start).total_seconds() / span * (RIGHT - LEFT), 1)

    dated = [(at, line) for line in lines if (at := _moment(line["at"])) is not None]
    most = max((line["people"] for _, line in dated if line["people"] is not None), default=0)
    step = _nice(most)
    top = max(step, -(-most // step) * step)

    def y(people: int) -> float:
        return round(BOTTOM - people / top * (BOTTOM - TOP), 1)

    line, area = _stairs(dated, x, y)
    return Picture(
        stages=list(_bands(dated, x, lambda one: (one["stage"],), RIGHT)),
        waves=list(_bands(dated, x, lambda one: (one["stage"], one["wave"]), RIGHT)),
        line=line,
        area=area,
        marks=list(_marks(dated, x)),
        days=list(_days(start, end, x)),
        heights=[(y(people), f"{people:,}") for people in range(0, top + 1, step)],
        lives=[x(at) for at, one in dated if one.get("begins")],
    )


def _moment(at: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _nice(most: int) -> int:
    """Return a round number of which about four reach the top."""
    step = 1
    while step * 5 < most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def _stairs(
    dated: Sequence[tuple[datetime, Words]], x: Callable[[datetime], float], y: Callable[[int], float]
) -> tuple[str, str]:
    """Return the line of people served, and the surface below it; it changes at once and then stays."""
    people, path = 0, [f"M{x(dated[0][0])},{y(0)}"]
    for at, line in dated:
        if line["people"] is not None and line["people"] != people:
            people = line["people"]
            path.append(f"H{x(at)}V{y(people)}")
    path.append(f"H{RIGHT}")
    drawn = "".join(path)
    return drawn, f"{drawn}V{y(0)}Z"


def _bands(
    dated: Sequence[tuple[datetime, Words]],
    x: Callable[[datetime], float],
    key: Callable[[Words], tuple[str, ...]],
    end: float,
) -> Iterator[Band]:
    """Return what follows one another along time; where nothing is said, what was goes on."""
    parts: list[tuple[float, tuple[str, ...]]] = []
    for at, line in dated:
        name = key(line)
        if all(name) and (not parts or parts[-1][1] != name):
            parts.append((x(at), name))
    for place, (begin, name) in enumerate(parts):
        until = parts[place + 1][0] if place + 1 < len(parts) else end
        width = round(until - begin, 1)
        shown = name[-1].replace("_", " ")
        fits = width >= max(_NAMED if len(name) == 1 else 0.0, len(shown) * 6.6 + 8)
        yield Band(begin, width, shown if fits else "", " · ".join(name).replace("_", " "), name[0])


def _marks(dated: Sequence[tuple[datetime, Words]], x: Callable[[datetime], float]) -> Iterator[Mark]:
    """Return the marks; those of a kind that would lie on one another are one."""
    for sort in LANES:
        near: list[tuple[float, Words]] = []
        for at, line in (one for one in dated if one[1]["sort"] == sort):
            if near and x(at) - near[0][0] >= _NEAR:
                yield _mark(sort, near)
                near = []
            near.append((x(at), line))
        if near:
            yield _mark(sort, near)


def _mark(sort: str, near: list[tuple[float, Words]]) -> Mark:
    title = "\n".join(f"{line['at'][:10]}: {line['title']}" for _, line in near[:_TOLD])
    more = f"\nand {len(near) - _TOLD} more" if len(near) > _TOLD else ""
    return Mark(near[0][0], LANES[sort], sort, title + more)


def _days(start: datetime, end: datetime, x: Callable[[datetime], float]) -> Iterator[tuple[float, str]]:
    """Return lines of the calendar, few enough to be read."""
    hours = (end - start).total_seconds() / 3600
    if hours < _HOURS:
        step = timedelta(hours=max(1, int(hours // 6) or 1))
        at = start.replace(minute=0, second=0, microsecond=0) + step
        form = "%H:%M"
    else:
        days = next((days for days in _STEPS if hours / 24 / days <= _LINES), _STEPS[-1])
        step = timedelta(days=days)
        at = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        form = "%d %b %Y" if days >= _LONG else "%d %b"
    while at <= end:
        yield x(at), at.strftime(form)
        at += step
