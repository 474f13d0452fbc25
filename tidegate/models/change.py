"""What differs between two revisions of a plan, and what that asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tidegate.models.base import Function


class Weight(StrEnum):
    """What a change asks for, lightest first."""

    RECORDED = "recorded"
    ROSTER = "roster"
    FUNCTION = "function"
    MATERIAL = "material"


class PreApproved(StrEnum):
    """Kinds of change that a programme may approve beforehand. None of them widens or loosens anything."""

    NOTICES = "notices"
    CHANNELS = "channels"


class Change(NamedTuple):
    """One difference between two revisions."""

    what: str
    weight: Weight
    functions: tuple[Function, ...] = ()
    kind: PreApproved | None = None
    """Which kind it is, of those that can be approved beforehand."""
