"""Other use cases: which of them holds which target, and which have been brought to their end."""

from __future__ import annotations

from datetime import date
from typing import Literal

from tidegate.models.base import Authored, Id, Key, Line


class ExistingUse(Authored):
    """An exposure target or cohort that another use case already has."""

    use_case: Id
    """Which use case."""
    target: Key
    """Which target it holds."""


class CompletedUse(Authored):
    """A use case that was brought to its end: its last stage was passed, or it was retired in order."""

    use_case: Id
    """Its name."""
    tier: Literal[1, 2, 3]
    """How risky it was."""
    ended: date
    """When."""
    evidence: Line
    """Where that can be seen, such as the digest of its sealed evidence."""
