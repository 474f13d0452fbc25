"""What a source says of one metric, as the worker asks it, and what the rules make of that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from activities.sources import sources_under
from activities.sources.contract import Asked
from activities.sources.reader import Reader
from tests.pure.world import standard_plan
from tidegate import judging
from tidegate.models.base import Span
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.decision import Verdict
    from tidegate.models.reading import Reading
    from tidegate.models.reasons import Code

PLAN = standard_plan()
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
METRIC = PLAN.metrics["errors"].but(
    min_samples=0, max_age=Span.of("1h"), every=Span.of("15m"), healthy=None, bands=(), query=None
)


def told(root: Path, kind: str, settings: dict[str, str], query: str | None, **metric: Any) -> Reading:
    """Ask a source as the worker does."""
    asked = Asked("claims-triage", "errors", METRIC.but(query=query, **metric), NOW)
    return Reader(sources_under(root)).one(Backend(kind=kind, settings=settings), asked)


def judged(reading: Reading, **metric: Any) -> tuple[Verdict, Code]:
    """Return what the rules make of a reading."""
    verdict, reason, _ = judging.judge(PLAN, METRIC.but(**metric), "errors", reading, NOW)
    return verdict, reason.code
