"""What came in: people's messages, readings, alerts, outcomes of moves, and the clock.

Every event has an id, so that the same one twice is decided once, and an actor, so that the record says who.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from tidegate.models.actor import CLOCK, SYSTEM, Actor, ActorKind
from tidegate.models.base import Authored, Band, Function, Id, Instant, Key, Line, Ranked, Text, unsaid
from tidegate.models.control import NO_CONTROL, only_training
from tidegate.models.drill import Drilled, WayDown
from tidegate.models.handing import HandOver
from tidegate.models.member import Snapshot
from tidegate.models.message import Message, MessageId
from tidegate.models.moved import Moved
from tidegate.models.plan import Digest, Plan
from tidegate.models.question import Question
from tidegate.models.reading import Reading
from tidegate.models.rehearsal import Rehearsed
from tidegate.models.sample import Sample
from tidegate.models.signal import MOST_OTHERS, About, Does, Firing, SignalName
from tidegate.models.standard import ReadinessItem
from tidegate.models.subject import Changed, Version, What
from tidegate.models.told import Applied, Dispatched, Fault, Noticed, Observed, Stored, Tick
from tidegate.models.training import Train

__all__ = (
    "CLOCK", "SYSTEM", "Actor", "ActorKind", "Applied", "Changed", "Dispatched", "Fault", "HandOver", "Message",
    "MessageId", "Moved", "Noticed", "Observed", "Question", "Rehearsed", "Sample", "Stored", "Tick", "Train", "What",
)  # fmt: skip
# Who acts, what the world answers and what has a file of its own are read here by whoever reads messages.


class Reduction(Ranked):
    """The five ways down, mildest first."""

    HOLD = "hold"
    NARROW = "narrow"
    REDIRECT = "redirect"
    PAUSE = "pause"
    ROLLBACK = "rollback"


class Choice(StrEnum):
    """What a vote says."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    ABSTAIN = "abstain"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    VETO = "veto"
    WITHDRAW_VETO = "withdraw_veto"
    REVOKE = "revoke"


class Consequence(StrEnum):
    """What happens when a condition is not met by its day, mildest first."""

    HOLD = "hold"
    NARROW = "narrow"
    PAUSE = "pause"


class Promise(Authored):
    """What an approval is tied to: unmet by its day, it makes the rollout safer by itself."""

    what: Line
    """What must be done."""
    owner: Id
    """Who does it."""
    due: Instant
    """By when."""
    consequence: Consequence = Consequence.HOLD
    """What happens if it is not met by then: `hold`, `narrow` or `pause`."""


class Start(Message):
    """Begin: the tier is computed and preparation starts."""

    kind: Literal["start"] = "start"


class Ready(Message):
    """A readiness item is met; without an item, what was sent back is ready again."""

    kind: Literal["ready"] = "ready"
    item: ReadinessItem | None = None
    """Which item."""
    evidence: Line | None = None
    """Where it can be seen."""
    digest: Digest | None = Field(default=None, exclude_if=unsaid)
    """The SHA-256 of what is to be seen there, of an archive: words can be erased, and this stays."""


class Vote(Message):
    """One person's decision about one gate, in one function."""

    kind: Literal["vote"] = "vote"
    gate: Id
    """Which gate."""
    subject: Digest
    """What exactly was reviewed."""
    choice: Choice
    """What they say."""
    function: Function | None = None
    """In which function; the one that is still needed if not given."""
    on_behalf_of: Id | None = None
    """For whom, where they act as a delegate or a deputy."""
    answers: dict[Line, Text] = Field(default_factory=dict, max_length=20)
    """Answers to the questions of their function."""
    promises: tuple[Promise, ...] = Field(default=(), max_length=10)
    """Conditions of a conditional approval."""


class Reduce(Message):
    """Make it safer."""

    kind: Literal["reduce"] = "reduce"
    verb: Reduction
    """How far down."""
    to: Key | None = None
    """To which wave (`pilot/pmo`) or level; the next one down, or nothing, if not given."""
    functions: tuple[Function, ...] = ()
    """In which functions; all they hold if not given."""


class Drill(Message):
    """Try a way down: on test subjects, of whom no wave knows, or really, which reduces."""

    kind: Literal["drill"] = "drill"
    way: WayDown
    """Which way down."""
    to: Key | None = None
    """To which level; the next one down, or nothing, if not given."""
    subjects: Key | None = None
    """On whom: a cohort of test subjects; the only one there is if not given."""
    real: bool = False
    """Whether it is done to those who are really served."""


class StopTheLine(Message):
    """Everything that depends on something shared is paused, and stays barred from widening until it is lifted."""

    kind: Literal["stop_the_line"] = "stop_the_line"
    dependency: Key
    """The shared model, vendor, prompt pack or data source."""
    lift: bool = False
    """Lift the bar again; nothing widens by that."""
    # What is not said is not spelled: a message that was put on record before it could be is the same message.
    does: Literal[Reduction.NARROW, Reduction.PAUSE] = Field(Reduction.PAUSE, exclude_if=lambda it: it == "pause")
    """How far down it goes."""


class Delegate(Message):
    """Let somebody act in my place for a while."""

    kind: Literal["delegate"] = "delegate"
    to: Id
    """Who acts."""
    function: Function
    """In which function."""
    until: Instant
    """Until when; a time in the past ends it."""


class Remind(Message):
    """Ask those who have not answered again, now."""

    kind: Literal["remind"] = "remind"
    gate: Id
    """About which gate."""


class Reassign(Message):
    """The head of a function names who else may decide one gate for it."""

    kind: Literal["reassign"] = "reassign"
    gate: Id
    """Which gate."""
    function: Function
    """For which function."""
    to: Id
    """Who may decide."""


class Postpone(Message):
    """Give a review more time, once, within the standard's bounds."""

    kind: Literal["postpone"] = "postpone"
    gate: Id
    """Which gate."""
    until: Instant
    """Until when."""


class LetThrough(Message):
    """Let one approved change through one freeze, with a reason; it replaces no approval."""

    kind: Literal["let_through"] = "let_through"
    gate: Id
    """Which round of votes."""
    subject: Digest
    """What exactly is let through."""
    freeze: Id
    """Through which freeze."""


class Confirm(Message):
    """Say that something is so: a notice was understood, an obligation is met, a stop was seen with one's own eyes."""

    kind: Literal["confirm"] = "confirm"
    what: Key
    """`stop`, `notice:0`, or an obligation's id."""
    evidence: Line | None = None
    """Where it can be seen."""
    ratified: bool = True
    """Of the review of an override: whether it was right; if not, it ends at once and the rollout is held."""
    outcome: Literal["keep", "change", "retire"] | None = Field(default=None, exclude_if=unsaid)
    """Of the review after launch: what is to become of it."""


class Resume(Message):
    """Propose to go on after a reduction; the cause must be known."""

    kind: Literal["resume"] = "resume"
    cause: Text
    """What was wrong, and what has changed."""
    to: Key | None = None
    """At which wave; one below the last approved if not given."""


class Amend(Message):
    """Propose a new revision of the plan."""

    kind: Literal["amend"] = "amend"
    plan: Plan
    """The new revision, compiled and sealed."""


class Override(Message):
    """Raise exposure in an emergency, with two people and an incident; it reverts by itself."""

    kind: Literal["override"] = "override"
    to: Key
    """To which wave, at most the next."""
    incident: Line
    """The incident it serves."""


class Report(Message):
    """Something is wrong with it, or what was wrong is settled."""

    kind: Literal["issue"] = "issue"
    what: Line | None = None
    """What is wrong."""
    settles: Id | None = None
    """Which known problem is settled, by its id."""
    evidence: Line | None = None
    """Where that can be seen."""
    bypass: bool = Field(default=False, exclude_if=unsaid)
    """Whether controls were gone around: then what was learned meanwhile is void."""


class Waive(Message):
    """Ask for an exception: one condition of the stage need not be met for a while."""

    kind: Literal["exception"] = "exception"
    item: Id
    """Which readiness item, or which known problem by its id."""
    control: Line
    """What is done instead."""
    until: Instant
    """When it ends by itself."""
    upto: Key | None = Field(default=None, exclude_if=unsaid)
    """The last wave for which it is to count, such as `pilot/pmo`; the whole stage if not given."""

    @field_validator("control")
    @classmethod
    def _controls(cls, control: str) -> str:
        if only_training(control):
            raise ValueError(NO_CONTROL)
        return control


class Judge(Message):
    """Grant or deny an exception."""

    kind: Literal["exception_decision"] = "exception_decision"
    name: Id
    """Which one."""
    accept: bool
    """Whether the risk is accepted."""


class Retire(Message):
    """Propose to end the use case in good order."""

    kind: Literal["retire"] = "retire"


class Terminate(Message):
    """End the use case now."""

    kind: Literal["terminate"] = "terminate"


class Withdraw(Message):
    """Take a use case back that has not served anybody yet."""

    kind: Literal["withdraw"] = "withdraw"


class Alert(Message):
    """Somebody's monitoring says that something is wrong. A resolved alert never widens."""

    kind: Literal["alert"] = "alert"
    fingerprint: Line
    """What makes it the same alert."""
    starts_at: Instant
    """Since when it fires."""
    resolved: bool = False
    """Whether it is over."""
    truncated: bool = False
    """Whether alerts are missing from the delivery: then it holds at least."""
    does: Does = Band.HOLD
    """What it does, by the programme's mapping."""
    about: About | None = Field(default=None, exclude_if=unsaid)
    """What it is about, where that is more than that something is wrong."""
    signal: SignalName | None = Field(default=None, exclude_if=unsaid)
    """What the monitoring calls it: the plan may say more of it."""
    others: tuple[Firing, ...] = Field(default=(), max_length=MOST_OTHERS, exclude_if=unsaid)
    """Alerts that came together with it."""
    runs: Key | None = Field(default=None, exclude_if=unsaid)
    """Of a change: what changed."""
    version: Version | None = Field(default=None, exclude_if=unsaid)
    """Of a change: in which version that runs now."""


class Readings(Message):
    """A round of readings; by hand, a person's name stands behind them."""

    kind: Literal["readings"] = "readings"
    items: Annotated[dict[Id, Reading], Field(min_length=1, max_length=100)]
    """By metric."""


class Turnover(Message):
    """Who is listed by name at the targets was brought up to date with the cohorts: told in counts, never in names."""

    kind: Literal["turnover"] = "turnover"
    left: Annotated[int, Field(ge=0, le=2**53 - 1)]
    """So many lost their access: they left a cohort, or owe training."""
    joined: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """So many came in, where those who join need not wait."""


Event = Annotated[
    Start
    | Ready
    | Vote
    | Reduce
    | Drill
    | StopTheLine
    | Delegate
    | Remind
    | Reassign
    | Postpone
    | LetThrough
    | Confirm
    | Resume
    | Amend
    | Override
    | Report
    | Changed
    | Waive
    | Judge
    | HandOver
    | Rehearsed
    | Retire
    | Terminate
    | Withdraw
    | Alert
    | Readings
    | Turnover
    | Moved
    | Sample
    | Question
    | Train
    | Dispatched
    | Applied
    | Drilled
    | Observed
    | Noticed
    | Snapshot
    | Stored
    | Tick
    | Fault,
    Field(discriminator="kind"),
]
"""Everything that can occur."""
