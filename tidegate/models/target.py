"""What became of one target: the words that an attempt, a look and the state share."""

from __future__ import annotations

from typing import Literal

from tidegate.models.base import Carried, Key, Line

Became = Literal["confirmed", "mismatch", "unknown", "failed", "unseen", "untouched", "asked"]
"""What became of one target: read back and as wanted; read back and otherwise; perhaps written to, and nobody knows;
certainly not written to; looked for and not seen; never come to; asked for something else since."""
TARGETS_TOLD = 50
"""Of more targets than these nobody is told one by one."""


class Target(Carried):
    """What became of one target."""

    target: Key
    """Which one."""
    became: Became
    """What became of it."""
    epoch: int | None = None
    """The epoch that is written there; none where nobody saw it."""
    people: int | None = None
    """At most so many people are served there; none where nobody can say."""
    note: Line | None = None
    """What went wrong."""
