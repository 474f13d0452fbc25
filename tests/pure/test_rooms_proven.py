"""The three gates of maturity: what each says of figures, risks and cycles, and which of them is not looked at yet."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.world import START, but, standard_plan, with_rules, with_rung
from tidegate import proven
from tidegate.decide import begin
from tidegate.models.base import Band, Bound, Function, MetricFamily, Span, Stage
from tidegate.models.cycle import Cycle
from tidegate.models.decision import Check, Verdict
from tidegate.models.gate import Veto
from tidegate.models.issue import AcceptedIssue
from tidegate.models.plan import Plan, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, State
from tidegate.turn import because

DAY = timedelta(days=1)
WORTH, RISK, REPEATS = proven.GATES
OUTCOME = PlanMetric(
    family=MetricFamily.OUTCOME, source="s", every=Span.of("1d"), max_age=Span.of("3d"), reviewer="ops-a",
    baseline=Decimal(5), goal=Bound.of("<= 2"),
)  # fmt: skip
TECHNICAL = OUTCOME.but(family=MetricFamily.TECHNICAL, baseline=None, goal=None)
GOVERNED = TECHNICAL.but(family=MetricFamily.GOVERNANCE)
SPENT = TECHNICAL.but(family=MetricFamily.COST)


def asking(metrics: dict[str, PlanMetric] | None = None, cycles: int = 0, **more: Any) -> Plan:
    """Return a plan whose system of record asks for maturity: of one outcome and one thing that runs it."""
    plan = but(standard_plan(), metrics=metrics or {"errors": OUTCOME, "uptime": TECHNICAL}, **more)
    return with_rules(plan, maturity=True, repeat_cycles=cycles)


def seen(value: str | None, band: Band = Band.HEALTHY) -> MetricState:
    """Return a figure that was read just now; none where nothing was."""
    last = None if value is None else Reading(status="value", value=Decimal(value), n=100, taken_at=START)
    return MetricState(last=last, band=band, due_at=START + DAY, since=START - DAY)


def found(plan: Plan, state: State | None = None, /, **figures: MetricState) -> tuple[Check, ...]:
    """Return the three gates of the way into the system of record."""
    state = begin(plan, START) if state is None else state
    figures = {"errors": seen("1"), "uptime": seen("99"), **figures}
    return proven.checks(plan, state.but(metrics={**state.metrics, **figures}), 5, START)


def test_all_three_are_shown() -> None:
    """Each gate has its number and its name, and says what it rests on."""
    assert found(asking()) == (
        Check(
            name=f"maturity 1: {WORTH}", verdict=Verdict.PASSED,
            reason=because(Code.WORTH_SHOWN, figures="errors 1 against 5 before, goal <= 2"),
        ),
        Check(
            name=f"maturity 2: {RISK}", verdict=Verdict.PASSED,
            reason=because(Code.SOUND, figures="uptime 99", accepted="nobody, for none is known"),
        ),
        Check(
            name=f"maturity 3: {REPEATS}", verdict=Verdict.PASSED,
            reason=because(Code.REPEATS, n=0, needed=0, stage="limited", cycles="none"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("first", [1, 2])
def test_a_gate_waits_for_the_first_that_is_not_shown(first: int) -> None:
    """What comes after a gate that does not pass is not looked at, and names the gate that it waits for."""
    figures = {1: {"errors": seen("9")}, 2: {"uptime": seen(None)}}[first]
    later = found(asking(), **figures)[first:]
    assert [check.verdict for check in later] == [Verdict.PENDING] * (3 - first)
    assert [check.reason for check in later] == [
        because(Code.MATURITY_WAITS, gate=name, before=proven.GATES[first - 1]) for name in proven.GATES[first:]
    ]


NO_BETTER = (Verdict.PENDING, because(Code.NO_BETTER, metrics="errors"))


def shown(text: str) -> tuple[Verdict, Any]:
    """Return that it is worth having, and by which figure."""
    return Verdict.PASSED, because(Code.WORTH_SHOWN, figures=text)


UP = OUTCOME.but(baseline=Decimal(5), goal=Bound.of(">= 8"))
NEW = OUTCOME.but(baseline=None)
WORTHS: dict[str, tuple[PlanMetric, MetricState, tuple[Verdict, Any]]] = {
    "at its goal": (OUTCOME, seen("2"), shown("errors 2 against 5 before, goal <= 2")),
    "better than before": (OUTCOME, seen("4"), shown("errors 4 against 5 before, goal <= 2")),
    "as before": (OUTCOME, seen("5"), NO_BETTER),
    "worse than before": (OUTCOME, seen("6"), NO_BETTER),
    "more, where more is better": (UP, seen("6"), shown("errors 6 against 5 before, goal >= 8")),
    "as before, where more is better": (UP, seen("5"), NO_BETTER),
    "less, where more is better": (UP, seen("4"), NO_BETTER),
    "at a goal that is no better than before": (
        OUTCOME.but(baseline=Decimal(1)), seen("2"), shown("errors 2 against 1 before, goal <= 2")
    ),
    "at its goal, and never measured before": (NEW, seen("2"), shown("errors 2 against nothing before, goal <= 2")),
    "short of its goal, and never measured before": (NEW, seen("3"), NO_BETTER),
    "never read": (OUTCOME, seen(None), NO_BETTER),
    "read too early": (OUTCOME.but(initial_delay=Span.of("2d")), seen("1"), NO_BETTER),
    "read late enough": (
        OUTCOME.but(initial_delay=Span.of("1d")), seen("1"), shown("errors 1 against 5 before, goal <= 2")
    ),
    "in a band that only watches": (
        OUTCOME, seen("1", Band.WATCH), shown("errors 1 against 5 before, goal <= 2")
    ),
    "held": (
        OUTCOME, seen("1", Band.HOLD), (Verdict.FAILED, because(Code.MATURITY_ASTRAY, gate=WORTH, metrics="errors"))
    ),
    "rolled back": (
        OUTCOME, seen("1", Band.ROLLBACK),
        (Verdict.FAILED, because(Code.MATURITY_ASTRAY, gate=WORTH, metrics="errors")),
    ),
    "without a goal": (
        OUTCOME.but(goal=None), seen("1"), (Verdict.PENDING, because(Code.NO_BETTER, metrics="no outcome with a goal"))
    ),
    "no outcome, though it has a goal": (
        SPENT.but(goal=Bound.of("<= 2")), seen("1"),
        (Verdict.PENDING, because(Code.NO_BETTER, metrics="no outcome with a goal")),
    ),
    "judged without acting": (
        OUTCOME.but(dry_run=True), seen("1"),
        (Verdict.PENDING, because(Code.NO_BETTER, metrics="no outcome with a goal")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("metric", "figure", "expected"), WORTHS.values(), ids=WORTHS)
def test_it_is_worth_having_where_an_outcome_is_better(
    metric: PlanMetric, figure: MetricState, expected: tuple[Verdict, Any]
) -> None:
    """An outcome at its goal, or nearer to it than before, shows worth; one that strays takes it all back."""
    first = found(asking({"errors": metric, "uptime": TECHNICAL}), errors=figure)[0]
    assert (first.verdict, first.reason) == expected


def test_a_figure_that_is_only_tried_hides_no_other() -> None:
    """A metric judged without acting is passed over, and those after it count."""
    plan = asking({"trial": OUTCOME.but(dry_run=True), "errors": OUTCOME, "uptime": TECHNICAL})
    assert [check.verdict for check in found(plan, trial=seen("9", Band.ROLLBACK))] == [Verdict.PASSED] * 3


def test_what_nobody_watches_yet_is_no_figure() -> None:
    """A metric of which nothing is kept has no figure, and is not astray."""
    plan = asking()
    state = begin(plan, START).but(metrics={"errors": seen("1")})
    second = proven.checks(plan, state, 5, START)[1]
    assert (second.verdict, second.reason) == (Verdict.PENDING, because(Code.NOT_SEEN_RUNNING, metrics="uptime"))


ACCEPTED = (
    AcceptedIssue(what="slow on Mondays", owner="ops-b", by="risk-b", until=START + DAY),
    AcceptedIssue(what="no French", owner="ops-a"),
)
NOTHING_RUN = (Verdict.PENDING, because(Code.NOT_SEEN_RUNNING, metrics="nothing technical is measured"))
SOUNDS: dict[str, tuple[dict[str, PlanMetric], dict[str, MetricState], dict[str, Any], tuple[Verdict, Any]]] = {
    "seen running": (
        {"uptime": TECHNICAL, "comments": GOVERNED}, {"comments": seen("0")}, {},
        (Verdict.PASSED, because(Code.SOUND, figures="uptime 99, comments 0", accepted="nobody, for none is known")),
    ),
    "problems that somebody lives with": (
        {"uptime": TECHNICAL}, {}, {"accepted_issues": {Stage.SYSTEM_OF_RECORD: ACCEPTED}},
        (Verdict.PASSED, because(Code.SOUND, figures="uptime 99", accepted="ops-a, risk-b")),
    ),
    "problems that somebody lived with until now": (
        {"uptime": TECHNICAL}, {},
        {"accepted_issues": {Stage.SYSTEM_OF_RECORD: (ACCEPTED[0].but(until=START), ACCEPTED[1])}},
        (Verdict.PENDING, because(Code.RISK_OPEN, what="issue: slow on Mondays")),
    ),
    "a problem that nobody accepted": (
        {"uptime": TECHNICAL}, {}, {"blocking_issues": {Stage.SYSTEM_OF_RECORD: ("no French",)}},
        (Verdict.PENDING, because(Code.RISK_OPEN, what="issue: no French")),
    ),
    "a figure that holds": (
        {"uptime": TECHNICAL}, {"uptime": seen("9", Band.HOLD)}, {},
        (Verdict.FAILED, because(Code.MATURITY_ASTRAY, gate=RISK, metrics="uptime")),
    ),
    "a figure that only watches": (
        {"uptime": TECHNICAL}, {"uptime": seen("9", Band.WATCH)}, {},
        (Verdict.PASSED, because(Code.SOUND, figures="uptime 9", accepted="nobody, for none is known")),
    ),
    "a figure that nobody reads": (
        {"uptime": TECHNICAL, "comments": GOVERNED}, {"comments": seen(None)}, {},
        (Verdict.PENDING, because(Code.NOT_SEEN_RUNNING, metrics="comments")),
    ),
    "nothing that runs it is measured": ({}, {}, {}, NOTHING_RUN),
    "only what it costs is measured": ({"cost": SPENT}, {"cost": seen("1")}, {}, NOTHING_RUN),
}  # fmt: skip


@pytest.mark.parametrize(("metrics", "figures", "more", "expected"), SOUNDS.values(), ids=SOUNDS)
def test_it_can_be_run_where_it_is_seen_running_and_no_problem_is_open(
    metrics: dict[str, PlanMetric],
    figures: dict[str, MetricState],
    more: dict[str, Any],
    expected: tuple[Verdict, Any],
) -> None:
    """What runs it is read and inside its bands, and each known problem has somebody who accepted it."""
    second = found(asking({"errors": OUTCOME, **metrics}, **more), **figures)[1]
    assert (second.verdict, second.reason) == expected


def test_a_standing_veto_is_an_open_risk() -> None:
    """A veto is named among what is open, with the function that stands by it."""
    plan = asking(blocking_issues={Stage.SYSTEM_OF_RECORD: ("no French",)})
    veto = Veto(person="risk-a", at=START)
    state = begin(plan, START).but(vetoes={Function.RISK: veto, Function.COMPLIANCE: veto})
    second = found(plan, state)[1]
    said = because(Code.RISK_OPEN, what="issue: no French, a veto of compliance, a veto of risk")
    assert (second.verdict, second.reason) == (Verdict.PENDING, said)


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_it_repeats_where_enough_cycles_of_the_stage_before_were_clean(needed: int) -> None:
    """So many cycles of the stage that is left, none of them strayed, are named with the day on which each ended."""
    plan = with_rung(asking(cycles=needed), 3, stage=Stage.PILOT)
    cycles = tuple(
        Cycle(stage=stage, wave=wave, since=START, until=START + number * DAY, strayed=strayed)
        for number, (stage, wave, strayed) in enumerate([
            (Stage.PILOT, "w3", False), (Stage.LIMITED, "w4", False), (Stage.LIMITED, "w4", True),
            (Stage.LIMITED, "w4", False),
        ])
    )  # fmt: skip
    third = found(plan, begin(plan, START).but(cycles=cycles))[2]
    facts = {"n": 2, "needed": needed, "stage": "limited", "cycles": "w4 until 2026-11-24, w4 until 2026-11-26"}
    if needed > 2:
        assert (third.verdict, third.reason) == (Verdict.PENDING, because(Code.REPEATS_TOO_FEW, **facts))
    else:
        assert (third.verdict, third.reason) == (Verdict.PASSED, because(Code.REPEATS, **facts))
