"""Who may be served, as the store knows it: the port of every target that holds people by name.

It asks no source. What was read last holds until something newer is read, so a source that is away takes nobody's
access and keeps nobody's: who was seen to leave is out.

A reduction looks here before it writes, so no answer may take long: a store that kept one waiting in vain is not waited
for again at once, and of the lists of the past only those are read that are new since the last time.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from activities.drivers.contract import Unlisted
from activities.members.read import listed, names
from store.engine import Unreachable
from store.rolls import Rolls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tidegate.models.exposure import CohortShare
    from tidegate.models.member import Participant


PATIENCE, AWAY = 1.0, 10.0
"""A store that is out of reach after so many seconds counts as out of reach for so many more."""


def _today() -> date:
    return datetime.now(UTC).date()


class Kept:
    """The lists in the store of a URL. Training is judged by the day of those who are served."""

    def __init__(
        self, url: str, today: Callable[[], date] = _today, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rolls = Rolls(url)
        self._today = today
        self._reach = _Reach(clock)
        self._ever: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        """Per cohort, which lists of the past are known, and whom they name. A list is never another."""

    def entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        """Return who is in the cohort now, is named, and owes no training."""
        today = self._today()
        with self._reach:
            body = self._rolls.current(cohort)
            if body is None:
                raise Unlisted(f"nobody has read yet who is in {cohort}")
            people, trains = listed(body)
            named = self._named(part)
        return [
            person
            for person in people
            if (named is None or person.id in named)
            and (not trains or (person.trained_until is not None and person.trained_until >= today))
        ]

    def barred(self, cohort: str, part: CohortShare, person: str) -> str | None:
        """Return which rule keeps somebody out of a cohort; none if they may be served."""
        with self._reach:
            body = self._rolls.current(cohort)
            if body is None:
                raise Unlisted(f"nobody has read yet who is in {cohort}")
            people, trains = listed(body)
            named = self._named(part)
        found = next((one for one in people if one.id == person), None)
        if found is None:
            return "not-a-member"
        if named is not None and person not in named:
            return "not-named"
        owes = trains and (found.trained_until is None or found.trained_until < self._today())
        return "training-owed" if owes else None

    def known(self, cohort: str, part: CohortShare) -> Collection[str]:
        """Return whom the share names; without names, whoever was ever in the cohort."""
        with self._reach:
            named = self._named(part)
            if named is not None:
                return named
            digests, people = self._ever.get(cohort, (frozenset(), frozenset()))
            new = self._rolls.ever(cohort, digests)
            if new:
                people = people.union(*(names(body) for body in new.values()))
                self._ever[cohort] = (digests.union(new), people)
            return people

    def _named(self, part: CohortShare) -> set[str] | None:
        named: set[str] | None = None
        for digest in part.who:
            body = self._rolls.roll(digest)
            if body is None:
                raise Unlisted(f"the list {digest[:12]} is not kept here")
            here = {person.id for person in listed(body)[0]}
            named = here if named is None else named & here
        return named


class _Reach:
    """Whether the store is within reach; that it is not is said in the words that drivers know.

    Threads share it, and none needs to know of another: at worst two wait in vain.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = threading.local()
        self._away_until = float("-inf")

    def __enter__(self) -> None:
        self._begun.at = self._clock()
        if self._begun.at < self._away_until:
            raise ConnectionError("the store is out of reach")

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Unreachable):
            if self._clock() - self._begun.at > PATIENCE:
                self._away_until = self._clock() + AWAY
            raise ConnectionError("the store is out of reach") from None
        if isinstance(error, ValueError | KeyError | TypeError):
            raise ConnectionError("a list in the store cannot be read") from None
