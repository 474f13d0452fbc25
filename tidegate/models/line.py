"""A stop of the line: what it is for, who said it, and how each rollout that it reaches stands."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import Field

from tidegate.models.base import Carried, Instant
from tidegate.models.event import Reduction

Kind = Literal["model", "vendor", "unit", "all"]
Stands = Literal["pending", "contained", "unknown"]
Does = Literal[Reduction.NARROW, Reduction.PAUSE]
_LONGEST = 90


class Scope(Carried):
    """What is stopped: everything that uses a model, that a vendor supplies, that belongs to a unit, or all."""

    kind: Kind
    """By what rollouts are told apart."""
    name: str = ""
    """Which one; empty for all."""

    @property
    def key(self) -> str:
        """What rollouts call it: `model/small-text`."""
        said = "all" if self.kind == "all" else f"{self.kind}/{self.name}"
        if len(said) <= _LONGEST:
            return said
        # A name may be as long as a bar's may be; one that leaves no room for its kind is cut, and stays its own.
        return f"{said[: _LONGEST - 17]}.{hashlib.sha256(said.encode()).hexdigest()[:16]}"

    @property
    def options(self) -> str:
        """How it is typed."""
        return "--all" if self.kind == "all" else f"--{self.kind} {self.name}"


class Voice(Carried):
    """Somebody who said it."""

    by: str
    """Who."""
    does: Does = Reduction.PAUSE
    """How far down."""
    reason: str | None = None
    """Why, in their words."""
    at: Instant
    """When it was heard."""


class Target(Carried):
    """One rollout that it reaches."""

    told: int = 0
    """How many of the voices it has been told."""
    rounds: int = 0
    """How often it had to be told anew, because it had forgotten its bar."""
    stands: Stands = "pending"
    """Whether it is known to be contained."""
    since: Instant | None = None
    """When it was told first and has not been seen contained since."""
    note: str = ""
    """Why it is not contained, in words."""


class Lifted(Carried):
    """That it was lifted."""

    by: str
    """By whom."""
    at: Instant
    """When."""


class LineState(Carried):
    """Everything that changes in the life of one stop; also what the next run begins with."""

    scope: Scope
    """What is stopped."""
    nonce: str = ""
    """Names this stop among all of its scope, before and after; what lifts it must cover it."""
    voices: tuple[Voice, ...] = ()
    """Who said it, in order; the first is who stopped it."""
    targets: dict[str, Target] = Field(default_factory=dict)
    """Every rollout that it reaches, by its use case."""
    passes: int = 0
    """How often it has looked for rollouts."""
    quiet: int = 0
    """How often in a row it has found none that was new."""
    barred: bool = False
    """Whether the ledger has what is so: the embargo, or that it is lifted."""
    lifted: Lifted | None = None
    """That it was lifted, and by whom."""


class LineStanding(Carried):
    """How a stop stands, as people read it."""

    key: str
    """What rollouts call it."""
    scope: Scope
    """What is stopped."""
    does: Does
    """How far down it goes."""
    by: tuple[str, ...]
    """Who said it, each once; the first is who stopped it."""
    since: Instant | None
    """Since when."""
    contained: int
    """How many are contained by their own confirmed read-back."""
    pending: int
    """How many were told and have not confirmed yet."""
    unknown: int
    """Of how many nobody can say."""
    open: dict[str, str] = Field(default_factory=dict)
    """Those that are not contained, each with why; at most a hundred."""
    passes: int = 0
    """How often it has looked for rollouts."""
    swept: bool = False
    """Whether it has looked until it found nothing new twice."""
    barred: bool = False
    """Whether the ledger has the embargo, so that nothing that starts later can widen either."""
    lifted_by: str | None = None
    """Who lifted it."""
    nonce: str = ""
    """What a signature that lifts it must cover."""


class Pass(Carried):
    """Find the rollouts that a stop reaches, tell those that do not know, and see how they stand."""

    scope: Scope
    """What is stopped."""
    nonce: str
    """Which stop."""
    voices: tuple[Voice, ...]
    """Who said it."""
    settled: tuple[str, ...] = ()
    """The rollouts that were seen contained."""
    open: dict[str, Target] = Field(default_factory=dict)
    """The others that are known."""
    every: str
    """The query that finds all rollouts under way."""
    query: str
    """The query that finds those that it may reach."""
    prefix: str
    """What stands before a use case in the name of its workflow."""
    found_by: str = ""
    """Which search attribute tells them apart; one that lacks it has to be asked."""
    as_of: Instant
    """Now."""


class Seen(Carried):
    """What came of a pass."""

    targets: dict[str, Target] = Field(default_factory=dict)
    """Those that stand otherwise than before."""
    new: int = 0
    """How many were not known."""
    gone: tuple[str, ...] = ()
    """Those that are over."""


class LiftRequest(Carried):
    """Ask the rollouts that a stop reaches whether somebody may lift it."""

    scope: Scope
    """What is stopped."""
    nonce: str
    """Which stop."""
    words: dict[str, Any]
    """What was said, as it was sent."""
    every: str
    """The query that finds all rollouts under way."""
    query: str
    """The query that finds those that it may reach."""
    as_of: Instant
    """Now."""


class LiftAnswer(Carried):
    """Whether somebody may lift a stop."""

    refused: str = ""
    """Why not; empty if they may."""
    standing: LineStanding | None = None
    """How it stands now."""
    reached: tuple[str, ...] = ()
    """The rollouts that it has reached: each is still barred by itself."""


class Embargo(Carried):
    """What the ledger keeps of a stop, for the actuator to ask before anything widens."""

    scope: Scope
    """What is stopped."""
    life: str
    """Which stop."""
    since: Instant
    """Since when."""
    by: str
    """Who stopped it."""
    lifted: Lifted | None = None
    """That it was lifted, and by whom."""
