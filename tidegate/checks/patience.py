"""Patience: whether what a metric is forgiven could ever end, and whether silence could open a gate."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from tidegate.authoring.metrics import by_hand
from tidegate.checks.look import acts, advancing, conditions, next_stage, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


@Rule(
    "Y8",
    "A gate that waits for a metric in rehearsal",
    "What is only rehearsed decides nothing, so the gate would stay shut for ever.",
    Example(
        "pilot.advance_when[0]",
        wrong={"metrics.spare": {"kind": "outcome", "source": "by-hand", "hold": "< 2", "dry_run": True},
               "pilot.advance_when": ["spare >= 3", "corrections_per_100 <= 8", "minutes_per_document <= 15"]},
        right={"metrics.spare": {"kind": "outcome", "source": "by-hand", "hold": "< 2"},
               "pilot.advance_when": ["spare >= 3", "corrections_per_100 <= 8", "minutes_per_document <= 15"]},
        base="minutes-summariser",
    ),
)  # fmt: skip
def rehearsed(case: Case) -> Iterator[Fault]:
    """No wave goes on by a metric that is only rehearsed."""
    for path, condition in conditions(case):
        metric = case.playbook.metrics.get(condition.metric)
        if metric is not None and metric.dry_run and "advance_when" in path:
            yield Fault(
                path,
                f"`{condition.metric}` is only rehearsed and decides nothing",
                "Take `dry_run` away, or ask for another metric here.",
            )


@Rule(
    "Y9",
    "A gate that silence would open",
    "An empty answer that counts as zero looks like the best result there is.",
    Example(
        "pilot.advance_when[0]",
        wrong={"metrics.corrections_per_100.on_no_data": "zero"},
        right={"metrics.corrections_per_100.on_no_data": "fail"},
        base="minutes-summariser",
    ),
)
def silent(case: Case) -> Iterator[Fault]:
    """No condition to go on is met by a zero that stands for no data."""
    for path, condition in conditions(case):
        metric = case.playbook.metrics.get(condition.metric)
        zero = metric is not None and metric.on_no_data == "zero" and condition.bound.holds(Decimal(0))
        if zero and "advance_when" in path:
            yield Fault(
                path,
                f"no data for `{condition.metric}` counts as zero, and zero meets this ({condition.bound})",
                "Let no data say nothing there (`on_no_data: inconclusive`), or go on by another metric.",
            )


@Rule(
    "Y10",
    "A delay that outlasts the wave",
    "The wave would be over before its figures begin to count.",
    Example(
        "metrics.corrections_per_100.initial_delay",
        wrong={"metrics.corrections_per_100.initial_delay": "14d"},
        right={"metrics.corrections_per_100.initial_delay": "3d"},
        base="minutes-summariser",
    ),
)
def delayed(case: Case) -> Iterator[Fault]:
    """No metric that a wave goes on by is passed over for as long as the wave is watched."""
    told: list[str] = []
    for step in steps(case):
        for condition in step.rung.advance_when:
            metric = case.playbook.metrics.get(condition.metric)
            delay = None if metric is None else metric.initial_delay
            if delay is None or condition.metric in told or delay.longest < step.rung.observe.wall:
                continue
            told.append(condition.metric)
            yield Fault(
                ("metrics", condition.metric, "initial_delay"),
                f"`{condition.metric}` counts after {delay}; `{step.wave.name}` is watched for {step.rung.observe}",
                "Let its figures count sooner, or watch the wave for longer.",
            )


@Rule(
    "E2c",
    "A guardrail that may be blind for ever",
    "If its source dies, nobody hears of it before the next checkpoint.",
    Example(
        "metrics.error_rate",
        wrong={"metrics.error_rate.blind_limit": DELETE},
        right={"metrics.error_rate.blind_limit": DELETE, "metrics.error_rate.error_limit": 6},
    ),
    severity=Severity.WARNING,
)
def blind(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, a guardrail read more than daily by machine says how long it may be silent."""
    if next_stage(case) is None:
        return
    least = case.rules[next(iter(case.rules))].read_every
    for name, metric in case.playbook.metrics.items():
        often = (metric.every or least).wall.days < 1
        said = metric.blind_limit or metric.error_limit or metric.inconclusive_limit
        if metric.guardrail and acts(metric) and often and not said and not by_hand(case, metric):
            yield Fault(
                ("metrics", name),
                f"nobody hears of it when `{name}` falls silent",
                "Write `error_limit`, `inconclusive_limit` or `blind_limit`.",
            )


@Rule(
    "E2d",
    "Readings in one interval that are never read in one",
    "The gate would wait for two readings that cannot lie so close together.",
    Example(
        "pilot.together",
        wrong={"pilot.together": "1d"},
        right={"pilot.together": "7d"},
        base="minutes-summariser",
    ),
)
def together(case: Case) -> Iterator[Fault]:
    """Where all must hold in one interval, what people read by hand is read as often as that."""
    least = case.rules[next(iter(case.rules))].read_every
    for step in steps(case):
        within = step.rung.together
        for condition in step.rung.advance_when if within is not None else ():
            metric = case.playbook.metrics.get(condition.metric)
            if metric is None or within is None or not by_hand(case, metric):
                continue
            every = metric.every or least
            if within.longest < every.wall:
                place = step.path if step.wave.together else advancing(step)[:1]
                yield Fault(
                    (*place, "together"),
                    f"`{condition.metric}` is read by hand every {every}, and all must lie within {within}",
                    "Read it more often, or let the readings lie further apart.",
                )
                return


RULES = (rehearsed, silent, delayed, blind, together)
