"""What is measured: baselines, thresholds, and what a reading does."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import (
    Amount,
    Authored,
    Bound,
    Id,
    Key,
    Line,
    MetricFamily,
    Span,
    Text,
)
from tidegate.models.derived import PerSuccess, Segment
from tidegate.models.dimension import Dimension

Success = Literal[
    "turnaround", "effort", "consistency", "safety", "resolution", "conversion", "errors", "compliance", "time_saved"
]
"""The kinds of success that a use case may be after."""

FromSample = Literal["misses_per_100", "false_stops_per_100", "stopped_per_100", "minutes_to_human"]
"""Corrected and not stopped, stopped in vain, stopped at all, or minutes until a person had nine in ten."""


class Baseline(Authored):
    """How things stood before."""

    value: Amount
    """The measured value."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Over how many cases."""
    window: Span | None = None
    """Over which time."""
    taken: date | None = None
    """When."""


class Metric(Authored):
    """One measured thing, from where on it acts, and what it does then."""

    kind: MetricFamily
    """What it speaks of."""
    source: Key
    """Where it is read: a source of the programme, or `by-hand`."""
    query: Text | None = None
    """What the source is asked."""
    derived: PerSuccess | None = None
    """What it is worked out from, where its source is `derived`."""
    segments: Annotated[dict[Id, Segment], Field(max_length=50)] = Field(default_factory=dict)
    """Its regions, departments or kinds of user, each a series with bands of its own."""
    unit: Line | None = None
    """What it counts."""
    about: Success | None = None
    """Which kind of success an outcome speaks of."""
    baseline: Amount | Baseline | None = None
    """How things stood before first exposure."""
    goal: Bound | None = None
    """What it should reach."""
    by: date | None = None
    """By when."""
    healthy: Bound | None = None
    """Where all is well."""
    watch: Bound | None = None
    """From where on people look closer."""
    hold: Bound | None = None
    """From where on nobody is added."""
    narrow: Bound | None = None
    """From where on fewer are served."""
    pause: Bound | None = None
    """From where on nobody is served."""
    rollback: Bound | None = None
    """From where on the rollout goes back."""
    guardrail: bool = True
    """A guardrail does at once what its band says; a signal holds at most."""
    dry_run: bool = False
    """Judged and shown, and never acting."""
    consecutive: Annotated[int, Field(ge=1, le=10)] = 1
    """So many readings in a row must breach before it acts."""
    trend: Annotated[int, Field(ge=2, le=20)] | None = None
    """So many readings in a row that are each worse than the one before hold, wherever they are."""
    recover: Annotated[int, Field(ge=2, le=10)] | None = None
    """So many good readings in a row until it is well again; one if not given."""
    initial_delay: Span | None = None
    """So long after a wave began its readings say nothing: they neither act nor pass. Limits hold from the first."""
    error_limit: Annotated[int, Field(ge=1, le=100)] | None = None
    """So many errors of its source without a usable reading between them hold by themselves."""
    inconclusive_limit: Annotated[int, Field(ge=1, le=100)] | None = None
    """So many answers in a row that say nothing, errors among them, hold by themselves."""
    min_samples: Annotated[int, Field(ge=0)] = 0
    """A reading over fewer cases says nothing."""
    every: Span | None = None
    """How often it is read; the stage's cadence if not given."""
    max_age: Span | None = None
    """An older reading says nothing; twice its cadence if not given."""
    on_no_data: Literal["inconclusive", "zero", "fail"] = "inconclusive"
    """What no data means; it never means that all is well."""
    blind_limit: Span | None = None
    """After so long without a usable reading exposure is narrowed."""
    level: Literal["goal", "operational", "contribution", "telemetry"] | None = None
    """Its level in the metric tree."""
    dimension: Dimension | None = None
    """What it tells a checkpoint beside the outcome; of a metric of cost that is spend, if not given."""
    supports: Id | None = None
    """The metric one level up that it explains."""
    limit: Literal["people", "runs_per_day", "budget_per_month"] | None = None
    """Which limit of a wave it counts up to: a reading past it holds, and a second one narrows."""
    from_sample: FromSample | None = None
    """What it counts in the sample of real runs (`sample`): each sample is a reading of it."""
    reviewer: Id | None = None
    """Who looks at it; the AI owner if not given."""
    first_response: Line | None = None
    """What operations does first when it strays."""
