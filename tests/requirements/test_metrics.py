"""Measuring, reviewing and paying for it: rows E, O and R of the requirements that metrics keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.cli.run import ROOT, Here
from tests.pure.beginnings import lone
from tests.pure.patches import found_in
from tests.pure.test_compile import plan_of
from tests.pure.world import Story, but, said, standard_plan, with_metric, with_rules, with_rung
from tidegate import materiality, thresholds
from tidegate.check import RULES
from tidegate.deadlines import deadlines, next_deadline
from tidegate.diagnosis import diagnose
from tidegate.models.base import Band, Bound, Condition, MetricFamily, Span, Stage
from tidegate.models.change import Weight
from tidegate.models.decision import Notify, Verdict
from tidegate.models.derived import PerSuccess
from tidegate.models.event import ActorKind, Amend, Readings
from tidegate.models.exposed import Control
from tidegate.models.finding import dotted
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RULE = {rule.id: rule for rule in RULES}
CLAIMS = str(ROOT / "playbooks/claims-triage.yaml")


def judged(rule: str, changes: Mapping[str, Any], base: str = "claims-triage") -> bool:
    """Whether a rule finds something in a good playbook with these changes."""
    return any(one.rule == rule for one in found_in(base, changes))


def proven(*rules: str) -> None:
    """Make sure that each rule finds the wrong example where it says, and leaves its valid twin alone."""
    for name in rules:
        rule = RULE[name]
        places = {
            kind: [
                dotted(one.path) for one in found_in(rule.example.base, changes) if one.rule in (name, rule.found_as)
            ]
            for kind, changes in (("wrong", rule.example.wrong), ("right", rule.example.right))
        }
        assert rule.example.at in places["wrong"], name
        assert rule.example.at not in places["right"], name


def watched(plan: Plan, level: int = 2) -> Story:
    """Return a story whose wave has begun an hour ago and whose sources say nothing by themselves."""
    story = Story(plan).climb(level)
    story.value = None
    story.now += HOUR
    return story


def lacking(story: Story) -> set[Code]:
    """Return why it would not go on."""
    rows = thresholds.checks(story.plan, story.state, story.now)
    return {check.reason.code for check in rows if check.verdict is not Verdict.PASSED}


# -- E: what is measured, and what follows -----------------------------------------------------------------------------


def test_e1_signals_are_named_and_one_of_the_controls_acts() -> None:
    """The families that a standard asks for are there, and from the limited rollout on a governance metric acts."""
    proven("E1", "E9")
    assert judged("E9", {"metrics.agreed_per_100.kind": "technical", "metrics.overdue_escalations.kind": "technical"})
    assert not judged("E9", {"metrics.agreed_per_100.kind": "technical"})


@pytest.mark.parametrize(
    ("figures", "band", "control", "code"),
    [
        (("error_rate=1",), "healthy", "live", 0),
        (("error_rate=3",), "watch", "live", 0),
        (("error_rate=5",), "hold", "live", 0),
        (("error_rate=5", "error_rate=5"), "hold", "held", 1),
        (("error_rate=5", "error_rate=3"), "hold", "held", 1),
        (("error_rate=5", "error_rate=1"), "healthy", "live", 0),
        (("error_rate=12", "error_rate=12"), "rollback", "rolled_back", 1),
        (("error_rate=12", "error_rate=none"), "rollback", "live", 0),
        (("misrouted_per_100=13",), "pause", "paused", 1),
        (("agreed_per_100=70",), "narrow", "narrowed", 1),
    ],
)
def test_e2_anybody_can_see_what_a_value_would_do(
    tidegate: Here, figures: tuple[str, ...], band: str, control: str, code: int
) -> None:
    """Bands have a direction, hysteresis and a count, and `metrics eval` says what a value would do before it comes."""
    done = tidegate("metrics", "eval", CLAIMS, *figures, "--json")
    words = json.loads(done.out)
    last = words["rounds"][-1]
    assert (last["readings"][0]["band"], last["control"], done.code) == (band, control, code)
    assert words["live"] is False


def test_e2_a_figure_that_cannot_be_is_refused_with_what_can(tidegate: Here) -> None:
    """What is no metric and what is no number is said with what there is; nothing is tried then."""
    for text, code, says in (
        ("eror_rate=1", 5, "error_rate"), ("error_rate=much", 2, "none"), ("error_rate", 2, "METRIC=VALUE"),
        ("error_rate=NaN", 2, "none"),
    ):  # fmt: skip
        done = tidegate("metrics", "eval", CLAIMS, text)
        assert (done.code, says in done.err, done.out) == (code, True, "")
    assert tidegate("metrics", "eval", CLAIMS, "error_rate=1", "--wave", "nowhere").code == 5


@pytest.mark.parametrize("reads", [False, True])
def test_e3_a_signal_that_its_reviewer_does_not_look_at_escalates(reads: bool) -> None:  # the case itself
    """Each signal has a reviewer and a cadence; who lets it grow too old is told so with those who answer for them."""
    proven("E3")
    plan = with_metric(standard_plan(), "comments", every=Span.of("2d"), max_age=Span.of("4d"), inconclusive_limit=2)
    story = Story(plan).live()
    story.value = None
    before = len(story.moves)
    for _ in range(5):
        story.wait(2 * DAY)
        if reads:
            story.read(1, "comments")
    told = [move for move in story.moves[before:] if isinstance(move, Notify)]
    assert any(move.about.code is Code.READING_DUE and move.to == ("ops-a",) for move in told)
    missed = [move for move in told if move.about.code is Code.READING_MISSED]
    assert bool(missed) is not reads
    assert all(move.urgent and len(move.to) > 1 for move in missed)
    assert (Code.INCONCLUSIVE_LIMIT in story.codes()) is not reads


def test_e5_a_band_without_an_action_is_found() -> None:
    """Whatever says where it is well says what happens elsewhere; a figure from which nothing follows is found."""
    proven("E5", "T5")


def test_e7_every_leaf_is_reached_from_a_goal(tidegate: Here) -> None:
    """The tree has four levels, and from each metric of it the way up ends at a goal; an orphan is found."""
    proven("E7", "E7a", "E7b")
    rows = json.loads(tidegate("metrics", "tree", CLAIMS, "--json").out)["metrics"]
    known = {row["metric"]: row for row in rows}
    assert {row["level"] for row in rows} == {"goal", "operational", "contribution", "telemetry"}
    for row in rows:
        while row["supports"]:
            row = known[row["supports"]]  # noqa: PLW2901  # the way up
        assert row["level"] == "goal"
    shown = tidegate("metrics", "tree", CLAIMS)
    assert (shown.code, "first_reply_hours" in shown.out, ". . . error_rate" in shown.out) == (0, True, True)


@pytest.mark.parametrize(
    ("strays", "code"),
    [
        (("delay",), Code.LEFT_GOAL),
        (("delay", "queue"), Code.LEFT_OPERATIONAL),
        (("delay", "queue", "errors"), Code.LEFT_CONTRIBUTION),
    ],
)
def test_e8_a_process_is_not_taken_for_a_model(strays: tuple[str, ...], code: Code) -> None:
    """From the goal down, the level is named down to which the cause can be followed, and no further."""
    proven("E8")
    errors = lone().metrics["errors"]
    levels = (("delay", "goal", None), ("queue", "operational", "delay"), ("errors", "contribution", "queue"))
    story = watched(but(lone(), metrics={name: errors.but(level=level, supports=up) for name, level, up in levels}))
    for name, *_ in levels:
        story.read(12 if name in strays else 1, name)
    found = diagnose(story.plan, story.state, story.now)
    assert (found.first, found.reason.code, found.path) == ("goal", code, strays)


def test_e9_each_family_is_there_before_the_limited_rollout() -> None:
    """Outcome, technique, governance and cost each have a metric; one family short is found, and owed by then."""
    proven("E9", "T6")
    owed = [one for one in found_in("claims-triage", {"metrics.cost_per_claim.kind": "technical"}) if one.rule == "E9"]
    assert [one.before for one in owed] == [Stage.LIMITED]


def test_e10_each_metric_has_a_cadence_and_what_is_overdue_is_said() -> None:
    """No metric is read more rarely than its standard says; the listing says when each is read, and what is overdue."""
    proven("E10", "E10a")
    story = Story(lone()).live()
    story.value = None
    found = {row.name: row for row in diagnose(story.plan, story.state, story.now).figures}
    assert found["errors"].due_at is not None
    story.wait(8 * DAY)
    late = {row.name: row for row in diagnose(story.plan, story.state, story.now).figures}
    assert late["errors"].overdue


@pytest.mark.parametrize(("about", "known"), [("turnaround", True), ("popularity", False)])
def test_e11_an_outcome_is_of_a_known_kind(about: str, known: bool) -> None:  # the expected answer
    """Kinds of outcome are enumerated, and technical metrics alone are refused."""
    proven("T6")
    found = found_in("claims-triage", {"metrics.first_reply_hours.about": about})
    assert (found == ()) is known


@pytest.mark.parametrize(
    ("change", "weight"),
    [
        ({"healthy": Bound.of("<= 8")}, Weight.MATERIAL),
        ({"goal": Bound.of("<= 9")}, Weight.MATERIAL),
        ({"baseline": Decimal(12)}, Weight.MATERIAL),
        ({"error_limit": None}, Weight.MATERIAL),
        ({"recover": None}, Weight.MATERIAL),
        ({"initial_delay": Span.of("1d")}, Weight.MATERIAL),
        ({"error_limit": 2}, Weight.RECORDED),
        ({"recover": 3}, Weight.RECORDED),
        ({"inconclusive_limit": 5}, Weight.RECORDED),
        ({"first_response": "Call the desk."}, Weight.RECORDED),
        ({"level": "goal"}, Weight.RECORDED),
    ],
)
def test_e12_thresholds_are_frozen_with_the_plan(change: dict[str, Any], weight: Weight) -> None:
    """Bands, goal and baseline have a digest: a looser one is another plan that people approve, a tighter one not."""
    plan = lone(error_limit=3, recover=2, baseline=Decimal(9))
    new = with_metric(plan, "errors", **change)
    assert new.digest != plan.digest
    assert [one.weight for one in materiality.diff(plan, new)] == [weight]


@pytest.mark.parametrize(("bound", "asks"), [("> 50", True), ("> 30", False)])
def test_e12_a_threshold_moved_after_the_start_is_approved_anew(bound: str, asks: bool) -> None:  # the answer
    """A looser threshold stays out of force until its own round of votes; a tighter one is in force at once."""
    proven("E12", "E12a", "T10", "A18")
    story = watched(lone())
    bands = ((Band.ROLLBACK, Bound.of(bound)), *story.plan.metrics["errors"].bands[1:])
    new = with_metric(story.plan, "errors", bands=bands)
    story.message(Amend, "owner", plan=new)
    assert any(gate.kind.value == "amendment" for gate in story.state.gates.values()) is asks
    assert (story.plan.digest == new.digest) is not asks


@pytest.mark.parametrize("proven_by_the_plan", [True, False])
def test_e12_nobody_is_served_before_there_is_a_baseline(proven_by_the_plan: bool) -> None:  # the case itself
    """Where a standard asks for a baseline, nothing opens until it is there: in the plan, or shown by somebody."""
    baseline = ReadinessItem.BASELINE
    plan = with_rules(lone(), readiness=(baseline,))
    if proven_by_the_plan:
        plan = but(plan, stages={stage: each.but(met=(baseline,)) for stage, each in plan.stages.items()})
    story = Story(plan)
    story.start()
    assert bool(story.state.gates) is proven_by_the_plan
    story.ready(baseline)
    assert story.state.gates
    assert baseline in plan_of("minutes-summariser").stages[Stage.PILOT].met


def test_e13_a_kind_of_success_is_declared() -> None:
    """At least one outcome with a goal says which kind of success it speaks of."""
    proven("E13")


@pytest.mark.parametrize(("family", "opens"), [(MetricFamily.ADOPTION, False), (MetricFamily.OUTCOME, True)])
def test_e14_heads_alone_pass_no_gate(family: MetricFamily, opens: bool) -> None:  # the expected answer
    """Seats, logins and satisfaction pass neither the check of a playbook nor the gate of a wave by themselves."""
    proven("E14", "T7")
    story = Story(lone(family=family)).live()
    story.wait(8 * DAY)
    assert bool(story.state.gates) is opens
    assert (Code.ONLY_HEADS in lacking(story)) is not opens


@pytest.mark.parametrize("silent", ["outcome", "technical", "governance", "cost", None])
def test_e15_a_dimension_that_says_nothing_leaves_the_checkpoint_open(silent: str | None) -> None:
    """Quality, friction, burden and spend are each asked for, and one that is missing is inconclusive, never a pass."""
    proven("E15", "E9")
    errors = lone().metrics["errors"]
    metrics = {each.value: errors.but(family=each) for each in MetricFamily if each is not MetricFamily.ADOPTION}
    asked = (Condition("outcome", Bound.of("<= 5")),)
    story = watched(with_rung(but(lone(), metrics=metrics), 1, advance_when=asked), 1)
    for name in metrics:
        story.read(None if name == silent else 1, name)
    assert lacking(story) == ({Code.NO_DATA} if silent else set())


def test_e16_a_wider_stage_is_not_looked_at_less_often() -> None:
    """From the pilot to the limited rollout reviews do not become rarer."""
    proven("E16")


def test_e21_promises_and_their_reliability_are_stated() -> None:
    """A system of record promises a level of service, and says whether each case must be right at once."""
    proven("E21", "E21a")


def test_e22_what_to_do_first_stands_beside_the_alarm() -> None:
    """Each metric that acts says what operations does first, and whoever reviews it is told that with the alarm."""
    proven("E22")
    for first in ("See whether the model answers.", None):
        story = watched(lone(first_response=first))
        before = len(story.moves)
        story.read(30)
        told = [move for move in story.moves[before:] if isinstance(move, Notify)]
        beside = [move for move in told if move.about.code is Code.FIRST_RESPONSE]
        assert [(move.about.facts["what"], move.to) for move in beside] == ([(first, ("ops-a",))] if first else [])
        assert story.people == 0


# -- O: what it costs -------------------------------------------------------------------------------------------------

PARTS = {"spend": 120, "settled": 40, "minutes": 60}


def costed(rate: int | None = 48) -> Plan:
    """Return a plan in which each success costs so much, and is narrowed above 4."""
    part = lone().metrics["errors"].but(bands=(), healthy=None, min_samples=0)
    asked = PerSuccess(
        spend="spend",
        successes="settled",
        minutes="minutes" if rate else None,
        rate=None if rate is None else Decimal(rate),
    )
    cost = part.but(derived=asked, source="derived", bands=((Band.NARROW, Bound.of("> 4")),))
    return but(lone(), metrics={"errors": lone().metrics["errors"], **dict.fromkeys(PARTS, part), "cost": cost})


def paid(story: Story, **changes: Any) -> Decimal | None:
    """Let the parts be read, and return what one success costs."""
    items = {
        name: Reading(status="value", value=Decimal(value), n=40, taken_at=story.now)
        for name, value in {**PARTS, **changes}.items()
    }
    story.say(Readings(**story.envelope("reader", actor_kind=ActorKind.SERVICE, items=items)))
    last = story.state.metrics["cost"].last
    return None if last is None else last.number


def test_o1_what_a_success_costs_comes_from_both_figures() -> None:
    """Spend over successes: half as many successes cost twice as much, though the spend is the same."""
    proven("O1")
    assert paid(watched(costed(None))) == 3
    assert paid(watched(costed(None)), settled=20) == 6
    assert paid(watched(costed(None)), settled=0) is None


@pytest.mark.parametrize(("value", "control"), [(130, Control.HELD), (119, Control.LIVE)])
def test_o2_a_rate_of_spend_beyond_its_band_asks_for_a_review(value: int, control: Control) -> None:
    """Spend per day that leaves its band holds, and to go on is a decision of people."""
    spend = (
        lone().metrics["errors"].but(family=MetricFamily.COST, bands=((Band.HOLD, Bound.of("> 120")),), healthy=None)
    )
    story = watched(but(lone(), metrics={**lone().metrics, "spend_per_day": spend}))
    story.read(value, "spend_per_day")
    assert story.state.exposure.control is control


@pytest.mark.parametrize(("north", "control"), [(70, Control.HELD), (40, Control.LIVE)])
def test_o6_an_anomaly_in_one_region_holds_though_the_sum_is_fine(north: int, control: Control) -> None:
    """Each region is a series with a band of its own; one that strays holds, whatever the whole says."""
    proven("O6", "O6a")
    spend = {
        "kind": "cost", "source": "warehouse", "query": "all", "every": "1d", "hold": "> 120",
        "first_response": "Look.",
        "segments": {name: {"query": name, "healthy": "<= 50", "hold": "> 60"} for name in ("north", "south")},
    }  # fmt: skip
    compiled = plan_of("claims-triage", {"metrics.spend": spend}).metrics
    segments = {name: metric for name, metric in compiled.items() if name.startswith("spend")}
    assert {name: metric.part_of for name, metric in segments.items()} == {
        "spend": None, "spend.north": "spend", "spend.south": "spend",
    }  # fmt: skip
    story = watched(but(lone(), metrics={**lone().metrics, **segments}))
    for name, value in (("spend.north", north), ("spend.south", 40), ("spend", north + 40)):
        story.read(value, name)
    assert story.state.metrics["spend"].band is Band.HEALTHY
    assert story.state.exposure.control is control


@pytest.mark.parametrize(("spent", "controls"), [(101, "hn"), (100, "ll")])
def test_o7_a_cap_on_spend_limits_exposure(spent: int, controls: str) -> None:
    """Past the budget of its wave it is held at once, and narrowed if it stays past it, with no approval."""
    plan = with_metric(lone(), "errors", limit="budget_per_month", bands=(), healthy=None)
    rung = plan.rung(2)
    story = watched(with_rung(plan, 2, exposure=rung.exposure.but(budget_per_month=Decimal(100))))
    seen = ""
    for _ in range(2):
        story.now += HOUR
        story.read(spent)
        seen += story.state.exposure.control.value[0]
    assert seen == controls


def test_o8_a_dearer_model_may_be_the_cheaper_one() -> None:
    """With the minutes of people at their rate the dearer model that is corrected less costs less, and so it acts."""
    proven("O8", "O8a")
    small, large = watched(costed()), watched(costed())
    assert (paid(small), paid(large, spend=140, minutes=12)) == (Decimal("4.2"), Decimal("3.74"))
    assert (small.state.exposure.control, large.state.exposure.control) == (Control.NARROWED, Control.LIVE)
    without = [paid(watched(costed(None)), spend=spend) for spend in (120, 140)]
    assert without == [3, Decimal("3.5")]


def test_o9_spend_is_told_by_department(tidegate: Here) -> None:
    """Each department stands below the whole in the tree, with its own bands, and can be tried by its own name."""
    tidegate.sample(("success_means:", _DEPARTMENTS + "success_means:"))
    rows = json.loads(tidegate("metrics", "tree", "minutes-summariser.yaml", "--json").out)["metrics"]
    assert [row["metric"] for row in rows if row["part_of"] == "spend"] == ["spend.claims", "spend.office"]
    one = tidegate("metrics", "eval", "minutes-summariser.yaml", "spend.office=60", "spend.claims=1", "--json")
    assert [row["band"] for row in json.loads(one.out)["rounds"][0]["readings"]] == ["hold", "healthy"]


_DEPARTMENTS = """\
  spend: {kind: cost, source: by-hand, hold: "> 90", segments: {office: {hold: "> 50"}, claims: {hold: "> 40"}}}
"""

# -- R: after launch --------------------------------------------------------------------------------------------------


def test_r1_after_launch_it_is_looked_at_for_ever() -> None:
    """Once it is operated, reviews, readings and recertification go on coming due, and a missed one makes it safer."""
    story = Story().operate()
    due = {deadline.what for deadline in deadlines(story.plan, story.state)}
    assert {"review", "reading due", "obligation overdue"} <= due
    owed = {one.kind for one in story.state.obligations.values() if one.every_days}
    assert {"recertification", "drill"} <= owed
    story.wait(400 * DAY)
    assert not story.phase.over
    assert story.people < 500
    assert next_deadline(story.plan, story.state) is not None


def test_r2_there_is_no_end_but_retirement() -> None:
    """It is never simply done: only what was taken back, retired or terminated is over."""
    assert {phase.value for phase in Phase if phase.over} == {"withdrawn", "retired", "terminated"}


@pytest.mark.parametrize(("values", "control"), [((3, 5, 7), Control.HELD), ((3, 2, 7), Control.LIVE)])
def test_r4_a_spike_of_cost_is_seen_before_its_band(values: tuple[int, ...], control: Control) -> None:
    """Cost that grows reading by reading holds while each of them is still inside its band."""
    cost = lone().metrics["errors"].but(family=MetricFamily.COST, trend=2, healthy=None)
    story = watched(but(lone(), metrics={**lone().metrics, "cost": cost}))
    for value in values:
        story.now += HOUR
        story.read(value, "cost")
    assert story.state.exposure.control is control


@pytest.mark.parametrize(
    ("models", "weight"), [(("small-text", "large-text"), Weight.MATERIAL), (("small-text",), None)]
)
def test_r5_another_model_is_looked_at_anew(models: tuple[str, ...], weight: Weight | None) -> None:
    """A change of model is another plan, for which everybody is asked again."""
    plan = standard_plan()
    new = with_rung(plan, 5, exposure=plan.rung(5).exposure.but(models=models))
    assert {one.weight for one in materiality.diff(plan, new)} == ({weight} if weight else set())


@pytest.mark.parametrize(("runs", "control"), [(250, Control.HELD), (200, Control.LIVE)])
def test_r7_a_spike_of_usage_holds(runs: int, control: Control) -> None:
    """More runs than the wave was approved for hold it at once, and people decide how it goes on."""
    used = lone().metrics["errors"].but(limit="runs_per_day", bands=(), healthy=None, family=MetricFamily.ADOPTION)
    plan = but(lone(), metrics={**lone().metrics, "runs": used})
    rung = plan.rung(2)
    story = watched(with_rung(plan, 2, exposure=rung.exposure.but(runs_per_day=200)))
    answer = story.read(runs, "runs")
    assert story.state.exposure.control is control
    assert (said(answer) is Code.HELD) is (control is Control.HELD)
