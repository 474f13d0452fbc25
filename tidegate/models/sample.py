"""Real runs that people look at: how many and how often, what they found, and what is kept of it.

Counts and the last few findings stay in the state; all the rest is in the evidence. Knows nothing of when it is due.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tidegate.models.base import Authored, Carried, Id, Instant, Line
from tidegate.models.message import Message
from tidegate.models.plan import Digest

Count = Annotated[int, Field(ge=0, le=10_000)]


class Weakness(StrEnum):
    """The four causes that a finding has, and where each leads."""

    WEAK_DATA = "weak_data"
    LOOSE_STOP_RULES = "loose_stop_rules"
    SAME_CORRECTIONS = "same_corrections"
    POORLY_SCOPED = "poorly_scoped"


class Found(Authored):
    """One thing that people found when they looked."""

    cause: Weakness
    """Why it is so."""
    what: Line
    """What they saw."""
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    """In how many runs."""
    rule: Id | None = None
    """Which stop rule it is about, by its name."""


class Sample(Message):
    """What people found in real runs: how many they looked at, and what became of them. Without runs, only findings."""

    kind: Literal["sample"] = "sample"
    runs: Count = 0
    """How many real runs were looked at."""
    hits: Count = 0
    """How many of them a stop rule stopped, and rightly."""
    misses: Count = 0
    """How many a person had to correct although no rule had stopped them."""
    false_stops: Count = 0
    """How many a stop rule stopped that might have gone on."""
    waits: Annotated[tuple[Annotated[int, Field(ge=0, le=525_600)], ...], Field(max_length=1_000)] = ()
    """Of runs that were stopped: how many minutes it took until a person had them."""
    whole: bool = False
    """Whether these were all runs that there were."""
    found: Annotated[tuple[Found, ...], Field(max_length=50)] = ()
    """What they found, each with its cause."""
    evidence: Line | None = None
    """Where the verdicts can be seen."""
    file: Digest | None = None
    """The digest of the file of verdicts."""

    @model_validator(mode="after")
    def _adds_up(self) -> Sample:
        if self.hits + self.misses + self.false_stops > self.runs or len(self.waits) > self.runs:
            raise ValueError("more runs have a verdict than were looked at")
        if not self.runs and not self.found and not self.whole:
            raise ValueError("say how many runs were looked at, or what was found")
        return self


class Week(Carried):
    """What was found in one week."""

    starts: date
    """Its Monday."""
    runs: int = 0
    """How many real runs were looked at."""
    hits: int = 0
    """How many were stopped rightly."""
    misses: int = 0
    """How many should have been stopped and were not."""
    false_stops: int = 0
    """How many need not have been stopped."""
    slowest: int | None = None
    """Within how many minutes a person had nine in ten of those that were stopped, at its worst."""
    causes: dict[Weakness, int] = Field(default_factory=dict)
    """How many findings had which cause."""


class Noted(Carried):
    """A finding as it is kept."""

    cause: Weakness
    """Why it is so."""
    what: str
    """What was seen."""
    times: int
    """In how many runs."""
    rule: str | None = None
    """Which stop rule it is about."""
    by: Id
    """Who said so."""
    at: Instant
    """When."""


class Looked(Carried):
    """What is kept of all that people found."""

    weeks: tuple[Week, ...] = ()
    """The last half year, oldest first."""
    last: tuple[Noted, ...] = ()
    """The last findings, oldest first."""
    reviewed: int = 0
    """How many runs were looked at since the sample was last complete."""
