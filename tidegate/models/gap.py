"""What a newer standard asks for that is not there yet, and by when it must be."""

from __future__ import annotations

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, Stage, unsaid
from tidegate.models.standard import ReadinessItem


class Gap(Carried):
    """One demand of a newer standard that is not met yet."""

    name: Id
    """What it is called among what is owed."""
    stage: Stage
    """At which stage it is demanded."""
    item: ReadinessItem | None = None
    """The readiness item that is lacking; none for what is no such item."""
    what: str
    """What is lacking."""
    owner: str
    """Who mends it: a person or a function."""
    due: Instant
    """By when."""
    renews: bool = Field(default=False, exclude_if=unsaid)
    """Whether the older version asked for it too, so that only what was given then counts until its day."""
    forced: bool = Field(default=False, exclude_if=unsaid)
    """Whether it is held until it is mended."""
