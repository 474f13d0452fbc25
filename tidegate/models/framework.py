"""Frameworks of outside, such as SOC 2: whom each concerns, and which control here proves which of theirs.

The mapping is the organisation's own word, and its auditor's; Tidegate makes no claim about any framework.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tidegate.models.base import Authored, DataClass, Key, Line


class ControlKind(StrEnum):
    """Every control that `tidegate audit` looks at, by the name under which a framework may refer to it."""

    BUSINESS_CASE = "business_case"
    OWNER = "owner"
    DATA_STEWARD = "data_steward"
    RISK_TIER = "risk_tier"
    EVALUATION = "evaluation"
    LOGGING = "logging"
    ROLLBACK_TESTED = "rollback_tested"
    TRAINING = "training"
    SUPPORT_MODEL = "support_model"
    BASELINE = "baseline"
    CONDITIONS = "conditions"
    """What else keeps a stage shut: what the playbook owes, open problems, targets out of sight."""
    APPROVALS = "approvals"
    """Every widening had the yes it needed, signed where that is asked."""
    FIGURES = "figures"
    """Every figure that acts is known and fresh."""
    REVIEWS = "reviews"
    """People looked in time."""
    EXCEPTIONS = "exceptions"
    """None has ended undone, and there are no more than may be."""
    DRILLS = "drills"
    """The way down was tried, lately enough."""
    OBLIGATIONS = "obligations"
    """What is owed by a date, and is not late."""
    EXPOSURE = "exposure"
    """What is really served was read back."""


class Framework(Authored):
    """One framework, and what proves its controls."""

    describes: Line | None = None
    """What it is, and in which version."""
    covers: tuple[DataClass, ...] = ()
    """A use case is in scope that reads data of these classes. With none here and no systems, every use case is."""
    systems: tuple[Key, ...] = ()
    """A use case is in scope that reads or acts on one of these systems."""
    controls: Annotated[dict[Line, Annotated[tuple[ControlKind, ...], Field(min_length=1)]], Field(min_length=1)]
    """Its controls, each by its own name, with which controls here prove it."""
