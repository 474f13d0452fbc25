"""What was looked up outside floor 0, once, when a plan is made: public holidays, and the events of calendar files.

Knows nothing of files and of countries: it holds dates, the days between which they were looked up, and what went
wrong.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from tidegate.models.base import Authored, Id, Instant


class Period(Authored):
    """One event of a calendar file."""

    starts: Instant
    """From."""
    ends: Instant
    """Until."""


class Trouble(Authored):
    """Something that could not be looked up."""

    path: tuple[str | int, ...]
    """Where the programme names it."""
    says: str
    """What is wrong, with the file and its line where there is one."""
    mend: str
    """What mends it."""


class Dated(Authored):
    """Public holidays and events, between two days."""

    first: date | None = None
    """The first day that was looked up; none where there was nothing to look up."""
    last: date | None = None
    """The last day that was looked up."""
    holidays: dict[str, tuple[date, ...]] = Field(default_factory=dict)
    """The public holidays, by `DE` or `DE-BY`."""
    leave: dict[Id, tuple[Period, ...]] = Field(default_factory=dict)
    """When somebody is away by their calendar file, by person."""
    freezes: dict[Id, tuple[Period, ...]] = Field(default_factory=dict)
    """When nothing widens by a calendar file, by freeze."""
    troubles: tuple[Trouble, ...] = ()
    """What could not be looked up."""
