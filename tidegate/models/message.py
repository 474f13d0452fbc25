"""What every message carries, whoever sends it and whatever it says."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from tidegate.models.actor import Actor
from tidegate.models.base import Authored, Instant, Text
from tidegate.models.proof import Signature

MessageId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
"""What makes a message the same message when it arrives again."""


class Message(Authored):
    """What every message carries."""

    id: MessageId
    """What makes it the same message when it arrives again."""
    actor: Actor
    """Who says it."""
    not_after: Instant | None = None
    """From when on it says nothing any more; a reduction never goes stale."""
    reason: Text | None = None
    """Why, in their own words."""
    signature: Signature | None = None
    """What proves who says it."""
