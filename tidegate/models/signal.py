"""What comes in from monitoring: what it can be about, what it does, and what a plan says of a named signal.

A signal only ever makes it safer. Who may send any is the programme's to say (`sender.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.base import Authored, Band, Instant, Line, unsaid

SignalName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$")]
"""What the monitoring calls it, such as `ClaimsErrorsHigh`."""

Does = Literal[Band.HOLD, Band.NARROW, Band.PAUSE, Band.ROLLBACK]
"""What a signal can do: there is no way up."""

About = Literal["access", "bypass", "guardrail", "shadow_use", "model_change"]
"""`access`: access that does not match the plan's model of it; `bypass`: controls were gone around; `guardrail`: a
policy stopped something; `shadow_use`: people went back to an interface that is not allowed; `model_change`: a model or
its provider changed."""

MOST_OTHERS = 50
"""So many alerts travel with one message beside the first."""


class Firing(Authored):
    """One alert among those that came together."""

    fingerprint: Line
    """What makes it the same alert."""
    starts_at: Instant
    """Since when it fires."""
    signal: SignalName | None = Field(default=None, exclude_if=unsaid)
    """What the monitoring calls it."""


class Signal(Authored):
    """What a use case makes of an alert that it expects, by the alert's name."""

    does: Does | None = None
    """What it does; it may be graver than what the programme's mapping says, and is never milder."""
    first_response: Line | None = None
    """What operations does first."""
    runbook: Line | None = None
    """Where the rest of it is written."""
