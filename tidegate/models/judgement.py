"""What became of an expectation, held against a life that was lived through."""

from __future__ import annotations

from typing import Literal

from tidegate.models.base import Carried, Instant


class Judgement(Carried):
    """What became of one expectation."""

    scenario: str
    """Of which scenario."""
    number: int
    """The how manieth of it; 1 is the first."""
    expects: str
    """What was expected, in short."""
    why: str = ""
    """What it guards."""
    result: Literal["passed", "failed", "error"]
    """It came so; it came otherwise; or it names what never occurs, so that it says nothing."""
    at: Instant | None = None
    """When that could be said: the first line that offends, the line that was waited for, or the nearest to it."""
    line: int | None = None
    """Which line of what was seen that is; 1 is the first."""
    says: str
    """What came of it, in a sentence."""
