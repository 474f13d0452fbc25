"""What was lived through in a rehearsal: all that the calendar, the pictures and the expectations are read from.

It follows from what the rollout wrote down of itself; nobody else is asked.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.models.base import Carried, Function, Id, Instant
from tidegate.models.decision import Outcome
from tidegate.models.exposure import Exposure
from tidegate.models.plan import Digest


class Seen(Carried):
    """One thing that happened: a line of evidence, and how it stood after it."""

    at: Instant
    """When."""
    action: str
    """What was done or tried."""
    outcome: Outcome
    """What became of it."""
    code: str
    """Why, as a code."""
    sentence: str
    """Why, in words."""
    actor: str
    """Who."""
    actor_kind: str
    """Which kind of actor."""
    in_place_of: str = ""
    """In whose place; empty if in their own."""
    gate: str = ""
    """About which round of votes."""
    gate_kind: str = ""
    """Of which kind that is."""
    stage: str
    """The stage after it."""
    wave: str
    """The wave after it; empty before the first."""
    phase: str
    """The phase after it."""
    control: str
    """The control after it."""
    level: int
    """The level after it."""
    epoch: int
    """The epoch after it."""
    people: int
    """At most so many people are to be served after it."""
    served: int
    """At most so many people were served when last read back."""


class Served(Carried):
    """What was read back at a moment: from then on, until the next, this is what is known to be served."""

    at: Instant
    """When."""
    line: int
    """After which of what was seen: so many lines stand before it, that one included."""
    exposure: Exposure
    """What."""


class Said(Carried):
    """An answer to a question."""

    who: Id
    """Who."""
    choice: str
    """What they said."""
    at: Instant
    """When."""


Kind = Literal["", "people", "freeze", "notice", "watching", "figures", "readiness", "stopped", "world", "handoff"]
"""What it waits for: people who vote, a freeze, a notice's lead time, that a wave is watched as long as it must be,
figures or evidence that are not there, what must be ready, that somebody goes on after it was made safer, systems
outside, or whoever takes it over. Empty where it waits for nothing."""


class Round(Carried):
    """One round of votes: who was asked what and when, and how it ended."""

    gate: str
    """Its name."""
    kind: str
    """What it decides."""
    about: str
    """Which wave or change it is about."""
    opened: Instant
    """When it was opened."""
    until: Instant | None = None
    """When it expires."""
    needs: dict[Function, int] = Field(default_factory=dict)
    """How many people of each function it needs."""
    asked: tuple[Id, ...] = ()
    """Who was asked."""
    said: tuple[Said, ...] = ()
    """Who said what."""
    closed: Instant | None = None
    """When it was over; never if it still stands open."""
    how: str = ""
    """How it ended: `used`, `expired`, `rejected`, `superseded`."""


class Stretch(Carried):
    """A while in which the same stood."""

    since: Instant
    """From when on."""
    until: Instant
    """Until when."""
    stage: str
    """In which stage."""
    wave: str
    """On which wave."""
    phase: str
    """In which phase."""
    control: str
    """Under which control."""
    level: int
    """On which level."""
    label: str
    """What is served, in words."""
    people: int
    """At most so many people are to be served."""
    served: int
    """At most so many people are served, as read back."""
    kind: Kind = ""
    """What sort of thing it waits for."""
    waits: str = ""
    """What it waits for, in a sentence, where it waits for people, a freeze, a date or the world."""
    owner: str = ""
    """Who can end the wait."""
    awaits: tuple[str, ...] = ()
    """The functions, people or freeze that it waits for."""
    absent: tuple[Id, ...] = ()
    """Who of them is on leave meanwhile."""


class Shade(Carried):
    """A while in which something stands in the way, whatever the rollout does: a freeze, or somebody's leave."""

    kind: Literal["freeze", "leave"]
    """Which of both."""
    name: str
    """Which freeze, or who."""
    since: Instant
    """From when on."""
    until: Instant
    """Until when."""
    why: str = ""
    """Why."""


class Delay(Carried):
    """Why a wave came later than at best: one reason and its share."""

    kind: Kind
    """What it waited for."""
    what: str
    """Whom or which, in words: `freeze year-end`, `compliance (comp-a on leave)`."""
    seconds: int
    """So much of it."""


class Milestone(Carried):
    """One wave of the ladder: when it would begin at best, and when it did."""

    level: int
    """1 is the first."""
    stage: str
    """Its stage."""
    wave: str
    """Its name."""
    people: int
    """At most so many people it serves."""
    best: Instant | None = None
    """When it would begin with nobody away, nothing frozen, and everybody answering at once; none if never."""
    asked: Instant | None = None
    """When people were first asked about it."""
    begun: Instant | None = None
    """When it was first served; none if that never came."""
    ended: Instant | None = None
    """When the next wave began, or it was made safer; none if it still stands."""
    delays: tuple[Delay, ...] = ()
    """Where the time between the two went, the longest first."""


class Deadlock(Carried):
    """Where nothing leads on any more."""

    since: Instant
    """From when on."""
    stage: str
    """In which stage."""
    wave: str
    """On which wave."""
    phase: str
    """In which phase."""
    gate: str = ""
    """Which round of votes cannot end well."""
    lacks: dict[Function, int] = Field(default_factory=dict)
    """How many people are lacking in which function."""
    who: tuple[Id, ...] = ()
    """Who could have said it, and did not or could not."""
    why: str
    """What is in the way, in a sentence that names people and dates."""
    mend: str
    """What would mend it."""


class Lived(Carried):
    """A rollout's life in a rehearsal."""

    use_case: Id
    """Which one."""
    title: str
    """Its name for people."""
    plan: Digest
    """The plan that was rehearsed, as it would be started."""
    tool: str
    """The version that lived it."""
    scenarios: dict[str, Digest] = Field(default_factory=dict)
    """What it was lived with, by name."""
    started: Instant
    """When it began."""
    ended: Instant
    """When it was left."""
    how: Literal["reached", "over", "deadlock", "stopped"]
    """It came where it should; its life was over before; nothing led on; or it was given up."""
    stage: str
    """Where it stood then."""
    phase: str
    """What it was doing then."""
    seen: tuple[Seen, ...] = ()
    """What happened, in order."""
    served: tuple[Served, ...] = ()
    """What was read back, whenever that was another; it begins with what was served at the start."""
    rounds: tuple[Round, ...] = ()
    """Who was asked."""
    stretches: tuple[Stretch, ...] = ()
    """How it stood, without a gap."""
    deadlock: Deadlock | None = None
    """Where it stood still."""
    milestones: tuple[Milestone, ...] = ()
    """Every wave of the plan that it began with, whether it came so far or not."""
    best: Instant | None = None
    """When the last wave would have been watched to its end at best."""
    done: Instant | None = None
    """When it was handed over and operating."""
    delays: tuple[Delay, ...] = ()
    """Where the time between the two went, the longest first."""
    shades: tuple[Shade, ...] = ()
    """Freezes and leave while it lived."""
    shifts: tuple[tuple[Instant, int], ...] = ()
    """From when on it is how many minutes later than UTC where the programme works: people read days of their own."""
    names: dict[Id, str] = Field(default_factory=dict)
    """What to call people."""
