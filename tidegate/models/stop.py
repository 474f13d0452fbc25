"""When something stops: typed predicates about one run or about a whole rollout, and what follows.

A predicate names a fact, how it is tested and against what; `all` and `any` combine them, a few levels deep. It is read
once, from the words that people write, and written back as they wrote it. Knows nothing of how it is asked.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from tidegate.models.base import Authored, Id, Key, unsaid


class StopClass(StrEnum):
    """The six classes of cases in which one run must stop."""

    MISSING_DATA = "missing_data"
    CONFLICT = "conflict"
    SENSITIVE = "sensitive"
    LOW_CONFIDENCE = "low_confidence"
    OUTSIDE_SCOPE = "outside_scope"
    TOOL_FAILURE = "tool_failure"


class Match(StrEnum):
    """How a fact is tested."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"
    NOT_IN = "not in"
    MISSING = "is missing"
    TRUE = "is true"
    FALSE = "is false"
    CONFLICTS = "conflicts"
    FAILED = "failed"

    @property
    def compares(self) -> bool:
        """Whether it compares numbers, as a metric can be compared."""
        return self in _COMPARES


_COMPARES = (Match.LT, Match.LE, Match.GT, Match.GE)
_NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
_PLAIN = re.compile(
    rf"^(?P<fact>{_NAME}) (?:(?P<word>is missing|conflicts|failed|is true|is false)"
    r"|(?P<order><=|>=|<|>) ?(?P<bound>-?\d+(?:\.\d+)?)"
    r"|(?P<list>(?:not )?in) (?P<names>[a-z0-9._-]+(?:, ?[a-z0-9._-]+)*))$"
)
LONGEST = 2_000
DEEPEST = 3
"""So many levels of `all` and `any` a person can still read."""
MOST = 12
"""So many tests one rule may consist of."""


class Plain(NamedTuple):
    """One fact, one test, and what it is tested against: `amount > 500`, `category not in auto, home`."""

    fact: str
    test: Match
    bound: Decimal | None
    """What a number is compared with."""
    names: tuple[str, ...]
    """Among what a word is looked for."""
    said: str
    """As it was written."""

    @classmethod
    def of(cls, text: str) -> Plain:
        """Read `amount > 500`; raise ValueError with the accepted forms otherwise."""
        words = text.strip()
        found = _PLAIN.match(words) if len(words) <= LONGEST else None
        if found is None:
            raise ValueError(
                f"'{words[:60]}' is no case that a machine can recognise; write such as `amount > 500`, "
                "`policy_number is missing`, `records conflicts`, `tool failed`, `urgent is true` or "
                "`category not in motor, home`"
            )
        test = Match(found["word"] or found["order"] or found["list"])
        bound = Decimal(found["bound"]) if found["bound"] else None
        names = tuple(name.strip() for name in (found["names"] or "").split(",") if name.strip())
        return cls(found["fact"], test, bound, names, words)

    def __str__(self) -> str:
        """Write it as it was read."""
        return self.said

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # From JSON only text is one: of a map, the mistakes in it are told, and not that it is no text.
        read = core_schema.no_info_after_validator_function(cls.of, core_schema.str_schema(strict=True))
        take = core_schema.no_info_plain_validator_function(_plain)
        write = core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        return core_schema.json_or_python_schema(json_schema=read, python_schema=take, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        # `(?P<name>` is Python's own spelling; editors know the plain group.
        pattern = re.sub(r"\(\?P<\w+>", "(", _PLAIN.pattern)
        return {
            "type": "string",
            "pattern": pattern,
            "description": "A case that a machine can recognise: `amount > 500`, `policy_number is missing`.",
        }


def _plain(value: Any) -> Plain:
    if isinstance(value, Plain):
        return value
    if isinstance(value, str):
        return Plain.of(value)
    raise ValueError("a case is text, such as `amount > 500`, or a map with `all` or `any`")


class Group(Authored):
    """Several cases together: `all` of them, or `any` of them. What one of them needs and nobody says is unknown."""

    all: tuple[Predicate, ...] = Field(default=(), exclude_if=unsaid)
    """Each of these must hold."""
    any: tuple[Predicate, ...] = Field(default=(), exclude_if=unsaid)
    """One of these must hold."""

    @model_validator(mode="after")
    def _sound(self) -> Group:
        if bool(self.all) is bool(self.any):
            raise ValueError("write either `all` or `any`, with a list of cases below it")
        if depth(self) > DEEPEST:
            raise ValueError(f"`all` and `any` lie more than {DEEPEST} levels deep; nobody can read that")
        if len(plains(self)) > MOST:
            raise ValueError(f"it consists of more than {MOST} cases; write several rules")
        return self

    @property
    def parts(self) -> tuple[Predicate, ...]:
        """What is combined."""
        return self.all or self.any

    def __str__(self) -> str:
        """Write it in one line."""
        word = " and " if self.all else " or "
        return word.join(f"({part})" if isinstance(part, Group) else str(part) for part in self.parts)


Predicate: TypeAlias = Group | Plain
"""One case, or several of them combined. The group stands first: whatever is no group is written as text."""


def depth(when: Predicate) -> int:
    """Return how many levels of `all` and `any` there are."""
    return 1 + max(map(depth, when.parts)) if isinstance(when, Group) else 0


def plains(when: Predicate) -> tuple[Plain, ...]:
    """Return every single test of a predicate, in order."""
    return tuple(one for part in when.parts for one in plains(part)) if isinstance(when, Group) else (when,)


class StopRule(Authored):
    """When one run stops, and to whom it goes."""

    name: Id | None = Field(default=None, exclude_if=unsaid)
    """What to call it; its class if not given."""
    kind: StopClass
    """Which of the six classes."""
    when: Predicate
    """The case: one line such as `amount > 500`, or `all` or `any` of several."""
    action: Literal["pause", "escalate", "hand_off"]
    """What happens."""
    to: Key
    """Who or which queue takes over."""


class RolloutStop(Authored):
    """When the whole rollout is made safer: figures that together say what no single threshold does. Never widens."""

    name: Id
    """What to call it."""
    when: Predicate
    """The figures: metrics compared with numbers, one line such as `errors > 5`, or `all` or `any` of several."""
    does: Literal["hold", "narrow", "pause", "rollback"]
    """What happens to exposure."""
    to: Id
    """Who looks at it first."""


Group.model_rebuild()
