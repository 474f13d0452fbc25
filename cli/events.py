"""The events of one calendar file (.ics): when they are, in UTC, repeated ones written out, cancelled ones left out.

Reads any calendar that people export, and refuses with a line what it cannot be sure of: a file that is too large,
that is broken, or that repeats without measure. Knows nothing of programmes.
"""

from __future__ import annotations

import re
import stat
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.calendar import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1_000_000
MAX_EVENTS = 2_000
MAX_SERIES = 30
"""So many events that repeat; a person's leave needs a few."""
MAX_PERIODS = 500
"""So many separate times are carried with every rollout at most."""
_LAST_YEAR, _FIRST_YEAR = 2200, 1970

Shifts = tuple[tuple[datetime, int], ...]
Row = tuple[datetime, datetime]


class Unusable(Exception):  # noqa: N818 - it is no error of ours
    """Why a calendar file cannot be used, where, and what mends it."""

    def __init__(self, line: int, says: str, mend: str) -> None:
        """Keep the line, or 0 for the whole file."""
        super().__init__(says)
        self.line, self.says, self.mend = line, says, mend


def events_of(folder: Path, name: str, shifts: Shifts, between: tuple[date, date]) -> tuple[Row, ...]:
    """Return when the events of a file are, those that meet merged, all that touch the days in question.

    A day without a time begins at midnight of the clock that `shifts` describes, and a time without a zone is its too.
    """
    text = _text(folder, name)
    lines = _scanned(text)
    return _merged(_occurrences(text, lines, shifts, between))


# -- the file ----------------------------------------------------------------------------------------------------------

_EXPORT = "Export it again from the calendar, as a file that ends in .ics."


def _text(folder: Path, name: str) -> str:
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise Unusable(
            0, "it lies outside of the programme's folder", "Put it beside the programme, or in a folder there."
        )
    path = folder / name
    try:
        # A pipe or a device would never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise Unusable(0, "it is no file", "Name a calendar file.")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Unusable(0, "there is no such file", "Check the name; it counts from where the programme lies.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unusable(0, f"it cannot be read: {reason}", "Name a readable file.") from None
    if len(raw) > MAX_BYTES:
        raise Unusable(
            0, "it is larger than 1 MB", "Export only the leave or the freezes, and only some years of them."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unusable(line, "it is not UTF-8 text", "Save it with the encoding UTF-8.") from None


_CONTENT = re.compile(r"[A-Za-z0-9-]+(;[^\x00-\x1f]*)?:")


def _scanned(text: str) -> tuple[int, ...]:
    """Return where the events begin, in their order, once the outline is sound: the parser says no line numbers."""
    open_: list[tuple[str, int]] = []
    events: list[int] = []
    series = 0
    for number, line in _unfolded(text):
        name, value = _property(number, line)
        if not open_ and (events or (name, value) != ("BEGIN", "VCALENDAR")):
            raise Unusable(number, "one calendar is expected, from BEGIN:VCALENDAR to END:VCALENDAR", _EXPORT)
        if name == "BEGIN":
            open_.append((value, number))
            events += [number] if value == "VEVENT" else []
        elif name == "END":
            kind, begun = open_.pop()
            if kind != value:
                raise Unusable(number, f"{_short(value)} ends here, and {kind} of line {begun} has not ended", _EXPORT)
        elif name in ("RRULE", "EXRULE"):
            series += 1
            _bounded(number, value)
    if open_:
        raise Unusable(open_[-1][1], f"{open_[-1][0]} begins here and never ends", _EXPORT)
    if len(events) > MAX_EVENTS or series > MAX_SERIES:
        most = f"at most {MAX_EVENTS:,} are read, and {MAX_SERIES} that repeat"
        raise Unusable(0, f"it has {len(events):,} events, {series:,} repeat; {most}", "Export only what is meant.")
    return tuple(events)


def _property(number: int, line: str) -> tuple[str, str]:
    if not _CONTENT.match(line):
        raise Unusable(number, f"'{_short(line)}' is no line of a calendar", _EXPORT)
    word, _, value = line.partition(":")
    return word.partition(";")[0].upper(), value.strip().upper()


def _bounded(number: int, rule: str) -> None:
    wrong = _boundless(rule)
    if wrong is not None:
        raise Unusable(number, wrong, "Write single days, or let it repeat by day, week, month or year.")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; a long one goes on behind a space."""
    number, line = 0, ""
    for here, row in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if row[:1] in (" ", "\t") and line:
            line += row[1:]
            continue
        if line.strip():
            yield number, line
        number, line = here, row
    if line.strip():
        yield number, line


def _short(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:40])
    return f"{shown}…" if len(text) > len(shown) else shown


_DAYS = dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True))
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_PLAIN = {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}


def _boundless(rule: str) -> str | None:
    """Return what is wrong with a rule of repetition that would be counted out for ever, or never come true."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    often = parts.get("FREQ")
    if often not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        return f"it repeats by '{_short(often or '')}'"
    strange = sorted(parts.keys() - _PLAIN)
    if strange:
        return f"it repeats by {_short(strange[0])}, which is not read here"
    numbers = {
        name: _numbers(parts.get(name, "")) for name in ("INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYSETPOS")
    }
    for name, given in numbers.items():
        least, most = _BOUNDS[name]
        if given is None or not all(least <= abs(number) <= most for number in given):
            return f"its {name} is '{_short(parts[name])}'"
    weekdays = [_BY_DAY.fullmatch(day) for day in parts.get("BYDAY", "").split(",") if day]
    if not all(
        day and abs(int(day[1] or 1)) in range(1, 6 if "BYMONTH" in parts or often != "YEARLY" else 54)
        for day in weekdays
    ):
        return f"its BYDAY is '{_short(parts['BYDAY'])}'"
    return _never(often, numbers, [day for day in weekdays if day is not None])


def _never(often: str, numbers: dict[str, tuple[int, ...] | None], weekdays: list[re.Match[str]]) -> str | None:
    """Return why a rule may never come true: it would be looked for until the end of time."""
    months, days, places = numbers["BYMONTH"] or tuple(_DAYS), numbers["BYMONTHDAY"], numbers["BYSETPOS"]
    if days and not any(abs(day) <= _DAYS[month] for month in months for day in days):
        return "it repeats on a day that never comes"
    if often == "DAILY" and weekdays and numbers["INTERVAL"] not in ((), (1,)):
        return "it repeats every so many days, and on some weekdays only"
    if places:
        plain = weekdays and not days and not any(day[1] for day in weekdays) and often in ("MONTHLY", "YEARLY")
        if not plain or max(abs(place) for place in places) > _LEAST_WEEKS * len(weekdays):
            return "its BYSETPOS may never come, or is not read here"
    return None


_LEAST_WEEKS = 4
"""Each weekday comes so often in any month."""
_BOUNDS = {"INTERVAL": (1, 1_000), "COUNT": (1, 10_000), "BYMONTH": (1, 12), "BYMONTHDAY": (1, 31), "BYSETPOS": (1, 31)}


def _numbers(text: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(number) for number in text.split(",") if number)
    except ValueError:
        return None


# -- its events --------------------------------------------------------------------------------------------------------


def _occurrences(text: str, lines: tuple[int, ...], shifts: Shifts, between: tuple[date, date]) -> Iterator[Row]:
    import icalendar
    import recurring_ical_events  # type: ignore[import-untyped]  # it has no types, and one call is made

    # From the pinned table, whatever the machine has; also for zones that somebody else has read before.
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except Exception as error:  # noqa: BLE001 - whatever a parser does with a stranger's file is said, not thrown
        raise Unusable(0, f"it cannot be read: {_short(str(error))}", _EXPORT) from None
    if str(calendar.get("METHOD", "")).upper() == "CANCEL":
        return
    events = [part for part in calendar.subcomponents if part.name == "VEVENT"]
    known: dict[str, int] = {}
    for line, event in zip(lines, events, strict=True):
        _sound(line, event)
        _own_name(line, event, known)
    first, last = (datetime.combine(day, time(), UTC) for day in between)
    try:
        found = recurring_ical_events.of(calendar).between(first, last + timedelta(days=1))
    except Exception as error:  # noqa: BLE001 - the same
        raise Unusable(0, f"its repetitions cannot be counted out: {_short(str(error))}", _EXPORT) from None
    for one in found:
        if str(one.get("STATUS", "")).upper() == "CANCELLED":
            continue
        starts, ends = _moment(one.start, shifts), _moment(one.end, shifts)
        if starts < ends:
            yield starts, ends


def _sound(line: int, event: Any) -> None:
    """Refuse an event of which something could not be read, or that lies where nobody lives."""
    if event.errors:
        name, said = event.errors[0]
        raise Unusable(line, f"the {name} of this event cannot be read: {_short(str(said))}", _EXPORT)
    if event.get("DTSTART") is None:
        raise Unusable(line, "this event has no DTSTART", _EXPORT)
    if isinstance(event.get("UID"), list):
        raise Unusable(line, "this event has more than one UID", _EXPORT)
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        if event.get(name) is not None:
            _placed(line, name, event[name])
    try:
        backwards = event.duration < timedelta(0)
    except Exception as error:  # noqa: BLE001 - the same
        raise Unusable(line, f"this event has no end that fits: {_short(str(error))}", _EXPORT) from None
    if backwards:
        raise Unusable(line, "this event ends before it begins", "Swap its times.")


def _own_name(line: int, event: Any, known: dict[str, int]) -> None:
    """Give an event without a UID one; of two that share one only one would be counted, and a freeze would be lost."""
    name = str(event.setdefault("UID", f"line-{line}"))
    if event.get("RECURRENCE-ID") is None and (first := known.setdefault(name, line)) != line:
        raise Unusable(line, f"this event has the UID of the one on line {first}", "Give each event a UID of its own.")


def _placed(line: int, name: str, given: Any) -> None:
    if isinstance(given, list):
        raise Unusable(line, f"this event has more than one {name}", _EXPORT)
    at, zone = given.dt, given.params.get("TZID")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        mend = f"Write {_FIRST_YEAR} to {_LAST_YEAR}."
        raise Unusable(line, f"the {name} of this event lies in the year {at.year}", mend)
    if zone is not None and isinstance(at, datetime) and at.tzinfo is None:
        raise Unusable(line, f"there is no time zone '{_short(str(zone))}'", "Name a zone such as Europe/Berlin.")


def _moment(at: date, shifts: Shifts) -> datetime:
    if not isinstance(at, datetime):
        return instant(shifts, datetime.combine(at, time(), UTC))
    if at.tzinfo is None:
        return instant(shifts, at.replace(tzinfo=UTC))
    return at.astimezone(UTC)


def _merged(rows: Iterator[Row]) -> tuple[Row, ...]:
    """Return times that meet as one."""
    found: list[Row] = []
    for starts, ends in sorted(set(rows)):
        if found and starts <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((starts, ends))
    if len(found) > MAX_PERIODS:
        raise Unusable(0, f"it has {len(found):,} separate times; at most {MAX_PERIODS} are carried", "Export fewer.")
    return tuple(found)
