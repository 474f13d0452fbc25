"""What senders send, word for word as far as we read it: Alertmanager's webhook, and events of our own.

It comes from outside, so what we do not know is passed over; what we need is checked and bounded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from tidegate.models.base import Instant
from tidegate.models.signal import About
from tidegate.models.subject import Version

MOST = 10_000
"""Alerts or events of one delivery."""
_LONG = 8_000
_Words = Annotated[str, StringConstraints(max_length=_LONG)]
_Labels = Annotated[dict[_Words, _Words], Field(max_length=100)]


class Outside(BaseModel):
    """A word that somebody else's system sends."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True)


class AlertmanagerAlert(Outside):
    """One alert of a delivery."""

    status: Literal["firing", "resolved"]
    """Whether it is over."""
    labels: _Labels = Field(default_factory=dict)
    """What makes it this alert."""
    annotations: _Labels = Field(default_factory=dict)
    """What is said of it."""
    starts_at: Annotated[Instant, Field(alias="startsAt")]
    """Since when it fires."""
    fingerprint: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
    """A digest of its labels."""


class AlertmanagerPayload(Outside):
    """A delivery of Alertmanager's webhook, version 4."""

    version: Literal["4"]
    """Of the payload."""
    truncated: Annotated[int, Field(alias="truncatedAlerts", ge=0)] = 0
    """So many alerts were cut off."""
    group: Annotated[_Labels, Field(alias="groupLabels")] = Field(default_factory=dict)
    """What its alerts were put together by."""
    common: Annotated[_Labels, Field(alias="commonLabels")] = Field(default_factory=dict)
    """What all of its alerts have in common."""
    alerts: Annotated[tuple[AlertmanagerAlert, ...], Field(max_length=MOST)]
    """Its alerts."""


class Occurrence(Outside):
    """An event of a sender of kind `events`."""

    model_config = ConfigDict(extra="forbid")  # it is our own format, so a key that we do not know is a mistake

    about: About | None = None
    """What it is about; else what the programme says of its sender, else that something is wrong."""
    use_case: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Which use case; may be left out of a `model_change`, which concerns all that use the model."""
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Which model changed."""
    version: Version | None = None
    """In which version it runs now: a date, a tag or a digest; compared with the one that was judged."""
    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """What makes it the same occurrence when it is told again."""
    starts_at: Instant
    """Since when."""
    severity: Annotated[str, StringConstraints(max_length=200)] = ""
    """How grave it is, in the sender's own words."""
    resolved: bool = False
    """Whether it is over."""
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    """What the sender calls this kind of event."""
    summary: _Words = ""
    """What happened."""

    @field_validator("model")
    @classmethod
    def _bare(cls, value: str | None) -> str | None:
        return None if value is None else value.removeprefix("model/")


class Occurrences(Outside):
    """A delivery of a sender of kind `events`."""

    events: Annotated[tuple[Occurrence, ...], Field(min_length=1, max_length=MOST)]
    """What happened."""
