"""What is taken to be so and not known yet: with who finds out, and how."""

from __future__ import annotations

from datetime import date

from tidegate.models.base import Authored, Id, Line


class Assumption(Authored):
    """An open assumption: its owner tests it, and each briefing shows it until it is settled."""

    what: Line
    """What is taken to be so."""
    owner: Id
    """Who finds out whether it is."""
    test: Line
    """How it is found out: what would show that it does not hold."""
    by: date | None = None
    """By when; each briefing after that says that it is late."""
    settled: Line | None = None
    """How it came out, and where that can be seen; open while not given."""
