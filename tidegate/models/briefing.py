"""What a round of votes rests on beside its conditions, frozen as it stood when the round was opened.

It is carried in the round itself, and its digest is part of what a yes is a yes to. Reasons are data here; whoever
shows it says them as sentences.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.models.base import Amount, Band, Carried, GateKind, Id, Instant, unsaid
from tidegate.models.decision import Reason, Verdict
from tidegate.models.exposure import Exposure
from tidegate.models.handing import Pack

TEMPLATE = "checkpoint/1"
"""The one way in which checkpoints are evaluated, by version: what has the same template can be compared."""


class Figure(Carried):
    """What one metric said last, and what that was worth."""

    verdict: Verdict
    """Whether it counts."""
    why: Reason
    """Why it does, or does not."""
    value: Amount | None = None
    """The value; none where there is none that counts."""
    n: Annotated[int, Field(ge=0)] = 0
    """Over how many cases."""
    taken_at: Instant | None = None
    """The end of the window that it speaks of."""
    band: Band = Band.HEALTHY
    """The band that it is in."""


class Tally(Carried):
    """How often something of a kind has happened since the last checkpoint, and the last of it."""

    count: int
    """How often."""
    last: Instant
    """When last."""
    reason: Reason
    """What it was, the last time."""


class Facts(Carried):
    """How things stood when a round of votes was opened."""

    template: str = TEMPLATE
    """How it was evaluated."""
    kind: GateKind
    """What the round decides."""
    level: int
    """The level it would lead to."""
    label: str
    """What that is called."""
    stands: int = 0
    """The level it stood on."""
    since: Instant | None = None
    """When the last briefing was made that was used; none before the first."""
    before: Exposure
    """What was exposed, as decided."""
    after: Exposure | None = None
    """What would be exposed; none where nothing changes."""
    figures: dict[Id, Figure] = Field(default_factory=dict)
    """What each metric said last."""
    training: tuple[Reason, ...] = ()
    """What is known of training."""
    exceptions: tuple[Reason, ...] = ()
    """Exceptions that are asked for or in force."""
    issues: tuple[Reason, ...] = ()
    """Known problems, those that somebody lives with among them."""
    assumptions: tuple[Reason, ...] = Field(default=(), exclude_if=unsaid)
    """What is taken to be so and not known yet."""
    owed: tuple[Reason, ...] = ()
    """Conditions and other things that are owed by a date."""
    handed: Pack | None = Field(default=None, exclude_if=unsaid)
    """What the receiver signs for, where it is handed over."""
    bypassed: Instant | None = None
    """When controls were last gone around on this level."""
    void_until: Instant | None = None
    """Until when nothing that was seen counts, because they were."""
    happened: dict[str, Tally] = Field(default_factory=dict)
    """What has happened since the last checkpoint, by its code."""
