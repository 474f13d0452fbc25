"""The metric tree: from a business goal down to telemetry, so that a diagnosis has somewhere to go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.authoring.case import Case
    from tidegate.models.measure import Metric

_LEVELS = ("goal", "operational", "contribution", "telemetry")

E7A = Rule(
    "E7a",
    "A metric that explains one that is not there",
    "A tree with a missing branch ends a diagnosis where it should begin.",
    Example("metrics.error_rate.supports", wrong={"metrics.error_rate.supports": "agreed_per_1000"}),
    found_as="P4",
)


@Rule(
    "E7",
    "A metric outside of the tree",
    "If nothing joins it to a goal, nobody can say which change of it matters.",
    Example(
        "metrics.error_rate.supports",
        wrong={"metrics.error_rate.supports": DELETE},
    ),
)
def rooted(case: Case) -> Iterator[Fault]:
    """Each metric below the goals supports one further up, and following them ends at a goal."""
    metrics = case.playbook.metrics
    for name, metric in metrics.items():
        parent = metrics.get(metric.supports or "")
        if metric.level not in (None, "goal") and metric.supports is None:
            yield Fault(
                ("metrics", name, "supports"),
                f"`{name}` is of level {metric.level} and supports nothing",
                "Name the metric one level up that it explains.",
            )
        elif parent is not None and metric.level and parent.level and not _above(parent, metric):
            yield Fault(
                ("metrics", name, "supports"),
                f"`{name}` ({metric.level}) supports `{metric.supports}` ({parent.level}), which is not above it",
                f"The levels are {', '.join(_LEVELS)}, from the top down.",
            )
        elif _circles(metrics, name):
            yield Fault(
                ("metrics", name, "supports"),
                f"`{name}` supports itself by way of `{metric.supports}`",
                "Let each metric support one that is closer to the goal.",
            )


@Rule(
    "E8",
    "A branch of the tree without a level",
    "Whoever asks which level left its band first gets no answer for it.",
    Example(
        "metrics.cost_per_claim.level",
        wrong={"metrics.cost_per_claim.level": DELETE},
        right={"metrics.cost_per_claim.level": DELETE, "metrics.cost_per_claim.supports": DELETE},
    ),
    severity=Severity.WARNING,
)
def levelled(case: Case) -> Iterator[Fault]:
    """Each metric that supports another says its level."""
    for name, metric in case.playbook.metrics.items():
        if metric.supports is not None and metric.level is None:
            yield Fault(
                ("metrics", name, "level"),
                f"`{name}` supports `{metric.supports}` and says no level",
                f"Write one of {', '.join(_LEVELS)}.",
            )


@Rule(
    "E7b",
    "No metric is a business goal",
    "Without a top there is no tree, and everything that is measured looks equally important.",
    Example(
        "metrics",
        wrong={"metrics.first_reply_hours.level": DELETE},
    ),
    low=Severity.WARNING,
)
def top(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, at least one metric is of level goal."""
    stage = next_stage(case)
    if stage is not None and all(metric.level != "goal" for metric in case.playbook.metrics.values()):
        yield Fault(
            ("metrics",),
            "no metric is of level goal",
            "Say which one the business is after: `level: goal`.",
            before=stage,
        )


def _circles(metrics: Mapping[str, Metric], name: str) -> bool:
    seen, above = [name], metrics[name].supports
    while above is not None and above in metrics and above not in seen:
        seen.append(above)
        above = metrics[above].supports
    return above == name


def _above(parent: Metric, metric: Metric) -> bool:
    return _LEVELS.index(parent.level or "") < _LEVELS.index(metric.level or "")


RULES = (rooted, E7A, top, levelled)
