"""A life as a strip of text: stages, waves and exposure over time, in a few rows that fit any terminal.

A column is a while; what lasted longest in it is drawn, and whoever was served at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate.saying import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from tidegate.models.lived import Lived, Stretch

LABEL = 9
"""So wide the names of the rows are."""
LEAST = 24
"""So many columns a picture has at least."""
HEIGHT = 6
"""So many rows exposure has at most."""
MARKS = {
    "people": "p", "freeze": "f", "notice": "n", "watching": ".", "figures": "m", "readiness": "r",
    "stopped": "!", "world": "x", "handoff": "h", "": " ",
}  # fmt: skip
"""What each kind of waiting is drawn as."""
WORDS = {
    "p": "people decide", "f": "freeze", "n": "notice", ".": "watched", "m": "figures", "r": "readying",
    "!": "made safer", "x": "systems", "h": "handoff",
}  # fmt: skip
_MONTH = 10


class _Column(NamedTuple):
    since: datetime
    until: datetime
    lasted: Stretch
    """What lasted longest."""
    people: int
    """Most that were to be served."""
    served: int
    """Most that were served as read back."""


def strip(lived: Lived, width: int = 80) -> tuple[str, ...]:
    """Return the picture, line by line, in so many characters at most."""
    size = max(LEAST, width - LABEL - 1)
    columns = _columns(lived, size)
    if not columns:
        return ()
    used = "".join(MARKS[one.lasted.kind] for one in columns)
    return tuple(
        line.rstrip()
        for line in (
            _row("", _ruler(columns)),
            _row("stage", _runs(columns, lambda one: spoken(one.lasted.stage))),
            _row("wave", _runs(columns, lambda one: one.lasted.wave)),
            *_exposure(columns),
            *_shaded(lived, columns),
            _row("waits", used),
            *_wrapped([f"{mark} {WORDS[mark]}" for mark in WORDS if mark in used], size),
        )
    )


def _columns(lived: Lived, size: int) -> tuple[_Column, ...]:
    step = (lived.ended - lived.started) / size
    if step <= timedelta():
        return ()
    found = []
    for place in range(size):
        since, until = lived.started + step * place, lived.started + step * (place + 1)
        inside = [one for one in lived.stretches if one.since < until and one.until > since]
        if not inside:
            inside = [lived.stretches[-1]]
        lasted = max(inside, key=lambda one: min(one.until, until) - max(one.since, since))
        found.append(_Column(since, until, lasted, max(s.people for s in inside), max(s.served for s in inside)))
    return tuple(found)


def _row(name: str, text: str) -> str:
    return f"{name[:LABEL]:<{LABEL}} {text}"


def _ruler(columns: Sequence[_Column]) -> str:
    """Write months above the columns in which they begin, as far as there is room."""
    line = [" "] * len(columns)
    free = 0
    for place, one in enumerate(columns):
        first = place == 0 or (one.until - _BLINK).month != (one.since - _BLINK).month
        said = f"{(one.until - _BLINK):%Y-%m}"
        if first and place >= free and place + len(said) <= len(line):
            line[place : place + len(said)] = said
            free = place + _MONTH
    return "".join(line)


_BLINK = timedelta(microseconds=1)


def _runs(columns: Sequence[_Column], of: Callable[[_Column], str]) -> str:
    """Write each name once, over the columns in which it stands."""
    line, start = "", 0
    for place in range(1, len(columns) + 1):
        if place < len(columns) and of(columns[place]) == of(columns[start]):
            continue
        name, size = of(columns[start]), place - start
        line += (f"|{name}"[:size]).ljust(size, "-" if name else " ") if name else " " * size
        start = place
    return line


def _exposure(columns: Sequence[_Column]) -> Iterator[str]:
    # Each step is a row, however small it is: on a scale the first waves could not be told from nobody.
    steps = sorted({count for one in columns for count in (one.people, one.served) if count})
    if not steps:
        yield _row("served", "nobody")
    kept = {steps[round(place * (len(steps) - 1) / (HEIGHT - 1))] for place in range(HEIGHT)} if steps else set()
    for count in sorted(kept if len(steps) > HEIGHT else steps, reverse=True):
        line = "".join("#" if one.served >= count else "+" if one.people >= count else " " for one in columns)
        yield _row(f"{count:>{LABEL},}", line)


def _shaded(lived: Lived, columns: Sequence[_Column]) -> Iterator[str]:
    for kind, mark in (("freeze", "/"), ("leave", "o")):
        spans = [(one.since, one.until) for one in lived.shades if one.kind == kind]
        if spans:
            hit = (any(a < one.until and b > one.since for a, b in spans) for one in columns)
            yield _row(kind, "".join(mark if there else " " for there in hit))


def _wrapped(words: Iterable[str], size: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + 2 + len(word) > size:
            yield _row("", line)
            line = ""
        line = f"{line}  {word}" if line else word
    if line:
        yield _row("", line)
