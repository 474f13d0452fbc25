"""The pre-approved ways down, and how the work is done without the assistant."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from tidegate.models.base import (
    Authored,
    Id,
    Key,
    Line,
    Percent,
    Span,
    Verb,
)

DRIVER = "driver"
"""What a step says that the driver does, at every target of the use case."""
_MOST = 20
"""Steps of one way down: whoever needs more writes a procedure and makes it one step."""


class ManualFallback(Authored):
    """How the work is done without the assistant."""

    how: Line
    """Where the procedure is written."""
    owner: Id
    """Who runs it."""
    per_day: Annotated[int, Field(ge=1)]
    """How much of the work can be done this way in a day."""
    minutes_each: Annotated[int, Field(ge=1)] | None = None
    """How long one case takes by hand."""
    max_days: Annotated[int, Field(ge=1)] | None = None
    """For how many days it can be kept up."""


class Step(Authored):
    """One thing to do, by a machine or a person, and how to see that it is done."""

    do: Line
    """`driver` for what the driver does at every target; otherwise one instruction to a person."""
    owner: Id | None = None
    """Who does it, unless the driver does."""
    within: Span | None = None
    """In which time, unless the driver does it."""
    probe: Line
    """How to see that it is done."""


class NarrowLevel(Authored):
    """A smaller exposure between the waves: fewer people or fewer powers."""

    name: Id
    """What to call it."""
    share: Percent | None = None
    """At most this share of every cohort."""
    deny: tuple[Verb, ...] = ()
    """Verbs that are taken away."""
    review: tuple[Verb, ...] = ()
    """Verbs that a person reviews from then on."""
    cohorts: tuple[Key, ...] | None = None
    """Only these cohorts."""
    models: tuple[Key, ...] | None = None
    """Only these models."""

    @field_validator("name")
    @classmethod
    def _leaves_something(cls, name: str) -> str:
        # Of the level below all waves, which is called so, every sentence says that nobody is served.
        if name == "nothing":
            raise ValueError("`nothing` is the level at which nobody is served; call this one otherwise")
        return name


class Redirect(Authored):
    """Where the work goes when it is redirected."""

    to: Key
    """A queue of people, or one of the models that are approved anyway."""
    kind: Literal["queue", "model"] = "queue"
    """Which of the two."""


class FallbackPlan(Authored):
    """The pre-approved ways down. What is not given is the standard's: previous wave, then nothing, by the driver."""

    levels: tuple[NarrowLevel, ...] = ()
    """Levels between the waves, mildest first."""
    redirect: Redirect | None = None
    """Where the work goes instead."""
    narrow: Annotated[tuple[Step, ...], Field(min_length=1, max_length=_MOST)] = (
        Step(do=DRIVER, probe="driver reads back"),
    )
    """Steps of a narrowing, most protective first."""
    pause: Annotated[tuple[Step, ...], Field(min_length=1, max_length=_MOST)] = (
        Step(do=DRIVER, probe="driver reads back"),
    )
    """Steps of a pause."""
    rollback: Annotated[tuple[Step, ...], Field(min_length=1, max_length=_MOST)] = (
        Step(do=DRIVER, probe="driver reads back"),
    )
    """Steps of a rollback."""
    drain: Literal["finish", "stop"] = "finish"
    """What happens to runs under way once its end is agreed: they finish within `retirement.drain`, or stop at once."""
    drill_within: Span | None = None
    """In which time a way down must be read back when it is drilled; a slower drill has failed."""
