"""What is owed: by a date, on the way down, and as evidence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.models.base import Carried, Instant, unsaid


class Obligation(Carried):
    """Something owed by a date."""

    kind: Literal[
        "condition", "override_review", "recertification", "drill", "retire_or_extend", "handoff", "step", "incident",
        "sample", "question", "evaluation", "launch_review", "replacement", "vacancy", "vendor", "alert_review",
        "training_change", "data_certification", "retire_or_keep", "ending", "decommission", "standard",
    ]  # fmt: skip
    """What kind."""
    what: str
    """What is owed."""
    owner: str
    """By whom: a person or a function."""
    due: Instant
    """By when."""
    then: Literal["hold", "narrow", "pause", "block"] = "hold"
    """What happens when it is not met."""
    overdue: bool = False
    """Whether its day has passed."""
    every_days: int | None = None
    """After how many days it is owed again, once met."""
    remind_at: Instant | None = Field(default=None, exclude_if=unsaid)
    """When whoever owes it is reminded, once, before its day; none once they were."""
    narrow_at: Instant | None = Field(default=None, exclude_if=unsaid)
    """When fewer are served because it is owed still, after it held on its day."""
    armed_for: Instant | None = Field(default=None, exclude_if=unsaid)
    """The day for which that was worked out."""
    others: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    """Who else may say that it is met."""
    about: str = Field(default="", exclude_if=unsaid)
    """The thing that must be replaced."""


StepState = Literal["pending", "dispatched", "confirmed", "failed", "unknown"]
"""Not begun; begun, and nobody has said what became of it; done; certainly not done; nobody knows."""


class RunbookStep(Carried):
    """One step of a way down, and what became of it."""

    id: str
    """`driver`, or what a person confirms it by."""
    do: str
    """What is done."""
    owner: str = ""
    """Who does it; nobody where the driver does."""
    probe: str
    """How it is seen that it is done."""
    due: Instant | None = None
    """By when; none where the driver does it, which is at once and for ever."""
    state: StepState
    """What became of it."""
    since: Instant
    """Since when that is so."""
    by: tuple[str, ...] = ()
    """Who said with their name that it is done."""
    note: str = ""
    """What went wrong."""
    notice: str = ""
    """The notice that tells its owner."""

    @property
    def by_person(self) -> bool:
        """Whether a person does it."""
        return bool(self.owner)


class Runbook(Carried):
    """The way down that is being walked, step by step."""

    verb: str
    """Which way: `narrow`, `pause` or `rollback`."""
    label: str
    """Where it leads."""
    begun_at: Instant
    """Since when."""
    steps: tuple[RunbookStep, ...] = ()
    """Its steps, most protective first."""


class Evidence(Carried):
    """That a readiness item is met."""

    by: str
    """Who said so."""
    at: Instant
    """When."""
    ref: str
    """Where it can be seen."""
    digest: str = Field(default="", exclude_if=unsaid)
    """The SHA-256 of what is to be seen there, where that was given."""
