"""A briefing as people and programs read it: every word of it follows from what was frozen and from the plan.

These names are the keys of `--json`, and stay.
"""

from __future__ import annotations

from tidegate.models.base import Amount, Carried, Instant


class Condition(Carried):
    """One condition, what it says, and why."""

    name: str
    says: str
    why: str


class Change(Carried):
    """One part of what is exposed, as it is and as it would be."""

    what: str
    now: str
    then: str
    changes: bool


class Spoken(Carried):
    """One of the four dimensions."""

    dimension: str
    says: str
    """`passed` where something that counts speaks of it, else `inconclusive`."""
    asked: bool
    """Whether the standard of the stage asks for it; where it does, nothing goes on without it."""
    why: str


class Measured(Carried):
    """One metric against how things stood before and what it should reach."""

    name: str
    family: str
    dimension: str
    says: str
    why: str
    value: Amount | None
    n: int
    taken_at: Instant | None
    band: str
    baseline: Amount | None
    moved: str
    """How far it has moved since the baseline, in words."""
    goal: str
    reached: bool | None
    """Whether the goal is met; none where nobody can say."""
    bands: tuple[tuple[str, str], ...]
    """From where on it acts, worst first."""
    healthy: str


class Heard(Carried):
    """Something that has happened since the last checkpoint."""

    kind: str
    count: int
    last: Instant
    sentence: str


class Manual(Carried):
    """What falls back on people when it stops."""

    cases: int | None
    per_day: int
    fits: bool | None
    sentence: str


class Document(Carried):
    """The whole briefing."""

    template: str
    use_case: str
    title: str
    tier: int
    standard: str
    gate: str
    """The round of votes; empty where none is open, and this is only how it stands now."""
    kind: str
    label: str
    """What the round would lead to."""
    stage: str
    wave: str
    """Where it stands."""
    as_of: Instant
    since: Instant | None
    """When the last briefing was made that was acted upon."""
    open_until: Instant | None
    verdict: str
    plan: str
    """The digest of the plan."""
    subject: str
    """What a yes is a yes to."""
    digest: str
    """The digest of what was frozen."""
    people_now: int
    people_then: int | None
    approves: str
    """What an advance would approve, in a sentence."""
    exposure: tuple[Change, ...]
    dimensions: tuple[Spoken, ...]
    metrics: tuple[Measured, ...]
    conditions: tuple[Condition, ...]
    exceptions: tuple[str, ...]
    bypass: tuple[str, ...]
    training: tuple[str, ...]
    assumptions: tuple[str, ...]
    issues: tuple[str, ...]
    owed: tuple[str, ...]
    handed: tuple[str, ...] = ()
    """What the receiver signs for, each with what names its content."""
    happened: tuple[Heard, ...]
    manual: Manual
    success_means: str
    success_does_not_mean: str
