"""Who acts, and how we know: a person, a service, an agent, the clock, or the rules themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from tidegate.models.base import Carried


class ActorKind(StrEnum):
    """Who acts. Only people consent; anybody may make it safer."""

    HUMAN = "human"
    SERVICE = "service"
    AGENT = "agent"
    TIMER = "timer"
    SYSTEM = "system"


class Actor(Carried):
    """Who says it, and how we know."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=100)]
    """Their id, in one spelling."""
    kind: ActorKind = ActorKind.HUMAN
    """What kind of actor."""
    method: Literal["none", "ssh", "passkey", "hmac"] = "none"
    """How they were recognised."""
    verified: bool = False
    """Whether that was proven by a signature."""
    key: str = ""
    """With which key, by its fingerprint."""


SYSTEM = Actor(subject="tidegate", kind=ActorKind.SYSTEM)
CLOCK = Actor(subject="clock", kind=ActorKind.TIMER)
