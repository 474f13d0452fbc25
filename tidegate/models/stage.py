"""Stages and waves, and what a playbook may ask beyond its standard."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import (
    Amount,
    Authored,
    Condition,
    Function,
    GateKind,
    Id,
    Key,
    Line,
    Mode,
    Percent,
    Span,
    Text,
    Verb,
)
from tidegate.models.dimension import Dimension
from tidegate.models.exception import ExceptionRules
from tidegate.models.standard import ReadinessItem


class GateTightening(Authored):
    """More than the standard asks of one gate."""

    functions: dict[Function, Annotated[int, Field(ge=1, le=5)]] = Field(default_factory=dict)
    """Further functions, or more people of one."""
    veto: tuple[Function, ...] = ()
    """Further functions that can block it."""
    questions: dict[Function, tuple[Line, ...]] = Field(default_factory=dict)
    """Further questions."""
    window: Span | None = None
    """A shorter window."""
    vote_expiry: Span | None = None
    """A shorter life of a yes."""
    signed: bool | None = None
    """Whether only a signed decision counts."""
    escalate_after: Span | None = None
    """Sooner escalation."""


class Tightening(Authored):
    """More than the standard asks of one stage. What would loosen it is refused."""

    gates: dict[GateKind, GateTightening] = Field(default_factory=dict)
    """Stricter gates."""
    min_observation: Span | None = None
    """Longer observation."""
    review_every: Span | None = None
    """More frequent reviews."""
    read_every: Span | None = None
    """More frequent readings."""
    narrow_after: Span | None = None
    """Sooner narrowing after a missed review."""
    pause_after: Span | None = None
    """A pause after a missed review."""
    drill_max_age: Span | None = None
    """A fresher drill."""
    drill_recorded: bool | None = None
    """Only a drill that was run and read back by `tidegate drill`."""
    rehearsal_max_age: Span | None = None
    """A signed green rehearsal of the plan in force, or a fresher one."""
    dimensions: tuple[Dimension, ...] = ()
    """Further dimensions of which every checkpoint must know something."""
    readiness: tuple[ReadinessItem, ...] = ()
    """Further readiness items."""
    exceptions: ExceptionRules | None = None
    """Shorter and fewer exceptions; all of it anew."""
    incident_within: Span | None = None
    """Sooner answers for a stop."""
    evaluate_every: Span | None = None
    """The evaluation run again more often."""
    notice_lead: Span | None = None
    """Longer notice."""
    acknowledge: bool | None = None
    """Confirmation by the audiences."""
    training_coverage: Percent | None = None
    """More training."""
    trained_only: bool | None = None
    """Only who has the managers' training answers for alerts and grants exceptions."""
    stale_after: Span | None = None
    """Sooner staleness of a hold."""
    denied: tuple[Verb, ...] = ()
    """Further verbs that are not to be had."""
    review_only: tuple[Verb, ...] = ()
    """Further verbs that a person reviews."""
    max_people: Annotated[int, Field(ge=1)] | None = None
    """Fewer people."""


Authority = tuple[Verb, ...] | dict[Verb, Mode]
"""Verbs in one system: a list allows them, a map says how far each may go."""


class Wave(Authored):
    """One step of widening. What it does not say it inherits from its stage and from the wave before."""

    name: Id
    """What to call it."""
    cohort: Key | tuple[Key, ...]
    """Who is added."""
    share: Percent | None = None
    """Which share of the cohort; all of it if not given."""
    max_users: Annotated[int, Field(ge=1)] | None = None
    """At most so many people of each cohort; the cohort's size if not given."""
    observe: Span | None = None
    """How long it is watched; the standard's minimum if not given."""
    max_observe: Span | None = None
    """How long it may wait for its samples."""
    min_samples: Annotated[int, Field(ge=0)] | None = None
    """How many runs must have been seen."""
    risk: Annotated[int, Field(ge=1, le=5)] | None = None
    """Its risk; its cohort's if not given."""
    paths: tuple[Key, ...] = ()
    """Paths of the work that are added."""
    regions: tuple[Key, ...] = ()
    """Regions that are added."""
    models: tuple[Key, ...] = ()
    """Models that are added."""
    may: dict[Key, Authority] = Field(default_factory=dict)
    """Verbs that are added."""
    manual: tuple[Line, ...] = ()
    """What stays manual in this wave."""
    runs_per_day: Annotated[int, Field(ge=1)] | None = None
    """A limit of runs."""
    budget_per_month: Annotated[Amount, Field(gt=0)] | None = None
    """A limit of spend."""
    advance_when: tuple[Condition, ...] = ()
    """What must hold to go on; the stage's if not given."""
    together: Span | None = None
    """All of that must hold in readings that lie at most so far apart; the stage's if not given."""


class StagePlan(Authored):
    """One stage of the plan."""

    waves: Annotated[tuple[Wave, ...], Field(min_length=1, max_length=24)]
    """Its waves, in order."""
    advance_when: tuple[Condition, ...] = ()
    """What must hold to go on from each wave."""
    together: Span | None = None
    """All of that must hold in readings that lie at most so far apart."""
    pause_when: tuple[Condition, ...] = ()
    """What stops it; follows from the metrics' thresholds if not given."""
    guard_when: tuple[Condition, ...] = ()
    """What pauses it as well while it is being rolled out; once it has been handed over, the steady rules do."""
    expires: date | None = None
    """When the stage ends by itself; a pilot must say."""
    supervision: Text | None = None
    """How people watch over each piece of work."""
    manual: tuple[Line, ...] = ()
    """What stays manual throughout."""
    models: tuple[Key, ...] = ()
    """Models that are added at this stage."""
    may: dict[Key, Authority] = Field(default_factory=dict)
    """Verbs that are added at this stage."""
    runs_per_day: Annotated[int, Field(ge=1)] | None = None
    """A limit of runs."""
    budget_per_month: Annotated[Amount, Field(gt=0)] | None = None
    """A limit of spend."""
    stabilise: Text | None = None
    """How the team steadies things when early use creates friction."""
    support: Line | None = None
    """Where users get help."""
    live_issues: Id | None = None
    """Who owns issues while it is live."""
    never_widen: tuple[Literal["cohorts", "models", "data", "verbs", "budget"], ...] = ()
    """What no wave of this stage widens, and a revision only with the own yes of who answers for it."""
    evidence: tuple[Line, ...] = ()
    """Which evidence is kept for the review after launch."""
    on_the_hook: tuple[Id, ...] = ()
    """Who answers for it once it is the system of record."""
    tighten: Tightening = Tightening()
    """More than the standard asks."""
