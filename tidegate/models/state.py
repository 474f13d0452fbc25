"""Where a rollout is: parallel regions, never one giant enum. It is also what is carried over and what is answered.

Bounded: whatever is settled leaves the state for the ledger. Receipts leave when their message can no longer arrive.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from tidegate.models.base import Band, Carried, Function, GateKind, Id, Instant, Key, Stage, unsaid
from tidegate.models.briefing import Tally
from tidegate.models.cycle import Cycle
from tidegate.models.decision import Entry, Move, Receipt
from tidegate.models.drill import Drilling, DrillRecord
from tidegate.models.ending import Ends
from tidegate.models.exposed import ExposureState
from tidegate.models.exposure import Exposure
from tidegate.models.gate import ClosedGate, Delegation, Gate, Veto
from tidegate.models.handing import Pack, Takeover
from tidegate.models.member import Roll, Unread
from tidegate.models.owing import Evidence, Obligation, Runbook
from tidegate.models.plan import Digest, Plan
from tidegate.models.question import Asked
from tidegate.models.reading import Reading
from tidegate.models.rehearsal import RehearsalRecord
from tidegate.models.sample import Looked
from tidegate.models.sheet import Prepared
from tidegate.models.standard import ReadinessItem
from tidegate.models.subject import Restart, Seen
from tidegate.models.training import Curriculum, Learned
from tidegate.models.waiver import Problem, Waiver


class Phase(StrEnum):
    """Where in its life the rollout is."""

    SUBMITTED = "submitted"
    PREPARING = "preparing"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    WIDENING = "widening"
    OBSERVING = "observing"
    CHECKPOINT_DUE = "checkpoint_due"
    CHECKPOINT_REVIEW = "checkpoint_review"
    REDUCED = "reduced"
    HANDOFF_PENDING = "handoff_pending"
    OPERATING = "operating"
    RETIRING = "retiring"
    RETIRED = "retired"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in _OVER


_OVER = (Phase.RETIRED, Phase.TERMINATED, Phase.WITHDRAWN)


class Observation(Carried):
    """How a wave is being watched."""

    since: Instant
    """From when on."""
    until: Instant
    """Not before this may it be reviewed."""
    latest: Instant
    """At the latest here people look, samples or no samples."""
    review_at: Instant
    """When people look in any case."""
    extended: bool = False
    """Whether its time was over before its samples were there."""


class Position(Carried):
    """Where the rollout stands."""

    phase: Phase
    """Which phase."""
    level: int = 0
    """On which level of the ladder; 0 is nothing."""
    target: int | None = None
    """Which level is being prepared, decided, scheduled or widened to."""
    purpose: GateKind | None = None
    """What kind of gate leads there."""
    since: Instant
    """Since when this phase."""
    nudge_at: Instant
    """When whoever it waits for is asked again."""
    nudges: int = 0
    """How often they were."""
    sent_back: bool = False
    """Whether it was rejected or changes were asked for, and somebody must say that it is ready again."""
    observation: Observation | None = None
    """How the wave is being watched."""
    cycles: int = 0
    """How many reviews this stage has passed."""
    attempts: int = 0
    """How often evidence was asked for in vain."""
    told: bool = False
    """Whether people know that the next gate cannot be opened; they hear it again with the next nudge."""
    retry_at: Instant | None = None
    """When it is asked for again."""
    missed: int = 0
    """How many deadlines of the review in question have passed unseen."""
    narrow_at: Instant | None = None
    """When the next unseen deadline narrows, then pauses."""
    handed_over: bool = False
    """Whether the receiver has signed."""
    expired: Stage | None = None
    """The stage whose end has come, once that was acted on."""
    ending: Literal["retired", "terminated"] | None = None
    """How it is being ended."""


class MetricState(Carried):
    """How one metric stands."""

    last: Reading | None = None
    """The last answer."""
    usable_at: Instant | None = None
    """When the last usable value was taken."""
    breaches: int = 0
    """How many readings in a row have breached."""
    worse: int = Field(default=0, exclude_if=unsaid)
    """How many readings in a row were worse than the one before, where a trend counts."""
    good: int = Field(default=0, exclude_if=unsaid)
    """How many good readings in a row have come since it strayed."""
    errors: int = Field(default=0, exclude_if=unsaid)
    """How many errors of its source have come since the last usable reading."""
    silent: int = Field(default=0, exclude_if=unsaid)
    """How many answers in a row have said nothing, errors among them."""
    band: Band = Band.HEALTHY
    """The band it is in, held until it is healthy again."""
    acted: Band = Band.HEALTHY
    """The worst band that was acted on since it was healthy."""
    due_at: Instant
    """When it is read next."""
    since: Instant
    """Since when it is watched."""
    blind_acted: bool = False
    """Whether being blind has been acted on."""


class Announcement(Carried):
    """A notice about the widening that is scheduled."""

    at: Instant
    """When it was sent."""
    ready_at: Instant
    """When its lead time is over."""
    result: Literal["sent", "delivered", "partial", "failed"] = "sent"
    """Whether it arrived."""
    confirmed_by: Id | None = None
    """Who confirmed it."""
    retry_at: Instant | None = None
    """When it is sent again, because it did not arrive."""
    why: str = Field(default="", exclude_if=unsaid)
    """Why it did not arrive."""
    tries: int = Field(default=0, exclude_if=unsaid)
    """How often in a row it did not arrive."""


class Proposal(Carried):
    """A revision that is proposed and not yet in force."""

    plan: Plan
    """The revision."""
    by: Id
    """Who proposed it."""
    at: Instant
    """When."""
    changes: tuple[str, ...]
    """What would change, one line each."""
    gate: Id
    """Which gate decides it."""


class Emergency(Carried):
    """An override in force."""

    gate: Id
    """By which gate."""
    back_to: Exposure
    """Where it reverts to."""
    back_level: int
    """On which level that is."""
    until: Instant
    """When it reverts."""
    incident: str
    """What it serves."""


class State(Carried):
    """Everything that changes in the life of one rollout."""

    use_case: str
    """Whose."""
    plan: Digest
    """The revision in force."""
    position: Position
    """Where it stands."""
    exposure: ExposureState = ExposureState()
    """What is exposed."""
    gates: dict[Id, Gate] = Field(default_factory=dict)
    """Open rounds of votes."""
    closed: tuple[ClosedGate, ...] = ()
    """The last gates that are over."""
    vetoes: dict[Function, Veto] = Field(default_factory=dict)
    """Standing vetoes."""
    delegations: tuple[Delegation, ...] = ()
    """Who may act for whom."""
    requesters: tuple[Id, ...] = ()
    """Who has asked for what is being decided, beside the plan's authors."""
    obligations: dict[Id, Obligation] = Field(default_factory=dict)
    """What is owed."""
    pack: Pack | None = Field(default=None, exclude_if=unsaid)
    """What is handed over, as it was laid out last."""
    takeover: Takeover | None = Field(default=None, exclude_if=unsaid)
    """That the receiver has signed for it."""
    ends: Ends | None = Field(default=None, exclude_if=unsaid)
    """How far it has come with ending, and what it ends."""
    runbook: Runbook | None = None
    """The way down that is being walked; none once it goes on."""
    problems: dict[Id, Problem] = Field(default_factory=dict)
    """What people found wrong; nothing widens meanwhile, unless an exception says so."""
    waivers: dict[Id, Waiver] = Field(default_factory=dict)
    """Exceptions asked for and granted; one that is over stays until it is asked for again."""
    readiness: dict[ReadinessItem, Evidence] = Field(default_factory=dict)
    """What is met."""
    prepared: dict[Stage, Prepared] = Field(default_factory=dict, exclude_if=unsaid)
    """How long it took until all was met, by stage."""
    rolls: dict[Key, Roll] = Field(default_factory=dict, exclude_if=unsaid)
    """Who is in a cohort, for each that has a source."""
    trained: dict[Id, dict[Curriculum, Learned]] = Field(default_factory=dict, exclude_if=unsaid)
    """Who of the programme has learned what."""
    unread: Unread | None = Field(default=None, exclude_if=unsaid)
    """When it is read again what could not be read."""
    announcements: dict[str, Announcement] = Field(default_factory=dict)
    """Who was told of the widening that is scheduled."""
    metrics: dict[Id, MetricState] = Field(default_factory=dict)
    """How the metrics stand."""
    tripped: tuple[Id, ...] = Field(default=(), exclude_if=unsaid)
    """Which stop rules of the rollout were acted on, and still hold as far as is known."""
    cycles: tuple[Cycle, ...] = Field(default=(), exclude_if=unsaid)
    """The last stretches that were watched to their end and looked at, where the standard asks for maturity."""
    strayed: Instant | None = Field(default=None, exclude_if=unsaid)
    """When a figure was last out of its bands, or people were taken out, where the standard asks for maturity."""
    looked: Looked | None = Field(default=None, exclude_if=unsaid)
    """What people found in real runs."""
    questions: dict[Id, Asked] = Field(default_factory=dict, exclude_if=unsaid)
    """What the policy does not cover, and what was answered lately."""
    alerts: dict[str, Instant] = Field(default_factory=dict)
    """Alerts that were acted on, by fingerprint."""
    embargoes: dict[str, Instant] = Field(default_factory=dict)
    """Shared things that bar any widening, since when."""
    proposal: Proposal | None = None
    """The revision that is proposed."""
    emergency: Emergency | None = None
    """The override in force."""
    bypassed: Instant | None = None
    """When controls were last gone around."""
    restart: Restart | None = Field(default=None, exclude_if=unsaid)
    """Where it begins again because what runs is not what was judged; none once it has."""
    astray: dict[Id, Seen] = Field(default_factory=dict, exclude_if=unsaid)
    """What runs in another version than was judged, by the issue that says so."""
    reviewed: Instant | None = Field(default=None, exclude_if=unsaid)
    """When the last briefing was made that was acted upon."""
    lately: dict[str, Tally] = Field(default_factory=dict, exclude_if=unsaid)
    """What has happened since, by its code."""
    drilling: Drilling | None = None
    """The drill under way."""
    drills: dict[str, DrillRecord] = Field(default_factory=dict)
    """The last drill of each way down."""
    rehearsal: RehearsalRecord | None = Field(default=None, exclude_if=unsaid)
    """The last rehearsal that was handed in."""
    receipts: dict[str, Receipt] = Field(default_factory=dict)
    """Answers given, by message id."""
    owed: dict[str, Move] = Field(default_factory=dict)
    """Moves whose outcome has not come back."""
    outbox: tuple[Entry, ...] = ()
    """Evidence that is not stored yet."""
    written: int = 0
    """The number of the last entry."""
    stored: int = 0
    """The number of the last entry that the ledger has."""
    counter: int = 0
    """Counts names of gates, obligations and notices."""
    ticked_at: Instant
    """When the clock was last acted on."""
    nonce: str = ""
    """What every signature in this life must cover, so that none of another life counts."""
