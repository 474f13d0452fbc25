"""When what a scenario names is so: each fault has a beginning and an end, and some wait for something to be seen."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from tidegate.moments import anew, dated, plus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tidegate.models.lived import Seen
    from tidegate.models.plan import WorkingTime
    from tidegate.models.scenario import Between, Failing
    from tidegate.models.sight import When


class While(NamedTuple):
    """A while, as far as it is known; what has no beginning yet has not begun, what has no end yet goes on."""

    since: datetime | None
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it is so at that moment."""
        return self.since is not None and self.since <= at and (self.until is None or at < self.until)


class Moments:
    """The moments that a scenario names. What waits for a sight is known once that was seen so often."""

    def __init__(self, began: datetime, calendar: WorkingTime) -> None:
        """Count from the start, in the working time of the programme."""
        self._began = began
        self._calendar = calendar
        self._waits: list[tuple[When, int]] = []
        self._found: dict[When, datetime] = {}
        self._before: Seen | None = None
        self._lock = Lock()

    def at(self, when: When) -> datetime | None:
        """Return the moment; none while what it follows has not been seen."""
        if when.after is None:
            return dated(when, self._began, self._calendar)
        return self._found.get(when)

    def await_(self, whens: Iterable[When]) -> None:
        """Look out for what these wait for, from the first line on."""
        self._waits.extend((when, 0) for when in dict.fromkeys(whens) if when.after is not None)

    def saw(self, seen: Iterable[Seen]) -> bool:
        """Take in lines as they come, in order; return whether a moment is known by them that was not."""
        known = len(self._found)
        with self._lock:
            for one in seen:
                left = []
                for when, count in self._waits:
                    count += when.after is not None and anew(when.after, self._before, one)  # noqa: PLW2901  # once more
                    if count < when.time:
                        left.append((when, count))
                    else:
                        self._found[when] = plus(when, one.at, self._calendar)
                self._waits, self._before = left, one
        return len(self._found) > known


class Windows:
    """The faults of one kind of thing outside: of each, or of one by its name."""

    def __init__(self, moments: Moments, faults: Iterable[Failing]) -> None:
        """Know when each begins and ends."""
        self._moments = moments
        self._faults = tuple(faults)
        moments.await_(when for fault in self._faults for when in (fault.since, fault.until))

    def of(self, name: str, at: datetime) -> str | None:
        """Return what something does at a moment; none where it does as it should. Of several the last counts."""
        for fault in reversed(self._faults):
            if fault.name in (None, name) and span(self._moments, fault).holds(at):
                return fault.how
        return None

    def edges(self) -> tuple[datetime, ...]:
        """Return when any of them begins or ends, as far as that is known."""
        found = {edge for fault in self._faults for edge in span(self._moments, fault) if edge is not None}
        return tuple(sorted(found))


def span(moments: Moments, between: Between) -> While:
    """Return from when until when, as far as that is known."""
    return While(moments.at(between.since), moments.at(between.until))
