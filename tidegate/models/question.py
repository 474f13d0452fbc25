"""Questions that the policy does not cover: asked by anybody, owed to them by a date, answered by a name."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tidegate.models.base import Carried, Id, Instant, Text
from tidegate.models.message import Message


class Question(Message):
    """Ask what the policy does not cover, or answer it."""

    kind: Literal["question"] = "question"
    what: Text | None = None
    """What the policy does not say."""
    answers: Id | None = None
    """Which question is answered, by its id."""
    answer: Text | None = None
    """The answer."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Question:
        if (self.what is None) is (self.answers is None) or (self.answers is None) is not (self.answer is None):
            raise ValueError("write either `what` is asked, or which question it `answers` and the `answer`")
        return self


class Asked(Carried):
    """A question, and its answer once there is one."""

    what: str
    """What the policy does not say."""
    by: Id
    """Who asks."""
    at: Instant
    """When."""
    to: Id
    """Who owes the answer."""
    due: Instant
    """By when."""
    answer: str | None = None
    """The answer."""
    answered_by: Id | None = None
    """Who gave it."""
    answered_at: Instant | None = None
    """When."""
