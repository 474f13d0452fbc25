"""How the rules look at a case: every wave, condition and answerable person with the place where it is written.

Only looks; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tidegate.models.base import Band, Function, Operator, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tidegate.authoring.case import Case
    from tidegate.models.base import Bound, Condition
    from tidegate.models.finding import Path
    from tidegate.models.measure import Metric
    from tidegate.models.plan import Rung
    from tidegate.models.stage import StagePlan, Wave

T = TypeVar("T")

ROLES: tuple[tuple[str, Function], ...] = (
    ("ai_owner", Function.AI_OWNER),
    ("business_owner", Function.BUSINESS_OWNER),
    ("accountable_exec", Function.ACCOUNTABLE_EXEC),
    ("data_steward", Function.DATA_STEWARD),
    ("platform_owner", Function.PLATFORM),
    ("risk_lead", Function.RISK),
)
"""The roles that a playbook may name, each with the function it stands for."""

_INCLUSIVE = (Operator.LE, Operator.GE)

ACTING = (Band.HOLD, Band.NARROW, Band.PAUSE, Band.ROLLBACK)
"""The bands that change exposure, mildest first."""


class Step(NamedTuple):
    """One wave, where it is written, and what it comes to on the ladder."""

    path: Path
    stage: Stage
    wave: Wave
    rung: Rung


def steps(case: Case) -> tuple[Step, ...]:
    """Return every wave in order."""
    found: list[Step] = []
    for stage, plan in case.stages.items():
        for index, wave in enumerate(plan.waves):
            found.append(Step((*case.place(stage), "waves", index), stage, wave, case.ladder[len(found)]))
    return tuple(found)


def later(case: Case) -> tuple[tuple[Stage, StagePlan], ...]:
    """Return the stages that come after the pilot."""
    return tuple((stage, plan) for stage, plan in case.stages.items() if stage is not Stage.PILOT)


def next_stage(case: Case) -> Stage | None:
    """Return the first stage after the pilot, before which a wider rollout's papers are owed."""
    return next((stage for stage, _ in later(case)), None)


def conditions(case: Case) -> Iterator[tuple[Path, Condition]]:
    """Yield every condition of the playbook, wherever it is written."""
    for stage, plan in case.stages.items():
        place = case.place(stage)
        yield from _numbered((*place, "advance_when"), plan.advance_when)
        yield from _numbered((*place, "pause_when"), plan.pause_when)
        yield from _numbered((*place, "guard_when"), plan.guard_when)
        for index, wave in enumerate(plan.waves):
            yield from _numbered((*place, "waves", index, "advance_when"), wave.advance_when)
    if case.playbook.retirement is not None:
        yield from _numbered(("retirement", "when"), case.playbook.retirement.when)
    for index, slo in enumerate(case.playbook.slos):
        yield ("slos", index, "promise"), slo.promise


def advancing(step: Step) -> Path:
    """Return where the conditions to go on from a wave are written: in the wave, else in its stage."""
    return (*(step.path if step.wave.advance_when else step.path[:1]), "advance_when")


def bands(metric: Metric) -> tuple[tuple[Band, Bound], ...]:
    """Return the bands that a metric says, healthy aside, mildest first."""
    rows = ((band, getattr(metric, band.value)) for band in (Band.WATCH, *ACTING))
    return tuple((band, bound) for band, bound in rows if bound is not None)


def acts(metric: Metric) -> bool:
    """Whether a reading of it can change exposure by itself."""
    return not metric.dry_run and any(band in ACTING for band, _ in bands(metric))


def answerable(case: Case) -> Iterator[tuple[Path, str]]:
    """Yield everybody who answers for something, with the place where they are named."""
    playbook = case.playbook
    for role, _ in ROLES:
        yield from _one((role,), getattr(playbook, role))
    yield ("manual_fallback", "owner"), playbook.manual_fallback.owner
    for activity, raci in playbook.raci.items():
        yield from _numbered(("raci", activity, "accountable"), raci.accountable)
    for index, issue in enumerate(playbook.issues):
        yield ("issues", index, "owner"), issue.owner
    if playbook.handoff is not None:
        for role in ("receiver", "issues", "changes", "escalations"):
            yield ("handoff", role), getattr(playbook.handoff, role)
    for stage, plan in case.stages.items():
        yield from _one((*case.place(stage), "live_issues"), plan.live_issues)
        yield from _numbered((*case.place(stage), "on_the_hook"), plan.on_the_hook)


def listed(names: Iterable[str]) -> str:
    """Write names as a sentence does: `a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "nothing"


def both_hold(one: Bound, other: Bound) -> Decimal | None:
    """Return a reading for which both hold, if there is any."""
    if one.upward == other.upward:
        return max(one.value, other.value) + 1 if one.upward else min(one.value, other.value) - 1
    low, high = (one, other) if one.upward else (other, one)
    if low.value < high.value:
        return (low.value + high.value) / 2
    touching = low.value == high.value and low.operator in _INCLUSIVE and high.operator in _INCLUSIVE
    return low.value if touching else None


def _one(path: Path, name: str | None) -> Iterator[tuple[Path, str]]:
    if name is not None:
        yield path, name


def _numbered(path: Path, items: Iterable[T]) -> Iterator[tuple[Path, T]]:
    for index, item in enumerate(items):
        yield (*path, index), item
