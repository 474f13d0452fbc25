"""Fallback: rows C1 to C10 and C12 to C16 of the requirements."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cli import briefing
from tests.cli.run import DAY as AS_OF
from tests.cli.run import ROOT, SUMMARISER, Here
from tests.pure.test_drills import drilled, drilling
from tests.pure.world import Story, but, exposure, said, standard_plan, with_metric, with_rules, with_rung
from tests.requirements.test_b import PILOT, STAGED, made, plan_of, rules_broken
from tidegate.check import DELETE
from tidegate.explain import explain
from tidegate.manual import load
from tidegate.materiality import Weight, diff
from tidegate.models.base import Bound, Condition, Span, Stage
from tidegate.models.decision import Notify
from tidegate.models.event import Applied, Confirm, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.rights import holders

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WAYS = (Reduction.HOLD, Reduction.NARROW, Reduction.REDIRECT, Reduction.PAUSE, Reduction.ROLLBACK)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"manual_fallback.how": "People know how"}, "C1"),
        ({"manual_fallback.per_day": DELETE}, "S1"),
        ({"manual_fallback.owner": DELETE}, "S1"),
        ({"manual_fallback.owner": "nobody-here"}, "P4"),
        ({}, None),
    ],
)
def test_c1_the_manual_way_has_a_page_an_owner_and_a_capacity(changes: dict[str, Any], rule: str | None) -> None:
    """Where it is written, who runs it and how much it carries are asked of everybody; how long, of a wider rollout."""
    assert rules_broken(STAGED, **changes) == ({rule} if rule else set())
    endless = {finding.rule for finding in made(STAGED, **{"manual_fallback.max_days": DELETE}).findings}
    assert "C1a" in endless


@pytest.mark.parametrize(
    ("verb", "people", "control"),
    [
        (Reduction.HOLD, 20, Control.HELD),
        (Reduction.NARROW, 10, Control.NARROWED),
        (Reduction.REDIRECT, 0, Control.REDIRECTED),
        (Reduction.PAUSE, 0, Control.PAUSED),
        (Reduction.ROLLBACK, 0, Control.ROLLED_BACK),
    ],
)
def test_c2_five_ways_down_each_with_its_effect_and_its_read_back(verb: Any, people: int, control: Control) -> None:
    """Hold, narrow, redirect, pause and roll back each ask the targets for less, and end when it is read back."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(verb)
    move = story.applied()[-1]
    assert (move.verb, move.exposure.people) == (verb.value, people)
    assert story.state.exposure.pending == move
    story.auto = True
    story.answer()
    assert (story.state.exposure.confirmed.people, story.state.exposure.control) == (people, control)
    for way in ("narrow", "pause", "rollback"):
        assert [step.probe for step in getattr(plan_of(PILOT).fallback, way)] == ["driver reads back"]


def test_c3_the_way_down_was_approved_with_the_plan_and_asks_nobody_again() -> None:
    """A rollback in the middle of any round goes through with no vote; another fallback plan asks everybody first."""
    story = Story().live().review()
    assert story.gate.satisfied_at is None
    assert said(story.reduce(Reduction.ROLLBACK)) is Code.ROLLING_BACK
    assert (story.state.exposure.confirmed.people, [one for one in story.codes() if one is Code.APPROVED][2:]) == (
        0,
        [],
    )
    plan = standard_plan()
    other = but(plan, fallback=plan.fallback.but(levels=()))
    assert other.digest != plan.digest
    assert [change.weight for change in diff(plan, other)] == [Weight.MATERIAL]


def test_c4_more_people_may_stop_than_may_go_on() -> None:
    """Whoever may resume is fewer than whoever may reduce, and each of these stops it alone."""
    plan = plan_of(STAGED)
    stops, goes = (
        {name for function in plan.rights[right] for name in holders(plan, function)}
        for right in (Right.REDUCE, Right.RESUME)
    )
    assert stops > goes
    base = standard_plan()
    listed = [name for function in base.rights[Right.REDUCE] for name in holders(base, function)]
    for name in listed:
        story = Story().live()
        story.reduce(Reduction.PAUSE, name)
        assert story.people == 0, name


@pytest.mark.parametrize("verb", WAYS[1:])
def test_c5_those_who_take_the_work_over_hear_of_it(verb: Reduction) -> None:
    """When a way down begins, its owners and whoever works by hand hear what is true now, and how much work comes."""
    plan = with_rung(standard_plan(), 1, exposure=exposure(10, runs_per_day=30))
    story = Story(but(plan, fallback=plan.fallback.but(manual_minutes=12))).live()
    before = len(story.moves)
    story.reduce(verb)
    told = [move for move in story.moves[before:] if isinstance(move, Notify)]
    assert {"owner", "business", "ops-a"} <= {name for move in told for name in move.to}
    said_so = [entry.reason for entry in story.entries if entry.action == verb.value]
    assert any(move.urgent and move.about == said_so[-1] for move in told)
    loads = [move for move in told if move.about.code is Code.MANUAL_LOAD]
    assert [(move.to, "30 cases a day" in explain(move.about)) for move in loads] == (
        [] if verb is Reduction.NARROW else [(("ops-a",), True)]
    )


@pytest.mark.parametrize(
    ("step", "rules"),
    [
        (
            {"do": "Handle the queue as needed", "owner": "ops-manager", "within": "1h", "probe": "queue is empty"},
            {"C6"},
        ),
        ({"do": "Empty the queue", "probe": "queue is empty"}, {"C6a"}),
        ({"do": "Empty the queue", "owner": "ops-manager", "within": "1h", "probe": "queue is empty"}, set()),
    ],
)
def test_c6_a_step_is_for_a_machine_or_for_a_named_person_with_a_time(step: dict[str, str], rules: set[str]) -> None:
    """Words that leave it to the moment are refused, and so is a step of nobody or without a time."""
    driver = {"do": "driver", "probe": "driver reads back"}
    assert rules_broken(STAGED, **{"fallback.rollback": [driver, step]}) == rules


@pytest.mark.parametrize(
    ("value", "control", "people"),
    [(5, Control.LIVE, 20), (11, Control.NARROWED, 10), (21, Control.PAUSED, 0), (41, Control.ROLLED_BACK, 0)],
)
def test_c7_a_signal_forces_the_way_down_by_itself(value: int, control: Control, people: int) -> None:
    """A reading in a band does what the band says, at once, and nobody has to be there."""
    story = Story().climb(2)
    story.read(value)
    assert (story.state.exposure.control, story.state.exposure.confirmed.people) == (control, people)


@pytest.mark.parametrize(
    ("readings", "held"), [((1, 2, 3, 4), True), ((1, 2, 3), False), ((1, 2, 2, 3, 4), False), ((4, 3, 2, 1), False)]
)
def test_c8_a_trend_holds_before_any_threshold_is_crossed(readings: tuple[int, ...], held: bool) -> None:
    """So many readings in a row that are each worse hold; one that is not begins the count anew."""
    story = Story(with_metric(standard_plan(), "errors", trend=3)).live()
    story.value = None
    for value in readings:
        story.now += HOUR
        story.read(value)
    assert story.state.exposure.control is (Control.HELD if held else Control.LIVE)


@pytest.mark.parametrize(("needed", "people"), [(2, 0), (3, 20)])
def test_c8_breaches_in_a_row_count_where_the_plan_says_so(needed: int, people: int) -> None:
    """A metric that must breach several times in a row acts with the last of them, and not before."""
    story = Story(with_metric(standard_plan(), "errors", consecutive=needed)).climb(2)
    for _ in range(2):
        story.now += HOUR
        story.read(25)
    assert story.people == people


@pytest.mark.parametrize("age", [1, 29, 30, 400])
def test_c9_the_gate_fails_when_the_last_drill_is_too_old(age: int) -> None:
    """A rollback that was run, and not longer ago than the standard says, opens the gate; an older one does not."""
    story = Story(drilling())
    drilled(story)
    record = story.state.drills["rollback"]
    assert (record.by, record.passed, record.millis, record.at) == ("ops-a", True, 900, story.now)
    story.now += age * DAY
    story.start()
    assert bool(story.state.gates) is (age < 30)


@pytest.mark.parametrize(
    ("verb", "opened"),
    [(Reduction.HOLD, False), (Reduction.NARROW, False), (Reduction.PAUSE, True), (Reduction.ROLLBACK, True)],
)
def test_c10_a_stop_opens_an_incident_that_somebody_answers_for(verb: Reduction, opened: bool) -> None:
    """Where the rules ask for it, a pause or a rollback is an incident; unanswered in time, nothing widens any more."""
    story = Story(with_rules(standard_plan(), incident_within=Span.of("3d"))).live()
    story.reduce(verb)
    if opened:
        story.reduce(Reduction.PAUSE)
    incidents = {name: owed for name, owed in story.state.obligations.items() if owed.kind == "incident"}
    assert len(incidents) == int(opened)
    if not opened:
        return
    (name,) = incidents
    story.wait(4 * DAY)
    story.message(Resume, "owner", cause="mended")
    story.agree()
    story.wait(2 * DAY)
    assert story.state.obligations[name].overdue
    assert story.people == 0
    assert said(story.message(Confirm, "risk-a", what=name, evidence="review 4")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "ops-a", what=name, evidence="review 4")) is Code.OBLIGATION_MET
    for _ in range(40):
        if story.people:
            break
        if not story.state.gates and story.phase is Phase.REDUCED:
            story.message(Resume, "owner", cause="mended")
        if story.state.gates and story.gate.satisfied_at is None:
            story.agree()
        story.wait()
    assert story.people == 10


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (30, "up to 30 cases a day x 12 minutes come back by hand, 6.0 hours of work; 100 can be done by hand."),
        (130, "26.0 hours of work; 100 can be done by hand; 30 a day are left lying."),
        (None, "nobody can say how many cases a day come back (no limit of runs); 100 can be done by hand."),
    ],
)
def test_c12_the_briefing_says_how_much_work_would_fall_back_on_people(
    runs: int | None, says: str, capsys: Any
) -> None:
    """Runs a day times minutes stand beside what can be done by hand, on the page that is voted about."""
    plan = with_rung(standard_plan(), 2, exposure=exposure(20, runs_per_day=runs))
    story = Story(but(plan, fallback=plan.fallback.but(manual_minutes=12))).live().review()
    briefing.show(story.plan, story.state, story.gate)
    assert says in " ".join(capsys.readouterr().out.split())
    assert load(story.plan, exposure(10, cohorts={})).cases == 0
    assert "C12" in {one.rule for one in made(PILOT, **{"pilot.runs_per_day": 400}).findings}


def test_c13_one_page_answers_the_ten_questions_with_names_and_commands(tidegate: Here) -> None:
    """Anybody can print who may stop a workflow, by name, and the very command, without a server."""
    of = ("--playbook", str(ROOT / SUMMARISER), "--as-of", AS_OF)
    page = tidegate("onepager", "minutes-summariser", *of)
    assert (page.code, page.err) == (0, "")
    assert "   To pause it: tidegate pause minutes-summariser" in page.out.splitlines()
    said_so = json.loads(tidegate("onepager", "minutes-summariser", *of, "--json").out)
    rows = {row["question"]: row["answers"] for row in said_so["rows"]}
    assert len(rows) == 10
    assert all(rows.values())
    stops = rows["Who can pause it or roll it back?"]
    plan = plan_of(PILOT)
    for name in {name for function in plan.rights[Right.REDUCE] for name in holders(plan, function)}:
        assert f"{plan.roster[name].name} ({name})" in stops[0]
    assert "To roll it back: tidegate rollback minutes-summariser" in stops
    assert rows["What systems can it write to?"] == ["None."]
    assert "draft in editor" in rows["Which actions are allowed without approval?"]
    other = tidegate("onepager", "claims-triage", *of)
    assert (other.code, "tidegate onepager minutes-summariser" in other.err) == (2, True)


@pytest.mark.parametrize("result", ["unknown", "confirmed"])
def test_c14_what_was_half_done_is_a_state_of_its_own_and_is_reconciled(result: Any) -> None:
    """A widening of which nobody knows what became is taken back and fenced until it is settled."""
    story = Story()
    story.start()
    story.ready()
    story.agree()
    story.widening()
    pending = story.state.exposure.pending
    assert pending is not None
    observed = pending.exposure if result == "confirmed" else None
    story.auto = True
    story.say(Applied(epoch=pending.epoch, result=result, observed=observed, note="cut off"))
    exposure_state = story.state.exposure
    assert bool(exposure_state.unresolved) is (result == "unknown")
    assert story.people == (0 if result == "unknown" else 10)
    if result == "unknown":
        assert exposure_state.epoch > pending.epoch
        story.wait(HOUR)
        assert not story.state.exposure.unresolved


def test_c15_a_limited_rollout_says_how_the_team_steadies_things() -> None:
    """Without a plan to steady things a limited rollout cannot begin; a hold lasts until people say that it is over."""
    plan = made(STAGED, **{"limited.stabilise": DELETE}).plan
    assert plan is not None
    assert any("steadies" in what for what in plan.stages[Stage.LIMITED].owed)
    assert plan_of(STAGED).stages[Stage.LIMITED].owed == ()
    story = Story().climb(2)
    story.reduce(Reduction.HOLD)
    story.wait(2 * DAY)
    assert (story.people, story.state.exposure.control) == (20, Control.HELD)
    story.message(Resume, "owner", cause="steady for two days")
    story.agree()
    assert story.state.exposure.control is Control.LIVE


@pytest.mark.parametrize(("handed_over", "people"), [(False, 0), (True, 500)])
def test_c16_guards_of_the_rollout_are_tighter_than_those_of_steady_operation(handed_over: bool, people: int) -> None:
    """A guard pauses while it is rolled out, at a figure that the metric's own bands let pass once it operates."""
    guard = (Condition("errors", Bound.of("> 8")),)
    story = Story(with_rung(standard_plan(), 5, guard_when=guard))
    story.operate() if handed_over else story.climb(5)
    story.read(Decimal(9))
    assert story.people == people
    loose, tight = (
        {"pilot.guard_when": ["corrections_per_100 > 20"]},
        {"pilot.guard_when": ["corrections_per_100 > 12"]},
    )
    assert (rules_broken(PILOT, **loose), rules_broken(PILOT, **tight)) == ({"C16"}, set())
