"""Moments as people write and read them: a day, a time of day where the programme works, or a moment with its zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from cli.answers import Refusal

if TYPE_CHECKING:
    from tidegate.models.plan import WorkingTime

_FORMS = "Write 2027-03-31 for the end of that day, 2027-03-31T14:00 where the programme works, or 2027-03-31T14:00Z."


def moment(text: str, option: str, where: WorkingTime | None = None) -> datetime:
    """Return the moment that somebody means; a bare day is meant until its end."""
    try:
        if len(text) == len("2027-03-31"):
            return _there(datetime.combine(date.fromisoformat(text) + timedelta(days=1), time()), where)
        said = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Refusal(f"{option}: '{text}' is no time", _FORMS) from None
    return said.astimezone(UTC) if said.tzinfo is not None else _there(said, where)


def _there(local: datetime, where: WorkingTime | None) -> datetime:
    """Read a clock on the wall: the programme's, or ours where no programme is known."""
    if where is None:
        return local.astimezone(UTC)
    from tidegate.calendar import instant

    return instant(where.shifts, local.replace(tzinfo=UTC))


def shown(at: datetime) -> str:
    """Say a moment as all of Tidegate does."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def ago(at: datetime, now: datetime) -> str:
    """Say how old something is, roughly."""
    return f"{_roughly(now - at)} ago"


def ahead(at: datetime, now: datetime) -> str:
    """Say how soon something comes, roughly."""
    return f"in {_roughly(at - now)}"


def _roughly(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} s"
