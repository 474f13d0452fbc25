"""A report as parts: each a heading with a table, lines, or curves. These names are the keys of `--json`."""

from __future__ import annotations

from tidegate.models.base import Carried, Instant
from tidegate.models.document import Measured


class Part(Carried):
    """One part of a report."""

    heading: str
    note: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()
    figures: tuple[Measured, ...] = ()
    """Metrics of which the curve is shown, where there is one."""
    of: str = ""
    """The use case whose curves they are."""


class Report(Carried):
    """A report."""

    report: str
    """Which one."""
    title: str
    lede: str
    at: Instant
    """When it was made."""
    template: str
    """How what it shows was evaluated; the same template can be compared."""
    parts: tuple[Part, ...]
