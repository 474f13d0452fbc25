"""A request to the programme: who asks for an approved way to do a task, who owes the answer, what becomes of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tidegate.models.base import Carried, DataClass, Id, Instant, Key, Names, Span
from tidegate.models.decision import Notify
from tidegate.models.plan import Backend

Outcome = Literal["approved", "begun", "denied"]
"""An approved use case to join; a use case that was begun for it; no, with a reason."""


class Rise(Carried):
    """A moment at which somebody is asked again, or somebody above them is."""

    at: Instant
    """When."""
    to: tuple[Id, ...]
    """Who is asked."""
    step: Literal["reminder", "overdue", "executives"]
    """Which step it is."""


class Given(Carried):
    """The answer."""

    outcome: Outcome
    """Which one."""
    use_case: Id | None = None
    """The use case to join, or that was begun."""
    reason: str
    """Why, in their own words."""
    by: Id
    """Who gave it."""
    at: Instant
    """When."""


class Noted(Carried):
    """What happened, as the ledger is to keep it."""

    number: int
    """Counts up within one request."""
    at: Instant
    """When."""
    action: str
    """What was done."""
    by: str
    """Who did it; `clock` for what came by itself."""
    says: dict[str, Any]
    """The facts, without anybody's own words."""
    words: dict[str, str] = Field(default_factory=dict)
    """People's own words, by name: they lie beside the chain, and can be erased."""


class RequestState(Carried):
    """Everything that changes in the life of one request, and whom it concerns; also what the next run begins with."""

    name: Id
    """What it is called."""
    kind: Literal["alternative_tool"] = "alternative_tool"
    """What is asked for: an approved way to do what somebody does, or wants to do, with a tool that is not."""
    programme: Id
    """Whose."""
    tool: str
    """Which tool they use or want."""
    in_use: bool
    """Whether it is used already."""
    task: str
    """For what, in their own words."""
    data: DataClass
    """The most sensitive data that goes into it."""
    by: Id
    """Who asks."""
    at: Instant
    """When."""
    to: Id
    """Who owes the answer."""
    due: Instant
    """By when."""
    rises: tuple[Rise, ...]
    """Who is asked again and when, as long as nobody answers."""
    again: Span
    """How often, after the last of those."""
    may_answer: tuple[Id, ...]
    """Who may answer: who owes it and those above them, never who asks."""
    channels: dict[Key, Backend] = Field(default_factory=dict)
    """How each channel to people is reached."""
    reach: dict[Id, Names] = Field(default_factory=dict)
    """By which of these channels a person is reached beside the notice board."""
    mails: dict[Id, str] = Field(default_factory=dict)
    """Where mail reaches people."""
    risen: int = 0
    """How many of those moments have come; beyond the last it goes on counting."""
    next_at: Instant | None = None
    """When the next one comes; none before it began and once it is answered."""
    given: Given | None = None
    """The answer."""
    noted: tuple[Noted, ...] = ()
    """What the ledger does not have yet."""
    count: int = 0
    """How many things have happened."""
    owed: tuple[Notify, ...] = ()
    """Who has to be told and was not yet."""


class RequestStanding(Carried):
    """How a request stands, as people read it."""

    name: Id
    tool: str
    in_use: bool
    task: str
    data: DataClass
    by: Id
    at: Instant
    to: Id
    due: Instant
    overdue: bool
    """Whether its day has passed without an answer."""
    asked: tuple[Id, ...]
    """Who is asked now."""
    given: Given | None = None


class RequestAnswer(Carried):
    """What whoever answers hears."""

    outcome: Literal["done", "noop", "refused"]
    """What became of it."""
    code: str
    """Why, as one word that never changes."""
    sentence: str
    """Why, in words."""
    standing: RequestStanding
    """How it stands now."""


class KeepRequest(Carried):
    """Write down what happened to a request."""

    name: Id
    """Which one."""
    life: str
    """Which life of it: the same request may be made again."""
    noted: tuple[Noted, ...]
    """What happened."""
