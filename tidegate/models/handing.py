"""What changes hands: the pack that is laid out, what the receiver signed, and from when on delivery only reduces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.models.base import Authored, Carried, Id, Instant, Line
from tidegate.models.message import Message
from tidegate.models.plan import Digest

MOST_ARTEFACTS = 50
"""More papers than this nobody reads before they sign."""


class Artefact(Authored):
    """One thing that is handed over, and what names its content."""

    name: Line
    """What the plan calls it: a path, or an address."""
    digest: Digest | None = None
    """The SHA-256 of its bytes; none for what is only referred to, such as a web address."""
    size: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    """How many bytes it has."""


class HandOver(Message):
    """Lay out what is handed over, by digest, so that the receiver signs exactly that."""

    kind: Literal["hand_over"] = "hand_over"
    artefacts: Annotated[tuple[Artefact, ...], Field(min_length=1, max_length=MOST_ARTEFACTS)]
    """What is handed over."""
    effective: Instant | None = None
    """From when on delivery may only make it safer; from the signature on if not given."""


class Pack(Carried):
    """What lies ready for the receiver."""

    by: Id
    """Who laid it out."""
    at: Instant
    """When."""
    artefacts: tuple[Artefact, ...]
    """What is in it, in the order of the plan."""
    effective: Instant | None = None
    """From when on delivery may only make it safer; from the signature on if not given."""


class Takeover(Carried):
    """That it was taken over."""

    by: Id
    """Whose signature it was, or who has followed them since."""
    at: Instant
    """When they signed."""
    pack: Digest
    """Names what they signed for."""
    effective: Instant
    """From when on delivery may only make it safer."""
    in_force: bool = False
    """Whether that time has come."""
