"""The words with which it is put on record that the time of a rollout is moved, as a server for practice can."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tidegate.models.base import Instant
from tidegate.models.message import Message


class Moved(Message):
    """Its time is moved ahead by hand: said before, with how far at most, and after, with how far it was."""

    kind: Literal["moved"] = "moved"
    since: Instant
    """From when."""
    until: Instant
    """Until when."""

    @model_validator(mode="after")
    def _ahead(self) -> Moved:
        if self.until < self.since:
            raise ValueError("time is moved ahead only")
        return self
