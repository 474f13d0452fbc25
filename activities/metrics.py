"""Figures are fetched from whatever source the plan names, as of the rollout's own clock; never as a bare number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from temporalio import activity

from tidegate.models.plan import Backend, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.task import ReadRequest, ReadResult


class Source(Protocol):
    """Something that metrics are read from."""

    def read(self, settings: Mapping[str, str], name: str, metric: PlanMetric, as_of: datetime) -> Reading:
        """Return what it says of one metric; that it cannot be asked is an answer too."""
        ...


class MetricActivities:
    """The activity that reads."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        """Read from these, by kind."""
        self._sources = sources

    @activity.defn(name="read")
    def read(self, task: ReadRequest) -> ReadResult:
        """Ask every source; one that fails spoils no other's answer."""
        return ReadResult(items={name: self._one(task, name, metric) for name, metric in task.metrics.items()})

    def _one(self, task: ReadRequest, name: str, metric: PlanMetric) -> Reading:
        activity.heartbeat()  # a worker that is gone is to be missed soon
        backend = task.sources.get(metric.source, Backend(kind=metric.source))
        source = self._sources.get(backend.kind)
        if source is None:
            return _error(task.as_of, f"this worker has no source of the kind {backend.kind}")
        try:
            return source.read(backend.settings, name, metric, task.as_of)
        except Exception as error:  # noqa: BLE001  # a source may fail in any way; its words may hold secrets
            activity.logger.warning("%s cannot be read: %s", name, type(error).__name__)
            return _error(task.as_of, f"it failed: {type(error).__name__}")


def _error(as_of: datetime, note: str) -> Reading:
    return Reading(status="error", taken_at=as_of, note=note)
