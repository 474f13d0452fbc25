"""Figures are fetched from whatever source the plan names, as of the rollout's own clock; never as a bare number."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from temporalio import activity

from activities.beat import beat
from activities.sources.contract import Asked
from activities.sources.reader import Reader
from tidegate.models.plan import Backend
from tidegate.models.task import ReadRequest, ReadResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from activities.sources.reader import Source

_WHOLE = 50.0
"""Seconds for all that is read in one breath: less than the activity has, so that no source spoils another's answer."""


class MetricActivities:
    """The activity that reads."""

    def __init__(self, sources: Mapping[str, Source], *, prompt: bool = False) -> None:
        """Read from these, by kind; see `Reader` for which of them are prompt."""
        self._reader = Reader(sources, prompt=prompt)

    @activity.defn(name="read", no_thread_cancel_exception=True)
    def read(self, task: ReadRequest) -> ReadResult:
        """Ask every source; one that fails spoils no other's answer."""
        end = time.monotonic() + _WHOLE
        found = {}
        for name, metric in task.metrics.items():
            backend = task.sources.get(metric.source, Backend(kind=metric.source))
            asked = Asked(task.use_case, name, metric, task.as_of)
            found[name] = self._reader.one(backend, asked, beat=beat, until=end)
        return ReadResult(items=found)
