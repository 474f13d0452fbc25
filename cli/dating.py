"""Public holidays and calendar files, looked up when a plan is made, and handed to floor 0 as dates.

Everything comes from the pinned packages and from the files beside the programme, never from the machine: the same
words give the same plan anywhere. What is dated reaches from the year before to the third year after the day in
question, whole years each, so that a plan made again in the same year is the same plan. Nothing is imported before
something is named.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.dated import Dated, Trouble
    from tidegate.models.programme import Zones

YEARS_BACK, YEARS_AHEAD = 1, 3
_LAST_YEAR = 2045
"""The last whole year of which the clock changes are known."""


class Region(NamedTuple):
    """Whose public holidays are kept, and where the programme says so."""

    country: str
    part: str | None
    path: tuple[str | int, ...]

    @property
    def name(self) -> str:
        """As floor 0 calls it: `DE`, or `DE-BY`."""
        return f"{self.country}-{self.part}" if self.part else self.country


class File(NamedTuple):
    """A calendar file, whose it is, in whose zone its days begin, and where the programme names it."""

    kind: str
    owner: str
    name: str
    zone: str
    path: tuple[str | int, ...]


def look_up(programme: dict[str, Any], folder: Path, day: date, zones: Zones) -> Zones:
    """Return the zones with everything dated that a programme names; what cannot be had is said in it, not raised."""
    regions, files = tuple(_regions(programme)), tuple(_files(programme))
    if not regions and not files:
        return zones
    return zones.model_copy(update={"dated": _dated(folder, span(day), zones, regions, files)})


def span(day: date) -> tuple[date, date]:
    """Return the first and the last day that is dated, seen from a day."""
    last = max(min(day.year + YEARS_AHEAD, _LAST_YEAR), day.year)
    return date(max(day.year - YEARS_BACK, 1), 1, 1), date(last, 12, 31)


def _dated(
    folder: Path, between: tuple[date, date], zones: Zones, regions: tuple[Region, ...], files: tuple[File, ...]
) -> Dated:
    from tidegate.models.dated import Dated, Period, Trouble

    days: dict[str, tuple[date, ...]] = {}
    events: dict[str, dict[str, tuple[Period, ...]]] = {"leave": {}, "freezes": {}}
    troubles: list[Trouble] = []
    for region in regions:
        if region.name not in days:
            found = _public(region, between)
            if isinstance(found, Trouble):
                troubles.append(found)
                found = ()
            days[region.name] = found
    for file in files:
        from cli.events import Unusable, events_of

        # Where there is no such zone the rules say so, and nothing comes of it.
        shifts = zones.shifts.get(file.zone) or zones.shifts["UTC"]
        try:
            rows = events_of(folder, file.name, shifts, between)
            events[file.kind][file.owner] = tuple(Period(starts=starts, ends=ends) for starts, ends in rows)
        except Unusable as wrong:
            line = f", line {wrong.line}" if wrong.line else ""
            troubles.append(Trouble(path=file.path, says=f"{file.name}{line}: {wrong.says}", mend=wrong.mend))
    return Dated(first=between[0], last=between[1], holidays=days, troubles=tuple(troubles), **events)


def _public(region: Region, between: tuple[date, date]) -> tuple[date, ...] | Trouble:
    import holidays

    from tidegate.authoring.read import known
    from tidegate.models.dated import Trouble

    first, last = between
    try:
        found = holidays.country_holidays(region.country, subdiv=region.part, years=range(first.year, last.year + 1))
        return tuple(sorted(found))
    except NotImplementedError:
        there = holidays.list_supported_countries(include_aliases=False)
    if region.country in there:
        path: tuple[str | int, ...] = (*region.path[:-1], "subdivision")
        says = f"`{region.country}` has no part called `{region.part}`"
        mend = known(region.part or "", tuple(there[region.country]))
    else:
        path, says = region.path, f"there are no public holidays of a country called `{region.country}`"
        mend = f"Write one of {', '.join(sorted(there))}."
    return Trouble(path=path, says=says, mend=mend)


# -- what a programme names, before anybody has looked whether it makes sense ------------------------------------------


def _regions(programme: dict[str, Any]) -> Iterator[Region]:
    calendar = _map(programme.get("calendar"))
    country = _code(calendar.get("country"))
    if country:
        yield Region(country, _code(calendar.get("subdivision")), ("calendar", "country"))
    for name, person in _map(programme.get("people")).items():
        own, part = _code(_map(person).get("country")), _code(_map(person).get("subdivision"))
        if own or (part and country):
            yield Region(own or country or "", part, ("people", name, "country" if own else "subdivision"))


def _files(programme: dict[str, Any]) -> Iterator[File]:
    zone = str(_map(programme.get("calendar")).get("zone", "UTC"))
    for name, person in _map(programme.get("people")).items():
        file = _map(person).get("leave_file")
        if isinstance(file, str):
            yield File("leave", name, file, str(_map(person).get("zone") or zone), ("people", name, "leave_file"))
    freezes = programme.get("freezes")
    for index, freeze in enumerate(freezes if isinstance(freezes, list) else ()):
        file, called = _map(freeze).get("file"), _map(freeze).get("name")
        if isinstance(file, str) and isinstance(called, str):
            yield File("freezes", called, file, zone, ("freezes", index, "file"))


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
