"""How evidence, freezes and recovery failed elsewhere, and do not fail here; beside each, a twin that passes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.pure.beginnings import lone
from tests.pure.world import (
    START,
    F,
    Story,
    but,
    freeze,
    member,
    said,
    standard_plan,
    with_rules,
    with_rung,
)
from tidegate.judging import judge
from tidegate.models.base import Band, Bound, Condition, GateKind, Operator, Span
from tidegate.models.decision import Verdict
from tidegate.models.event import ActorKind, Alert, Confirm, Override, Readings, Reduction, Resume, Tick
from tidegate.models.exposed import Control
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

DAY = timedelta(days=1)
NOW = START + 30 * DAY


def reading(**changes: Any) -> Reading:
    """Return a good reading, changed."""
    return Reading(**{"status": "value", "value": Decimal(1), "n": 100, "taken_at": NOW, **changes})


GOOD = reading()
SILENT = {
    "never read": (None, Verdict.INCONCLUSIVE, Code.NO_READING),
    "source down": (reading(status="error", value=None), Verdict.ERRORED, Code.SOURCE_ERROR),
    "NaN": (reading(status="error", value=None, why="not_a_number"), Verdict.INCONCLUSIVE, Code.NOT_A_NUMBER),
    "source says stale": (reading(status="stale"), Verdict.INCONCLUSIVE, Code.STALE),
    "too old": (reading(taken_at=NOW - 3 * DAY), Verdict.INCONCLUSIVE, Code.STALE),
    "from the future": (reading(taken_at=NOW + timedelta(minutes=6)), Verdict.INCONCLUSIVE, Code.FROM_THE_FUTURE),
    "empty vector": (reading(status="no_data", value=None), Verdict.INCONCLUSIVE, Code.NO_DATA),
    "a value that is none": (reading(value=None), Verdict.INCONCLUSIVE, Code.NO_DATA),
    "source says too few": (reading(status="insufficient_sample"), Verdict.INCONCLUSIVE, Code.FEW_SAMPLES),
    "too few samples": (reading(n=4), Verdict.INCONCLUSIVE, Code.FEW_SAMPLES),
}
TWINS = {
    "just young enough": reading(taken_at=NOW - 3 * DAY + timedelta(minutes=1)),
    "a clock a little ahead": reading(taken_at=NOW + timedelta(minutes=4)),
    "just enough samples": reading(n=5),
    "a real zero": reading(value=Decimal(0)),
}

# -- no evidence, and too little --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SILENT)
def test_silence_has_many_names_and_never_passes(case: str) -> None:
    """Each way of saying nothing has its own reason and no value, and none of them is a pass."""
    last, verdict, code = SILENT[case]
    plan = lone()
    found, reason, value = judge(plan, plan.metrics["errors"], "errors", last, NOW)
    assert (found, reason.code, value) == (verdict, code, None)


@pytest.mark.parametrize("case", TWINS)
def test_what_is_just_enough_passes(case: str) -> None:
    """A reading at the right side of each limit counts, a real zero included."""
    plan = lone()
    found, reason, value = judge(plan, plan.metrics["errors"], "errors", TWINS[case], NOW)
    assert (found, reason.code, value) == (Verdict.PASSED, Code.READ, TWINS[case].value)


@pytest.mark.parametrize(("asked", "counts"), [(timedelta(hours=1), True), (timedelta(hours=-1), False)])
def test_a_figure_that_comes_late_counts_after_a_failure(asked: timedelta, counts: bool) -> None:
    """That a source could not be asked bars no older figure that it gives afterwards, and one that it gave before."""
    story = Story(lone()).live()
    failed = story.now
    story.read(None, status="error", taken_at=failed, read_at=failed)
    story.now += timedelta(hours=2)
    story.read("1", taken_at=failed - timedelta(hours=6), read_at=failed + asked)
    last = story.state.metrics["errors"].last
    assert last is not None
    assert (last.status == "value") is counts


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_no_number_is_no_number(value: str) -> None:
    """What is not a number cannot even be said; a source says that it has no data."""
    with pytest.raises(ValidationError):
        reading(value=Decimal(value))
    assert reading(value=Decimal("1.5")).number == Decimal("1.5")


@pytest.mark.parametrize(
    ("policy", "verdict", "value"),
    [
        ("inconclusive", Verdict.INCONCLUSIVE, None),
        ("fail", Verdict.FAILED, None),
        ("zero", Verdict.PASSED, Decimal(0)),
    ],
)
def test_no_data_means_what_the_plan_says(policy: str, verdict: Verdict, value: Decimal | None) -> None:
    """What no data means is written in the plan, and says nothing unless it is written otherwise."""
    plan = lone(on_no_data=policy)
    found, _, counted = judge(plan, plan.metrics["errors"], "errors", reading(status="no_data", value=None), NOW)
    assert (found, counted) == (verdict, value)
    assert standard_plan().metrics["errors"].on_no_data == "inconclusive"


@pytest.mark.parametrize("case", [*SILENT, "good"])
def test_inconclusive_is_not_promoted(case: str) -> None:
    """A checkpoint without evidence ends in a hold, and no round of votes is opened on it; with evidence one is."""
    story = Story(lone()).live()
    story.value = None
    last = GOOD if case == "good" else SILENT[case][0]
    end = story.now + 6 * DAY
    for _ in range(4):
        story.wait(end)
        if last is not None:
            taken = story.now + (last.taken_at - NOW)
            story.read(last.value, status=last.status, n=last.n, taken_at=taken, why=last.why)
        end = story.now + DAY
    checkpoint = [gate for gate in story.state.gates.values() if gate.kind is GateKind.CHECKPOINT]
    assert bool(checkpoint) is (case == "good")
    assert story.state.exposure.control is (Control.LIVE if case == "good" else Control.HELD)
    assert story.people == 10


def test_a_group_of_silences_scores_nothing() -> None:
    """Many metrics without data are as silent as one; a single good one among them does not speak for the rest."""
    plan = lone()
    many = but(plan, metrics=dict.fromkeys(("errors", "cost", "delay"), plan.metrics["errors"]))
    story = Story(many).live()
    story.value = None
    story.wait(6 * DAY)
    story.read(1)
    story.wait(3 * DAY)
    assert story.state.exposure.control is Control.HELD
    assert not story.state.gates


def test_ended_before_the_first_sample() -> None:
    """A wave that is stopped before anything was measured was no success: it begins again, and so does the watch."""
    story = Story(lone()).climb(2)
    story.value = None
    story.reduce(Reduction.PAUSE)
    story.wait(30 * DAY)
    assert Code.STAGE_DONE not in story.codes()
    story.message(Resume, "owner", cause="fixed")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    watch = story.state.position.observation
    assert watch is not None
    assert (story.state.position.level, watch.since) == (1, story.now)


@pytest.mark.parametrize(("early", "seen"), [(True, 0), (False, 100)])
def test_runs_before_the_wave_do_not_count(early: bool, seen: int) -> None:  # the case itself
    """What was measured before a wave began says nothing about it."""
    story = Story(with_rung(lone(), 1, min_samples=50)).live()
    story.value = None
    story.read(1, taken_at=story.now - timedelta(minutes=1) if early else story.now)
    story.wait(8 * DAY)
    assert (Code.EXTENDED in story.codes()) is (seen == 0)


# -- when figures act -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operator", "at_bound"), [("<", False), ("<=", True), (">", False), (">=", True)])
def test_at_the_bound(operator: str, at_bound: bool) -> None:  # the expected answer
    """At the bound itself, `>` and `>=` differ, and so do `<` and `<=`."""
    assert Operator(operator).holds(Decimal("10.0"), Decimal(10)) is at_bound


@pytest.mark.parametrize(
    ("bound", "value", "acts"), [("> 10", 10, False), ("> 10", "10.01", True), (">= 10", 10, True)]
)
def test_a_budget_that_is_reached(bound: str, value: str | int, acts: bool) -> None:  # the answer
    """A cap that says `more than` lets the cap itself pass, and one that says `at least` does not."""
    story = Story(lone(bands=((Band.PAUSE, Bound.of(bound)),))).climb(2)
    story.read(value)
    assert (story.people == 0) is acts


@pytest.mark.parametrize("dry", [True, False])
def test_a_rehearsed_metric(dry: bool) -> None:  # the case itself
    """A metric in rehearsal is judged and recorded, and neither acts nor decides a gate."""
    story = Story(lone(dry_run=dry)).live()
    story.value = Decimal(30)
    story.read(30)
    assert story.state.metrics["errors"].band is Band.PAUSE
    assert (story.people == 0) is not dry


@pytest.mark.parametrize(("guardrail", "control"), [(False, Control.HELD), (True, Control.NARROWED)])
def test_a_signal_only_asks(guardrail: bool, control: Control) -> None:  # the case itself
    """A guardrail acts as far as its band says; a signal holds at most."""
    story = Story(lone(guardrail=guardrail)).climb(2)
    story.read(12)
    assert story.state.exposure.control is control


def test_so_many_in_a_row() -> None:
    """Where breaches must come in a row, a good reading between them starts the count anew."""
    story = Story(lone(consecutive=2)).climb(2)
    controls = []
    for value in (12, 1, 12, 12):
        story.now += timedelta(hours=1)
        story.read(value)
        controls.append(story.state.exposure.control)
    assert controls == [Control.LIVE, Control.LIVE, Control.LIVE, Control.NARROWED]


@pytest.mark.parametrize(("n", "acts"), [(4, False), (5, True)])
def test_a_thin_reading_does_not_act(n: int, acts: bool) -> None:  # the expected answer
    """A terrible value over too few cases says nothing in either direction."""
    story = Story(lone()).climb(2)
    story.read(50, n=n)
    assert (story.people == 0) is acts


def test_an_older_answer_that_comes_late() -> None:
    """A late answer about an earlier time neither undoes nor repeats what a newer one did."""
    story = Story(lone()).climb(2)
    story.now += DAY
    story.read(1)
    story.read(50, taken_at=story.now - timedelta(hours=2))
    assert story.people == 20


def test_a_clock_that_is_wrong() -> None:
    """A value from next year is refused, does not count when its time has come, and bars no honest one."""
    story = Story(lone()).climb(2)
    story.read(50, taken_at=story.now + 300 * DAY)
    assert Code.FROM_THE_FUTURE in story.codes()
    assert story.people == 20
    story.read(30)
    assert story.people == 0


@pytest.mark.parametrize(("value", "acts"), [(16, True), (15, False)])
def test_what_pauses_this_wave(value: int, acts: bool) -> None:  # the expected answer
    """A wave may be paused by less than the metric's own bands say, even by a signal."""
    pausing = (Condition("errors", Bound.of("> 15")),)
    story = Story(with_rung(lone(guardrail=False), 2, pause_when=pausing)).climb(2)
    story.read(value)
    assert (story.people == 0) is acts


@pytest.mark.parametrize(("who", "code"), [("ops-a", Code.NOT_THIS_WAY), ("stranger", Code.UNKNOWN_PERSON)])
def test_figures_come_by_their_own_door(who: str, code: Code) -> None:
    """Nobody types in what a machine measures, and no machine says what a person must read."""
    story = Story().live()
    items = {"errors": reading(taken_at=story.now)}
    assert said(story.message(Readings, who, items=items)) is code
    assert said(story.message(Readings, "reader", actor_kind=ActorKind.SERVICE, items=items)) is Code.READINGS
    by_hand = {"comments": items["errors"]}
    assert said(story.message(Readings, "agent", actor_kind=ActorKind.AGENT, items=by_hand)) is Code.NOT_THIS_WAY


# -- nothing recovers upwards by itself -------------------------------------------------------------------------------


def test_blind_then_seeing_again() -> None:
    """When a silent metric speaks again, what was narrowed in the meantime stays narrowed until people resume."""
    story = Story(lone(blind_limit=Span.of("2d"))).climb(2)
    story.value = None
    story.wait(6 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)
    story.value = Decimal(1)
    story.read(1)
    story.wait(10 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)
    story.message(Resume, "owner", cause="the source is back")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert story.state.exposure.control is Control.LIVE


def test_a_hold_of_people_is_lifted_by_people() -> None:
    """After a person has held it, neither good figures, nor the end of an alert, nor time lets it go on."""
    story = Story(lone()).live()
    story.reduce(Reduction.HOLD, "risk-a")
    story.read(0)
    for resolved in (False, True):
        alert = {"fingerprint": "f", "starts_at": story.now, "resolved": resolved}
        story.say(Alert(**story.envelope("monitor", actor_kind=ActorKind.SERVICE, **alert)))
    story.say(Tick())
    story.wait(20 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    for kind in (ActorKind.SERVICE, ActorKind.AGENT):
        assert said(story.message(Resume, "owner", actor_kind=kind, cause="all green")) is Code.NO_RIGHT
    assert said(story.message(Resume, "owner", cause="understood")) is Code.RESUME_PROPOSED
    assert F.RISK in story.gate.needs


@pytest.mark.parametrize(("to_peak", "code"), [(False, Code.TOO_HIGH), (True, Code.RESUME_PROPOSED)])
def test_not_straight_back_to_the_peak(to_peak: bool, code: Code) -> None:  # the case itself
    """A resume starts below where it was, unless the standard says otherwise."""
    story = Story(with_rules(lone(), resume_to_peak=to_peak)).climb(2)
    story.reduce(Reduction.PAUSE)
    assert said(story.message(Resume, "owner", cause="fixed", to="pilot/w2")) is code


def test_a_held_wave_resumes_where_it_is() -> None:
    """What was only held goes on as it is, and naming the wave that it stands in is no wish for more."""
    story = Story(lone()).climb(2)
    story.reduce(Reduction.HOLD)
    assert said(story.message(Resume, "owner", cause="x", to="limited/w3")) is Code.TOO_HIGH
    assert said(story.message(Resume, "owner", cause="x", to="pilot/w2")) is Code.RESUME_PROPOSED
    story.agree()
    assert (story.state.exposure.control, story.people) == (Control.LIVE, 20)


def test_held_before_it_began() -> None:
    """A resume does not start what nobody has started."""
    story = Story()
    story.reduce(Reduction.HOLD)
    story.message(Resume, "owner", cause="x")
    story.agree()
    assert story.phase is Phase.SUBMITTED
    story.start()
    assert Code.CLASSIFIED in story.codes()


# -- freezes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", list(Reduction))
def test_a_freeze_blocks_no_way_down(verb: Reduction) -> None:
    """In a freeze every reduction goes through at once."""
    story = Story(but(lone(), freezes=(freeze(START + 11 * DAY, START + 300 * DAY),))).climb(2)
    story.now = START + 12 * DAY
    story.reduce(verb)
    assert not story.state.exposure.control.open
    assert story.people == (20 if verb is Reduction.HOLD else 10 if verb is Reduction.NARROW else 0)


@pytest.mark.parametrize("agreed", [True, False])
def test_the_end_of_a_freeze_is_no_approval(agreed: bool) -> None:  # the case itself
    """When a freeze ends, what people agreed to goes on, and nothing else does."""
    story = Story(but(lone(), freezes=(freeze(START, START + 2 * DAY),)))
    story.start()
    story.ready()
    if agreed:
        story.agree()
    story.wait(4 * DAY)
    assert story.people == (10 if agreed else 0)


def test_two_freezes_in_a_row() -> None:
    """Where one freeze ends in another, it stays frozen until the last one ends."""
    windows = (freeze(START, START + 2 * DAY, "a"), freeze(START + DAY, START + 3 * DAY, "b"))
    story = Story(but(lone(), freezes=windows))
    story.start()
    story.ready()
    story.agree()
    story.wait(START + 3 * DAY - timedelta(minutes=1))
    before = story.people
    story.wait(timedelta(minutes=1))
    assert (before, story.people) == (0, 10)


# -- emergencies and notices ------------------------------------------------------------------------------------------


def test_overrides_do_not_renew_themselves() -> None:
    """An override in force is not extended by another; it ends when it said, and the next one waits for its review."""
    story = Story(lone()).live()
    for _ in range(3):
        story.message(Override, "exec", to="w2", incident="INC-7")
        story.message(Override, "ops-a", to="w2", incident="INC-7")
    assert story.state.emergency is not None
    until = story.state.emergency.until
    story.wait(until - timedelta(minutes=1))
    assert story.people == 20
    story.wait(until)
    assert story.people == 10
    assert said(story.message(Override, "exec", to="w2", incident="INC-8")) is Code.REVIEW_OWED


@pytest.mark.parametrize("confirmed", [True, False])
def test_told_is_not_understood(confirmed: bool) -> None:  # the case itself
    """Where an audience must confirm, delivery alone opens nothing, and only they confirm."""
    notice = PlanNotice(audience="the floor", to=("business",), channel="log", lead=Span.of("1h"), acknowledge=True)
    story = Story(but(lone(), notices=(notice,)))
    story.start()
    story.ready()
    story.agree()
    assert said(story.message(Confirm, "ops-a", what="notice:0")) is Code.NOT_YOURS
    if confirmed:
        assert said(story.message(Confirm, "business", what="notice:0")) is Code.ACKNOWLEDGED
    story.wait(DAY)
    assert story.people == (10 if confirmed else 0)


@pytest.mark.parametrize("listed", [True, False])
def test_a_reduction_from_a_stranger(listed: bool) -> None:  # the case itself
    """An unlisted sender is heard too: it is held instead, and somebody is paged."""
    story = Story(lone()).climb(2)
    code = said(story.reduce(Reduction.PAUSE, "risk-a" if listed else "business"))
    assert code is (Code.PAUSED if listed else Code.HELD)
    assert story.people == (0 if listed else 20)
    assert (Code.UNLISTED_HELD in story.codes()) is not listed


@pytest.mark.parametrize("receiver", ["receiver", "data-b"])
def test_the_receiver_signs_in_person(receiver: str) -> None:
    """Whoever takes it over signs with their own name, whatever function they hold; nobody signs for them."""
    plan = lone()
    handoff = plan.handoff
    assert handoff is not None
    people = {**plan.roster, "data-b": member("data-b", (F.DATA_STEWARD,))}
    story = Story(but(plan, roster=people, handoff=handoff.but(receiver=receiver))).climb(5).review()
    story.agree()
    story.ready(ReadinessItem.RECEIVER_DRILL, receiver)
    story.vote("ops-a")
    before = story.phase
    assert said(story.vote(receiver)) is Code.APPROVED
    assert (before, story.phase) == (Phase.HANDOFF_PENDING, Phase.OPERATING)
