"""How often people look at real runs, and who answers what the policy does not cover: as written, and as carried."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Authored, Carried, Id, Span


class Sampling(Authored):
    """How many real runs are looked at, how often, and by whom."""

    runs: Annotated[int, Field(ge=1, le=1_000)]
    """How many real runs each time."""
    every: Span = Span.of("7d")
    """How often."""
    reviewer: Id | None = None
    """Who looks at them; the AI owner if not given."""
    then: Literal["hold", "narrow", "pause"] = "hold"
    """What happens when nobody has looked by then, beside that people are paged and nothing widens."""


class PlanSampling(Carried):
    """How many real runs are looked at, as it will be asked for."""

    runs: int
    """How many real runs each time."""
    every: Span
    """How often."""
    reviewer: Id
    """Who looks at them."""
    then: Literal["hold", "narrow", "pause"] = "hold"
    """What happens when nobody has."""


class Questions(Authored):
    """Who answers what the policy does not cover, and by when."""

    to: Id | None = None
    """Who answers; the AI owner if not given."""
    within: Span = Span.of("2bd")
    """How soon; from then on nothing widens and more people hear of it."""


class PlanQuestions(Carried):
    """Who answers what the policy does not cover, as it will be asked for."""

    to: Id
    """Who answers."""
    within: Span = Span.of("2bd")
    """How soon."""
