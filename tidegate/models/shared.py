"""What use cases share, and by what all of them can be stopped at once."""

from __future__ import annotations

from tidegate.models.base import Authored, Id, Line


class Model(Authored):
    """A model that use cases share."""

    vendor: Id | None = None
    """Who supplies it; all that is theirs can be stopped at once."""
    describes: Line | None = None
    """What it is."""
