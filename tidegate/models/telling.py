"""How an organisation tells people: by which channels beside the notice board, and in which words."""

from __future__ import annotations

from pydantic import Field

from tidegate.models.base import Authored, Id, Key
from tidegate.models.content import Group, Template


class Telling(Authored):
    """Good as it is: with nothing said, notices hang at the board, in the built-in words."""

    reach: dict[Id, Key | tuple[Key, ...]] = Field(default_factory=dict)
    """By which channels people are reached: of a person, of whoever holds a function, or of `everybody`; what says it
    more exactly counts."""
    templates: dict[Group, Template] = Field(default_factory=dict)
    """How notices to a kind of audience are written."""
