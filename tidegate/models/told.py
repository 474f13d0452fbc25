"""What comes in that no person said: what became of moves, what is seen outside, the clock, and what went wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Carried, Line, unsaid
from tidegate.models.content import Failure
from tidegate.models.exposure import Exposure
from tidegate.models.target import TARGETS_TOLD, Target


def unknown(value: object) -> bool:
    """Whether nobody says; the first attempt of all is as good as said."""
    return value is None


class Dispatched(Carried):
    """An attempt to make exposure so is on its way."""

    kind: Literal["dispatched"] = "dispatched"
    epoch: int
    """Which attempt."""


class Applied(Carried):
    """What became of an attempt to make exposure so."""

    kind: Literal["applied"] = "applied"
    epoch: int
    """Which attempt."""
    result: Literal["confirmed", "mismatch", "failed", "unknown"]
    """`confirmed` means read back and equal."""
    observed: Exposure | None = None
    """What was read back."""
    note: Line | None = None
    """What the backend said."""
    targets: Annotated[tuple[Target, ...], Field(max_length=TARGETS_TOLD)] = ()
    """The same, target by target."""
    known: int | None = Field(default=None, exclude_if=unknown)
    """Of a look that did not see everything: which attempt had been confirmed last when it began."""


class Observed(Carried):
    """What the backends really expose, looked at without having changed anything."""

    kind: Literal["observed"] = "observed"
    exposure: Exposure
    """What is exposed."""
    epoch: int
    """The epoch written there."""
    targets: Annotated[tuple[Target, ...], Field(max_length=TARGETS_TOLD)] = ()
    """The same, target by target."""
    known: int | None = Field(default=None, exclude_if=unknown)
    """Which attempt had been confirmed last when the look began: what was confirmed since, it may not have seen."""


class Noticed(Carried):
    """Whether a notice reached its people."""

    kind: Literal["noticed"] = "noticed"
    key: str
    """Which notice."""
    result: Literal["delivered", "partial", "failed"]
    """Whether all, some or none were reached."""
    why: Failure | None = Field(default=None, exclude_if=unsaid)
    """Why not all."""
    reached: int = Field(default=0, exclude_if=unsaid)
    """How many addresses took it."""
    asked: int = Field(default=0, exclude_if=unsaid)
    """Of how many."""
    text: str = Field(default="", exclude_if=unsaid)
    """The version of what was said, by its digest."""


class Stored(Carried):
    """The ledger has everything up to this number."""

    kind: Literal["stored"] = "stored"
    number: int
    """The number of the last entry that is stored."""


class Tick(Carried):
    """A deadline has come."""

    kind: Literal["tick"] = "tick"


class Fault(Carried):
    """An event could not be read or decided; it was put aside, and the rollout is held."""

    kind: Literal["fault"] = "fault"
    name: Line
    """What kind of message it was."""
    note: Line
    """What was wrong with it."""
    holds: bool = True
    """Whether we cannot trust ourselves any more; a malformed message from outside holds nothing."""
    answers: str = Field(default="", exclude_if=unsaid)
    """What was owed and has got this for an answer: asked again at once, it would be answered so for ever."""
