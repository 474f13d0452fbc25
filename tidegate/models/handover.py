"""Who is told, taught and handed the use case, how it is run for years, and when it ends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import (
    Authored,
    Carried,
    Condition,
    Id,
    Key,
    Line,
    Span,
    Text,
    unsaid,
)
from tidegate.models.content import Group, Template


class Notice(Authored):
    """Who is told before exposure changes."""

    audience: Line
    """Who they are, in words."""
    to: tuple[Id, ...] = ()
    """The people who confirm for them."""
    channel: Key | Annotated[tuple[Key, ...], Field(min_length=1, max_length=4)]
    """How they are reached; of several the first, and the others in their order where it does not reach them."""
    group: Group = Group.OPERATORS
    """What kind of people they are, which decides what the notice dwells on."""
    lead: Span | None = None
    """How long before; the standard's lead if not given."""
    acknowledge: bool = False
    """Whether they must confirm first."""
    contact: Line | None = None
    """Whom they ask."""
    hours: Line | None = None
    """When whom they ask can be reached; the programme's working hours if not given."""
    says: Text | None = None
    """What they need to know beyond the change itself."""
    template: Template | None = None
    """How their notices are written; as the programme has it for the group, or the built-in way, if not given."""


class Training(Authored):
    """What people must have learned before they are served or decide."""

    users: Line
    """The course for those who use it."""
    managers: Line | None = None
    """The course for those who answer for others."""
    support: Line | None = None
    """The course for those who help."""
    helpers: tuple[Id, ...] = ()
    """Who of the programme helps users, and so needs the supporters' course."""
    valid: Span = Span.of("365d")
    """How long it counts."""


class Vendor(Authored):
    """What an outside supplier does, and until when."""

    name: Line
    """Who they are."""
    scope: Line
    """What they do."""
    hours: Line
    """When they can be reached."""
    until: date
    """When the contract ends."""


class Handoff(Authored):
    """Who takes the use case over when delivery steps back."""

    receiver: Id
    """Who owns day-to-day operation then; never a vendor."""
    issues: Id
    """Who owns issues."""
    changes: Id
    """Who owns changes."""
    escalations: Id
    """Who owns escalations."""
    artefacts: Annotated[tuple[Line, ...], Field(min_length=1)]
    """What is handed over."""
    support_model: Line
    """How users get help."""
    vendor: Vendor | None = None
    """Where an outside supplier's work ends."""


class SopStep(Authored):
    """One step of the whole process."""

    who: Line
    """Who does it."""
    does: Line
    """What they do."""
    by: Literal["person", "assistant", "system"]
    """What kind of actor that is."""


class Sop(Authored):
    """The standard operating procedure, in its eight parts."""

    trigger: Line
    """What starts it."""
    inputs: Line
    """What it needs."""
    validation: Line
    """What is checked."""
    exceptions: Line
    """What happens to cases that do not fit."""
    escalation: Line
    """Who takes over, and when."""
    logging: Line
    """What is written down for every run."""
    approvals: Line
    """What a person approves."""
    kpi_review: Line
    """When the figures are looked at, and by whom."""
    steps: Annotated[tuple[SopStep, ...], Field(min_length=2)]
    """The whole process, people's steps included."""


class PlanHandoff(Carried):
    """Who takes it over, as the plan has it."""

    receiver: Id
    """Who owns day-to-day operation then."""
    artefacts: tuple[str, ...]
    """What is handed over."""
    issues: str = Field(default="", exclude_if=unsaid)
    """Who owns issues."""
    changes: str = Field(default="", exclude_if=unsaid)
    """Who owns changes."""
    escalations: str = Field(default="", exclude_if=unsaid)
    """Who owns escalations."""
    support_model: str = Field(default="", exclude_if=unsaid)
    """How users get help."""
    vendor: Vendor | None = Field(default=None, exclude_if=unsaid)
    """Where an outside supplier's work ends."""
    sop: Sop | None = Field(default=None, exclude_if=unsaid)
    """The procedure that it is operated by."""


class Decommission(Authored):
    """What becomes of the process that is replaced."""

    process: Line
    """Which process."""
    after: date
    """Not before this day."""
    owner: Id | None = None
    """Who confirms that it has ended; whoever runs the manual fallback if not given."""
    then: Line | None = None
    """How the work is done without the assistant from then on; the manual fallback ends with it if not given."""


class Retirement(Authored):
    """When the use case ends."""

    when: Annotated[tuple[Condition, ...], Field(min_length=1)]
    """What makes it due for retirement."""
    replaces: Decommission | None = None
    """What becomes of the manual process."""
    drain: Span | None = None
    """How long runs under way have to finish, where the fallback says `drain: finish`; at once if not given."""
    quiet: Span | None = None
    """How long nothing may have run before it counts as gone; what is read back will do if not given."""
    runs: Id | None = None
    """The metric that counts its runs; the one that counts up to `runs_per_day` if not given."""
    keep: Span = Span.of("3650d")
    """How long its evidence is kept after the end."""
