"""What a plan says for its readers and for its checklist: where it is weak, who helps, and when it was as before.

No rule about exposure reads it. How the checklist is judged is known in `readiness`, not here.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, Stage


class Sheet(Carried):
    """What stands in a playbook beside its rules, and somebody must be able to read later."""

    limits: tuple[str, ...] = ()
    """Where it is weak, and when a person must step in."""
    support: dict[Stage, str] = Field(default_factory=dict)
    """Where users get help, in each stage that says so."""
    support_model: str = ""
    """How users get help once it has been handed over, as its stages have it where they say nothing."""
    baselines: dict[Id, date] = Field(default_factory=dict)
    """On which day the baseline of a metric was taken, where the playbook says so."""

    def help(self, stage: Stage) -> str:
        """Say where users of a stage get help; nothing where nobody says so."""
        return self.support.get(stage) or self.support_model


class Prepared(Carried):
    """How long it took until all was there that a stage must have before it begins."""

    since: Instant
    """From when on it was owed."""
    done: Instant | None = None
    """When all of it was there for the first time."""
