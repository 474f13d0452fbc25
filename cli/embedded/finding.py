"""What `tidegate doctor` finds: one line for each thing that must be so."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Health(StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something will be missing or is odd."""
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One thing that was looked at; these names are the keys of `--json`."""

    subject: str
    health: Health
    says: str
    mend: str = ""


def ok(subject: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, Health.OK, says)


def warning(subject: str, says: str, mend: str) -> Finding:
    """It will do for now."""
    return Finding(subject, Health.WARNING, says, mend)


def problem(subject: str, says: str, mend: str) -> Finding:
    """It will not do."""
    return Finding(subject, Health.PROBLEM, says, mend)
