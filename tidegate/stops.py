"""When one run stops and goes to a person: the stop rules of a plan, asked about one case.

What a rule needs and the case does not say stops it too: whoever leaves out the amount has not said that it is small.
Three answers, then: it holds, it does not, nobody knows; and only the second lets a run go on. Knows nothing of who
runs it and of what the run would do.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Operator
from tidegate.models.stop import Group, Match, plains

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.models.stop import Plain, Predicate, StopRule

_TOLD: Mapping[Match, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType({
    Match.TRUE: (("true", "yes"), ("false", "no")),
    Match.FALSE: (("false", "no"), ("true", "yes")),
    Match.CONFLICTS: (("conflicts", "true", "yes"), ("agrees", "fine", "ok", "false", "no")),
    Match.FAILED: (("failed", "true", "yes"), ("worked", "fine", "ok", "false", "no")),
})  # fmt: skip
"""What must be told one way or the other: the words for it, and the words against it. Any other word says nothing."""


class Stopped(NamedTuple):
    """A rule that stops a run."""

    rule: StopRule
    unknown: bool
    """Whether it stops because the case does not say what the rule needs."""
    name: str
    """What the rule is called."""


def stopped(rules: Iterable[StopRule], case: Mapping[str, str]) -> tuple[Stopped, ...]:
    """Return every rule that stops this case, in their order; none lets the run go on."""
    found = ((name, rule, holds(rule.when, case)) for name, rule in named(rules).items())
    return tuple(Stopped(rule, answer is None, name) for name, rule, answer in found if answer is not False)


def named(rules: Iterable[StopRule]) -> dict[str, StopRule]:
    """Return rules by what they are called: their own name, else their class, counted where it comes again."""
    rules = tuple(rules)
    taken = {rule.name for rule in rules if rule.name is not None}
    found: dict[str, StopRule] = {}
    for rule in rules:
        name, number = rule.name or rule.kind.value, 1
        while name in found or (rule.name is None and name in taken):
            number += 1
            name = f"{rule.name or rule.kind.value}-{number}"
        found[name] = rule
    return found


def needed(rules: Iterable[StopRule]) -> tuple[str, ...]:
    """Return every fact that rules ask for, each once, in their order."""
    return tuple(dict.fromkeys(one.fact for rule in rules for one in plains(rule.when)))


def holds(when: Predicate, case: Mapping[str, str]) -> bool | None:
    """Whether a predicate holds of a case; none where the case does not say.

    `any` holds as soon as one part does, and `all` fails as soon as one does; otherwise what is unknown stays so.
    """
    if not isinstance(when, Group):
        return _holds(when, case.get(when.fact, "").strip().lower())
    answers = [holds(part, case) for part in when.parts]
    decisive = bool(when.any)
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _holds(when: Plain, value: str) -> bool | None:
    if when.test is Match.MISSING:
        return not _words(value)
    if when.test in _TOLD:
        yes, no = _TOLD[when.test]
        return True if value in yes else False if value in no else None
    if when.test.compares:
        return _compared(when, value)
    words = _words(value)
    if not words:
        return None
    # Of several words, one that is listed is enough to touch the list, and one that is not to lie outside of it.
    return any((word in when.names) is (when.test is Match.IN) for word in words)


def _compared(when: Plain, value: str) -> bool | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if when.bound is None or not number.is_finite():
        return None
    return Operator(when.test.value).holds(number, when.bound)


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for part in value.split(",") if (word := part.strip()))


# -- what a case says -------------------------------------------------------------------------------------------------

_DEEPEST = 5


def facts(said: Mapping[str, object]) -> dict[str, str]:
    """Return what a record says as facts: what lies deeper with dots, lists with commas, nothing as nothing."""
    return dict(_facts(said, "", 0))


def _facts(said: Mapping[str, object], before: str, depth: int) -> Iterable[tuple[str, str]]:
    for key, value in said.items():
        name = f"{before}{str(key).strip().lower()}"
        if _is_map(value) and depth < _DEEPEST:
            yield from _facts(value, f"{name}.", depth + 1)  # type: ignore[arg-type]  # it was just seen to be a map
        elif isinstance(value, list | tuple):
            yield name, ", ".join(_word(one) for one in value)
        else:
            yield name, _word(value)


def _is_map(value: object) -> bool:
    return isinstance(value, dict | MappingProxyType)


def _word(value: object) -> str:
    if value is None or _is_map(value):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
