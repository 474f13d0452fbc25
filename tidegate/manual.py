"""The work that lands on people when the assistant serves nobody, against what they can do by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan

_HOUR = 60


class Load(NamedTuple):
    """What a fallback costs in a day."""

    cases: int | None
    """How many cases come back at most; none where the plan has no limit of runs."""
    per_day: int
    """How many can be done by hand."""
    minutes: int | None
    """How long one takes; none where the plan does not say."""

    @property
    def fits(self) -> bool | None:
        """Whether people can carry it; none where nobody can say."""
        return None if self.cases is None else self.cases <= self.per_day

    def sentence(self) -> str:
        """Say it, with its arithmetic."""
        can = f"{self.per_day:,} can be done by hand"
        if self.cases is None:
            return f"When it stops, nobody can say how many cases a day come back (no limit of runs); {can}."
        time = "" if self.minutes is None else f", {self.cases * self.minutes / _HOUR:,.1f} hours of work"
        short = "" if self.fits else f"; {self.cases - self.per_day:,} a day are left lying"
        each = "" if self.minutes is None else f" x {self.minutes} minutes"
        return f"When it stops, up to {self.cases:,} cases a day{each} come back by hand{time}; {can}{short}."


def load(plan: Plan, exposure: Exposure) -> Load:
    """Return what falls back on people if an exposure ends at once."""
    cases = exposure.runs_per_day if exposure.serves else 0
    return Load(cases, plan.fallback.manual_per_day, plan.fallback.manual_minutes)
