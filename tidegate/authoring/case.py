"""A playbook laid beside its programme: everything a rule needs to judge it, resolved once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tidegate.models.base import Function, Stage
    from tidegate.models.plan import Rung, WorkingTime
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme, Zones
    from tidegate.models.stage import StagePlan
    from tidegate.models.standard import StageRules


@dataclass(frozen=True)
class Case:
    """One playbook under one programme."""

    programme: Programme
    playbook: Playbook
    as_of: date
    """The day on which it is judged: leave, freezes and expiries count from here."""
    zones: Zones
    tier: Literal[1, 2, 3]
    tier_why: str
    standard: Mapping[Stage, StageRules]
    """What the standard demands of each stage of the playbook at its tier."""
    rules: Mapping[Stage, StageRules]
    """The same, tightened by the playbook; never looser."""
    raised: Mapping[Stage, tuple[str, ...]]
    """The earlier stages that are held to the rules of a system of record, and what they touch of one."""
    stages: Mapping[Stage, StagePlan]
    """The stages the playbook has, in order."""
    ladder: tuple[Rung, ...]
    """All waves in order with their cumulative exposure."""
    owners: Mapping[Function, str]
    """Who holds each role of this use case: named in the playbook, else the only or leading holder of the function."""
    calendar: WorkingTime

    def place(self, stage: Stage) -> tuple[str, ...]:
        """Return where in the playbook a stage is written."""
        return (stage.value,)
