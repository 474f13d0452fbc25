"""Known problems, and exceptions: one condition of one stage that need not be met for a while."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, Key, Stage, unsaid


class Problem(Carried):
    """Something that somebody found wrong, and that is neither settled nor accepted by itself."""

    what: str
    """What it is."""
    by: Id
    """Who said so."""
    at: Instant
    """When."""


class Waiver(Carried):
    """An exception: one condition of one stage that need not be met for a while."""

    item: str
    """Which readiness item or which problem."""
    stage: Stage
    """In which stage."""
    control: str
    """What is done instead."""
    asked_by: Id
    """Who asked for it."""
    asked_at: Instant
    """When."""
    until: Instant
    """When it ends by itself."""
    why: str = Field(default="", exclude_if=unsaid)
    """Why it is needed."""
    upto: Key | None = Field(default=None, exclude_if=unsaid)
    """The last wave for which it counts, such as `pilot/pmo`; the whole stage if not given."""
    since: Instant | None = Field(default=None, exclude_if=unsaid)
    """Since when it has been in force without a gap, whoever renewed it."""
    by: Id | None = None
    """Who accepted the risk; none while it is only asked for."""
    given: int = 0
    """How often it has been granted; from the second time on it was renewed."""
    over: bool = False
    """Whether its end was acted on."""

    def in_force(self, now: datetime) -> bool:
        """Whether it lets its condition pass."""
        return self.by is not None and now < self.until
