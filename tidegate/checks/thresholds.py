"""Thresholds and conditions: whether the bands, goals and gates of the metrics can all be meant at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegate.checks.look import acts, advancing, bands, both_hold, conditions, next_stage, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import Band, Bound, MetricFamily, Operator
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.measure import Metric

_INCLUSIVE = (Operator.LE, Operator.GE)

T11A = Rule(
    "T11a",
    "An end that waits for a metric that is not there",
    "It would never come.",
    Example("retirement.when[0]", wrong={"retirement.when": ["agred_per_100 < 70"]}),
    found_as="P4",
)

Y4 = Rule(
    "Y4",
    "A gate that waits for a metric that is not there",
    "A condition that nothing can meet or break decides nothing.",
    Example(
        "pilot.advance_when[0]",
        wrong={"pilot.advance_when": ["corrections_per_1000 <= 8"]},
        base="minutes-summariser",
    ),
    found_as="P4",
)


@Rule(
    "T2",
    "A wave that goes on without evidence",
    "`It looked good` is what was said of everything that had to be taken back.",
    Example("pilot.advance_when", wrong={"pilot.advance_when": []}, base="minutes-summariser"),
    covers=("A5",),
)
def evidence(case: Case) -> Iterator[Fault]:
    """Going on from each wave needs at least one condition that a metric decides."""
    for step in steps(case):
        if not step.rung.advance_when:
            yield Fault(
                advancing(step),
                f"nothing must hold to go on from `{step.wave.name}`",
                "Write what must hold, such as `[error_rate <= 2]`.",
                before=step.stage,
            )


@Rule(
    "A5",
    "Nothing stops it",
    "A rollout that only people can stop goes on while they sleep.",
    Example(
        "metrics",
        wrong={"metrics.corrections_per_100.pause": DELETE, "metrics.corrections_per_100.healthy": DELETE},
        right={"metrics.corrections_per_100.healthy": DELETE},
        base="minutes-summariser",
    ),
    covers=("H5", "K10"),
)
def stopping(case: Case) -> Iterator[Fault]:
    """Each stage has a condition that pauses it, or a metric that acts."""
    acting = any(acts(metric) for metric in case.playbook.metrics.values())
    for stage, plan in case.stages.items():
        if not acting and not plan.pause_when:
            yield Fault(
                ("metrics",),
                f"no metric acts by itself and `{stage.value}` has no `pause_when`",
                "Give a metric a `hold`, `narrow`, `pause` or `rollback` band.",
                before=stage,
            )


@Rule(
    "C16",
    "A guard of the rollout that guards nothing",
    "People rely on it to be tighter while it is new, and it would speak after the steady rule has.",
    Example(
        "pilot.guard_when[0]",
        wrong={"pilot.guard_when": ["corrections_per_100 > 20"]},
        right={"pilot.guard_when": ["corrections_per_100 > 12"]},
        base="minutes-summariser",
    ),
)
def tighter(case: Case) -> Iterator[Fault]:
    """A guard pauses before the metric's own pause or rollback would."""
    for stage, plan in case.stages.items():
        for index, guard in enumerate(plan.guard_when):
            metric = case.playbook.metrics.get(guard.metric)
            steady = None if metric is None else metric.pause or metric.rollback
            if steady is None or steady.upward is not guard.bound.upward:
                continue
            tight = guard.bound.value < steady.value if steady.upward else guard.bound.value > steady.value
            if not tight:
                yield Fault(
                    (*case.place(stage), "guard_when", index),
                    f"`{guard}` pauses no sooner than `{guard.metric}` does by itself ({steady})",
                    "Make it tighter, or leave it out.",
                )


@Rule(
    "E14",
    "Heads alone open the gate",
    "That many people use it says that it was offered, not that it helps.",
    Example(
        "pilot.advance_when",
        wrong={
            "metrics.seats": {"kind": "adoption", "source": "by-hand", "hold": "< 2"},
            "pilot.advance_when": ["seats >= 10"],
        },
        right={
            "metrics.seats": {"kind": "adoption", "source": "by-hand", "hold": "< 2"},
            "pilot.advance_when": ["seats >= 10", "corrections_per_100 <= 8"],
        },
        base="minutes-summariser",
    ),
)
def not_heads(case: Case) -> Iterator[Fault]:
    """No wave goes on by adoption alone, where anything else is measured; T7 tells where nothing is."""
    if all(metric.kind is MetricFamily.ADOPTION for metric in case.playbook.metrics.values()):
        return
    for step in steps(case):
        kinds = _kinds(case, step.rung.advance_when)
        if kinds and all(kind is MetricFamily.ADOPTION for kind in kinds):
            yield Fault(
                advancing(step),
                f"`{step.wave.name}` goes on by counting who uses it",
                "Add a condition on what it is good for.",
                before=step.stage,
            )


@Rule(
    "E15",
    "The gate asks whether it runs and not whether it helps",
    "What is fast and cheap may still be wrong, and would pass.",
    Example(
        "limited.advance_when",
        wrong={"limited.advance_when": ["error_rate <= 2", "cost_per_claim <= 0.6"]},
        right={"limited.advance_when": ["error_rate <= 2", "agreed_per_100 >= 90"]},
    ),
    severity=Severity.WARNING,
)
def helps(case: Case) -> Iterator[Fault]:
    """Each wave goes on by an outcome or by what people correct, among other things, where an outcome is measured."""
    asks = (MetricFamily.OUTCOME, MetricFamily.GOVERNANCE, MetricFamily.ADOPTION)
    if all(metric.kind is not MetricFamily.OUTCOME for metric in case.playbook.metrics.values()):
        return
    for step in steps(case):
        kinds = _kinds(case, step.rung.advance_when)
        if kinds and not any(kind in asks for kind in kinds):
            yield Fault(
                advancing(step),
                f"`{step.wave.name}` goes on without asking what it is good for",
                "Add a condition on an outcome, or on what people correct.",
            )


@Rule(
    "E2",
    "A reading that is healthy and alarming at once",
    "Two answers to one reading mean that neither was thought through.",
    Example(
        "metrics.corrections_per_100.pause",
        wrong={"metrics.corrections_per_100.healthy": "<= 20"},
        right={"metrics.corrections_per_100.healthy": "<= 15"},
        base="minutes-summariser",
    ),
)
def healthy_apart(case: Case) -> Iterator[Fault]:
    """No reading is healthy and in another band."""
    for name, metric in case.playbook.metrics.items():
        for band, bound in bands(metric):
            if metric.healthy is not None and (both := both_hold(metric.healthy, bound)) is not None:
                yield Fault(
                    ("metrics", name, band.value),
                    f"a reading of {both} would be healthy ({metric.healthy}) and {band.value} ({bound})",
                    f"Let `{band.value}` begin where `healthy` has ended.",
                )


@Rule(
    "E2b",
    "Nobody says when it is well again",
    "Without that, one reading just inside the band ends the alarm, and the next one begins it anew.",
    Example("metrics.error_rate.healthy", wrong={"metrics.error_rate.healthy": DELETE}),
)
def well_again(case: Case) -> Iterator[Fault]:
    """Before the limited rollout each metric that pauses or rolls back says where it is healthy."""
    stage = next_stage(case)
    for name, metric in case.playbook.metrics.items():
        graver = any(band in (Band.PAUSE, Band.ROLLBACK) for band, _ in bands(metric))
        if stage is not None and graver and acts(metric) and metric.healthy is None:
            yield Fault(
                ("metrics", name, "healthy"),
                f"nobody says where `{name}` is well again once it has strayed",
                "Write `healthy`, a little inside of the first band.",
                before=stage,
            )


@Rule(
    "E2a",
    "A milder band that begins behind a graver one",
    "The milder one would never be seen, and whoever wrote it counts on it.",
    Example(
        "metrics.error_rate.rollback",
        wrong={"metrics.error_rate.rollback": "> 3"},
        right={"metrics.error_rate.rollback": "> 5"},
    ),
)
def bands_in_order(case: Case) -> Iterator[Fault]:
    """Each graver band lies inside the milder one before it."""
    for name, metric in case.playbook.metrics.items():
        for (mild, wide), (grave, narrow) in pairwise(bands(metric)):
            if wide == narrow or not _inside(narrow, wide):
                yield Fault(
                    ("metrics", name, grave.value),
                    f"`{grave.value}` ({narrow}) does not lie behind `{mild.value}` ({wide})",
                    f"Let `{grave.value}` begin later than `{mild.value}`, in the same direction.",
                )


@Rule(
    "Y5",
    "A gate that opens where the metric says stop",
    "One reading must not be a reason to go on and a reason to go back.",
    Example(
        "pilot.advance_when[0]",
        wrong={"pilot.advance_when": ["corrections_per_100 <= 20", "minutes_per_document <= 15"]},
        right={"pilot.advance_when": ["corrections_per_100 <= 15", "minutes_per_document <= 15"]},
        base="minutes-summariser",
    ),
)
def gate_lawful(case: Case) -> Iterator[Fault]:
    """No condition to go on holds for a reading that would stop the rollout."""
    for path, condition in conditions(case):
        metric = case.playbook.metrics.get(condition.metric)
        if metric is None or "advance_when" not in path:
            continue
        for band, bound in bands(metric):
            if (
                band is not Band.WATCH
                and not metric.dry_run
                and (both := both_hold(condition.bound, bound)) is not None
            ):
                yield Fault(
                    path,
                    f"a reading of {both} would meet this and mean {band.value} ({bound})",
                    f"Ask for more here, or let `{band.value}` of `{condition.metric}` begin later.",
                )


@Rule(
    "Y6",
    "More samples than there can be runs",
    "The wave would wait for its evidence until it gives up.",
    Example(
        "pilot.waves[0].min_samples",
        wrong={"pilot.waves[0].min_samples": 9_000, "pilot.waves[0].runs_per_day": 120},
        right={"pilot.waves[0].min_samples": 7_000, "pilot.waves[0].runs_per_day": 120},
    ),
    covers=("A4",),
)
def reachable(case: Case) -> Iterator[Fault]:
    """What a wave must have seen fits into its runs a day and the time that it may wait."""
    for step in steps(case):
        most = _most_runs(step.rung.exposure.runs_per_day, step.rung.max_observe.longest.days)
        if most is not None and step.rung.min_samples > most:
            yield Fault(
                (*step.path, "min_samples"),
                f"`{step.wave.name}` asks for {step.rung.min_samples} runs; at most {most} can be seen "
                f"in {step.rung.max_observe}",
                "Ask for fewer, or let more runs happen.",
            )


@Rule(
    "Y6a",
    "More samples than a reading can have",
    "Each reading would say nothing, and nothing that waits for it would ever be decided.",
    Example(
        "metrics.agreed_per_100.min_samples",
        wrong={"metrics.agreed_per_100.min_samples": 9_000, "pilot.waves[0].runs_per_day": 120},
        right={"metrics.agreed_per_100.min_samples": 40, "pilot.waves[0].runs_per_day": 120},
    ),
)
def readable(case: Case) -> Iterator[Fault]:
    """What a metric must have seen fits into each wave that waits for it."""
    told: list[str] = []
    for step in steps(case):
        most = _most_runs(step.rung.exposure.runs_per_day, step.rung.max_observe.longest.days)
        for condition in step.rung.advance_when:
            metric = case.playbook.metrics.get(condition.metric)
            if metric is None or most is None or metric.min_samples <= most or condition.metric in told:
                continue
            told.append(condition.metric)
            yield Fault(
                ("metrics", condition.metric, "min_samples"),
                f"a reading needs {metric.min_samples} cases; `{step.wave.name}`, which waits for it, can have {most}",
                "Ask for fewer cases, or let more runs happen.",
            )


@Rule(
    "E10a",
    "A reading that is stale before the next one",
    "For part of the time nothing is known, and the gate stays shut.",
    Example(
        "metrics.cost_per_claim.max_age",
        wrong={"metrics.cost_per_claim.max_age": "3d"},
        right={"metrics.cost_per_claim.max_age": "8d"},
    ),
)
def fresh(case: Case) -> Iterator[Fault]:
    """No reading ages out before the next one is due."""
    least = case.rules[next(iter(case.stages))].read_every
    for name, metric in case.playbook.metrics.items():
        every = metric.every or least
        if metric.max_age is not None and metric.max_age.longest < every.wall:
            yield Fault(
                ("metrics", name, "max_age"),
                f"`{name}` is read every {every} and says nothing after {metric.max_age}",
                "Read it more often, or let a reading count for longer.",
            )


def _kinds(case: Case, asked: tuple[object, ...]) -> list[MetricFamily]:
    names = [getattr(condition, "metric", "") for condition in asked]
    metrics: list[Metric] = [case.playbook.metrics[name] for name in names if name in case.playbook.metrics]
    return [metric.kind for metric in metrics]


def _most_runs(runs_per_day: int | None, days: int) -> int | None:
    return None if runs_per_day is None else runs_per_day * days


def _inside(narrow: Bound, wide: Bound) -> bool:
    """Whether whatever meets the first meets the second."""
    if narrow.upward != wide.upward:
        return False
    if narrow.value == wide.value:
        return wide.operator in _INCLUSIVE or narrow.operator not in _INCLUSIVE
    return (narrow.value > wide.value) == wide.upward


RULES = (
    tighter,
    evidence,
    stopping,
    not_heads,
    helps,
    healthy_apart,
    well_again,
    bands_in_order,
    Y4,
    gate_lawful,
    reachable,
    readable,
    fresh,
    T11A,
)
