"""What a source, or a person, says of one metric; never a bare number."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Amount, Carried, Instant, Line


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
    """What the source said when it could not answer."""

    @property
    def number(self) -> Decimal | None:
        """The value, where the status says that there is one."""
        return self.value if self.status == "value" else None
