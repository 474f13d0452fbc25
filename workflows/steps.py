"""Whether a step of a rollout asks the server for anything: one that asks for nothing must not be left so.

Two steps of which the first asked for nothing may be played as one by a worker that begins anew, and apart by the next
(temporalio/sdk-rust#1146): what was heard in them would be decided in another order, and at another time. So each step
leaves something in the history: where there is nothing else, how long that was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporalio import workflow

if TYPE_CHECKING:
    from tidegate.models.exposed import ExposureState

_PATCH = "every-step-asks"
"""Runs that began to be silent before this stay so until their page is turned."""


class Steps:
    """Knows of the step under way whether it has asked the server for anything."""

    def __init__(self) -> None:
        """Know of no step."""
        self._asked = 0

    def asks(self) -> None:
        """Take in that something is asked for."""
        self._asked = workflow.info().get_current_history_length()

    def end(self) -> None:
        """See that something is; it is seen once in a step, however often that is gone through."""
        if self._asked != workflow.info().get_current_history_length() and workflow.patched(_PATCH):
            self.asks()
            workflow.upsert_memo({"step": self._asked})


def reducing(exposure: ExposureState) -> bool:
    """Whether something that makes it safer is wanted, and is not waited with."""
    return exposure.pending is not None and exposure.pending.verb != "widen" and exposure.retry_at is None


def settling(exposure: ExposureState) -> bool:
    """Whether what is exposed is still in the making, other than by a widening that has not begun."""
    return exposure.settling or (exposure.pending is not None and exposure.pending.verb != "widen")
