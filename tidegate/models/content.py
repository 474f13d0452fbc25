"""What a notice says, before it has a form: facts by name, all that templates may use. Also why one does not arrive."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.base import Carried, Id, Key, unsaid
from tidegate.models.exposure import Exposure

TEMPLATE_LIMIT = 4_000

Template = Annotated[str, StringConstraints(min_length=1, max_length=TEMPLATE_LIMIT)]
"""A template of a notice: Markdown, with facts between double braces; at most 4,000 characters."""


class Group(StrEnum):
    """What kind of people an audience is, which decides what a notice dwells on."""

    SERVED = "served"
    OPERATORS = "operators"
    SUPPORT = "support"
    REVIEWERS = "reviewers"
    OWNERS = "owners"
    LEADERSHIP = "leadership"


class Failure(StrEnum):
    """Why a notice did not reach everybody: a code, because what a channel says itself may hold a secret."""

    NO_CHANNEL = "no_channel"
    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    NOBODY = "nobody"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    SOME = "some"
    BROKEN = "broken"
    NO_TIME = "no_time"
    SILENT = "silent"


Kind = Literal["announcement", "change", "band", "digest", "word"]
"""Ahead of a change; after it; a metric that left its band or came back; several reminders in one message; anything
else, in one sentence."""


class Change(Carried):
    """What exposure was and what it becomes."""

    before: Exposure
    """What it was."""
    after: Exposure
    """What it becomes."""


class Content(Carried):
    """The facts of one notice. Every one is words already: a template chooses and orders them, and decides nothing."""

    kind: Kind = "word"
    """What sort of notice it is."""
    use_case: str
    """Whose."""
    title: str
    """Its name for people."""
    audience: str = ""
    """Who is told, in words."""
    group: Group = Group.OPERATORS
    """What kind of people they are."""
    first: bool = False
    """Whether it is the first that they hear of it."""
    subject: str
    """What it is about, in a line."""
    sentence: str
    """What it says, in a sentence."""
    what: tuple[str, ...] = ()
    """What changes, before and after, a line each."""
    when: str = ""
    """When."""
    why: str = ""
    """Why."""
    purpose: str = ""
    """What the use case is for."""
    manual: tuple[str, ...] = ()
    """What stays manual."""
    help: str = ""
    """How to get help."""
    exception: str = ""
    """How to ask for an exception."""
    escalation: str = ""
    """Where it goes when it is wrong: whom to reach, when, and the command that makes it safer."""
    says: str = ""
    """What else this audience needs to know, as the playbook says it."""
    epoch: int = 0
    """Under which epoch exposure was changed; 0 where nothing was yet."""
    plan: str = ""
    """The revision, by its digest."""
    standard: str = ""
    """The standard it is held to."""
    path: str = ""
    """Where in the review desk it can be seen."""
    template: str = Field(default="", exclude_if=unsaid)
    """The audience's own template; the built-in one if none is given."""


class Way(Carried):
    """One way to reach some people."""

    channel: Key
    """What the programme calls it."""
    kind: Id
    """Which kind of channel it is."""
    settings: dict[Key, str] = Field(default_factory=dict)
    """What that needs to know; secrets by reference."""
    people: tuple[Id, ...] = ()
    """Whom it reaches."""
    mails: dict[Id, str] = Field(default_factory=dict)
    """The mail address of each of them that has one."""
