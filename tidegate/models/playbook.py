"""What a use-case team writes: charter, stages, waves, thresholds, fallback plan, notices, handoff."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.asset import Asset
from tidegate.models.assumption import Assumption
from tidegate.models.base import (
    Authored,
    Condition,
    DataClass,
    Function,
    Id,
    Key,
    Line,
    Span,
    Text,
    unsaid,
)
from tidegate.models.handover import Handoff, Notice, Retirement, Sop, Training
from tidegate.models.measure import Metric
from tidegate.models.programme import Decision, External, Right, Users
from tidegate.models.sampling import Questions, Sampling
from tidegate.models.signal import Signal, SignalName
from tidegate.models.stage import Authority, StagePlan
from tidegate.models.standard import StandardName
from tidegate.models.stop import RolloutStop, StopRule
from tidegate.models.subject import Subject
from tidegate.models.ways_down import FallbackPlan, ManualFallback


class Factors(Authored):
    """The four factors that the tier is computed from."""

    data: DataClass
    """The most sensitive data it touches."""
    decision: Decision
    """How much hangs on what it says."""
    users: Users
    """How many people use it, at the end."""
    external: External
    """Who outside the organisation meets its output."""


class DataSource(Authored):
    """One source of data and what it may be used for."""

    kind: DataClass
    """How sensitive it is."""
    use: tuple[Literal["retrieval", "finetune", "eval"], ...] = ("retrieval",)
    """What it may be used for."""
    retention: Span | None = None
    """How long what is drawn from it is kept."""
    recertify: Span | None = None
    """How often its access is certified again."""
    meaning_owner: Id | None = None
    """Who knows what its fields mean."""
    steward: Id | None = Field(default=None, exclude_if=unsaid)
    """Who answers for its quality, lineage, access and retention; the data steward of the use case if not given."""
    source_of_truth: Line | None = Field(default=None, exclude_if=unsaid)
    """Which system or page is right where two disagree."""
    certified: date | None = Field(default=None, exclude_if=unsaid)
    """On which day its access, retention and lineage were last certified; `recertify` counts from there."""
    selection: Line | None = Field(default=None, exclude_if=unsaid)
    """What of it a model may be tuned on, and how that is chosen."""


class Raci(Authored):
    """Who does, answers for, is asked about and is told of one activity."""

    accountable: Annotated[tuple[Id, ...], Field(min_length=1)]
    """Who answers for it: exactly one."""
    responsible: tuple[Id, ...] = ()
    """Who does it."""
    consulted: tuple[Id, ...] = ()
    """Who is asked before."""
    informed: tuple[Id, ...] = ()
    """Who is told after."""


class Slo(Authored):
    """A level of service that the use case promises."""

    name: Id
    """What to call it."""
    promise: Condition
    """What must hold."""
    window: Span
    """Over which time."""
    reliability: Literal["exact", "eventual"] | None = None
    """`exact`: each case comes out right at once; `eventual`: what is put right later is good enough."""


class Issue(Authored):
    """A known problem or open assumption, and for which stages it is acceptable."""

    what: Line
    """What it is."""
    owner: Id
    """Who deals with it."""
    acceptable_in: tuple[Literal["pilot", "limited", "system_of_record"], ...] = ()
    """Where it does not block."""
    accepted_by: Id | None = None
    """Who accepted that: a person who may accept a risk, and wrote no part of this revision."""
    accepted_until: date | None = None
    """The last day on which it is accepted; from the next on it blocks."""


class Playbook(Authored):
    """One use case, from pilot to system of record and to its end."""

    use_case: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
    """Its name; the workflow is called `rollout-<use_case>`."""
    title: Line | None = None
    """Its name for people; made from `use_case` if not given."""
    extends: StandardName
    """The standard it is held to."""
    factors: Factors
    """What its tier is computed from."""
    ai_owner: Id
    """Who decides about the assistant: a person of the programme."""
    business_owner: Id
    """Who needs it: a person of the programme."""
    accountable_exec: Id | None = None
    """Who answers for it in the end; the head of that function if not given."""
    data_steward: Id | None = None
    """Who answers for the data; the holder of that function if not given."""
    platform_owner: Id | None = None
    """Who runs the platform; the holder of that function if not given."""
    risk_lead: Id | None = None
    """Who judges the risk; the holder of that function if not given."""
    escalation_owner: Id | None = None
    """To whom goes what nobody else may or can decide; whom the handoff names if not given."""
    authors: tuple[Id, ...] = ()
    """Who wrote any part of this revision beside the AI owner; none of them may approve it."""
    objective: Text | None = None
    """What it is to achieve; what is to be learned if not given."""
    demand: Text
    """The work there really is, in figures."""
    learn: Text
    """What the pilot is to find out."""
    success_means: Text
    """What success at this stage means."""
    success_does_not_mean: Text
    """What success at this stage does not mean."""
    tradeoffs: Text | None = None
    """What gives way to what."""
    models: Annotated[tuple[Key, ...], Field(min_length=1)]
    """The models it may use."""
    unit: Id | None = None
    """The business unit it belongs to; all of a unit can be stopped at once."""
    assets: dict[Id, Asset] = Field(default_factory=dict, max_length=100, exclude_if=unsaid)
    """What others may use again, or it uses of others: prompts, retrieval patterns, evaluations, lists, dashboards."""
    data: Annotated[dict[Key, DataClass | DataSource], Field(min_length=1)]
    """The data sources it may read."""
    may: Annotated[dict[Key, Authority], Field(min_length=1)]
    """What it may do to which system; all else is denied."""
    target: Key | Annotated[tuple[Key, ...], Field(min_length=1)]
    """What enforces its exposure: targets of the programme."""
    metrics: Annotated[dict[Id, Metric], Field(min_length=1)]
    """What is measured."""
    signals: Annotated[dict[SignalName, Signal], Field(max_length=50)] = Field(default_factory=dict)
    """The alerts that are expected, by name: what each does, and what operations does first."""
    manual_fallback: ManualFallback
    """How the work is done without it."""
    fallback: FallbackPlan = FallbackPlan()
    """The ways down."""
    subject: Subject | None = None
    """In which versions of model, prompt and data it is judged, and where it begins again once one is another."""
    stop_rules: tuple[StopRule, ...] = ()
    """When one run stops; the standard's six, each to the AI owner, if not given."""
    rollout_stops: tuple[RolloutStop, ...] = Field(default=(), max_length=20)
    """When the whole rollout is made safer, whatever single thresholds say."""
    sample: Sampling | None = None
    """How many real runs people look at, and how often."""
    questions: Questions | None = None
    """Who answers what the policy does not cover; the AI owner within two business days if not given."""
    notices: tuple[Notice, ...] = ()
    """Who is told before a change; the business owner if not given."""
    raci: dict[Id, Raci] = Field(default_factory=dict)
    """Who does what; made from the owners if not given."""
    rights: dict[Right, tuple[Function, ...]] = Field(default_factory=dict)
    """Fewer functions for a right than the programme gives, or more for `reduce`."""
    slos: tuple[Slo, ...] = ()
    """What it promises."""
    training: Training | None = None
    """What people learn first."""
    logging: Line | None = None
    """What is written down for every run."""
    known_limits: tuple[Line, ...] = ()
    """Where it is weak, and when a person must step in."""
    issues: tuple[Issue, ...] = ()
    """Known problems and open assumptions."""
    assumptions: Annotated[tuple[Assumption, ...], Field(max_length=30)] = ()
    """What is taken to be so and not known yet, each with who finds out, and how."""
    handoff: Handoff | None = None
    """Who takes it over."""
    sop: Sop | None = None
    """The procedure once it is the system of record."""
    retirement: Retirement | None = None
    """When it ends."""
    pilot: StagePlan
    """The pilot."""
    limited: StagePlan | None = None
    """The limited rollout."""
    system_of_record: StagePlan | None = None
    """The years in which the business depends on it."""
