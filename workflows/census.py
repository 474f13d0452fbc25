"""How many rollouts there are in each state, as the server's own list says; no rollout is asked for it.

Each worker that watches counts all of them, so whoever adds workers up takes the largest and not the sum.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workflows import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporalio.client import WorkflowExecution
    from temporalio.common import MetricMeter

ROLLOUTS = "tidegate_rollouts"


class Census:
    """Counts, and says also what there is none of any more."""

    def __init__(self, meter: MetricMeter) -> None:
        """Say it there."""
        self._gauge = meter.create_gauge(ROLLOUTS, "Rollouts under way, by stage, phase and control.")
        self._known: set[tuple[str, str, str]] = set()

    def take(self, running: Iterable[WorkflowExecution]) -> None:
        """Count those that are under way."""
        count = Counter(tuple(run.typed_search_attributes.get(key, "") for key in _KEYS) for run in running)
        self._known |= {(stage, phase, control) for stage, phase, control in count}
        for state in self._known:
            self._gauge.set(count[state], dict(zip(("stage", "phase", "control"), state, strict=True)))


_KEYS = (attributes.STAGE, attributes.PHASE, attributes.CONTROL)
