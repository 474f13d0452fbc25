"""Drills: what became of one at each target, the one under way, and the last of each way down."""

from __future__ import annotations

from typing import Literal

from tidegate.models.base import Carried, Instant, Key, Line

MOST_SUBJECTS = 100
"""More test subjects than this are no drill."""

WayDown = Literal["narrow", "pause", "rollback"]
"""The ways down that can be drilled."""


class DrilledTarget(Carried):
    """What became of a drill at one target."""

    target: Key
    """Which one."""
    confirmed: bool
    """Whether it was read back there that exactly the wanted rest is served."""
    note: str = ""
    """What was wrong."""


class Drilled(Carried):
    """What became of a drill on test subjects."""

    kind: Literal["drilled"] = "drilled"
    key: str
    """Which drill."""
    targets: tuple[DrilledTarget, ...] = ()
    """Target by target; nothing where nobody can say."""
    millis: int = 0
    """How long it took from the word to the last read-back."""
    clean: bool = False
    """Whether it was read back that no test subject is served any more."""
    note: Line | None = None
    """What was wrong with all of it."""


class Drilling(Carried):
    """A drill under way."""

    key: str
    """Which one."""
    verb: WayDown
    """Which way down."""
    by: str
    """Who asked for it."""
    human: bool
    """Whether that is a person."""
    proven: bool
    """Whether a signature proved who."""
    since: Instant
    """When they did."""
    on: str
    """On whom: a cohort of test subjects, or `everybody` for a real one."""
    epoch: int = 0
    """Of a real one: under which epoch it was asked of the targets."""

    @property
    def real(self) -> bool:
        """Whether it is done to those who are really served."""
        return self.epoch > 0


class DrillRecord(Carried):
    """The last drill of one way down."""

    by: str
    """Who ran it."""
    at: Instant
    """When it was over."""
    on: str
    """On whom."""
    millis: int
    """How long it took until all was read back."""
    passed: bool
    """Whether everything was read back as it was wanted, in time."""
    targets: tuple[DrilledTarget, ...] = ()
    """Target by target."""
