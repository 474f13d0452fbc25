"""What somebody types for what they owe: the verb that meets it, or that shows what they choose between."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import lastly, replaced, retirement

if TYPE_CHECKING:
    from tidegate.models.owing import Obligation
    from tidegate.models.plan import Plan

ANSWERED = MappingProxyType(
    {
        "sample": "sample VERDICTS --evidence WHERE",
        "question": 'answer {name} "ANSWER"',
        "launch_review": "confirm {name} --outcome OUTCOME --evidence WHERE",
        "vacancy": "amend PLAYBOOK",
    }
)
"""What is owed and met by a verb of its own."""


def asked_by_standard(plan: Plan, name: str) -> str:
    """Return the readiness item that a newer standard asks for under that name."""
    return next((gap.item.value for gap in plan.gaps if gap.name == name and gap.item is not None), "")


def said_of(plan: Plan, name: str, owed: Obligation) -> str:
    """Return what whoever owes it types; where it is a choice, what shows both."""
    if owed.kind == "retire_or_keep":
        return "retire --explain"
    if name == replaced.WAY_BACK:
        return "amend PLAYBOOK --explain"
    if name == retirement.ARCHIVE:
        return lastly.SEAL
    if name in (retirement.GONE, retirement.QUIET):
        return "status"
    if owed.kind == "standard" and (item := asked_by_standard(plan, name)):
        return f"ready {item} --evidence WHERE"
    return ANSWERED.get(owed.kind, "confirm {name} --evidence WHERE").format(name=name)
