"""The two kinds of word, and the small types that all of them are built from.

`Authored` is what a person writes or sends: an unknown key is a mistake and is refused.
`Carried` is what a running rollout takes with it: it grows only by defaults, so an older payload always loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

from tidegate.models.described import describe

TEXT_LIMIT = 2_000


class Authored(BaseModel):
    """A word that people author or send: frozen, strict, and deaf to keys it does not know."""

    # An editor and a finding say what a field means, in the sentence that stands below it.
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", json_schema_extra=describe)


class Carried(BaseModel):
    """A word that a rollout carries: frozen and strict; what a newer writer added is passed over."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    def but(self, **changes: Any) -> Self:
        """Return the same word with some fields changed, without paying for validation again."""
        same = copy(self)
        same.__dict__.update(changes)  # what `model_copy` does, in half its time: a decision does it dozens of times
        same.model_fields_set.update(changes)
        return same


def _sorted_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(values)))


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT)]
"""Free text: never blank, at most 2,000 characters."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
"""One line of text: never blank, at most 200 characters."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A name that machines and people both use: lower case letters, digits, dot, dash and underscore."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/:-]{0,98}$")]
"""A name inside another system, such as `flags/claims_triage` or `team/finance`."""

Names = Annotated[tuple[Key, ...], AfterValidator(_sorted_once)]
"""A set of names, kept sorted so that the same set always has the same bytes."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment in UTC."""

Share = Annotated[int, Field(ge=0, le=10_000)]
"""A share in basis points: 10000 is everybody."""

Amount = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=18, decimal_places=6)]
"""A number that matters: decimal, never a float."""


class Unit(StrEnum):
    """What a span of time is counted in; the last two follow the programme's working calendar."""

    SECONDS = "s"
    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"
    BUSINESS_HOURS = "bh"
    BUSINESS_DAYS = "bd"


_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WALL = MappingProxyType(
    {"s": timedelta(seconds=1), "m": _HOUR / 60, "h": _HOUR, "d": _DAY, "w": 7 * _DAY, "bh": _HOUR, "bd": _DAY}
)
_SPAN = re.compile(r"^(\d{1,5})(s|m|h|d|w|bh|bd)$")


def unsaid(value: object) -> bool:
    """Whether a field says nothing: what a plan could not say when it was sealed is not spelled, and its seal fits."""
    return not value


class Span(NamedTuple):
    """A length of time as people write it: `14d`, `36h`, or `5bd` for five business days."""

    length: int
    unit: Unit

    @classmethod
    def of(cls, text: str) -> Span:
        """Read `14d`; raise ValueError with the accepted forms otherwise."""
        found = _SPAN.match(text)
        if found is None:
            raise ValueError(f"'{text}' is not a length of time; write 90m, 36h, 14d, 2w, 8bh or 5bd")
        return cls(int(found[1]), Unit(found[2]))

    @property
    def business(self) -> bool:
        """Whether only working time counts."""
        return self.unit in (Unit.BUSINESS_DAYS, Unit.BUSINESS_HOURS)

    @property
    def wall(self) -> timedelta:
        """The length on the wall clock; for business time, the least it can be."""
        return self.length * _WALL[self.unit]

    @property
    def longest(self) -> timedelta:
        """A safe upper bound on the wall clock: a business day may take nearly half a week, holidays aside."""
        if self.unit is Unit.BUSINESS_DAYS:
            return timedelta(days=self.length * 7 / 5 + 3)
        if self.unit is Unit.BUSINESS_HOURS:
            return timedelta(days=self.length / 8 * 7 / 5 + 3)
        return self.wall

    def __str__(self) -> str:
        """Write it as it was read."""
        return f"{self.length}{self.unit}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_plain_validator_function(_span)
        write = core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        return core_schema.json_or_python_schema(json_schema=read, python_schema=read, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": _SPAN.pattern, "description": "A length of time, such as 36h, 14d or 5bd."}


def _span(value: Any) -> Span:
    if isinstance(value, Span):
        return value
    if isinstance(value, str):
        return Span.of(value)
    raise ValueError("a length of time is text, such as 14d or 5bd")


class Ranked(StrEnum):
    """Words of which each goes further than the one before; the rank of the first is 0."""

    def __init__(self, *_: object) -> None:
        """Know the place once and for all: it is asked for more often than anything else."""
        self.rank = len(type(self).__members__)


class Stage(Ranked):
    """The three disciplines that a use case passes through."""

    PILOT = "pilot"
    LIMITED = "limited"
    SYSTEM_OF_RECORD = "system_of_record"


class Function(StrEnum):
    """In which capacity a person acts. One person may hold several, and counts for one."""

    ACCOUNTABLE_EXEC = "accountable_exec"
    AI_OWNER = "ai_owner"
    BUSINESS_OWNER = "business_owner"
    COMPLIANCE = "compliance"
    CTO = "cto"
    DATA_STEWARD = "data_steward"
    LEGAL = "legal"
    OPERATIONS = "operations"
    PLATFORM = "platform"
    RISK = "risk"
    SECURITY = "security"


class Mode(Ranked):
    """How far a verb may go. Absent means deny."""

    DENY = "deny"
    REVIEW = "review"
    ALLOW = "allow"


class Verb(StrEnum):
    """What an assistant may do to a system. Closed: 'use the CRM' is not a verb. No verb implies another."""

    READ = "read"
    INSPECT = "inspect"
    CLASSIFY = "classify"
    SUMMARISE = "summarise"
    DRAFT = "draft"
    RECOMMEND = "recommend"
    CREATE_TASK = "create_task"
    CHANGE_FIELD = "change_field"
    RUN_CODE = "run_code"
    OPEN_PULL_REQUEST = "open_pull_request"
    INVITE = "invite"
    PUBLISH = "publish"
    SEND_CUSTOMER_MESSAGE = "send_customer_message"
    APPROVE = "approve"
    REFUND = "refund"
    PAY = "pay"
    DELETE = "delete"

    @property
    def risk(self) -> int:
        """0 looks, 1 proposes, 2 writes inside, 3 reaches people outside, money or what cannot be undone."""
        return _VERB_RISK.index(next(row for row in _VERB_RISK if self.value in row))


_VERB_RISK = (
    ("read", "inspect", "classify", "summarise"),
    ("draft", "recommend", "create_task"),
    ("change_field", "run_code", "open_pull_request", "invite"),
    ("publish", "send_customer_message", "approve", "refund", "pay", "delete"),
)


class DataClass(Ranked):
    """How sensitive data is."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    PERSONAL = "personal"
    REGULATED = "regulated"


class GateKind(StrEnum):
    """What a round of votes decides."""

    FIRST_EXPOSURE = "first_exposure"
    CHECKPOINT = "checkpoint"
    STAGE = "stage"
    RESUME = "resume"
    AMENDMENT = "amendment"
    OVERRIDE = "override"
    HANDOFF = "handoff"
    OPERATING = "operating"
    RETIREMENT = "retirement"


class MetricFamily(StrEnum):
    """What a metric speaks of. Adoption counts heads; it never passes a gate alone."""

    OUTCOME = "outcome"
    TECHNICAL = "technical"
    GOVERNANCE = "governance"
    COST = "cost"
    ADOPTION = "adoption"


class Band(Ranked):
    """How far a metric has strayed; each band beyond watch names what it does."""

    HEALTHY = "healthy"
    WATCH = "watch"
    HOLD = "hold"
    NARROW = "narrow"
    PAUSE = "pause"
    ROLLBACK = "rollback"


class Operator(StrEnum):
    """How a reading is compared."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    def holds(self, left: Decimal, right: Decimal) -> bool:
        """Whether `left OP right`."""
        if self is Operator.LT:
            return left < right
        if self is Operator.LE:
            return left <= right
        if self is Operator.GT:
            return left > right
        return left >= right


_BOUND = re.compile(r"^\s*(<=|>=|<|>)\s*(-?\d{1,12}(?:\.\d{1,6})?)\s*(%?)\s*$")
_CONDITION = re.compile(r"^\s*([a-z0-9][a-z0-9._-]{0,62})\s*(<=|>=|<|>)\s*(-?\d{1,12}(?:\.\d{1,6})?)\s*(%?)\s*$")


class Bound(NamedTuple):
    """A comparison with a number, written `<= 8`."""

    operator: Operator
    value: Decimal

    @classmethod
    def of(cls, text: str) -> Bound:
        """Read `<= 8`; raise ValueError with the accepted forms otherwise."""
        found = _BOUND.match(text)
        if found is None:
            raise ValueError(f"'{text}' is not a bound; write an operator and a number, such as '<= 8' or '> 15'")
        return cls(Operator(found[1]), Decimal(found[2]))

    def holds(self, value: Decimal) -> bool:
        """Whether the value passes."""
        return self.operator.holds(value, self.value)

    @property
    def upward(self) -> bool:
        """Whether larger values pass."""
        return self.operator in (Operator.GT, Operator.GE)

    def __str__(self) -> str:
        """Write it as it was read."""
        return f"{self.operator.value} {self.value}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_plain_validator_function(_bound)
        write = core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        return core_schema.json_or_python_schema(json_schema=read, python_schema=read, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": _BOUND.pattern, "description": "A comparison, such as '<= 8'."}


def _bound(value: Any) -> Bound:
    if isinstance(value, Bound):
        return value
    if isinstance(value, str):
        return Bound.of(value)
    raise ValueError("a bound is text, such as '<= 8'")


class Condition(NamedTuple):
    """A metric compared with a number, written `corrections_per_100 <= 8`."""

    metric: str
    bound: Bound

    @classmethod
    def of(cls, text: str) -> Condition:
        """Read `metric <= 8`; raise ValueError with the accepted forms otherwise."""
        found = _CONDITION.match(text)
        if found is None:
            raise ValueError(f"'{text}' is not a condition; write METRIC OPERATOR NUMBER, such as 'error_rate <= 2'")
        return cls(found[1], Bound(Operator(found[2]), Decimal(found[3])))

    def __str__(self) -> str:
        """Write it as it was read."""
        return f"{self.metric} {self.bound}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_plain_validator_function(_condition)
        write = core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        return core_schema.json_or_python_schema(json_schema=read, python_schema=read, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": _CONDITION.pattern, "description": "Such as 'error_rate <= 2'."}


def _condition(value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, str):
        return Condition.of(value)
    raise ValueError("a condition is text, such as 'error_rate <= 2'")


_PERCENT = re.compile(r"^(\d{1,3})(?:\.(\d{1,2}))?%$")
_WHOLE = 10_000


class Percent(int):
    """A share as people write it, `25%` or `0.5%`, kept in basis points."""

    @classmethod
    def of(cls, value: Any) -> Percent:
        """Read `25%`; raise ValueError with the accepted form otherwise."""
        if isinstance(value, Percent):
            return value
        found = _PERCENT.match(value) if isinstance(value, str) else None
        points = int(found[1]) * 100 + int(f"{found[2] or ''}00"[:2]) if found else _WHOLE + 1
        if points <= _WHOLE:
            return cls(points)
        raise ValueError("a share is written with a per cent sign, such as 25% or 0.5%, and is at most 100%")

    def __str__(self) -> str:
        """Write it as people do."""
        text = f"{self // 100}.{self % 100:02d}".rstrip("0").rstrip(".")
        return f"{text}%"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_plain_validator_function(cls.of)
        write = core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        return core_schema.json_or_python_schema(json_schema=read, python_schema=read, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": _PERCENT.pattern, "description": "A share, such as 25%."}
