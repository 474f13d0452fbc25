"""Figures that are worked out from other figures, and figures that are told apart by segment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.models.base import Amount, Authored, Bound, Id, Text

MINUTES = 60


class PerSuccess(Authored):
    """What one success costs: the spend, and the minutes of people at their rate, over the successes."""

    spend: Id
    """The metric that says what was spent."""
    successes: Id
    """The metric that says how many cases succeeded."""
    minutes: Id | None = None
    """The metric that says how many minutes people worked on it: checking, correcting, doing it again."""
    rate: Annotated[Amount, Field(gt=0)] | None = None
    """What an hour of theirs costs, in the currency of the spend."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The metrics that it is worked out from."""
        return tuple(part for part in (self.spend, self.successes, self.minutes) if part is not None)


class Segment(Authored):
    """One region, department or kind of user of a metric, with bands of its own."""

    query: Text | None = None
    """What the source is asked for this segment; nothing where people read it."""
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
