"""What is wrong with what somebody wrote: which rule, where, why, and how to mend it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tidegate.models.base import Stage

Path = tuple[str | int, ...]
"""Where in a document: `("pilot", "waves", 0, "observe")`."""


class Severity(StrEnum):
    """What a finding means for going on."""

    ERROR = "error"
    """Nothing starts with it."""
    OWED = "owed"
    """Fine for now; owed before a later stage begins."""
    WARNING = "warning"
    """Worth a second look."""


class Finding(NamedTuple):
    """One mistake."""

    rule: str
    severity: Severity
    path: Path
    message: str
    mend: str
    document: str = "playbook"
    """`playbook` or `programme`."""
    before: Stage | None = None
    """Before which stage it is owed; only an owed finding says."""


def error(rule: str, path: Path, message: str, mend: str, document: str = "playbook") -> Finding:
    """Return a mistake that nothing starts with."""
    return Finding(rule, Severity.ERROR, path, message, mend, document)


def dotted(path: Path) -> str:
    """Write a path as people read it: `pilot.waves[0].observe`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
