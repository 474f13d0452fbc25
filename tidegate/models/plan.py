"""What we run: everything resolved and dated, self-contained, immutable, sealed with a digest."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.assumption import Assumption
from tidegate.models.base import (
    Amount,
    Band,
    Bound,
    Carried,
    Condition,
    Function,
    Id,
    Instant,
    Key,
    MetricFamily,
    Mode,
    Names,
    Share,
    Span,
    Stage,
    unsaid,
)
from tidegate.models.change import PreApproved
from tidegate.models.derived import PerSuccess
from tidegate.models.dimension import Dimension
from tidegate.models.ending import PlanEnd
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.handover import PlanHandoff
from tidegate.models.issue import AcceptedIssue
from tidegate.models.measure import FromSample
from tidegate.models.member import CohortRoll, Preset
from tidegate.models.person import Passkey, PublicKey
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.playbook import DataSource
from tidegate.models.programme import Right
from tidegate.models.sampling import PlanQuestions, PlanSampling
from tidegate.models.sheet import Sheet
from tidegate.models.signal import Signal, SignalName
from tidegate.models.standard import Gap, ReadinessItem, StageRules
from tidegate.models.stop import RolloutStop, StopRule
from tidegate.models.subject import PlanSubject
from tidegate.models.training import PlanTraining
from tidegate.models.ways_down import Step

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 over canonical bytes."""


PRESETS = "presets"
"""The setting under which a driver finds what each role gives; nobody writes it by hand."""


class Member(Carried):
    """A person of the roster, as the rollout knows them."""

    name: str
    """What to call them."""
    functions: tuple[Function, ...] = ()
    """In which functions they may act."""
    deputy: Id | None = None
    """Who acts for them while they are away."""
    organisation: Literal["internal", "vendor"] = "internal"
    """A vendor never votes."""
    active: bool = True
    """Whether they still work here."""
    away: tuple[tuple[Instant, Instant], ...] = ()
    """When they are away, from and until."""
    calendar: str | None = Field(default=None, exclude_if=unsaid)
    """Which of the plan's calendars says when they work; the programme's own if not given."""
    keys: tuple[PublicKey, ...] = ()
    """With what they sign."""
    passkeys: tuple[Passkey, ...] = ()
    """With what they sign in the review desk."""


class WorkingTime(Carried):
    """The programme's working calendar, with its clock changes and holidays dated."""

    shifts: tuple[tuple[Instant, int], ...]
    """From when on local time lies how many minutes east of UTC."""
    workdays: tuple[int, ...]
    """Monday is 0."""
    opens: int
    """Minutes after midnight."""
    closes: int
    """Minutes after midnight."""
    holidays: tuple[date, ...] = ()
    """Days on which nobody works."""


class FreezeWindow(Carried):
    """A dated time in which nothing widens."""

    name: Id
    """What it is called."""
    starts: Instant
    """From."""
    ends: Instant
    """Until."""
    reason: str
    """Why."""
    stages: tuple[Stage, ...]
    """Which stages it binds."""
    approvers: tuple[Function, ...] = Field(default=(), exclude_if=unsaid)
    """Who may let one change through; nobody if none is named."""


class Rung(Carried):
    """One wave on the ladder: level 1 is the first, level 0 is nothing."""

    stage: Stage
    """Its stage."""
    wave: Id
    """Its name."""
    exposure: Exposure
    """What it exposes, all waves before it included."""
    observe: Span
    """How long it is watched."""
    max_observe: Span
    """How long it may wait for its samples."""
    min_samples: int = 0
    """How many runs must have been seen."""
    together: Span | None = Field(default=None, exclude_if=unsaid)
    """How far apart at most the readings may lie by which it goes on; however far if not given."""
    advance_when: tuple[Condition, ...] = ()
    """What must hold to go on."""
    pause_when: tuple[Condition, ...] = ()
    """What pauses it at once beside the metrics' own bands; guardrails of this wave's stage."""
    guard_when: tuple[Condition, ...] = Field(default=(), exclude_if=unsaid)
    """What pauses it as well until it has been handed over."""
    manual: tuple[str, ...] = ()
    """What stays manual."""
    risk: int = 1
    """How much harm a mistake would do."""


class NarrowTo(Carried):
    """A level between the waves, as an upper bound that the current exposure is met with."""

    name: Id
    """What it is called."""
    share: Share = 10_000
    """At most this share of every cohort."""
    cohorts: Names | None = None
    """Only these cohorts."""
    models: Names | None = None
    """Only these models."""
    modes: dict[str, Mode] = Field(default_factory=dict)
    """How far each of these verbs may go at most."""


class PlanFallback(Carried):
    """The pre-approved ways down."""

    levels: tuple[NarrowTo, ...] = ()
    """Levels between the waves, mildest first."""
    redirect_to: Key | None = None
    """Where work goes when it is redirected."""
    redirect_kind: Literal["queue", "model"] = "queue"
    """A queue of people, or another model."""
    narrow: tuple[Step, ...] = ()
    """Steps of a narrowing."""
    pause: tuple[Step, ...] = ()
    """Steps of a pause."""
    rollback: tuple[Step, ...] = ()
    """Steps of a rollback."""
    drain: Literal["finish", "stop"] = "finish"
    """What happens to runs under way once its end is agreed."""
    manual: str
    """Where the manual procedure is written."""
    manual_owner: Id
    """Who runs it."""
    manual_per_day: int
    """How much can be done by hand in a day."""
    manual_minutes: int | None = Field(default=None, exclude_if=unsaid)
    """How long one case takes by hand."""
    drill_within: Span | None = Field(default=None, exclude_if=unsaid)
    """In which time a way down must be read back when it is drilled."""


class PlanMetric(Carried):
    """One metric with its thresholds frozen."""

    family: MetricFamily
    """What it speaks of."""
    source: Key
    """Where it is read."""
    query: str | None = None
    """What the source is asked."""
    baseline: Amount | None = None
    """How things stood before."""
    goal: Bound | None = None
    """What it should reach."""
    bands: tuple[tuple[Band, Bound], ...] = ()
    """Which test puts a reading in which band, worst first."""
    healthy: Bound | None = None
    """Where a metric that has strayed is well again."""
    guardrail: bool = True
    """Acts at once; a signal holds at most."""
    dry_run: bool = False
    """Judged, never acting."""
    consecutive: int = 1
    """So many breaches in a row before it acts."""
    min_samples: int = 0
    """A reading over fewer cases says nothing."""
    every: Span
    """How often it is read."""
    max_age: Span
    """An older reading says nothing."""
    on_no_data: Literal["inconclusive", "zero", "fail"] = "inconclusive"
    """What no data means."""
    blind_limit: Span | None = None
    """After so long without a usable reading exposure is narrowed."""
    by_hand: bool = False
    """Whether a person gives the reading."""
    reviewer: Id
    """Who looks at it."""
    dimension: Dimension | None = Field(default=None, exclude_if=unsaid)
    """What it tells a checkpoint beside the outcome, where its author says so."""
    limit: Literal["people", "runs_per_day", "budget_per_month"] | None = Field(default=None, exclude_if=unsaid)
    """Which limit of what is exposed it counts up to: past it, it is held, and narrowed if it stays past it."""
    trend: int | None = Field(default=None, exclude_if=unsaid)
    """After so many readings in a row that were each worse than the one before, it is held."""
    recover: int | None = Field(default=None, exclude_if=unsaid)
    """So many good readings in a row until it is well again; one if not given."""
    initial_delay: Span | None = Field(default=None, exclude_if=unsaid)
    """So long after a wave began its readings neither act nor pass."""
    error_limit: int | None = Field(default=None, exclude_if=unsaid)
    """After so many errors of its source without a usable reading between them, it is held."""
    inconclusive_limit: int | None = Field(default=None, exclude_if=unsaid)
    """After so many answers in a row that say nothing, it is held."""
    level: Literal["goal", "operational", "contribution", "telemetry"] | None = Field(default=None, exclude_if=unsaid)
    """Its level in the metric tree."""
    supports: Id | None = Field(default=None, exclude_if=unsaid)
    """The metric one level up that it explains."""
    first_response: str | None = Field(default=None, exclude_if=unsaid)
    """What operations does first when it strays."""
    unit: str | None = Field(default=None, exclude_if=unsaid)
    """What it counts."""
    derived: PerSuccess | None = Field(default=None, exclude_if=unsaid)
    """What it is worked out from; then no source is asked for it."""
    part_of: Id | None = Field(default=None, exclude_if=unsaid)
    """The metric of which it is one segment."""
    samples: str | None = Field(default=None, exclude_if=unsaid)
    """What the source is asked for the number of cases."""
    fresh: str | None = Field(default=None, exclude_if=unsaid)
    """What the source is asked for the time of the newest sample."""
    window: Span | None = Field(default=None, exclude_if=unsaid)
    """Over how long a time it is measured; its cadence if nothing is said."""
    from_sample: FromSample | None = Field(default=None, exclude_if=unsaid)
    """What it counts in the sample of real runs; each sample is a reading of it."""


class Backend(Carried):
    """How a system outside is reached: a target, a source or a channel. Secrets are named here, never written."""

    kind: Id
    """Which driver, source or channel speaks to it."""
    settings: dict[Key, str] = Field(default_factory=dict)
    """What that needs to know."""
    presets: dict[Id, Preset] = Field(default_factory=dict, exclude_if=unsaid)
    """What each role gives, for a target that holds people by name."""

    @property
    def told(self) -> dict[str, str]:
        """All that its driver is told."""
        if not self.presets:
            return dict(self.settings)
        words = {name: preset.model_dump(mode="json") for name, preset in self.presets.items()}
        return {**self.settings, PRESETS: json.dumps(words, sort_keys=True)}


class PlanStage(Carried):
    """One stage with its rules resolved."""

    rules: StageRules
    """What the standard, tightened by the playbook, demands."""
    standard_digest: Digest
    """Names exactly those rules."""
    expires: Instant | None = None
    """When the stage ends by itself."""
    met: tuple[ReadinessItem, ...] = ()
    """The readiness items that the playbook itself proves."""
    owed: tuple[str, ...] = ()
    """What the playbook must still say before the stage can begin."""
    raised: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    """Why it is held to the rules of a system of record before it is one: what it touches."""
    frozen: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    """What only a revision widens here, with the own yes of who answers for it."""
    on_the_hook: tuple[Id, ...] = Field(default=(), exclude_if=unsaid)
    """Who answers for it once it is the system of record."""


class Plan(Carried):
    """Everything one rollout needs to be decided, for ever, without asking anybody."""

    use_case: str
    """Its name."""
    title: str
    """Its name for people."""
    digest: Digest
    """Names this plan: the hash of all the rest."""
    standard: str
    """The standard it is held to."""
    gaps: tuple[Gap, ...] = Field(default=(), exclude_if=unsaid)
    """What that standard demands more than the version before, and is owed by a date."""
    tier: Literal[1, 2, 3]
    """How risky it is."""
    tier_why: str
    """The formula with its figures."""
    governance_owner: Id
    """Who answers for the programme."""
    ai_owner: Id
    """Who decides about the assistant."""
    business_owner: Id
    """Who needs it."""
    accountable_exec: Id | None = None
    """Who answers for it in the end."""
    escalation_owner: Id | None = Field(default=None, exclude_if=unsaid)
    """To whom goes what nobody else may or can decide."""
    authors: tuple[Id, ...]
    """Everybody who wrote part of this revision; none of them may approve it."""
    roster: dict[Id, Member]
    """Everybody who may act."""
    heads: dict[Function, Id] = Field(default_factory=dict)
    """Who leads each function."""
    rights: dict[Right, tuple[Function, ...]]
    """Who may do what beside voting."""
    pre_approved: tuple[PreApproved, ...] = Field(default=(), exclude_if=unsaid)
    """What may change without a vote, because the programme approved it beforehand."""
    calendar: WorkingTime
    """When people work."""
    calendars: dict[str, WorkingTime] = Field(default_factory=dict, exclude_if=unsaid)
    """When those work who live by another clock or keep other holidays."""
    dated_until: date | None = Field(default=None, exclude_if=unsaid)
    """Until which day public holidays and calendar files were looked up; none where none are named."""
    freezes: tuple[FreezeWindow, ...] = ()
    """When nothing widens."""
    ladder: tuple[Rung, ...]
    """All waves of all stages in order."""
    stages: dict[Stage, PlanStage]
    """The rules of each stage."""
    metrics: dict[Id, PlanMetric]
    """What is measured."""
    signals: dict[SignalName, Signal] = Field(default_factory=dict, exclude_if=unsaid)
    """The alerts that are expected, by name: what each does, and what operations does first."""
    fallback: PlanFallback
    """The ways down."""
    notices: tuple[PlanNotice, ...] = ()
    """Who is told."""
    consulted: tuple[Id, ...] = ()
    """Whom the RACI has asked before a change: they hear of each round of votes while it is open."""
    informed: tuple[Id, ...] = ()
    """Whom the RACI has told after a change."""
    cohorts: dict[Key, CohortRoll] = Field(default_factory=dict, exclude_if=unsaid)
    """How it is known who is in a cohort, for each that has a source."""
    training: PlanTraining | None = Field(default=None, exclude_if=unsaid)
    """What people must have learned."""
    targets: tuple[Key, ...]
    """What enforces exposure."""
    test_subjects: dict[Key, int] = Field(default_factory=dict, exclude_if=unsaid)
    """The cohorts that drills may serve, each with how many they are; no wave serves them."""
    drivers: dict[Key, Backend] = Field(default_factory=dict)
    """How each target is reached."""
    sources: dict[Key, Backend] = Field(default_factory=dict)
    """How each source of metrics is reached."""
    channels: dict[Key, Backend] = Field(default_factory=dict)
    """How each channel to people is reached."""
    reach: dict[Id, Names] = Field(default_factory=dict, exclude_if=unsaid)
    """By which of these channels a person is reached beside the notice board."""
    mails: dict[Id, str] = Field(default_factory=dict, exclude_if=unsaid)
    """Where mail reaches people, for those whom a channel may write to."""
    purpose: str = Field(default="", exclude_if=unsaid)
    """What it is to achieve, as notices say it."""
    data: dict[Key, DataSource] = Field(default_factory=dict)
    """Each source of data, its class, its use and its retention."""
    subject: PlanSubject | None = Field(default=None, exclude_if=unsaid)
    """In which versions of what it was judged, where the playbook says so."""
    stop_rules: tuple[StopRule, ...] = ()
    """When one run stops, and to whom it goes."""
    rollout_stops: tuple[RolloutStop, ...] = Field(default=(), exclude_if=unsaid)
    """When the whole rollout is made safer."""
    sample: PlanSampling | None = Field(default=None, exclude_if=unsaid)
    """How many real runs people look at, and how often."""
    questions: PlanQuestions | None = Field(default=None, exclude_if=unsaid)
    """Who answers what the policy does not cover; the AI owner if nobody is named."""
    handoff: PlanHandoff | None = None
    """Who takes it over."""
    blocking_issues: dict[Stage, tuple[str, ...]] = Field(default_factory=dict)
    """Known problems that bar a stage."""
    accepted_issues: dict[Stage, tuple[AcceptedIssue, ...]] = Field(default_factory=dict)
    """Known problems that people live with in a stage, each with who accepted it and until when."""
    assumptions: tuple[Assumption, ...] = Field(default=(), exclude_if=unsaid)
    """What is taken to be so; each briefing shows those that are open."""
    retire_when: tuple[Condition, ...] = ()
    """What makes it due for retirement."""
    end: PlanEnd | None = Field(default=None, exclude_if=unsaid)
    """How it ends; as one that says nothing of it if not given."""
    vendors: dict[Key, Id] = Field(default_factory=dict, exclude_if=unsaid)
    """Who supplies which of the models that it may use."""
    unit: Id | None = Field(default=None, exclude_if=unsaid)
    """The business unit it belongs to."""
    logging: str | None = Field(default=None, exclude_if=unsaid)
    """What is written down for every run."""
    success_means: str
    """What success means."""
    success_does_not_mean: str
    """What it does not mean."""
    sheet: Sheet | None = Field(default=None, exclude_if=unsaid)
    """What it says for readers and for the checklist."""
    texts_digest: Digest
    """Names the texts of the playbook that no rule reads: the charter, the procedure, the RACI."""

    def rung(self, level: int) -> Rung:
        """Return the wave at a level; level 1 is the first."""
        return self.ladder[level - 1]

    def exposure(self, level: int) -> Exposure:
        """Return what a level exposes; level 0 is nothing."""
        return NOTHING if level == 0 else self.ladder[level - 1].exposure

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that any wave may use; a redirect goes to one of the first wave."""
        return tuple(sorted({model for rung in self.ladder for model in rung.exposure.models}))

    def rules(self, level: int) -> StageRules:
        """Return the rules of a level's stage; below the first wave those of the first."""
        return self.stages[self.ladder[max(level, 1) - 1].stage].rules


def reread(plan: Plan) -> Plan:
    """Return a plan as it is when it is read from its canonical bytes: names in one order, whoever wrote it.

    One that is so already is itself: what a rollout began with stays in memory, and need not lie there twice.
    """
    again = Plan.model_validate_json(json.dumps(plan.model_dump(mode="json"), sort_keys=True))
    said, canonical = (one.model_dump_json(exclude_unset=True) for one in (plan, again))
    return plan if again == plan and said == canonical else again
