"""How often somebody may come: a bucket of turns for each of them, filled again as time goes by."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 10_000
"""So many are kept apart; whoever fills the room with strangers pushes out the oldest, and gains nothing by it."""


class Rate(NamedTuple):
    """So many at once, and so many more a minute."""

    burst: int
    per_minute: int


class Limits:
    """Buckets of turns by name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody known."""
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def takes(self, who: str, rate: Rate) -> bool:
        """Take a turn of somebody's, and return whether they had one."""
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop(who, (float(rate.burst), now))
            left = min(rate.burst, left + (now - at) * rate.per_minute / 60)
            # Whoever came last stands last, so the first is the one that was not seen for longest.
            self._buckets[who] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > _MOST:
                del self._buckets[next(iter(self._buckets))]
        return left >= 1
