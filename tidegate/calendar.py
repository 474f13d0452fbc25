"""Working time: when N business hours or days have passed, in the organisation's own zone.

The zone's clock changes and the holidays are dated in the plan, so nothing here looks anything up.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import MINYEAR, UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidegate.models.base import Span, Unit

if TYPE_CHECKING:
    from datetime import date

    from tidegate.models.plan import FreezeWindow, WorkingTime

LEAST = timedelta(minutes=1)
"""Nothing comes round sooner, whatever the standard says."""
LAST = datetime(9999, 12, 31, tzinfo=UTC)
"""Nothing comes later: after it there is no date."""
_DAY = timedelta(days=1)
_SEARCH_DAYS = 800
"""A calendar in which no working day comes for so long is refused when the plan is compiled."""


def later(calendar: WorkingTime, start: datetime, span: Span) -> datetime:
    """Return when the span has passed; business time counts only while the organisation works.

    The last date there is is spelled by people who mean never; it must not keep anything from going on.
    """
    try:
        return _passed(calendar, start, span)
    except OverflowError:
        return LAST if start.year > MINYEAR else start


def _passed(calendar: WorkingTime, start: datetime, span: Span) -> datetime:
    if span.unit is Unit.BUSINESS_DAYS:
        return _business_days(calendar, start, span.length)
    if span.unit is Unit.BUSINESS_HOURS:
        return _business_minutes(calendar, start, span.length * 60)
    return start + span.wall


def again(calendar: WorkingTime, now: datetime, span: Span) -> datetime:
    """Return when what comes round comes next: never at once, or time would stand still."""
    return max(later(calendar, now, span), now + LEAST)


def working(calendar: WorkingTime, moment: datetime) -> bool:
    """Whether the organisation works at that moment."""
    local = _local(calendar, moment)
    minute = local.hour * 60 + local.minute
    return _workday(calendar, local.date()) and calendar.opens <= minute < calendar.closes


def next_working(calendar: WorkingTime, moment: datetime) -> datetime:
    """Return the moment itself in working time, else when the next working day opens."""
    return moment if working(calendar, moment) else _business_minutes(calendar, moment, 0)


def freeze_at(freezes: tuple[FreezeWindow, ...], stage: str, moment: datetime) -> FreezeWindow | None:
    """Return the freeze that binds a stage at that moment, the one that ends last if there are several."""
    return max(freezes_at(freezes, stage, moment), key=lambda window: window.ends, default=None)


def freezes_at(freezes: tuple[FreezeWindow, ...], stage: str, moment: datetime) -> tuple[FreezeWindow, ...]:
    """Return every freeze that binds a stage at that moment."""
    return tuple(window for window in freezes if stage in window.stages and window.starts <= moment < window.ends)


def offset(shifts: tuple[tuple[datetime, int], ...], moment: datetime) -> timedelta:
    """Return how far east of UTC local time lies at that moment."""
    row = bisect_right(shifts, moment, key=lambda shift: shift[0])
    return timedelta(minutes=shifts[max(row - 1, 0)][1])


def instant(shifts: tuple[tuple[datetime, int], ...], local: datetime) -> datetime:
    """Return the moment at which the local clock shows this; in a gap, the moment after it."""
    guess = local - offset(shifts, local)
    settled = local - offset(shifts, guess)
    return max(guess, settled) if settled + offset(shifts, settled) != local else settled


def _local(calendar: WorkingTime, moment: datetime) -> datetime:
    return moment + offset(calendar.shifts, moment)


def _workday(calendar: WorkingTime, day: date) -> bool:
    return day.weekday() in calendar.workdays and day not in calendar.holidays


def _at(calendar: WorkingTime, day: datetime, minute: int) -> datetime:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return instant(calendar.shifts, midnight + timedelta(minutes=minute))


def _business_days(calendar: WorkingTime, start: datetime, count: int) -> datetime:
    # The same time of day, so many working days on; from outside working hours it counts from the next opening.
    local = _local(calendar, next_working(calendar, start))
    minute = local.hour * 60 + local.minute
    idle = 0
    while idle < _SEARCH_DAYS:
        if count == 0:
            return _at(calendar, local, minute)
        local += _DAY
        idle += 1
        if _workday(calendar, local.date()):
            count, idle = count - 1, 0
    raise ValueError("the calendar has no working days")


def _business_minutes(calendar: WorkingTime, start: datetime, minutes: int) -> datetime:
    local = _local(calendar, start)
    left = timedelta(minutes=minutes)
    idle = 0
    while idle < _SEARCH_DAYS:
        idle += 1
        if _workday(calendar, local.date()):
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            begin = max(local, midnight + timedelta(minutes=calendar.opens))
            end = midnight + timedelta(minutes=calendar.closes)
            if begin < end and begin + left <= end and (left > timedelta(0) or begin < end):
                return instant(calendar.shifts, begin + left)
            if begin < end:
                left, idle = left - (end - begin), 0
        local = (local + _DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    raise ValueError("the calendar has no working days")
