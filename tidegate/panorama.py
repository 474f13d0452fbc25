"""A life as a picture to draw: stages, waves, exposure, and what it waits for, above one calendar.

It knows where things stand on the sheet, and not how they look; the template draws them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import charts
from tidegate.saying import spoken
from tidegate.strip import MARKS, WORDS
from tidegate.timetable import day, went_wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tidegate.models.lived import Lived, Shade, Stretch

WIDE, LEFT, RIGHT = 960.0, 118.0, 948.0
TOP, BOTTOM = 78.0, 238.0
"""Where exposure is drawn."""
LANE, GAP = 16.0, 6.0
PEOPLE = 8
"""So many people on leave have a lane of their own; the others share the last."""
_LETTER = 6.6
_PAD = 8.0
_WORD = 7
"""Fewer letters of a longer name say nothing."""


class Box(NamedTuple):
    """A stretch of a lane."""

    x: float
    width: float
    kind: str
    label: str
    """What is written in it; empty where there is no room."""
    title: str


class Lane(NamedTuple):
    """A row of stretches with its name."""

    name: str
    y: float
    boxes: tuple[Box, ...]


class Panorama(NamedTuple):
    """All that is drawn."""

    height: float
    stages: Lane
    waves: Lane
    freezes: tuple[Box, ...]
    """Shaded through the whole picture."""
    desired: str
    served: str
    area: str
    heights: tuple[charts.Tick, ...]
    days: tuple[charts.Tick, ...]
    waits: Lane
    leave: tuple[Lane, ...]
    marks: tuple[tuple[float, str], ...]
    """Where something went wrong, and what."""
    title: str


def panorama(lived: Lived) -> Panorama | None:
    """Return the picture of a life; nothing of one that had no length."""
    if lived.ended <= lived.started or not lived.stretches:
        return None
    span = (lived.ended - lived.started).total_seconds()

    def x(at: datetime) -> float:
        at = min(max(at, lived.started), lived.ended)
        return round(LEFT + (at - lived.started).total_seconds() / span * (RIGHT - LEFT), 1)

    most = max(max(one.people, one.served) for one in lived.stretches) or 1
    step, top = charts.scale(most)

    def y(count: int) -> float:
        return round(BOTTOM - count / top * (BOTTOM - TOP), 1)

    desired = _stairs(lived.stretches, x, y, lambda one: one.people)
    served = _stairs(lived.stretches, x, y, lambda one: one.served)
    waits_y = BOTTOM + 34
    leave = tuple(_leave(lived, x, waits_y + LANE + GAP))
    end = (leave[-1].y if leave else waits_y) + LANE + GAP
    return Panorama(
        height=end + 4,
        stages=Lane("Stage", 26, tuple(_boxes(lived, x, lambda one: (one.stage, spoken(one.stage), "")))),
        waves=Lane("Wave", 46, tuple(_boxes(lived, x, lambda one: (one.wave, one.wave, "")))),
        freezes=tuple(_box(lived, x, one) for one in lived.shades if one.kind == "freeze"),
        desired=desired,
        served=served,
        area=f"{served}V{BOTTOM}H{x(lived.started)}Z",
        heights=tuple(charts.Tick(y(int(count)), f"{int(count):,}") for count in charts.marks(top, step)),
        days=tuple(_months(lived, x)),
        waits=Lane(
            "Waits for",
            waits_y,
            tuple(_boxes(lived, x, lambda one: (one.kind, WORDS[MARKS[one.kind]] if one.kind else "", one.waits))),
        ),
        leave=leave,
        marks=tuple((x(one.at), f"{day(lived, one.at)}: {one.sentence}") for one in went_wrong(lived)),
        title=f"{lived.title} from {day(lived, lived.started)} to {day(lived, lived.ended)}: "
        f"{len([m for m in lived.milestones if m.begun])} of {len(lived.milestones)} waves, {most:,} people at most",
    )


def _boxes(
    lived: Lived, x: Callable[[datetime], float], of: Callable[[Stretch], tuple[str, str, str]]
) -> Iterator[Box]:
    """Yield a box for each run of stretches that say the same; those that say nothing have none."""
    runs: list[tuple[tuple[str, str, str], datetime, datetime]] = []
    for one in lived.stretches:
        if runs and runs[-1][0] == of(one):
            runs[-1] = (runs[-1][0], runs[-1][1], one.until)
        else:
            runs.append((of(one), one.since, one.until))
    for (kind, label, title), since, until in runs:
        if kind:
            width = max(1.0, round(x(until) - x(since), 1))
            told = f"{day(lived, since)} to {day(lived, until)}: {title or label}"
            yield Box(x(since), width, kind, fitted(label, width), told)


def fitted(label: str, width: float) -> str:
    """Return a label as far as it can be read in a box; nothing where that would be a letter or two."""
    room = int((width - _PAD) / _LETTER)
    if len(label) <= room:
        return label
    return f"{label[: room - 1]}…" if room >= _WORD else ""


def _box(lived: Lived, x: Callable[[datetime], float], one: Shade) -> Box:
    width = max(2.0, round(x(one.until) - x(one.since), 1))
    told = f"{one.name}, {day(lived, one.since)} to {day(lived, one.until)}"
    return Box(x(one.since), width, one.kind, fitted(one.name, width), f"{told}: {one.why}" if one.why else told)


def _leave(lived: Lived, x: Callable[[datetime], float], y: float) -> Iterator[Lane]:
    people = list(dict.fromkeys(one.name for one in lived.shades if one.kind == "leave"))
    groups = [[name] for name in people[:PEOPLE]] + ([people[PEOPLE:]] if people[PEOPLE:] else [])
    for place, names in enumerate(groups):
        boxes = tuple(_box(lived, x, one) for one in lived.shades if one.kind == "leave" and one.name in names)
        name = names[0] if len(names) == 1 else f"{len(names)} others"
        yield Lane(name, y + place * (LANE + 2), tuple(box._replace(label="") for box in boxes))


def _stairs(
    stretches: Sequence[Stretch],
    x: Callable[[datetime], float],
    y: Callable[[int], float],
    of: Callable[[Stretch], int],
) -> str:
    path = [f"M{x(stretches[0].since)},{y(of(stretches[0]))}"]
    path += [f"H{x(one.since)}V{y(of(one))}" for one in stretches[1:]]
    return "".join([*path, f"H{x(stretches[-1].until)}"])


def _months(lived: Lived, x: Callable[[datetime], float]) -> Iterator[charts.Tick]:
    at = lived.started.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while at <= lived.ended:
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
        if at <= lived.ended:
            found.append(at)
    every = max(1, -(-len(found) // _LABELS))
    for place, one in enumerate(found):
        if place % every == 0 and x(one) < RIGHT - _EDGE:
            yield charts.Tick(x(one), f"{one:%b %Y}")
    if not found:
        yield charts.Tick(x(lived.started), day(lived, lived.started))


_LABELS = 12
_EDGE = 24.0
