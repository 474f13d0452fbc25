"""The clock changes of time zones, from the pinned `tzdata` package and never from the machine.

Floor 0 looks nothing up, so the table is made here once and handed down. Two machines with the same lock file get the
same table, and so the same plan digest.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.models.programme import Zones

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
LAST = datetime(2046, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)
"""Shorter than any time between two clock changes of one zone since 2020; a test compares it with every hour."""

_MINUTE = timedelta(minutes=1)
_NO_TIME = timedelta(0)

Row = tuple[datetime, int]


def named_in(programme: dict[str, Any]) -> tuple[str, ...]:
    """Return the zones that a programme names, before anybody has looked whether it makes sense."""
    calendar, people = programme.get("calendar"), programme.get("people")
    found = ["UTC", calendar.get("zone") if isinstance(calendar, dict) else None]
    if isinstance(people, dict):
        found += [person.get("zone") for person in people.values() if isinstance(person, dict)]
    return tuple(sorted({name for name in found if isinstance(name, str)}))


def table(names: Iterable[str]) -> Zones:
    """Return the clock changes of those of the names that are zones; the rules say what becomes of the others."""
    from tidegate.models.programme import Zones

    rows = ((name, shifts(name)) for name in names)
    return Zones(shifts={name: found for name, found in rows if found})


def shifts(name: str) -> tuple[Row, ...]:
    """Return from when on local time lies how many minutes east of UTC; nothing for what is no zone."""
    zone = _zone(name)
    if zone is None:
        return ()
    found = [(FIRST, _east(zone, FIRST))]
    if zone.utcoffset(None) is not None:
        return tuple(found)  # it has never changed and never will
    here = FIRST
    while here < LAST:
        ahead = here + _STEP
        east = _east(zone, ahead)
        if east != found[-1][1]:
            found.append((_change(zone, here, ahead), east))
        here = ahead
    return tuple(found)


def today(programme: dict[str, Any]) -> date:
    """Return the day that it is where the programme works."""
    calendar = programme.get("calendar")
    name = calendar.get("zone") if isinstance(calendar, dict) else None
    zone = _zone(name) if isinstance(name, str) else None
    return datetime.now(zone or UTC).date()


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    zoneinfo.reset_tzpath(to=())
    try:
        # Past the cache, which may hold a zone that somebody else read off the machine.
        return zoneinfo.ZoneInfo.no_cache(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _east(zone: zoneinfo.ZoneInfo, moment: datetime) -> int:
    return (moment.astimezone(zone).utcoffset() or _NO_TIME) // _MINUTE


def _change(zone: zoneinfo.ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Halve the time between until one minute is left: clocks change on a full minute."""
    old = _east(zone, before)
    low, high = 0, (after - before) // _MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        if _east(zone, before + middle * _MINUTE) == old:
            low = middle
        else:
            high = middle
    return before + high * _MINUTE
