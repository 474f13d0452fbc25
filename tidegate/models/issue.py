"""A known problem that people live with, and until when."""

from __future__ import annotations

from tidegate.models.base import Carried, Id, Instant


class AcceptedIssue(Carried):
    """A known problem that people live with in a stage."""

    what: str
    """What it is."""
    owner: Id
    """Who deals with it."""
    by: Id | None = None
    """Who accepted it."""
    until: Instant | None = None
    """Until when; then it bars the stage again."""
