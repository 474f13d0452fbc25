"""What `decide` answers: reasons as data, moves for the workflow, entries for the ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Carried, Function, Id, Instant, Names, Ranked, unsaid
from tidegate.models.content import Change, Kind
from tidegate.models.drill import WayDown
from tidegate.models.exposure import Exposure
from tidegate.models.reasons import Code


class Verdict(Ranked):
    """What a condition or a metric says, best first. Inconclusive holds; it never passes."""

    PASSED = "passed"
    PENDING = "pending"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of an event."""

    DONE = "done"
    NOOP = "noop"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Reason(Carried):
    """Why: a code, and the facts its sentence needs."""

    code: Code
    """Which reason."""
    facts: dict[str, str] = Field(default_factory=dict)
    """What it speaks of."""


class Check(Carried):
    """One condition of a gate and what it says now."""

    name: str
    """Which condition."""
    verdict: Verdict
    """What it says."""
    reason: Reason
    """Why."""


class Receipt(Carried):
    """The answer to a message; the same message gets the same answer."""

    digest: str
    """Of the message as it was decided."""
    outcome: Outcome
    """What became of it."""
    reason: Reason
    """Why."""
    until: Instant
    """How long it is remembered."""


ApplyVerb = Literal["widen", "hold", "narrow", "redirect", "pause", "rollback"]
"""Under which name people see an attempt to change exposure."""


class Apply(Carried):
    """Make exposure so, and read it back."""

    kind: Literal["apply"] = "apply"
    verb: ApplyVerb
    """Under which name people see it."""
    epoch: int
    """The fence: whoever is older loses."""
    exposure: Exposure
    """What it is to be."""
    label: str
    """What it is called."""
    after: int = 0
    """Not before the ledger has this entry; 0 for reductions, which never wait."""
    redirect_to: str | None = None
    """Where work goes instead."""


class TakeReadings(Carried):
    """Read these metrics now."""

    kind: Literal["take_readings"] = "take_readings"
    metrics: tuple[Id, ...]
    """Which ones."""
    attempt: int = 1
    """How often it was tried."""


class TakeSnapshot(Carried):
    """Read who is in these cohorts now."""

    kind: Literal["take_snapshot"] = "take_snapshot"
    cohorts: Names
    """Which ones."""


def _plain(sort: object) -> bool:
    return sort == "word"


class Notify(Carried):
    """Tell people."""

    kind: Literal["notify"] = "notify"
    key: str
    """What makes it the same notice."""
    about: Reason
    """What it says."""
    to: tuple[str, ...]
    """Whom it reaches."""
    channel: str | None = None
    """How; the people's own way if not given."""
    urgent: bool = False
    """Whether it pages."""
    required: bool = False
    """Whether widening waits until it is delivered."""
    sort: Kind = Field(default="word", exclude_if=_plain)
    """What sort of notice it is."""
    audience: str = Field(default="", exclude_if=unsaid)
    """Which audience of the plan is told; people by name if none is given."""
    first: bool = Field(default=False, exclude_if=unsaid)
    """Whether it is the first that they hear of it."""
    change: Change | None = Field(default=None, exclude_if=unsaid)
    """What exposure was and what it becomes, where that is what they are told."""
    gate: str = Field(default="", exclude_if=unsaid)
    """Which round of votes agreed to the change."""
    epoch: int = Field(default=0, exclude_if=unsaid)
    """Under which epoch exposure was changed."""


class Rehearse(Carried):
    """Serve test subjects on a copy of each target, take it away again by a way down, and read back."""

    kind: Literal["rehearse"] = "rehearse"
    key: str
    """Which drill."""
    verb: WayDown
    """Which way down."""
    exposure: Exposure
    """What the test subjects are served."""
    rest: Exposure
    """What is to be left of it."""
    label: str
    """What that is called."""


class TurnPage(Carried):
    """A wave or a stage is over: a safe place to begin a new run."""

    kind: Literal["turn_page"] = "turn_page"
    title: str
    """What begins."""


Move = Annotated[Apply | TakeReadings | TakeSnapshot | Notify | TurnPage | Rehearse, Field(discriminator="kind")]
"""What the workflow performs."""


class Stood(Carried):
    """Where a rollout stood before a line of evidence."""

    phase: str
    """The phase."""
    control: str
    """The control."""
    level: int
    """The level."""
    epoch: int
    """The epoch."""
    people: int
    """At most so many people were to be served."""


class Entry(Carried):
    """One line of evidence. What the store adds (sequence, time of recording, hashes) is not here."""

    number: int
    """Counts up within the rollout."""
    at: Instant
    """When it was decided."""
    action: str
    """What was done or tried."""
    outcome: Outcome
    """What became of it."""
    reason: Reason
    """Why."""
    actor: str
    """Who."""
    actor_kind: str
    """Which kind of actor."""
    verified: bool = False
    """Whether a signature proved who."""
    on_behalf_of: Id | None = None
    """For whom."""
    function: Function | None = None
    """In which function."""
    gate: Id | None = None
    """About which gate."""
    subject: str | None = None
    """The digest that it speaks of."""
    plan: str
    """The digest of the plan in force."""
    phase: str
    """The phase after it."""
    control: str
    """The control after it."""
    level: int
    """The level after it."""
    epoch: int
    """The epoch after it."""
    people: int = 0
    """At most so many people are to be served after it."""
    before: Stood | None = None
    """Where the rollout stood before; none if it stands where it stood."""
    stage: str = ""
    """The stage it stands in."""
    wave: str = ""
    """The wave it stands on; empty before the first."""
    standard: str = ""
    """The standard it is held to."""
    organisation: str | None = None
    """Whether whoever acted is one of us or a vendor's; none for what is no person of the roster."""
    method: str = "none"
    """How whoever acted was recognised."""
    key: str = ""
    """With which key they signed, by its fingerprint."""
    cause: str | None = None
    """The id of the event that led to it."""
    count: int = 1
    """How many alike were collapsed into it while the ledger was away."""
