"""When one run stops and goes to a person: the stop rules of a plan, asked about one case.

What a rule needs and the case does not say stops it too: whoever leaves out the amount has not said that it is small.
Knows nothing of who runs it and of what the run would do.
"""

from __future__ import annotations

import operator
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tidegate.models.playbook import StopRule

_ORDER: Mapping[str, Callable[[Decimal, Decimal], bool]] = MappingProxyType(
    {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
)
_SAID = MappingProxyType({"conflicts": "conflicts", "failed": "failed"})
"""What only stops a run where somebody says so."""
_TOLD = MappingProxyType({"is true": "true", "is false": "false"})
"""What must be told one way or the other."""


class Stopped(NamedTuple):
    """A rule that stops a run."""

    rule: StopRule
    unknown: bool
    """Whether it stops because the case does not say what the rule needs."""


def stopped(rules: Iterable[StopRule], case: Mapping[str, str]) -> tuple[Stopped, ...]:
    """Return every rule that stops this case, in their order; none lets the run go on."""
    found = ((rule, _holds(rule.when, case)) for rule in rules)
    return tuple(Stopped(rule, holds is None) for rule, holds in found if holds is not False)


def _holds(when: str, case: Mapping[str, str]) -> bool | None:
    """Whether a predicate holds of a case; none where the case does not say."""
    name, _, rest = when.partition(" ")
    value = case.get(name, "").strip().lower()
    if rest == "is missing":
        return not value
    if rest in _SAID:
        return value == _SAID[rest]
    if not value:
        return None
    if rest in _TOLD:
        return value == _TOLD[rest] if value in _TOLD.values() else None
    word, _, arguments = rest.partition(" ")
    if word in _ORDER:
        return _compared(_ORDER[word], value, arguments)
    listed = [each.strip() for each in rest.removeprefix("not ").removeprefix("in ").split(",")]
    return (value in listed) is not rest.startswith("not ")


def _compared(order: Callable[[Decimal, Decimal], bool], value: str, bound: str) -> bool | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return order(number, Decimal(bound)) if number.is_finite() else None
