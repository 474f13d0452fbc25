"""What leaves a rollout for the ledger: events as they were decided, lines of evidence, and what they refer to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tidegate.models.base import Carried, Instant
from tidegate.models.decision import Entry
from tidegate.models.plan import Digest

Token = Annotated[str, Field(pattern=r"^text-[0-9a-f]{64}$")]
"""What stands for a text: the digest of its salt and its words."""


class Record(Carried):
    """One event as it was decided: all it takes to decide it again, and what must come of it."""

    number: int
    """Counts up within one life of the rollout; 0 is its beginning."""
    at: Instant
    """When it was decided, by the rollout's own clock."""
    batch: int
    """What was decided together has the same number."""
    event: dict[str, Any]
    """The event. Texts are tokens in it, and a revision of the plan is its digest."""
    written: int
    """The number of the last line of evidence after it."""
    state: Digest
    """The digest of the state after it."""
    change: dict[str, Any]
    """What it changed in the state: what is new or other by name, and the names of what is gone."""
    moves: Digest
    """The digest of what it moved."""
    rules: int
    """By which version of the rules."""


class Row(Carried):
    """What becomes one row of the ledger for each line, or one row without a line."""

    record: Record | None
    """The event; none where more happened than could be kept while the ledger was away."""
    entries: tuple[Entry, ...]
    """The lines that it wrote; none where it only changed the state."""


class Paper(Carried):
    """Something that evidence refers to by its digest."""

    kind: Literal["plan", "briefing", "state"]
    """What it is."""
    digest: Digest
    """The SHA-256 of the canonical bytes of its words."""
    words: Any
    """What it says."""
    record: int = 0
    """The record that refers to it first."""


class Text(Carried):
    """What somebody wrote, kept apart from the chain so that it can be erased."""

    salt: str
    """Without it nobody can try words out against the token."""
    text: str
    """The words."""
    record: int = 0
    """The record that brought it."""
