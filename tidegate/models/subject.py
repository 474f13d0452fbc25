"""What the evidence of a use case rests on: model, prompt and data, in which versions; and word that one changed."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.base import Authored, Carried, Id, Instant, Key, Line, Stage
from tidegate.models.message import Message

Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,98}$")]
"""What tells one state of a thing from another: a date, a tag, a digest. The rules compare it: it is no free text."""


class Subject(Authored):
    """What exactly is judged, and where it begins again once that is another."""

    runs: Annotated[dict[Key, Version], Field(min_length=1, max_length=30)]
    """Each model, prompt and source of data, with the version on which the evidence rests: a date, a tag, a digest."""
    back_to: Id | None = None
    """The wave from which it earns its way again; the last one of the stage before if not given, and in the first stage
    its first."""


class PlanSubject(Carried):
    """What exactly is judged, resolved."""

    runs: dict[Key, str]
    """The version of each model, prompt and source of data on which the evidence rests."""
    back: dict[Stage, str]
    """From each stage, the level to which it goes back when that is another."""


class What(StrEnum):
    """What somebody says has happened around it."""

    MODEL = "model"
    PROMPT = "prompt"
    PROVIDER = "provider"
    DATA = "data"
    INCIDENT = "incident"

    @property
    def spoken(self) -> str:
        """What it is in a sentence."""
        return _SPOKEN[self.value]


_SPOKEN = MappingProxyType(
    {
        "model": "a model changed",
        "prompt": "a prompt changed",
        "provider": "a provider changed",
        "data": "its data changed",
        "incident": "an incident",
    }
)


class Changed(Message):
    """Something under it changed, is about to, or has gone wrong: people look again before anything widens."""

    kind: Literal["changed"] = "changed"
    what: What
    """What kind of thing."""
    name: Key | None = None
    """Which one: a model, a prompt, a vendor, a source of data."""
    version: Version | None = None
    """What runs now, where it is known."""
    ends: Instant | None = None
    """From when on it is no longer to be had."""
    evidence: Line | None = None
    """Where that can be seen."""


class Restart(Carried):
    """That what runs is not what was judged: what was seen until then is void."""

    since: Instant
    """Since when it counts for nothing."""
    back: str
    """The level from which it earns its way again; nothing goes on higher than there."""


class Seen(Carried):
    """A version that runs and that the plan does not name."""

    name: str
    """Of what."""
    version: str
    """Which one."""
