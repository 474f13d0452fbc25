"""Figures that people or a nightly job write down: a CSV file with the columns metric, value, n, taken_at.

    metric,value,n,taken_at
    error_rate,1.5,240,2026-12-01T06:00:00Z

The last line of a metric that is not later than now counts. A blank value says that there was nothing to measure.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tidegate.models.plan import PlanMetric
from tidegate.models.reading import Reading


class Written:
    """Reads figures from a file."""

    def __init__(self, root: Path) -> None:
        """Look for files under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], name: str, metric: PlanMetric, as_of: datetime) -> Reading:
        """Return the last figure of a metric."""
        wanted = metric.query or name
        try:
            with (self._root / settings["file"]).open(encoding="utf-8-sig", newline="") as stream:
                rows = [row for row in csv.DictReader(stream) if (row.get("metric") or "").strip() == wanted]
        except FileNotFoundError:
            return Reading(status="error", taken_at=as_of, note="the file of figures is not there")
        found = [reading for row in rows if (reading := _reading(row, as_of)).taken_at <= as_of]
        if not found:
            return Reading(status="no_data", taken_at=as_of)
        return max(found, key=lambda reading: reading.taken_at)


def _reading(row: Mapping[str, str | None], as_of: datetime) -> Reading:
    said = {key: (row.get(key) or "").strip() for key in ("value", "n", "taken_at")}
    try:
        taken = datetime.fromisoformat(said["taken_at"])
        cases = int(said["n"] or 0)
        value = Decimal(said["value"]) if said["value"] else None
    except (ValueError, InvalidOperation):
        # A line that nobody can read may be the newest one: that is no reason to fall back to an older figure.
        return Reading(status="error", taken_at=as_of, note="a line cannot be read")
    at = taken if taken.tzinfo is not None else taken.replace(tzinfo=UTC)
    return Reading(status="no_data" if value is None else "value", value=value, n=cases, taken_at=at)
