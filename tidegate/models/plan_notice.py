"""Who is told of a change of exposure, as a plan has it resolved: how, how long before, and whether they confirm."""

from __future__ import annotations

from pydantic import Field

from tidegate.models.base import Carried, Id, Key, Span, unsaid
from tidegate.models.content import Group


def _usual(group: object) -> bool:
    return group is Group.OPERATORS


class PlanNotice(Carried):
    """Who is told before exposure widens, and whether they must confirm."""

    audience: str
    """Who they are."""
    to: tuple[Id, ...] = ()
    """The people who confirm for them."""
    channel: Key
    """How they are reached."""
    lead: Span
    """How long before."""
    acknowledge: bool = False
    """Whether they must confirm first."""
    otherwise: tuple[Key, ...] = Field(default=(), exclude_if=unsaid)
    """How else, in this order, where the channel does not reach them."""
    group: Group = Field(default=Group.OPERATORS, exclude_if=_usual)
    """What kind of people they are."""
    says: str = Field(default="", exclude_if=unsaid)
    """What else they need to know."""
    contact: str = Field(default="", exclude_if=unsaid)
    """Whom they ask."""
    hours: str = Field(default="", exclude_if=unsaid)
    """When whom they ask can be reached."""
    template: str = Field(default="", exclude_if=unsaid)
    """How their notices are written; the built-in way if not given."""
