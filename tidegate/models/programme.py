"""What the organisation owns: people, functions, tiers, standards, calendars, freezes and the names of its systems."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from tidegate.models.answering import Requests
from tidegate.models.base import (
    Authored,
    DataClass,
    Function,
    Id,
    Instant,
    Key,
    Line,
    Stage,
    Text,
)
from tidegate.models.change import PreApproved
from tidegate.models.dated import Dated
from tidegate.models.framework import Framework
from tidegate.models.member import Cohort, Preset
from tidegate.models.person import CalendarFile, Country, Person, Subdivision, Zone
from tidegate.models.sender import Sender
from tidegate.models.shared import Model
from tidegate.models.standard import Standard, StandardName
from tidegate.models.taken import CompletedUse, ExistingUse
from tidegate.models.telling import Telling
from tidegate.references import Settings

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of day, such as `09:00`."""


class Decision(StrEnum):
    """How much hangs on what the assistant says."""

    ADVISORY = "advisory"
    ASSISTED = "assisted"
    AUTOMATED = "automated"
    CONSEQUENTIAL = "consequential"


class Users(StrEnum):
    """How many people use it."""

    UNDER_50 = "<50"
    UNDER_500 = "<500"
    UNDER_5000 = "<5000"
    MORE = ">=5000"


class External(StrEnum):
    """Who outside the organisation meets its output."""

    NONE = "none"
    PARTNERS = "partners"
    CUSTOMERS = "customers"
    PUBLIC = "public"


class Right(StrEnum):
    """What a person may do to a rollout beside voting."""

    START = "start"
    READY = "ready"
    REDUCE = "reduce"
    RESUME = "resume"
    AMEND = "amend"
    OVERRIDE = "override"
    POSTPONE = "postpone"
    HANDOFF = "handoff"
    RETIRE = "retire"
    TERMINATE = "terminate"
    CONFIRM_STOP = "confirm_stop"
    STOP_THE_LINE = "stop_the_line"
    ROSTER = "roster"
    ACCEPT_RISK = "accept_risk"


class TierFramework(Authored):
    """How four factors become a tier. Transparent: add the scores, and let any worst factor decide alone."""

    version: Annotated[int, Field(ge=1)] = 1
    """Written beside every tier that it gave."""
    data: dict[DataClass, Annotated[int, Field(ge=0, le=3)]] = Field(
        default_factory=lambda: dict(zip(DataClass, (0, 0, 1, 2, 3), strict=True))
    )
    """The score of the most sensitive data."""
    decision: dict[Decision, Annotated[int, Field(ge=0, le=3)]] = Field(
        default_factory=lambda: dict(zip(Decision, range(4), strict=True))
    )
    """The score of how much hangs on it."""
    users: dict[Users, Annotated[int, Field(ge=0, le=3)]] = Field(
        default_factory=lambda: dict(zip(Users, range(4), strict=True))
    )
    """The score of how many use it."""
    external: dict[External, Annotated[int, Field(ge=0, le=3)]] = Field(
        default_factory=lambda: dict(zip(External, range(4), strict=True))
    )
    """The score of who outside meets it."""
    tier_2_from: Annotated[int, Field(ge=1, le=12)] = 4
    """From this sum on, at least tier 2."""
    tier_3_from: Annotated[int, Field(ge=1, le=12)] = 8
    """From this sum on, tier 3."""


class Calendar(Authored):
    """When the organisation works. Reviews run on it; safety never does."""

    zone: Zone = "UTC"
    """The time zone that its hours and days are in."""
    workdays: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(min_length=1, max_length=7)
    ] = ("mon", "tue", "wed", "thu", "fri")
    """The days on which people work."""
    opens: ClockTime = "09:00"
    """When the working day begins."""
    closes: ClockTime = "17:00"
    """When the working day ends."""
    holidays: tuple[date, ...] = ()
    """Days on which nobody works, beside the public holidays."""
    country: Country | None = None
    """Whose public holidays are kept, dated to the end of the third year from now; none if not given."""
    subdivision: Subdivision | None = None
    """The part of the country whose public holidays are kept."""


class Freeze(Authored):
    """A time in which nothing widens: two days, or the events of a calendar file. It never stops a reduction."""

    name: Id
    """What to call it."""
    first: date | None = None
    """First day, in the programme's zone."""
    last: date | None = None
    """Last day, in the programme's zone."""
    file: CalendarFile | None = None
    """A calendar file (.ics) whose every event is such a time unless cancelled, instead of two days."""
    reason: Text
    """Why."""
    stages: tuple[Stage, ...] = tuple(Stage)
    """Which stages it binds."""
    approvers: tuple[Function, ...] = ()
    """Who may let one change through, with a reason; nobody if none is named."""

    @model_validator(mode="after")
    def _one_way(self) -> Freeze:
        if (self.first is None, self.last is None) != (self.file is not None,) * 2:
            raise ValueError("it needs a first and a last day, or a file")
        return self


class Target(Authored):
    """A system that enforces exposure."""

    driver: Id
    """Which driver speaks to it."""
    settings: Settings = Field(default_factory=dict)
    """What the driver needs to know; secrets by reference only."""
    describes: Line | None = None
    """What it is."""


class Source(Authored):
    """A system that metrics are read from."""

    kind: Id
    """Which kind of source, such as `by-hand` or `prometheus`."""
    settings: Settings = Field(default_factory=dict)
    """What the source needs to know; secrets by reference only."""
    describes: Line | None = None
    """What it is."""


class Channel(Authored):
    """A way to reach people."""

    kind: Id
    """Which kind of channel, such as `log` or `apprise`."""
    settings: Settings = Field(default_factory=dict)
    """What the channel needs to know; secrets by reference only."""
    describes: Line | None = None
    """What it is."""


class Programme(Authored):
    """One per organisation, owned centrally. A playbook may tighten it and never loosen it."""

    programme: Id
    """What to call it."""
    governance_owner: Id
    """Who answers for the programme itself: a person, and not as a side job."""
    people: Annotated[dict[Id, Person], Field(min_length=1)]
    """Everybody who may act, by id."""
    heads: dict[Function, Id] = Field(default_factory=dict)
    """Who leads each function; a request that nobody answers goes to them."""
    tiers: TierFramework = TierFramework()
    """How risk becomes a tier."""
    frameworks: dict[Line, Framework] = Field(default_factory=dict)
    """The frameworks of outside that it is audited by, such as SOC 2, with what proves each of their controls."""
    standards: dict[StandardName, Standard] = Field(default_factory=dict)
    """Standards of the house, beside the built-in ones."""
    rights: dict[Right, tuple[Function, ...]] = Field(default_factory=dict)
    """Who may do what beside voting; what is not given is the built-in table."""
    calendar: Calendar = Calendar()
    """When people work."""
    freezes: tuple[Freeze, ...] = ()
    """When nothing widens."""
    cohorts: dict[Key, Cohort] = Field(default_factory=dict)
    """The groups that playbooks may name."""
    presets: dict[Id, Preset] = Field(default_factory=dict)
    """What joining a cohort in a role gives, by itself."""
    training_records: bool = False
    """Whether book is kept of who of these people has learned which course: then training is asked for by name."""
    targets: dict[Key, Target] = Field(default_factory=dict)
    """The systems that enforce exposure."""
    sources: dict[Key, Source] = Field(default_factory=dict)
    """The systems that metrics are read from."""
    channels: dict[Key, Channel] = Field(default_factory=dict)
    """The ways to reach people."""
    pre_approved: tuple[PreApproved, ...] = ()
    """Standard changes: what may change in a rollout under way without a vote, because it was approved beforehand."""
    requests: Requests = Requests()
    """Who answers those who need a tool that nobody has approved, and how soon."""
    senders: dict[Id, Sender] = Field(default_factory=dict)
    """The systems that may send signals: alerts, events, exports of usage. They can only make it safer."""
    tells: Telling = Telling()
    """How people are told: by which of these ways, and in whose words."""
    taken: tuple[ExistingUse, ...] = ()
    """Targets that other use cases already hold."""
    records: tuple[Key, ...] = ()
    """Systems of record: a stage that writes to one by itself is held to the rules of a system of record."""
    completed: tuple[CompletedUse, ...] = ()
    """Use cases that have been brought to their end, each with where that can be seen."""
    tier_3_after: Annotated[int, Field(ge=0, le=20)] = 0
    """So many use cases of tier 1 must be completed before the first of tier 3 begins."""
    models: dict[Key, Model] = Field(default_factory=dict)
    """The models that use cases share, each with its vendor."""
    units: tuple[Id, ...] = ()
    """The business units that playbooks may name; any if none is given."""


class Zones(Authored):
    """The clock changes of the zones that a programme names, looked up once outside floor 0."""

    shifts: dict[Zone, Annotated[tuple[tuple[Instant, int], ...], Field(min_length=1)]]
    """Per zone, from when on it lies how many minutes east of UTC; the first row lies before any date in use."""
    dated: Dated = Dated()
    """The public holidays and the calendar files that it names."""
