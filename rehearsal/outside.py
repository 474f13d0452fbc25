"""What a rollout finds outside in a rehearsal: by kind, as a worker is put together with it.

Here is only what it must look like, and the simplest that does: flags in a file at the temporary home, figures that
are as good as their goals, a board. The scripted world is in `rehearsal/world`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from activities.drivers.flagd import Flagd
from activities.notices import Delivery
from activities.sources.contract import answered
from tidegate.models.member import Resolved, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from activities.drivers.contract import Driver
    from activities.notices import Channel, Letter
    from activities.sources.contract import Asked
    from activities.sources.reader import Source
    from tidegate.models.plan import Plan
    from tidegate.models.reading import Reading
    from tidegate.models.scenario import Scenario
    from tidegate.models.task import ResolveRequest

CASES = 2_500
"""Over so many cases a figure is given where nobody says otherwise."""


class Outside(NamedTuple):
    """All that is outside."""

    driver_of: Callable[[str, str, Mapping[str, str]], Driver]
    """The driver of a target, by its name, its kind and its settings."""
    sources: Mapping[str, Source]
    """Where figures are read, by kind."""
    channels: Mapping[str, Channel]
    """How people are told, by kind."""
    resolve: Callable[[ResolveRequest], Snapshot]
    """Who is in cohorts."""
    figure: Callable[[str, datetime], tuple[Decimal, int]]
    """What a metric says at a moment, and over how many cases: what a person would give by hand."""
    keeps: Callable[[datetime], bool]
    """Whether the ledger can be reached."""


class Build(Protocol):
    """What makes the outside of a rehearsal."""

    def __call__(self, plan: Plan, scenario: Scenario, starts: datetime, home: Path) -> Outside:
        """Make it for a plan, with files at a temporary home."""


class _Every(dict[str, Any]):
    """The same for every kind."""

    def __init__(self, one: Any) -> None:
        super().__init__()
        self._one = one

    def __missing__(self, kind: str) -> Any:
        return self._one

    def get(self, kind: str, default: Any = None) -> Any:
        """Return the one there is."""
        del kind, default
        return self._one


def every(one: Any) -> Mapping[str, Any]:
    """Return what answers for every kind."""
    return _Every(one)


class _Good:
    """A source whose figures are as good as their goals."""

    def __init__(self, figure: Callable[[str, datetime], tuple[Decimal, int]]) -> None:
        self._figure = figure

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Answer at once, and of this moment."""
        del settings
        value, n = self._figure(asked.name, asked.as_of)
        return answered(asked, value, asked.as_of.isoformat(), n=n)


class _Told:
    """A channel that reaches everybody."""

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Say that all took it."""
        del settings
        return Delivery(max(len(letter.to), 1), max(len(letter.to), 1), None)


def plain(plan: Plan, scenario: Scenario, starts: datetime, home: Path) -> Outside:
    """Return an outside in which nothing goes wrong."""
    del scenario, starts

    def figure(name: str, now: datetime) -> tuple[Decimal, int]:
        del now
        return good(plan, name), CASES

    def driver_of(target: str, kind: str, settings: Mapping[str, str]) -> Driver:
        del kind
        copy = "-drill" if any(value.endswith("-drill") for value in settings.values()) else ""
        return Flagd({"file": "flags.json", "flag": f"{target}{copy}".replace("/", "-")}, home)

    def resolve(task: ResolveRequest) -> Snapshot:
        return Snapshot(cohorts={name: Resolved(note="nobody is listed in a rehearsal") for name in task.cohorts})

    return Outside(driver_of, every(_Good(figure)), every(_Told()), resolve, figure, lambda _: True)


def good(plan: Plan, name: str) -> Decimal:
    """Return a figure that passes all that the plan asks of a metric, with room to spare."""
    metric = plan.metrics[name]
    bounds = [bound for bound in (metric.goal, metric.healthy) if bound is not None]
    asked = [rung.advance_when for rung in plan.ladder]
    bounds += [one.bound for conditions in asked for one in conditions if one.metric == name]
    at_least = max((bound.value for bound in bounds if bound.upward), default=None)
    at_most = min((bound.value for bound in bounds if not bound.upward), default=None)
    if at_least is not None:
        return at_least + 1 if at_most is None else (at_least + at_most) / 2
    if at_most is not None:
        return (at_most * Decimal("0.9")).quantize(Decimal("0.000001"))
    worst = min((bound.value for _, bound in metric.bands if bound.upward), default=None)
    return Decimal(0) if worst is None or worst > 0 else worst - 1
