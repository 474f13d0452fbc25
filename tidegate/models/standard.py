"""What the organisation demands of each stage at each tier, and of each round of votes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.base import (
    Authored,
    Carried,
    Function,
    GateKind,
    Id,
    Instant,
    Line,
    MetricFamily,
    Share,
    Span,
    Stage,
    Text,
    Verb,
    unsaid,
)
from tidegate.models.dimension import Dimension
from tidegate.models.exception import ExceptionRules

StandardName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+@\d{1,4}$")]
"""A standard and its version, such as `standard/pilot@1`."""


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
    rehearsal_max_age: Span | None = Field(default=None, exclude_if=unsaid)
    """How old a signed green rehearsal of the plan in force may be; none asks for none."""
    readiness: tuple[ReadinessItem, ...] = ()
    """Which items must be met before the stage begins."""
    checklist: Annotated[int, Field(ge=0, le=1)] = Field(default=0, exclude_if=unsaid)
    """Which version of the ten items counts: by 1 what can be looked at is looked at again at every gate."""
    evidence_max_age: Span = Span.of("180d")
    """How old a readiness item's evidence may be."""
    exceptions: ExceptionRules | None = Field(default=None, exclude_if=unsaid)
    """How long, how often and how many exceptions there may be, and who accepts their risk; no bound if not given."""
    notice_lead: Span = Span.of("2bd")
    """How long before a change its audiences are told."""
    acknowledge: bool = False
    """Whether the audiences must confirm before exposure widens."""
    training_coverage: Share = 0
    """Which share of a cohort must be trained before it is served."""
    trained_only: bool = Field(default=False, exclude_if=unsaid)
    """Whether only who has the managers' training answers for alerts and accepts risks, where book is kept of it."""
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
    maturity: bool = Field(default=False, exclude_if=unsaid)
    """Whether only waves and periods inside their bands count as cycles, and whether worth, risk and repeatability are
    asked for, in this order, before a system of record begins."""
    environment: bool = Field(default=False, exclude_if=unsaid)
    """Whether each target must be in sight, and logging shown, before anything widens."""
    recertify_every: Span | None = None
    """How often access and data are certified again once it operates."""
    evaluate_every: Span | None = Field(default=None, exclude_if=unsaid)
    """How often the evaluation is run again once it operates."""
    review_after: tuple[Span, ...] = Field(default=(), max_length=6, exclude_if=unsaid)
    """So long after the handoff those who answer for it look whether it is worth keeping; once for each."""
    remind_before: Span | None = Field(default=None, exclude_if=unsaid)
    """How long before its day whoever owes something is reminded of it; none reminds nobody."""
    overdue_narrows: Span | None = Field(default=None, exclude_if=unsaid)
    """How long after its day something that held is owed still before fewer are served; none leaves it held."""
    handoff_within: Span = Span.of("20bd")
    """How long the receiver has to sign before the rollout is held."""
    handoff_pack: bool = Field(default=False, exclude_if=unsaid)
    """Whether the receiver signs artefacts by digest; once that is in force, delivery may only make it safer."""


class Standard(Authored):
    """What the organisation demands, stage by stage and tier by tier."""

    describes: Text
    """What it is for."""
    forced: bool = Field(default=False, exclude_if=unsaid)
    """Whether a rollout that migrates to it is held until what it lacks is there; otherwise that is owed by a date."""
    stages: Annotated[dict[Stage, dict[Literal["1", "2", "3"], StageRules]], Field(min_length=1)]
    """The rules of each stage at each tier."""


class Gap(Carried):
    """One demand of a newer standard that is not met yet."""

    name: Id
    """What it is called among what is owed."""
    stage: Stage
    """At which stage it is demanded."""
    item: ReadinessItem | None = None
    """The readiness item that is lacking; none for what is no such item."""
    what: str
    """What is lacking."""
    owner: str
    """Who mends it: a person or a function."""
    due: Instant
    """By when."""
    renews: bool = Field(default=False, exclude_if=unsaid)
    """Whether the older version asked for it too, so that only what was given then counts until its day."""
    forced: bool = Field(default=False, exclude_if=unsaid)
    """Whether it is held until it is mended."""
