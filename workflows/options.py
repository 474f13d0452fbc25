"""How long each activity may take, how often it is tried, and what a person reads beside it: by name, in one place.

Nothing here may wait without an end: what is not answered in time is answered as unknown, and the rules decide.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

if TYPE_CHECKING:
    from collections.abc import Mapping

_S = timedelta(seconds=1)


class Option(NamedTuple):
    """The bounds of one activity."""

    start_to_close: timedelta
    """One attempt."""
    attempts: int
    """How often at most; 0 is for ever."""
    longest_wait: timedelta
    """Between two attempts."""
    heartbeat: timedelta | None = None
    """After so long without a sign it counts as gone; without one, a cancellation never arrives."""

    def arguments(self) -> dict[str, Any]:
        """Return them as the SDK takes them."""
        return {
            "start_to_close_timeout": self.start_to_close,
            "heartbeat_timeout": self.heartbeat,
            "retry_policy": RetryPolicy(
                initial_interval=_S, maximum_interval=self.longest_wait, maximum_attempts=self.attempts
            ),
            "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        }


# A widening that is not confirmed soon goes back, and a reduction is tried again for ever: both by rule.
_WIDEN = Option(30 * _S, 2, 2 * _S, heartbeat=2 * _S)
_REDUCE = Option(30 * _S, 3, 2 * _S, heartbeat=2 * _S)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        "widen": _WIDEN,
        "hold": _REDUCE,
        "narrow": _REDUCE,
        "redirect": _REDUCE,
        "pause": _REDUCE,
        "rollback": _REDUCE,
        "observe": Option(15 * _S, 3, 5 * _S, heartbeat=2 * _S),
        # Evidence is never given up; while the ledger is away it waits in the rollout's own state.
        "store": Option(10 * _S, 0, 30 * _S),
        # A stop goes on for ever; a worker that is gone is missed soon, and its pass begun anew.
        "stop_matching": Option(120 * _S, 0, 2 * _S, heartbeat=6 * _S),
        "keep_embargo": Option(10 * _S, 0, 30 * _S),
        "keep_request": Option(10 * _S, 0, 30 * _S),
        "may_lift": Option(30 * _S, 3, 2 * _S),
        # So long may one source or one channel take; a worker that is gone is missed as soon.
        # Whoever goes on for a worker that is gone only clears up; that is worth some patience.
        "drill": Option(120 * _S, 6, 10 * _S, heartbeat=45 * _S),
        "read": Option(60 * _S, 3, 10 * _S, heartbeat=10 * _S),
        "resolve": Option(60 * _S, 3, 10 * _S, heartbeat=10 * _S),
        "tell": Option(60 * _S, 3, 10 * _S, heartbeat=10 * _S),
    }
)


def newest() -> dict[str, Any]:
    """Return what lets the next run begin with the newest code, where workers are told apart by their version."""
    if not workflow.info().is_target_worker_deployment_version_changed():
        return {}
    return {"initial_versioning_behavior": workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE}
