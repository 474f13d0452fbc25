"""What a checkpoint knows of each dimension: seen, silent or unmeasured, and only a figure that counts is seen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.world import START, but, standard_plan, with_metric, with_rules
from tidegate import dimensions
from tidegate.decide import begin
from tidegate.judging import judged
from tidegate.models.base import MetricFamily, Span, Stage
from tidegate.models.decision import Check, Verdict
from tidegate.models.dimension import Dimension, dimension_of
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, State
from tidegate.turn import because

BURDEN, SPEND = Dimension.SUPPORT_BURDEN, Dimension.SPEND


def asked(*wanted: Dimension, **metric: Any) -> Plan:
    """Return a plan whose pilot asks for these dimensions; its errors speak of support burden unless told otherwise."""
    plan = with_metric(standard_plan(), "errors", **{"dimension": BURDEN, **metric})
    return with_rules(plan, Stage.PILOT, dimensions=wanted)


def read(plan: Plan, level: int = 1, **more: Any) -> State:
    """Return a state in which `errors`, watched for two days, was read a moment ago."""
    last = Reading(**{"status": "value", "value": Decimal(3), "n": 9, "taken_at": START, **more})
    since = START - timedelta(days=2)
    state = begin(plan, START)
    metrics = {"errors": MetricState(last=last, due_at=START, since=since)}
    return state.but(metrics=metrics, position=state.position.but(level=level))


def checks(plan: Plan, state: State) -> tuple[Check, ...]:
    """Return what the four dimensions say now."""
    return dimensions.checks(plan, state, judged(plan, state, START))


SEEN, BAD = (
    (Verdict.PASSED, because(Code.DIMENSION_SEEN, dimension="support burden", figures=[f"errors {figure}"]))
    for figure in (3, 99)
)
SILENT = (Verdict.INCONCLUSIVE, because(Code.DIMENSION_SILENT, dimension="support burden", metrics=["errors"]))
UNMEASURED = (Verdict.INCONCLUSIVE, because(Code.DIMENSION_UNMEASURED, dimension="support burden"))
KNOWN: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "a figure": ({}, {}, SEEN),
    "a figure that breaches": ({}, {"value": Decimal(99)}, BAD),
    "too few samples": ({}, {"n": 4}, SILENT),
    "nothing there": ({}, {"status": "no_data", "value": None}, SILENT),
    "too old": ({}, {"taken_at": START - timedelta(days=3)}, SILENT),
    "before it counts": ({"initial_delay": Span.of("3d")}, {}, SILENT),
    "once it counts": ({"initial_delay": Span.of("1d")}, {}, SEEN),
    "of something else": ({"dimension": Dimension.POLICY_FRICTION}, {}, UNMEASURED),
    "of nothing": ({"dimension": None}, {}, UNMEASURED),
}


@pytest.mark.parametrize(("metric", "reading", "found"), KNOWN.values(), ids=KNOWN)
def test_only_a_figure_that_counts_is_seen(metric: dict[str, Any], reading: dict[str, Any], found: Any) -> None:
    """A dimension passes on a figure that counts, however good; one that says nothing holds, and says which metric."""
    plan = asked(BURDEN, **metric)
    (check,) = checks(plan, read(plan, **reading))
    assert (check.name, check.verdict, check.reason) == ("dimension: support burden", *found)
    (blind,) = checks(plan, begin(plan, START))
    assert blind.verdict is Verdict.INCONCLUSIVE, "what was never read is known to nobody"


def test_each_dimension_that_is_asked_for_is_answered_by_its_own_metrics() -> None:
    """Two are asked for and two answer, each with its own figures, in the order that they are always said in."""
    plan = asked(SPEND, BURDEN)
    cost = plan.metrics["errors"].but(family=MetricFamily.COST, dimension=None)
    plan = but(plan, metrics={"bill": cost, **plan.metrics, "tickets": plan.metrics["errors"]})
    state = read(plan)
    watched = state.metrics["errors"]
    other = watched.but(last=Reading(status="value", value=Decimal(8), n=9, taken_at=START))
    state = state.but(metrics={"bill": other, "errors": watched, "tickets": other})
    assert [(one.name, one.reason.facts["figures"]) for one in checks(plan, state)] == [
        ("dimension: support burden", "errors 3, tickets 8"),
        ("dimension: spend", "bill 8"),
    ]


@pytest.mark.parametrize(("level", "names"), [(0, 1), (1, 1), (2, 1), (3, 0)])
def test_a_stage_that_asks_for_none_is_answered_nothing(level: int, names: int) -> None:
    """The pilot asks, before anybody is served as well; the stage after it does not."""
    plan = asked(BURDEN)
    assert len(checks(plan, read(plan, level))) == names


@pytest.mark.parametrize(
    ("family", "said", "found"),
    [
        (MetricFamily.COST, None, SPEND),
        (MetricFamily.COST, BURDEN, BURDEN),
        (MetricFamily.OUTCOME, None, None),
        (MetricFamily.OUTCOME, SPEND, SPEND),
    ],
)
def test_cost_speaks_of_spend_unless_its_author_says_otherwise(family: MetricFamily, said: Any, found: Any) -> None:
    """What its author said of a metric counts; where nothing was said, only cost speaks for itself."""
    assert dimension_of(family, said) is found
