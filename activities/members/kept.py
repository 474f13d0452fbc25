"""Who may be served, as the store knows it: the port of every target that holds people by name.

It asks no source. What was read last holds until something newer is read, so a source that is away takes nobody's
access and keeps nobody's: who was seen to leave is out.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from activities.drivers.contract import Unlisted
from activities.members.read import listed
from store.engine import Unreachable
from store.rolls import Rolls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tidegate.models.exposure import CohortShare
    from tidegate.models.member import Participant


def _today() -> date:
    return datetime.now(UTC).date()


class Kept:
    """The lists in the store of a URL. Training is judged by the day of those who are served."""

    def __init__(self, url: str, today: Callable[[], date] = _today) -> None:
        self._rolls = Rolls(url)
        self._today = today

    def entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        """Return who is in the cohort now, is named, and owes no training."""
        today = self._today()
        with _in_reach():
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
        with _in_reach():
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
        with _in_reach():
            named = self._named(part)
            if named is not None:
                return named
            return {person.id for body in self._rolls.ever(cohort) for person in listed(body)[0]}

    def _named(self, part: CohortShare) -> set[str] | None:
        named: set[str] | None = None
        for digest in part.who:
            body = self._rolls.roll(digest)
            if body is None:
                raise Unlisted(f"the list {digest[:12]} is not kept here")
            here = {person.id for person in listed(body)[0]}
            named = here if named is None else named & here
        return named


class _in_reach:  # noqa: N801  # it reads as a word of the sentence it stands in
    """A store that is out of reach is said in the words that drivers know."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Unreachable):
            raise ConnectionError("the store is out of reach") from None
        if isinstance(error, ValueError | KeyError | TypeError):
            raise ConnectionError("a list in the store cannot be read") from None
