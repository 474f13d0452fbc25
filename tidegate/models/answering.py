"""Who answers those who ask the programme for a tool that nobody has approved, and how soon."""

from __future__ import annotations

from tidegate.models.base import Authored, Id, Span


class Requests(Authored):
    """Who answers those who need a tool that nobody has approved, and how soon."""

    to: Id | None = None
    """Who answers; the governance owner if not given."""
    within: Span = Span.of("5bd")
    """How soon."""
    escalate_after: Span = Span.of("2bd")
    """After how long without an answer more people are asked, again and again."""
