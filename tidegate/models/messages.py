"""What goes in and out of a running rollout: what a run begins with, what it answers, and how it stands."""

from __future__ import annotations

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, unsaid
from tidegate.models.decision import Entry, Outcome, Reason
from tidegate.models.ending import LastStep
from tidegate.models.exposed import TargetState
from tidegate.models.owing import Runbook
from tidegate.models.plan import Plan
from tidegate.models.record import Paper, Record, Text
from tidegate.models.state import State


class Backlog(Carried):
    """What is not stored yet beside the lines of evidence, and the words that texts stand for."""

    secret: str = ""
    """From which the salt of each text follows; it never leaves the rollout."""
    number: int = -1
    """The number of the last record."""
    batch: int = 0
    """The number of what was decided together last."""
    records: tuple[Record, ...] = ()
    """Events that are not stored yet."""
    papers: tuple[Paper, ...] = ()
    """What they refer to."""
    weight: int = 0
    """About how many bytes wait."""
    missed: int = 0
    """How many events could not be kept while the ledger was away."""
    texts: dict[str, Text] = Field(default_factory=dict)
    """The words that tokens stand for, for as long as they are not stored or somebody may want to read them here."""


class RolloutInput(Carried):
    """What a run begins with, what it hands to the next one, and what it answers when asked how it stands."""

    plan: Plan
    """The revision in force."""
    state: State | None = None
    """Where it stands; none at the very beginning."""
    lately: tuple[Entry, ...] = ()
    """The last lines of evidence, for those who look on."""
    backlog: Backlog = Backlog()
    """What is not stored yet."""
    read_back: Instant | None = None
    """When it was last seen what is really exposed."""


class Step(Carried):
    """Something that would move a rollout on."""

    verb: str
    """What is typed, such as `approve` or `reading errors=VALUE`, without the use case."""
    who: tuple[str, ...]
    """Who may do it: people, or the functions that somebody of the roster must hold."""
    why: str
    """What it is for."""
    gate: Id | None = None
    """Which round of votes it belongs to."""


class Coming(Carried):
    """What happens next if nobody does anything."""

    at: Instant
    """When."""
    what: str
    """What."""
    owner: str
    """Who can prevent it, or must attend to it."""


class Standing(Carried):
    """Where a rollout stands, in the words that a person reads."""

    use_case: str
    """Which one."""
    title: str
    """Its name for people."""
    stage: str
    """Pilot, limited or system of record."""
    wave: str
    """The wave it stands on; empty before the first."""
    phase: str
    """What it is doing."""
    control: str
    """What is being done to exposure."""
    label: str
    """What is exposed, in words."""
    people: int
    """At most so many people are served, as decided."""
    confirmed: bool
    """Whether that was read back."""
    served: int
    """At most so many people were served when last read back."""
    held_back: int = 0
    """Which share of the people that the whole plan would serve is not served, in basis points."""
    epoch: int
    """The fence."""
    awaits: tuple[str, ...]
    """The functions and people that rounds of votes still wait for."""
    steps: tuple[Step, ...]
    """What moves it on, first things first."""
    coming: Coming | None
    """What happens next if nobody does anything."""
    through: tuple[str, ...] = ()
    """What was let through which freeze, and by whom."""
    targets: tuple[TargetState, ...] = ()
    """What became of each target, as it was told last."""
    unseen: Instant | None = None
    """Since when some target is out of sight."""
    owes_look: bool = Field(default=False, exclude_if=unsaid)
    """Whether it has never seen a target that it must see, or not since an attempt failed there."""
    runbook: Runbook | None = None
    """The way down that is being walked, step by step."""
    ending: tuple[LastStep, ...] = Field(default=(), exclude_if=unsaid)
    """What is left until it is over, step by step, once that is decided or owed."""
    exposure: str = ""
    """The digest of what is to be exposed: what reality is compared with."""
    bars: tuple[str, ...] = ()
    """What a stop of the line bars it for, such as `model/small-text`."""
    exceptions: int = 0
    """How many exceptions are in force."""
    exception_days: int = 0
    """For how many days those have been in force, together."""
    unstored: int
    """Lines of evidence that the ledger does not have yet."""
    plan: str
    """The digest of the revision in force."""
    at: Instant
    """When this was so."""
    line: str
    """All of that in one line."""


class Answer(Carried):
    """The answer to a message, and what is true after it."""

    outcome: Outcome
    """What became of it."""
    reason: Reason
    """Why, as data."""
    sentence: str
    """Why, in words."""
    standing: Standing
    """Where the rollout stands now."""
