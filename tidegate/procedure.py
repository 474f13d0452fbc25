"""The standard operating procedure: its eight parts, and whether it names people who are there.

Pure. What is free text is free; what is written like a name (`ops-manager`, data_steward) must be somebody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Function

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tidegate.models.handover import Sop

PARTS: tuple[tuple[str, str], ...] = (
    ("trigger", "What starts it"),
    ("inputs", "What it needs"),
    ("validation", "What is checked"),
    ("exceptions", "What does not fit"),
    ("escalation", "Who takes over, and when"),
    ("logging", "What is written down"),
    ("approvals", "What a person approves"),
    ("kpi_review", "When the figures are looked at"),
)
"""The eight parts, and what each answers."""
_QUOTED = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+")


class Stranger(NamedTuple):
    """Somebody whom a procedure names, and who is not there."""

    path: tuple[str | int, ...]
    name: str
    why: str
    """`is nobody of the programme`, or `has left`."""


def lacking(words: Mapping[str, object]) -> tuple[str, ...]:
    """Return which of the eight parts are not there, of a procedure as it was written."""
    return tuple(name for name, _ in PARTS if not str(words.get(name) or "").strip())


def people_in(sop: Sop) -> int:
    """Return how many steps people do."""
    return sum(step.by == "person" for step in sop.steps)


def strangers(sop: Sop, here: Collection[str], left: Collection[str]) -> Iterator[Stranger]:
    """Yield everybody whom a procedure names, and who is neither a person who is here, nor a function."""
    known = {*here, *(function.value for function in Function)}
    for path, name in _named(sop):
        if name in known:
            continue
        yield Stranger(path, name, "has left" if name in left else "is nobody of the programme, and no function")


def _named(sop: Sop) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for part, _ in PARTS:
        for name in _QUOTED.findall(getattr(sop, part)):
            yield ("sop", part), name
    for index, step in enumerate(sop.steps):
        for field in ("who", "does"):
            for name in _QUOTED.findall(getattr(step, field)):
                yield ("sop", "steps", index, field), name
        if step.by == "person" and _NAME.fullmatch(step.who):
            yield ("sop", "steps", index, "who"), step.who


def page(title: str, sop: Sop) -> tuple[str, ...]:
    """Return the procedure as the lines of a Markdown page: the whole process first, then its eight parts."""
    steps = (f"{number}. **{step.who}** ({step.by}) {step.does}" for number, step in enumerate(sop.steps, start=1))
    parts = (line for name, asks in PARTS for line in ("", f"## {asks}", "", getattr(sop, name)))
    return (f"# {title}: how it is operated", "", *steps, *parts)
