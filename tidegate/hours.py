"""Whose hours count: a round of votes lasts as long as those who are asked need, and reminds them while they work.

The programme's hours always count; another clock and other holidays only ever add time. Where a round that nobody
answers is what makes it safer, nobody's holiday puts that off: a review of what people are served with keeps the
programme's hours. Knows only calendars and people, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import GateKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tidegate.models.base import Span
    from tidegate.models.plan import Plan, WorkingTime

REVIEWS = (GateKind.CHECKPOINT, GateKind.OPERATING)
"""Rounds that hold when nobody answers: their end is a safety timer."""


def of(plan: Plan, person: str) -> WorkingTime:
    """Return when somebody works; whom nobody knows works as the programme does."""
    member = plan.roster.get(person)
    return plan.calendars.get((member.calendar if member else None) or "", plan.calendar)


def fair(plan: Plan, kind: GateKind, people: Iterable[str], start: datetime, span: Span) -> datetime:
    """Return when a span of a round of votes has passed for everybody who is asked."""
    members = () if kind in REVIEWS else (plan.roster.get(person) for person in people)
    names = sorted({member.calendar for member in members if member is not None and member.calendar is not None})
    own = [plan.calendars[name] for name in names if name in plan.calendars]
    return max(calendar.later(hours, start, span) for hours in (plan.calendar, *own))


def fair_again(plan: Plan, kind: GateKind, people: Iterable[str], now: datetime, span: Span) -> datetime:
    """Return the same for what comes round: never at once, or time would stand still."""
    return max(fair(plan, kind, people, now, span), now + calendar.LEAST)


def at_work(plan: Plan, person: str, moment: datetime) -> datetime:
    """Return the first moment from then on at which somebody works and is not away."""
    hours, member = of(plan, person), plan.roster.get(person)
    moment = calendar.next_working(hours, moment)
    for begin, end in sorted(member.away) if member else ():
        if begin <= moment < end:
            moment = calendar.next_working(hours, end)
    return moment


def reminders(plan: Plan, people: Iterable[str], now: datetime, span: Span) -> dict[str, datetime]:
    """Return when each is reminded next: after the span, in hours in which they are there."""
    return {person: at_work(plan, person, calendar.again(of(plan, person), now, span)) for person in people}
