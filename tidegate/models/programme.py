"""What the organisation owns: people, functions, tiers, standards, calendars, freezes and the names of its systems."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from tidegate.models.base import (
    Authored,
    DataClass,
    Function,
    GateKind,
    Id,
    Instant,
    Key,
    Line,
    MetricFamily,
    Share,
    Span,
    Stage,
    Text,
    Verb,
    unsaid,
)
from tidegate.models.dated import Dated
from tidegate.models.dimension import Dimension
from tidegate.models.member import Cohort, Preset
from tidegate.models.shared import Model
from tidegate.models.taken import ExistingUse
from tidegate.models.telling import Telling
from tidegate.references import Settings

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
"""An IANA time zone, such as `Europe/Berlin`."""

StandardName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+@\d{1,4}$")]
"""A standard and its version, such as `standard/pilot@1`."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country by its two letters, such as `DE`."""

Subdivision = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,9}$")]
"""A part of a country by its short code, such as `BY`."""

CalendarFile = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9 ._/-]{0,198}[.]ics$")]
"""A calendar file, by its path from where the programme lies."""

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


class ReadinessItem(StrEnum):
    """The ten items without which nothing starts, and the two that only an ending asks for."""

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
    RECEIVER_DRILL = "receiver_drill"
    ARCHIVE = "archive"


class PublicKey(Authored):
    """A public SSH key that a person signs with."""

    key: Annotated[str, StringConstraints(pattern=r"^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$")]
    """The public key in OpenSSH's own form."""
    since: date | None = None
    """First day on which it counts."""
    until: date | None = None
    """Last day on which it counts."""
    revoked: bool = False
    """Whether it fell into other hands: then what was signed with it and is not used yet counts no more either."""


class Passkey(Authored):
    """A passkey that a person signs with in the review desk; `tidegate keys invite` leads to one."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,1400}$")]
    """What their device knows it by, in base64url."""
    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{40,1400}$")]
    """The public key, its SubjectPublicKeyInfo in base64url."""
    site: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]
    """The host of the desk that it was made for."""
    since: date | None = None
    """First day on which it counts."""
    until: date | None = None
    """Last day on which it counts."""
    revoked: bool = False
    """Whether it fell into other hands: then what was signed with it and is not used yet counts no more either."""


class Leave(Authored):
    """Days on which a person is away, both ends included."""

    first: date
    """First day away."""
    last: date
    """Last day away."""


class Person(Authored):
    """Somebody who may hold functions."""

    name: Line
    """What to call them on screen; a role will do."""
    functions: tuple[Function, ...] = ()
    """In which functions they may act."""
    deputy: Id | None = None
    """Who acts for them while they are away or when a request has waited too long."""
    organisation: Literal["internal", "vendor"] = "internal"
    """A vendor is never accountable and never votes."""
    active: bool = True
    """Whether they still work here."""
    manager: bool = False
    """Whether they need the managers' training rather than the users'."""
    zone: Zone | None = None
    """Their time zone; the programme's if not given."""
    country: Country | None = None
    """Whose public holidays they keep; the programme's if not given."""
    subdivision: Subdivision | None = None
    """The part of the country whose public holidays they keep."""
    leave: tuple[Leave, ...] = ()
    """When they are away."""
    leave_file: CalendarFile | None = None
    """A calendar file (.ics) whose every event is time away unless cancelled; days without a time are in their zone."""
    keys: tuple[PublicKey, ...] = ()
    """With what they sign."""
    passkeys: tuple[Passkey, ...] = ()
    """With what they sign in the review desk."""
    mail: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Where notices reach them."""


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


class GateRule(Authored):
    """Who must say yes, about what, and for how long their yes is good."""

    functions: Annotated[dict[Function, Annotated[int, Field(ge=1, le=5)]], Field(min_length=1)]
    """How many distinct people each function must give."""
    veto: tuple[Function, ...] = (Function.RISK, Function.COMPLIANCE, Function.LEGAL)
    """Which functions can block it alone."""
    questions: dict[Function, tuple[Line, ...]] = Field(default_factory=dict)
    """What a reviewer of that function must answer; an empty review cannot approve."""
    window: Span = Span.of("5bd")
    """How long the round of votes stays open."""
    vote_expiry: Span = Span.of("5bd")
    """How long a yes is good if it has not been used."""
    signed: bool = False
    """Whether only a signed decision counts."""
    remind_every: Span = Span.of("1bd")
    """How often those who have not answered are reminded."""
    escalate_after: Span = Span.of("2bd")
    """After how long deputies, then heads of function, then the programme are asked."""


class StageRules(Authored):
    """What the organisation demands of one stage at one tier."""

    gates: dict[GateKind, GateRule]
    """The rounds of votes, by what they decide."""
    briefing_max_age: Span = Span.of("30d")
    """How old the evidence may be that a yes rests on; longer than any window with its escalation."""
    min_observation: Span = Span.of("7d")
    """How long a wave is watched at the least."""
    max_observation: Span = Span.of("60d")
    """How long a wave may wait for its samples before people must look."""
    review_every: Span = Span.of("30d")
    """How often people must look while a wave goes on."""
    read_every: Span = Span.of("7d")
    """How often every metric must be read at the least."""
    narrow_after: Span = Span.of("10bd")
    """How long after a missed review exposure is narrowed by itself."""
    pause_after: Span | None = None
    """How long after a missed review nobody is served any more; none leaves it narrowed."""
    families: tuple[MetricFamily, ...] = (MetricFamily.OUTCOME,)
    """Which metric families must be there."""
    dimensions: tuple[Dimension, ...] = Field(default=(), exclude_if=unsaid)
    """Of which of the four every checkpoint must know something."""
    drill_max_age: Span | None = None
    """How old the last rehearsed rollback may be; none asks for no drill."""
    drill_recorded: bool = Field(default=False, exclude_if=unsaid)
    """Whether only a drill counts that `tidegate drill` ran and read back; otherwise somebody's word for it will do."""
    readiness: tuple[ReadinessItem, ...] = ()
    """Which items must be met before the stage begins."""
    evidence_max_age: Span = Span.of("180d")
    """How old a readiness item's evidence may be."""
    notice_lead: Span = Span.of("2bd")
    """How long before a change its audiences are told."""
    acknowledge: bool = False
    """Whether the audiences must confirm before exposure widens."""
    training_coverage: Share = 0
    """Which share of a cohort must be trained before it is served."""
    incident_within: Span | None = Field(default=None, exclude_if=unsaid)
    """Within which time a stop must be answered for; until it is, and once that time is over, nothing widens."""
    unlisted_sender: Literal["hold", "refuse"] = "hold"
    """What a reduction does that comes from somebody who is not listed: hold and page, or only page."""
    stale_after: Span = Span.of("14d")
    """After so long a hold, going on needs a fresh round of votes as if it had been paused."""
    resume_to_peak: bool = False
    """Whether a resume may go straight back to where it was."""
    first_wave_max_share: Share = 5_000
    """The largest share of the whole plan that its first wave may serve."""
    max_people: Annotated[int, Field(ge=1)] | None = None
    """The most people this stage may serve."""
    max_duration: Span | None = None
    """How long the stage may last before it expires; a pilot always has one."""
    review_only: tuple[Verb, ...] = ()
    """Verbs that a person must always review at this stage."""
    denied: tuple[Verb, ...] = ()
    """Verbs that are not to be had at this stage."""
    override_max: Span = Span.of("48h")
    """How long an emergency override lasts before it reverts."""
    override_review: Span = Span.of("2bd")
    """Within which time an override is reviewed, or nothing widens any more."""
    evidence_retries: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a source that does not answer is asked again before the rollout is held."""
    retry_every: Span = Span.of("1h")
    """How long between those attempts."""
    max_reverts: Annotated[int, Field(ge=0, le=20)] = 3
    """After so many reverts of the same drift in a day the rollout is paused."""
    repeat_cycles: Annotated[int, Field(ge=1, le=12)] = 1
    """How many reviewed waves must have passed before the stage is left."""
    recertify_every: Span | None = None
    """How often access and data are certified again once it operates."""
    handoff_within: Span = Span.of("20bd")
    """How long the receiver has to sign before the rollout is held."""


class Standard(Authored):
    """What the organisation demands, stage by stage and tier by tier."""

    describes: Text
    """What it is for."""
    stages: Annotated[dict[Stage, dict[Literal["1", "2", "3"], StageRules]], Field(min_length=1)]
    """The rules of each stage at each tier."""


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
    targets: dict[Key, Target] = Field(default_factory=dict)
    """The systems that enforce exposure."""
    sources: dict[Key, Source] = Field(default_factory=dict)
    """The systems that metrics are read from."""
    channels: dict[Key, Channel] = Field(default_factory=dict)
    """The ways to reach people."""
    tells: Telling = Telling()
    """How people are told: by which of these ways, and in whose words."""
    taken: tuple[ExistingUse, ...] = ()
    """Targets that other use cases already hold."""
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
