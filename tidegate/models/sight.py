"""What can be seen of a rollout: a pattern, held against what happened. Whatever it does not say may be anything."""

from __future__ import annotations

from pydantic import Field

from tidegate.models.base import Authored, GateKind, Id, Instant, Key, Line, Span, Stage
from tidegate.models.decision import Outcome
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase


class Sight(Authored):
    """Something that happens, by what the record says of it."""

    stage: Stage | None = None
    """The stage it stands in."""
    wave: Key | None = None
    """The wave it stands on: `home-half`, or with its stage `limited/home-half`."""
    phase: Phase | None = None
    """What the rollout is doing."""
    control: Control | None = None
    """What is being done to exposure."""
    action: Line | None = None
    """What was done or tried, as evidence names it: `vote approve`, `hold`."""
    outcome: Outcome | None = None
    """What became of it."""
    reason: Code | None = None
    """Why."""
    by: Id | None = None
    """Who did it."""
    in_place_of: Id | None = None
    """In whose place."""
    gate: GateKind | None = None
    """About which kind of round of votes it is."""


class When(Authored):
    """A moment: so long after the start, at a date, or so long after something is seen."""

    at: Instant | None = None
    """A date with its time and zone."""
    day: Span | None = None
    """So long after the start."""
    after: Sight | None = None
    """After this is seen."""
    time: int = Field(default=1, ge=1)
    """For the how manieth time it is seen."""
    plus: Span | None = None
    """So long after that."""
