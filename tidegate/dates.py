"""What a new revision changes about dates: working calendars, leave and freezes.

What only moves a date later, or binds more, is recorded and asks nobody: a holiday more, a freeze more or a longer one.
What moves a date earlier, or lets something widen sooner, is a question to everybody. What is over by now is neither.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate.models.change import Change, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.plan import FreezeWindow, Member, Plan, WorkingTime

_DAY = timedelta(days=1)


def undated(member: Member) -> Member:
    """Return somebody without the dates that are judged here."""
    return member.but(away=(), calendar=None)


def changes(old: Plan, new: Plan, now: datetime | None) -> Iterator[Change]:
    """Name every difference in dates."""
    if new.freezes != old.freezes:
        freer = any(not _covered(window, new.freezes, now) for window in old.freezes)
        yield Change("freezes", Weight.MATERIAL if freer else Weight.RECORDED)
    if new.calendar != old.calendar:
        later = _only_later(old.calendar, new.calendar, now)
        yield Change("working calendar", Weight.RECORDED if later else Weight.MATERIAL)
    if new.dated_until != old.dated_until:
        yield Change("how far holidays and calendar files are dated", Weight.RECORDED)
    kept = sorted(name for name in old.roster if name in new.roster)
    moved = [name for name in kept if _hours(new, name) != _hours(old, name)]
    sooner = [name for name in moved if not _later_for(old, new, name, now)]
    if moved:
        yield Change(f"working hours: {', '.join(moved)}", Weight.MATERIAL if sooner else Weight.RECORDED)
    leave = [name for name in kept if new.roster[name].away != old.roster[name].away]
    if leave:
        # While somebody is away their deputy may sit for them: to say so is to seat somebody.
        seats = any(_seats_deputy(old.roster[name], new.roster[name], now) for name in leave)
        yield Change(f"leave: {', '.join(leave)}", Weight.ROSTER if seats else Weight.RECORDED)


def _hours(plan: Plan, name: str) -> WorkingTime | None:
    return plan.calendars.get(plan.roster[name].calendar or "")


def _later_for(old: Plan, new: Plan, name: str, now: datetime | None) -> bool:
    # The programme's hours count for everybody, so hours of one's own only ever add time.
    was, becomes = _hours(old, name), _hours(new, name)
    return was is None or (becomes is not None and _only_later(was, becomes, now))


def _only_later(old: WorkingTime, new: WorkingTime, now: datetime | None) -> bool:
    """Whether nothing is otherwise but days more on which nobody works."""
    # A day that is over everywhere on earth moves nothing any more.
    coming = [day for day in old.holidays if now is None or day >= (now - 2 * _DAY).date()]
    return old.but(holidays=()) == new.but(holidays=()) and all(day in new.holidays for day in coming)


def _covered(old: FreezeWindow, windows: tuple[FreezeWindow, ...], now: datetime | None) -> bool:
    """Whether a freeze still binds all that it bound from now on, and nobody more may let anything through it."""
    begins = old.starts if now is None else max(old.starts, now)
    return begins >= old.ends or any(
        new.starts <= begins
        and new.ends >= old.ends
        and all(stage in new.stages for stage in old.stages)
        and all(function in old.approvers for function in new.approvers)
        for new in windows
    )


def _seats_deputy(old: Member, new: Member, now: datetime | None) -> bool:
    coming = [(begin, end) for begin, end in new.away if now is None or end > now]
    more = any(not any(first <= begin and last >= end for first, last in old.away) for begin, end in coming)
    return more and new.deputy is not None
