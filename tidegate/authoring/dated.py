"""Days made into moments where the programme is: freezes, ends of stages, and whether dates reach far enough.

Knows nothing of countries and files: they were looked up before, and lie beside the case.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from tidegate.calendar import instant
from tidegate.forecast import forecast
from tidegate.models.finding import Finding, Severity
from tidegate.models.plan import FreezeWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tidegate.authoring.case import Case
    from tidegate.models.plan import Plan
    from tidegate.models.programme import Freeze


def freezes(case: Case) -> tuple[FreezeWindow, ...]:
    """Return every freeze with its moments, in their order."""
    found = [
        FreezeWindow(
            name=freeze.name,
            starts=starts,
            ends=ends,
            reason=freeze.reason,
            stages=freeze.stages,
            approvers=tuple(sorted(set(freeze.approvers))),
        )
        for freeze in case.programme.freezes
        for starts, ends in _periods(case, freeze)
    ]
    return tuple(sorted(found, key=lambda freeze: (freeze.starts, freeze.name)))


def _periods(case: Case, freeze: Freeze) -> list[tuple[datetime, datetime]]:
    """Return when a freeze binds: on its days, or during the events of its calendar file."""
    if freeze.first is None or freeze.last is None:
        return [(one.starts, one.ends) for one in case.zones.dated.freezes.get(freeze.name, ())]
    return [(midnight(case, freeze.first), midnight(case, freeze.last + timedelta(days=1)))]


def midnight(case: Case, day: date) -> datetime:
    """Return the moment at which a day begins where the programme is."""
    return instant(case.calendar.shifts, datetime.combine(day, time(), UTC))


def undated(case: Case, plan: Plan) -> Iterator[Finding]:
    """Warn where it may go on after the last day that was looked up: from then on every weekday is a working day."""
    last = case.zones.dated.last
    if last is None:
        return
    dates = [one for one in forecast(plan, midnight(case, case.as_of)) if one.latest is not None]
    ends = [min(one.latest.watched, one.expires or one.latest.watched) for one in dates if one.latest is not None]
    if ends and max(ends) >= midnight(case, last + timedelta(days=1)):
        yield Finding(
            "P17", Severity.WARNING, ("calendar",),
            f"it may last until {max(ends):%Y-%m-%d}, and holidays and calendar files are dated until {last}",
            "Amend it with this same playbook in a later year: what is dated then is only recorded.", "programme",
        )  # fmt: skip
