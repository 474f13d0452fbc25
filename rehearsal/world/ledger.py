"""A ledger that is out of reach when the scenario says so, and is there again after that; otherwise it is the real one.

While it is away evidence waits in the rollout, nothing widens, and nobody can read who is in a cohort.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.exceptions import ApplicationError

from activities.authority import authority
from activities.ledger import LedgerActivities
from store.engine import Unreachable

if TYPE_CHECKING:
    from activities.authority import Authority
    from rehearsal.world.now import Now
    from rehearsal.world.windows import Moments
    from store.heads import Heads
    from store.ledger import Ledger
    from tidegate.models.scenario import Between
    from tidegate.models.task import ApplyRequest, StoreRequest

AGAIN = timedelta(minutes=10)
"""When it is asked again where nobody knows yet until when it is away."""
_WHY = "the ledger is out of reach"


class Outages:
    """When the ledger is away."""

    def __init__(self, now: Now, moments: Moments, outages: tuple[Between, ...]) -> None:
        """Know when each begins and ends."""
        self._now = now
        self._moments = moments
        self._outages = outages
        moments.await_(when for one in outages for when in (one.since, one.until))

    def left(self) -> timedelta | None:
        """Return how long it is still away; none if it is there."""
        at = self._now()
        left = None
        for one in self._outages:
            since, until = self._moments.at(one.since), self._moments.at(one.until)
            if since is not None and since <= at and (until is None or at < until):
                this = AGAIN if until is None else until - at
                left = this if left is None else max(left, this)
        return left

    def check(self) -> None:
        """Raise Unreachable while it is away."""
        if self.left() is not None:
            raise Unreachable(_WHY)

    def authority(self, url: str) -> Authority:
        """Return what asks the ledger whether a widening was authorised."""
        found = authority(url)

        def authorised(request: ApplyRequest) -> str | None:
            return "the ledger cannot be asked whether it is authorised" if _away(self) else found(request)

        return authorised


def _away(outages: Outages) -> bool:
    return outages.left() is not None


class Interrupted(LedgerActivities):
    """The activity that stores evidence, with the outages of a scenario."""

    def __init__(self, outages: Outages, url: str, heads: Heads | None = None) -> None:
        """Store it in the ledger of this URL, while that is there."""
        super().__init__(url, heads)
        self._outages = outages

    def opened(self) -> Ledger:
        """Return the ledger; raise Unreachable while it is away."""
        self._outages.check()
        return super().opened()

    def kept(self, task: StoreRequest) -> int:
        """Keep evidence; what is tried while it is away is tried again when it is back, and not a thousand times."""
        left = self._outages.left()
        if left is not None:
            raise ApplicationError(_WHY, type="Unreachable", next_retry_delay=left)
        return super().kept(task)
