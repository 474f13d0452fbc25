"""Who must have learned what, who has, until when, and what a wave showed that the teaching lacks.

People of the programme are known here by their ids and by nothing else; who is in a cohort is not known here at all.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from tidegate.models.base import Carried, Id, Instant, Key, Line, Span
from tidegate.models.message import Message


class Curriculum(StrEnum):
    """The three courses, by whom they are for."""

    USERS = "users"
    MANAGERS = "managers"
    SUPPORT = "support"


class PlanTraining(Carried):
    """The courses of a use case, as they will be asked for."""

    users: str
    """The course for those who use it."""
    managers: str | None = None
    """The course for those who answer for others."""
    support: str | None = None
    """The course for those who help."""
    valid: Span = Span.of("365d")
    """How long it counts."""
    managing: tuple[Id, ...] = ()
    """Who of the programme needs the managers' course."""
    helping: tuple[Id, ...] = ()
    """Who of the programme needs the supporters' course."""
    recorded: bool = False
    """Whether book is kept of who of the programme has learned it; then it is asked for by name."""

    def course(self, curriculum: Curriculum) -> str | None:
        """Return what the course of a curriculum is called."""
        found: str | None = getattr(self, curriculum.value)
        return found


class Learned(Carried):
    """That somebody of the programme has learned one course."""

    on: date
    """When."""
    until: Instant
    """Until when it counts."""
    ref: str
    """Where that can be seen."""
    by: Id
    """Who said so."""


class Train(Message):
    """Say who has learned which course, or what the wave showed that the training lacks."""

    kind: Literal["training"] = "training"
    person: Id | None = None
    """Who has learned it: a person of the programme."""
    course: Key | None = None
    """What they have learned: `users`, `managers` or `support`, or what that course is called."""
    on: date | None = None
    """On which day."""
    evidence: Line | None = None
    """Where that can be seen."""
    change: Line | None = None
    """What has to change in the training before the next wave."""
    about: Id | None = None
    """Which question or known problem showed it, by its id."""
    owner: Id | None = None
    """Who changes it; the AI owner if not given."""
    due: Instant | None = None
    """By when; by the next review if not given."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Train:
        record = (self.person, self.course, self.on, self.evidence)
        change = (self.about, self.owner, self.due)
        if self.change is None:
            if None in record or change != (None, None, None):
                raise ValueError("write who has learned what: `person`, `course`, `on` and `evidence`")
        elif record != (None, None, None, None):
            raise ValueError("write either who has learned what, or a `change` of the training")
        return self


class Counted(Carried):
    """How many of a group there are, and how many of them are trained."""

    people: int = Field(ge=0)
    """How many there are."""
    trained: int = Field(ge=0)
    """How many of them have the training that is theirs."""
