"""A sign of life from work that takes a while; and its end, once nobody waits for it any more.

No thread is interrupted: that would come anywhere, amid a write or with a lock in hand. It asks by itself, between two
steps.
"""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import CancelledError


def beat() -> None:
    """Say that it goes on, so that a worker that is gone is missed soon; go no further where it was cancelled."""
    activity.heartbeat()
    if activity.is_cancelled():
        raise CancelledError("nobody waits for it any more")
