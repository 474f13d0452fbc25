"""One round of votes: who may speak, who has spoken, about exactly what, and how it ended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.models.base import Carried, Function, GateKind, Id, Instant, unsaid
from tidegate.models.briefing import Facts
from tidegate.models.decision import Check, Verdict
from tidegate.models.event import Choice, Promise
from tidegate.models.exposure import Exposure
from tidegate.models.plan import Digest


class Ballot(Carried):
    """A vote that was cast."""

    person: Id
    """Who."""
    function: Function
    """In which function."""
    principal: Id
    """Whose seat: their own, or that of the person they stand in for."""
    choice: Choice
    """What they said."""
    at: Instant
    """When."""
    expires_at: Instant
    """Until when it is good."""
    verified: bool = False
    """Whether a signature proved who."""
    key: str = ""
    """With which key, by its fingerprint."""
    promises: tuple[Promise, ...] = ()
    """What it is tied to."""
    message: str = ""
    """The id of the message that it came in."""
    leave: tuple[tuple[Id, str], ...] = ()
    """Whose signed leave it rests on besides, and with which key each was signed."""


class Briefing(Carried):
    """What the reviewers see, frozen."""

    digest: Digest
    """Names it."""
    as_of: Instant
    """How things stood then."""
    verdict: Verdict
    """What the conditions said."""
    checks: tuple[Check, ...] = ()
    """Each condition."""
    facts: Facts | None = Field(default=None, exclude_if=unsaid)
    """How things stood besides; none in a round that was opened before briefings had them."""


class Passage(Carried):
    """One change was let through one freeze. It ends with the round of votes that it belongs to."""

    freeze: Id
    """Which freeze."""
    starts: Instant
    """From when that freeze lasts; another one of the same name is another freeze."""
    ends: Instant
    """Until when it lasts; one that is moved is another freeze."""
    by: Id
    """Who let it through."""
    at: Instant
    """When."""
    why: str
    """Why, in their own words."""
    verified: bool = False
    """Whether a signature proved who."""


class Gate(Carried):
    """One round of votes about exactly one change."""

    id: Id
    """Its name."""
    kind: GateKind
    """What it decides."""
    level: int
    """The level it would lead to."""
    change: Exposure | None = None
    """The exposure it would lead to; none where it changes none."""
    label: str
    """What it would lead to, in words."""
    subject: Digest
    """The digest of plan, change, briefing and standard: what a yes is a yes to."""
    opened_at: Instant
    """When it was opened."""
    expires_at: Instant
    """When it closes unanswered."""
    remind_at: Instant
    """When the next of those who have not answered is reminded."""
    reminders: dict[Id, Instant] = Field(default_factory=dict)
    """When those are reminded who are not at work by then."""
    escalate_at: Instant | None = None
    """When the next people up are asked."""
    escalations: int = 0
    """How far up it went: 1 deputies, 2 heads, 3 the programme."""
    needs: dict[Function, int]
    """How many people of which function."""
    persons: tuple[Id, ...] = ()
    """Particular people who must say yes."""
    excluded: tuple[Id, ...] = ()
    """Who asked for it and therefore cannot approve it."""
    assigned: tuple[tuple[Function, Id], ...] = ()
    """Who was named by a head of function for this gate alone."""
    assigned_by: tuple[tuple[Function, Id, Id, str], ...] = ()
    """Who named whom, and with which key that was signed."""
    ballots: tuple[Ballot, ...] = ()
    """The votes."""
    revoked: tuple[str, ...] = ()
    """The messages whose votes were taken back: however late they arrive again, they count no more."""
    satisfied_at: Instant | None = None
    """When the quorum was met."""
    postponed: bool = False
    """Whether it has been given more time."""
    passages: tuple[Passage, ...] = ()
    """Which freezes it was let through."""
    signed: bool = False
    """Whether only a signed decision counts."""
    keys_before: dict[Id, tuple[str, ...]] = Field(default_factory=dict)
    """The keys that people had when it was opened, of those whose keys have changed since: no other key of theirs
    counts in it."""
    briefing: Briefing
    """What the reviewers see."""


Ending = Literal["consumed", "rejected", "expired", "superseded", "changes_requested", "void"]
"""How a round of votes ended."""


class ClosedGate(Carried):
    """A gate that is over, kept a while so that a late vote hears why."""

    id: Id
    """Its name."""
    kind: GateKind
    """What it decided."""
    how: Ending
    """How it ended."""
    at: Instant
    """When."""
    approvers: tuple[Id, ...] = ()
    """Whose yes it had."""


class Veto(Carried):
    """A no that stands until the same function withdraws it."""

    person: Id
    """Who."""
    at: Instant
    """When."""
    gate: Id | None = None
    """About which gate."""


class Delegation(Carried):
    """Somebody may act in another's place for a while."""

    principal: Id
    """In whose place."""
    to: Id
    """Who acts."""
    function: Function
    """In which function."""
    since: Instant
    """From when."""
    until: Instant
    """Until when."""
    verified: bool = False
    """Whether a signature proved who said so."""
    key: str = ""
    """The fingerprint of the key that proved it."""
