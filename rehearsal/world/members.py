"""Who is in a cohort, where a scenario says it: as many as the plan counts on, and whoever joins or leaves after that.

People of a rehearsal are numbers: `home-0007`. Whoever has been there longest leaves first. Everybody is trained.
"""

from __future__ import annotations

from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.member import Participant
from tidegate.models.training import Curriculum

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.member import CohortRoll
    from tidegate.models.plan import Plan

TRAINED = date(2999, 12, 31)
WHOLE = 10_000


class _Group(NamedTuple):
    """Those from this number until that one."""

    first: int
    end: int


class Members:
    """Everybody, by cohort."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        """Count as the plan in force does, until somebody joins or leaves."""
        self._plan = plan
        self._groups: dict[str, _Group] = {}
        self._lock = Lock()

    def read(self, cohort: str, roll: CohortRoll) -> tuple[Participant, ...]:
        """Return who is in a cohort, by id."""
        group, name = self._group(cohort), cohort.replace("/", "-")
        until = TRAINED if roll.source.trained_until is not None else None
        role = roll.preset
        return tuple(
            Participant(id=f"{name}-{number:06}", role=role, trained_until=until, group=self._counted(roll, number))
            for number in range(group.first, group.end)
        )

    def join(self, cohort: str, count: int) -> None:
        """Let so many people in."""
        with self._lock:
            group = self._group(cohort)
            self._groups[cohort] = group._replace(end=group.end + count)

    def leave(self, cohort: str, count: int) -> None:
        """Let so many people go; one stays, for a list that names nobody is a broken one."""
        with self._lock:
            group = self._group(cohort)
            self._groups[cohort] = group._replace(first=min(group.first + count, group.end - 1))

    def size(self, cohort: str) -> int:
        """Return how many there are."""
        group = self._group(cohort)
        return group.end - group.first

    def _group(self, cohort: str) -> _Group:
        return self._groups.get(cohort, _Group(0, counted(self._plan(), cohort)))

    @staticmethod
    def _counted(roll: CohortRoll, number: int) -> Curriculum:
        """Return whose course is theirs: where that is told apart, one in twenty each leads and helps."""
        if roll.source.group is None:
            return Curriculum.USERS
        return {1: Curriculum.MANAGERS, 2: Curriculum.SUPPORT}.get(number % 20, Curriculum.USERS)


def counted(plan: Plan, cohort: str) -> int:
    """Return how many people a cohort has, by the largest part of it that any wave serves."""
    parts = [rung.exposure.cohorts[cohort] for rung in plan.ladder if cohort in rung.exposure.cohorts]
    return max((-(-part.people * WHOLE // part.share) for part in parts), default=1)
