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


class Change(NamedTuple):
    """One difference between two revisions."""

    what: str
    weight: Weight
    functions: tuple[Function, ...] = ()
