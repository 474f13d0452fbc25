"""Goals: what should get better, from where, by how much and by when, before anybody is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import bands, both_hold, next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import Band, MetricFamily
from tidegate.models.finding import Severity
from tidegate.models.measure import Baseline

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


@Rule(
    "T10",
    "A goal without a baseline",
    "A figure from a good demonstration proves nothing beside a figure that nobody took before.",
    Example(
        "metrics.minutes_per_document.baseline",
        wrong={"metrics.minutes_per_document.baseline": DELETE},
        base="minutes-summariser",
    ),
    covers=("A18", "H10"),
)
def baseline(case: Case) -> Iterator[Fault]:
    """Each outcome that has a goal has a baseline."""
    for name, metric in case.playbook.metrics.items():
        if metric.kind is MetricFamily.OUTCOME and metric.goal is not None and metric.baseline is None:
            yield Fault(
                ("metrics", name, "baseline"),
                f"`{name}` has a goal, and nobody says how things stood before",
                "Measure it before anybody is served, and write `baseline`.",
            )


@Rule(
    "T10a",
    "A baseline that says nothing of how it was taken",
    "A figure from three cases of one good week will be beaten by anything.",
    Example(
        "metrics.first_reply_hours.baseline.n",
        wrong={"metrics.first_reply_hours.baseline.n": DELETE},
    ),
)
def baseline_told(case: Case) -> Iterator[Fault]:
    """From tier 2 on, before the limited rollout, an outcome's baseline says over how many cases, how long and when."""
    stage = next_stage(case)
    if stage is None or case.tier == 1:
        return
    for name, metric in case.playbook.metrics.items():
        if metric.kind is not MetricFamily.OUTCOME or metric.goal is None or metric.baseline is None:
            continue
        for key, says in (("n", "over how many cases"), ("window", "over which time"), ("taken", "when")):
            if getattr(metric.baseline, key, None) is None:
                place = ("metrics", name, "baseline")
                yield Fault(
                    (*place, key) if isinstance(metric.baseline, Baseline) else place,
                    f"nobody says {says} the baseline of `{name}` was taken",
                    "Write `{value, n, window, taken}`.",
                    before=stage,
                )


@Rule(
    "A18",
    "A baseline that is still to be taken",
    "What is measured once people are served is no longer how things stood before.",
    Example(
        "metrics.first_reply_hours.baseline.taken",
        wrong={"metrics.first_reply_hours.baseline.taken": "2027-09-30"},
    ),
)
def taken_before(case: Case) -> Iterator[Fault]:
    """A baseline was taken by the day on which the plan is made, and so before anybody is served."""
    for name, metric in case.playbook.metrics.items():
        taken = metric.baseline.taken if isinstance(metric.baseline, Baseline) else None
        if taken is not None and taken > case.as_of:
            yield Fault(
                ("metrics", name, "baseline", "taken"),
                f"the baseline of `{name}` would be taken on {taken}",
                "Measure how things stand before anybody is served.",
            )


@Rule(
    "E12",
    "No outcome has a goal",
    "Without a figure agreed on before, every result will look like success.",
    Example(
        "metrics",
        wrong={f"metrics.minutes_per_document.{key}": DELETE for key in ("goal", "by", "baseline")},
        base="minutes-summariser",
    ),
    covers=("E13",),
)
def goal(case: Case) -> Iterator[Fault]:
    """At least one outcome has a goal, if there is any outcome."""
    outcomes = [metric for metric in case.playbook.metrics.values() if metric.kind is MetricFamily.OUTCOME]
    if outcomes and all(metric.goal is None for metric in outcomes):
        yield Fault(
            ("metrics",),
            "no outcome says what it should reach",
            'Give one of them a `goal`, such as "<= 12", a `baseline` and a day `by` which.',
        )


@Rule(
    "E13",
    "Nobody says which kind of success it is",
    "Faster, cheaper and safer are three promises, and a review can only ask about the one that was made.",
    Example(
        "metrics",
        wrong={"metrics.first_reply_hours.about": DELETE, "metrics.misrouted_per_100.about": DELETE},
        right={"metrics.first_reply_hours.about": DELETE},
    ),
    severity=Severity.WARNING,
)
def kind_of_success(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, at least one outcome with a goal says which kind of success it speaks of."""
    metrics = case.playbook.metrics.values()
    goals = [metric for metric in metrics if metric.kind is MetricFamily.OUTCOME and metric.goal is not None]
    if next_stage(case) is not None and goals and all(metric.about is None for metric in goals):
        yield Fault(
            ("metrics",),
            "no outcome says which kind of success it speaks of",
            "Write `about`, such as `turnaround`, `effort`, `consistency` or `safety`.",
        )


@Rule(
    "E12a",
    "A goal without a day",
    "A goal that is never due is never missed.",
    Example(
        "metrics.minutes_per_document.by",
        wrong={"metrics.minutes_per_document.by": DELETE},
        base="minutes-summariser",
    ),
    low=Severity.WARNING,
)
def deadline(case: Case) -> Iterator[Fault]:
    """Each outcome that has a goal says by when."""
    for name, metric in case.playbook.metrics.items():
        if metric.kind is MetricFamily.OUTCOME and metric.goal is not None and metric.by is None:
            yield Fault(("metrics", name, "by"), f"`{name}` has a goal and no day by which", "Write `by`.")


@Rule(
    "E12e",
    "A day without a goal",
    "A day on which nothing is due only looks like a promise.",
    Example(
        "metrics.corrections_per_100.goal",
        wrong={"metrics.corrections_per_100.by": "2027-03-31"},
        right={
            "metrics.corrections_per_100.by": "2027-03-31",
            "metrics.corrections_per_100.goal": "<= 6",
            "metrics.corrections_per_100.baseline": 9,
        },
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def due_what(case: Case) -> Iterator[Fault]:
    """Each day by which belongs to a goal."""
    for name, metric in case.playbook.metrics.items():
        if metric.by is not None and metric.goal is None:
            yield Fault(
                ("metrics", name, "goal"),
                f"`{name}` has a day, {metric.by}, and no goal",
                "Write the `goal`, or leave out the day.",
            )


@Rule(
    "E12b",
    "A goal that was due before it began",
    "Nobody can be held to a day that is past.",
    Example(
        "metrics.minutes_per_document.by",
        wrong={"metrics.minutes_per_document.by": "2026-03-31"},
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def overdue(case: Case) -> Iterator[Fault]:
    """No goal is due in the past."""
    for name, metric in case.playbook.metrics.items():
        if metric.by is not None and metric.by <= case.as_of:
            yield Fault(
                ("metrics", name, "by"),
                f"`{name}` was to reach its goal by {metric.by}, which is past",
                "Say by when it should reach it from now on.",
            )


@Rule(
    "E12c",
    "A goal that the thresholds forbid",
    "Reaching it would stop the rollout, so nobody can succeed.",
    Example(
        "metrics.first_reply_hours.goal",
        wrong={"metrics.first_reply_hours.goal": ">= 24"},
        right={"metrics.first_reply_hours.goal": "< 24"},
    ),
)
def goal_lawful(case: Case) -> Iterator[Fault]:
    """A goal lies in the direction of health and outside of every band that acts."""
    for name, metric in case.playbook.metrics.items():
        if metric.goal is None:
            continue
        if metric.healthy is not None and metric.healthy.upward != metric.goal.upward:
            yield Fault(
                ("metrics", name, "goal"),
                f"the goal ({metric.goal}) and `healthy` ({metric.healthy}) point in opposite directions",
                "Turn one of them round.",
            )
            continue
        for band, bound in bands(metric):
            if band is not Band.WATCH and (both := both_hold(metric.goal, bound)) is not None:
                yield Fault(
                    ("metrics", name, "goal"),
                    f"a reading of {both} would reach the goal ({metric.goal}) and mean {band.value} ({bound})",
                    "Let the goal and the bands leave each other alone.",
                )


@Rule(
    "E12d",
    "Every goal was reached before it began",
    "What is to be shown by changing nothing shows nothing.",
    Example(
        "metrics.minutes_per_document.goal",
        wrong={"metrics.minutes_per_document.baseline": 11},
        base="minutes-summariser",
    ),
    low=Severity.WARNING,
)
def goal_ahead(case: Case) -> Iterator[Fault]:
    """Of the outcomes with goal and baseline at least one has still to get better; others may only not get worse."""
    told = [
        (name, metric.goal, metric.baseline.value if isinstance(metric.baseline, Baseline) else metric.baseline)
        for name, metric in case.playbook.metrics.items()
        if metric.kind is MetricFamily.OUTCOME
    ]
    known = [(name, goal, before) for name, goal, before in told if goal is not None and before is not None]
    if all(goal.holds(before) for _, goal, before in known):
        for name, goal, before in known:
            yield Fault(
                ("metrics", name, "goal"),
                f"the baseline of {before} meets the goal ({goal}) already, and no other goal is left to reach",
                "Ask for more, here or of another outcome.",
            )


RULES = (
    taken_before,
    baseline,
    baseline_told,
    goal,
    kind_of_success,
    deadline,
    due_what,
    overdue,
    goal_lawful,
    goal_ahead,
)
