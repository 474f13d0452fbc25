"""How a use case ends: what its plan says of that, and how far it has come."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, Span, unsaid


class Replaced(Carried):
    """The process that it replaces, and what becomes of that."""

    process: str
    """Which process."""
    after: Instant
    """Not before this day may it end."""
    owner: Id
    """Who confirms that it has ended."""
    then: str | None = None
    """How the work is done without the assistant from then on; the manual way ends with it if nobody says."""


class PlanEnd(Carried):
    """What the plan says of its end."""

    drain: Span | None = None
    """How long runs under way have to finish, and people to be told; none where they are stopped at once."""
    quiet: Span | None = None
    """How long nothing may have run before it counts as gone."""
    runs: Id | None = None
    """The metric that counts its runs."""
    keep: Span
    """How long its evidence is kept."""
    replaces: Replaced | None = None
    """What becomes of the process that it replaces."""


class Ends(Carried):
    """How far it has come with ending, and what it ends."""

    due: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    """The conditions of retirement that hold, and that people have not decided about yet."""
    kept: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    """The conditions that hold, and that people decided to live with."""
    kept_until: Instant | None = None
    """When they are asked about those again."""
    revoke_at: Instant | None = None
    """When access is taken away."""
    told: dict[str, Literal["sent", "delivered", "partial", "failed", "by_hand"]] = Field(default_factory=dict)
    """What became of the notice to each audience, by the key of the notice."""
    gone_at: Instant | None = None
    """When it was read back that nobody is served."""
    quiet_since: Instant | None = None
    """Since when no run has been counted."""
    ran_at: Instant | None = None
    """When a run was last counted after access was taken away."""
    keep_until: Instant | None = None
    """Until when its evidence is kept, once it is over."""
    ended_process: Instant | None = None
    """When it was confirmed that the process that it replaces has ended."""
    manual: str = ""
    """The manual way that ended with it."""


class LastStep(Carried):
    """One step of the end, and how far it has come."""

    what: str
    """What is done."""
    state: Literal["done", "open", "waits"]
    """Done; open, so that somebody or something works on it; or waiting for a step before it."""
    who: tuple[str, ...] = ()
    """Who does it: people, functions, or nobody where it is done by itself."""
    due: Instant | None = None
    """By when."""
    verb: str = ""
    """What is said, without the use case; nothing where nobody has to say anything."""
    note: str = ""
    """How far it has come, or what it waits for."""
