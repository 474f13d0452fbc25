"""What a source, or a person, says of one metric; never a bare number."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Amount, Carried, Instant, Key, Line, unsaid
from tidegate.models.plan import Digest


class Reading(Carried):
    """What a source said of one metric; never a bare number."""

    status: Literal["value", "no_data", "stale", "error", "insufficient_sample"]
    """What kind of answer."""
    value: Amount | None = None
    """The value, where there is one."""
    n: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """Over how many cases."""
    taken_at: Instant
    """The end of the window that it speaks of."""
    note: Line | None = None
    """What the source said when it could not answer, or beside its answer."""
    why: Literal["not_a_number"] | None = Field(default=None, exclude_if=unsaid)
    """Why there is no value where the source did answer: with NaN or an infinite number."""
    since: Instant | None = Field(default=None, exclude_if=unsaid)
    """The beginning of the window, where the source or the plan says it."""
    read_at: Instant | None = Field(default=None, exclude_if=unsaid)
    """When it was asked, by the rollout's own clock."""
    source: Key | None = Field(default=None, exclude_if=unsaid)
    """What was asked."""
    query_digest: Digest | None = Field(default=None, exclude_if=unsaid)
    """Names the question: the kind of the source, its settings and the query, without any secret."""
    raw_digest: Digest | None = Field(default=None, exclude_if=unsaid)
    """Names the bytes that it answered."""

    @property
    def age(self) -> timedelta | None:
        """How old it was when it was asked for."""
        return None if self.read_at is None else self.read_at - self.taken_at

    @property
    def number(self) -> Decimal | None:
        """The value, where the status says that there is one."""
        return self.value if self.status == "value" else None
