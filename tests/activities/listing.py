"""Who is in a cohort, written down in a test: the same port as the store's, without a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.drivers.contract import Unlisted
from tests.activities.flags import COHORTS
from tidegate.models.member import Participant

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tidegate.models.exposure import CohortShare


class Listing:
    """Thirty people in each cohort, unless a test says otherwise; snapshots by their digests."""

    def __init__(self, rolls: dict[str, list[Participant]] | None = None) -> None:
        self.rolls = rolls if rolls is not None else {name: crowd(name, 30) for name in COHORTS}
        self.ever: dict[str, set[str]] = {}
        self.snapshots: dict[str, set[str]] = {}
        self.out_of_reach = False

    def entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        named = self.known(cohort, part)
        return [person for person in self.rolls[cohort] if person.id in named]

    def known(self, cohort: str, part: CohortShare) -> Collection[str]:
        if self.out_of_reach:
            raise OSError("out of reach")
        if cohort not in self.rolls:
            raise Unlisted(f"{cohort} has no source")
        # Who left may have been approved when they were there.
        ever = self.ever.setdefault(cohort, set())
        ever.update(person.id for person in self.rolls[cohort])
        return set.intersection(*(self.snapshots[who] for who in part.who)) if part.who else ever


def crowd(cohort: str, people: int, role: str | None = None) -> list[Participant]:
    """So many people, who are in no other cohort."""
    return [Participant(id=f"{cohort.rpartition('/')[2]}-{number}", role=role) for number in range(people)]
