"""Stop rules tried on cases of which somebody has said beforehand what must come of them.

A rule is covered once a case is stopped by it for what the case says, and bounded once a near twin goes on: a case
that differs in nothing but what the rule asks for. Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate.models.stop import plains
from tidegate.stops import holds, named, stopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.models.plan import Plan
    from tidegate.models.stop import Predicate

Level = Literal["run", "rollout"]


class Fixture(NamedTuple):
    """A case, and what must come of it."""

    name: str
    level: Level
    """Whether it is one run, or the figures of the whole rollout."""
    says: Mapping[str, str]
    """What is known."""
    expects: tuple[str, ...]
    """Exactly these rules stop it; none: it goes on."""


class Tried(NamedTuple):
    """What came of a case."""

    fixture: Fixture
    stops: tuple[str, ...]
    """Which rules stop it."""
    unknown: tuple[str, ...]
    """Which of them only because it does not say what they need."""

    @property
    def passed(self) -> bool:
        """Whether that is what was said beforehand."""
        return set(self.stops) == set(self.fixture.expects)


class Coverage(NamedTuple):
    """How well one rule is tried."""

    rule: str
    level: Level
    stops: int
    """How many cases it stops for what they say."""
    twin: bool
    """Whether a near twin of one of them goes on."""

    @property
    def whole(self) -> bool:
        """Whether both sides of it are tried."""
        return self.stops > 0 and self.twin


def rules_of(plan: Plan, level: Level) -> dict[str, Predicate]:
    """Return every rule of a level by its name."""
    if level == "rollout":
        return {rule.name: rule.when for rule in plan.rollout_stops}
    return {name: rule.when for name, rule in named(plan.stop_rules).items()}


def tried(plan: Plan, fixtures: Iterable[Fixture]) -> tuple[Tried, ...]:
    """Ask the rules about each case."""
    return tuple(_tried(plan, fixture) for fixture in fixtures)


def _tried(plan: Plan, fixture: Fixture) -> Tried:
    if fixture.level == "rollout":
        # A rollout is made safer by what is known; what is not known bars its gates instead.
        stops = tuple(rule.name for rule in plan.rollout_stops if holds(rule.when, fixture.says))
        return Tried(fixture, stops, ())
    found = stopped(plan.stop_rules, fixture.says)
    return Tried(fixture, tuple(one.name for one in found), tuple(one.name for one in found if one.unknown))


def coverage(plan: Plan, results: Iterable[Tried]) -> tuple[Coverage, ...]:
    """Say of each rule which sides of it are tried."""
    results = tuple(results)
    levels: tuple[Level, ...] = ("run", "rollout")
    return tuple(
        _covered(name, level, when, results) for level in levels for name, when in rules_of(plan, level).items()
    )


def _covered(name: str, level: Level, when: Predicate, results: tuple[Tried, ...]) -> Coverage:
    mine = [one for one in results if one.fixture.level == level]
    hit = [one for one in mine if name in one.stops and name not in one.unknown]
    asked = {one.fact for one in plains(when)}
    rest = [_without(one.fixture.says, asked) for one in hit]
    twin = any(not one.stops and _without(one.fixture.says, asked) in rest for one in mine)
    return Coverage(name, level, len(hit), twin)


def _without(says: Mapping[str, str], facts: set[str]) -> dict[str, str]:
    return {name: value for name, value in says.items() if name not in facts and value}
