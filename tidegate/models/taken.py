"""What is taken already: which use case holds which target, so that no two are enforced by the same one."""

from __future__ import annotations

from tidegate.models.base import Authored, Id, Key


class ExistingUse(Authored):
    """An exposure target or cohort that another use case already has."""

    use_case: Id
    """Which use case."""
    target: Key
    """Which target it holds."""
