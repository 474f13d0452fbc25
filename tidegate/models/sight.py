"""What can be seen of a rollout: a pattern, held against what happened. Whatever it does not say may be anything."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from tidegate.models.base import Authored, GateKind, Id, Instant, Key, Line, Span, Stage
from tidegate.models.decision import Outcome
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase


class Sight(Authored):
    """Something that happens, by what the record says of it."""

    stage: Stage | None = None
    """The stage it stands in."""
    wave: Key | None = None
    """The wave it stands on: `home-half`, or with its stage `limited/home-half`."""
    phase: Phase | None = None
    """What the rollout is doing."""
    control: Control | None = None
    """What is being done to exposure."""
    action: Line | None = None
    """What was done or tried, as evidence names it: `vote approve`, `hold`."""
    outcome: Outcome | None = None
    """What became of it."""
    reason: Code | None = None
    """Why."""
    by: Id | None = None
    """Who did it."""
    in_place_of: Id | None = None
    """In whose place."""
    gate: GateKind | None = None
    """About which kind of round of votes it is."""

    @property
    def says(self) -> dict[str, str]:
        """What it says, word by word."""
        return {name: str(value) for name, value in self if value is not None}


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WRITTEN = "write it like 2027-03-01 or 2027-03-01T09:00+01:00"
_SHORT = r"^(\d{1,5}(s|m|h|d|w|bh|bd)|\d{4}-\d{2}-\d{2}(T.+)?)$"


def _dated(value: Any) -> Any:
    """Read a moment as people write it; a day without a time is its first moment in UTC."""
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is no date; {_WRITTEN}") from None
    if _DATE.fullmatch(value):
        return found.replace(tzinfo=UTC)
    if found.tzinfo is None:
        raise ValueError(f"'{value}' says no zone; {_WRITTEN}")
    return found


Moment = Annotated[Instant, BeforeValidator(_dated, json_schema_input_type=str)]
"""A date with its time and zone; a day alone is its first moment in UTC."""


class When(Authored):
    """A moment: so long after the start, at a date, or so long after something is seen. In short `12d`."""

    at: Moment | None = None
    """A date with its time and zone, such as `2027-03-01T09:00+01:00`; a day alone begins at midnight UTC."""
    day: Span | None = None
    """So long after the start."""
    after: Sight | None = None
    """After this is seen."""
    time: int = Field(default=1, ge=1)
    """For the how manieth time it is seen."""
    plus: Span | None = None
    """So long after that."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, said: Any) -> Any:
        if not isinstance(said, str):
            return said
        if _DATE.match(said):
            return {"at": said}
        # `12d` is how people say it; whatever cannot be read as that says how it is written.
        try:
            return {"day": str(Span.of(said))}
        except ValueError:
            raise ValueError(
                f"'{said}' is no moment; write 12d after the start, 2027-03-01T09:00+01:00, or {{after: ..., plus: 3d}}"
            ) from None

    @model_validator(mode="after")
    def _one(self) -> When:
        if sum(part is not None for part in (self.at, self.day, self.after)) > 1:
            raise ValueError("it is counted from one thing: keep one of `at`, `day` and `after`")
        if self.time > 1 and self.after is None:
            raise ValueError("`time` counts how often something is seen: it needs `after`")
        if self.after is not None and not self.after.says:
            raise ValueError("`after` says nothing of what is seen")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return in_short(handler(core), handler, "string", pattern=_SHORT)


def in_short(body: dict[str, Any], handler: GetJsonSchemaHandler, *types: str, **more: str) -> dict[str, Any]:
    """Return a schema that also knows the short form in which people write what it describes."""
    whole = handler.resolve_ref_schema(body)
    whole.update(type=["object", *types], **more)
    return body
