"""The result of a rehearsal as evidence: what was lived through, for exactly which plan, and who vouches for it.

It is small, and names by digest what is long. It holds nobody's free words: it is put on record as it stands.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from tidegate.models.base import Authored, Carried, Id, Instant, Key, Line, Stage
from tidegate.models.message import Message
from tidegate.models.plan import Digest

MOST_LIVES = 50
"""More scenarios than these are no evidence that anybody reads."""
_Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Rehearsal(Authored):
    """What came of a rehearsal."""

    use_case: Id
    """Of which use case."""
    plan: Digest
    """The plan that was lived through, as it would be started, or as it is in force."""
    scenarios: Annotated[dict[Key, Digest], Field(max_length=MOST_LIVES)]
    """What it was lived with, by name; nothing is the path without faults."""
    verdict: Literal["green", "red"]
    """Green: every expectation passed, it came where it should, and nothing stood still."""
    expected: _Count
    """How many expectations there were."""
    failed: _Count
    """How many of them did not pass."""
    stuck: bool
    """Whether it came to where nothing leads on any more."""
    reached: Stage
    """The furthest stage that was lived through."""
    since: Instant
    """When the life in it began: its own time, and nobody's clock."""
    until: Instant
    """When it was left."""
    ran: Instant
    """When it was really run."""
    tool: Line
    """The version that ran it."""
    rules: _Count
    """The version of the rules that decided in it."""
    lived: Annotated[tuple[Digest, ...], Field(min_length=1, max_length=MOST_LIVES)]
    """Names each whole life: the digest of all that happened in it."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.verdict == "green" and (self.failed or self.stuck):
            raise ValueError("what failed or stood still is not green")
        if self.failed > self.expected or self.until < self.since:
            raise ValueError("it says what cannot be")
        return self


class Vouched(Authored):
    """The result of a rehearsal with the signature of whoever vouches for it: what is written to a file."""

    result: Rehearsal
    """What came of it."""
    by: Id
    """Who vouches for it."""
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8_000)] | None = None
    """Their signature in OpenSSH's armour."""


class Rehearsed(Message):
    """Hand in the result of a rehearsal."""

    kind: Literal["rehearsed"] = "rehearsed"
    document: Vouched
    """The result, as it was signed."""


class RehearsalRecord(Carried):
    """The last rehearsal that was handed in."""

    name: Digest
    """Names the result."""
    plan: Digest
    """The plan that was lived through."""
    holds: Digest
    """The revision for which it counts: that plan, or one that changed nothing material since."""
    green: bool
    """Whether it was green."""
    by: Id
    """Who vouches for it."""
    key: str
    """With which key they signed."""
    ran: Instant
    """When it was run."""
    at: Instant
    """When it was handed in."""
    reached: Stage
    """The furthest stage that was lived through."""
    scenarios: tuple[Key, ...] = ()
    """With which scenarios."""
    expected: int = 0
    """How many expectations there were."""
    failed: int = 0
    """How many of them did not pass."""
    stuck: bool = False
    """Whether it came to where nothing leads on."""
