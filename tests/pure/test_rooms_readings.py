"""The rooms of readings, told: limits, trends, the way back, silence, and what is worked out from other figures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.beginnings import lone
from tests.pure.test_derived import ALL, ASKED, begun, costed, read
from tests.pure.test_patience import watched
from tests.pure.world import START, Story, but, exposure, standard_plan, with_metric, with_rung
from tidegate import thresholds
from tidegate.models.base import Band, Bound, Condition, Span
from tidegate.models.decision import Outcome
from tidegate.models.event import CLOCK, ActorKind, Readings
from tidegate.models.exposed import Control
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.turn import Turn, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ERRORS = lone().metrics["errors"]


def reading(value: int | None = 1, **more: Any) -> Reading:
    """Return a reading that was taken at the start."""
    given = {"status": "value", "value": None if value is None else Decimal(value), "n": 100, "taken_at": START}
    return Reading(**{**given, **more})


def state(last: Reading | None = None, **more: Any) -> MetricState:
    """Return how a metric stands."""
    return MetricState(last=last, due_at=START, since=START, **more)


def acted(story: Story) -> list[tuple[Outcome, Any]]:
    """Return why thresholds have acted."""
    return [(entry.outcome, entry.reason) for entry in story.entries if entry.action == "threshold"]


# -- limits -----------------------------------------------------------------------------------------------------------


def test_a_limit_that_is_passed_is_told_with_both_figures() -> None:
    """Who is woken reads which limit it was, what was counted, and what it did; the second in a row narrows."""
    story = watched(lone(limit="people", bands=(), healthy=None))
    story.read(10)
    assert acted(story) == []
    for count, does in ((11, "hold"), (12, "narrow")):
        story.now += HOUR
        story.read(count)
        reason = because(Code.LIMIT_BREACHED, metric="errors", value=count, limit=10, does=does)
        assert acted(story)[-1] == (Outcome.DONE, reason)


@pytest.mark.parametrize(
    ("before", "narrows"),
    [
        (state(), False),
        (state(acted=Band.HOLD), False),
        (state(reading(11)), False),
        (state(reading(10), acted=Band.HOLD), False),
        (state(reading(None, status="no_data"), acted=Band.HOLD), False),
        (state(reading(11), acted=Band.HOLD), True),
        (state(reading(11), acted=Band.NARROW), True),
    ],
    ids=["first", "held, unread", "past, not held", "held at the limit", "held, silent", "held past it", "narrowed"],
)
def test_a_limit_narrows_only_where_it_was_held_past_it_before(before: MetricState, narrows: bool) -> None:
    """One figure past it holds; only the next one that follows a held one past it takes people out."""
    plan = lone(limit="people")
    turn = Turn(plan, Story(plan).live().state, START, CLOCK, None)
    metric = plan.metrics["errors"]
    assert thresholds._past(turn, metric, Decimal(12), before) is (Band.NARROW if narrows else Band.HOLD)
    assert thresholds._past(turn, metric, Decimal(10), before) is Band.HEALTHY


def test_what_may_cost_nothing_is_past_it_with_the_first_cent() -> None:
    """A silent answer counts as nothing spent: at a limit of nothing it was not past it."""
    plan = with_rung(lone(limit="budget_per_month"), 1, exposure=exposure(10, budget_per_month=Decimal(0)))
    turn = Turn(plan, Story(plan).live().state, START, CLOCK, None)
    silent = state(reading(None, status="no_data"), acted=Band.HOLD)
    assert thresholds._past(turn, plan.metrics["errors"], Decimal(1), silent) is Band.HOLD


# -- trends -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bands", "healthy", "worse", "better"),
    [
        (("> 10",), None, 6, 4),
        (("< 3",), None, 4, 6),
        ((), "<= 2", 6, 4),
        ((), ">= 8", 4, 6),
        (("< 3",), ">= 8", 4, 6),
        (("> 10",), "<= 2", 6, 4),
    ],
)
def test_a_trend_knows_which_way_is_worse(bands: tuple[str, ...], healthy: str | None, worse: int, better: int) -> None:
    """Towards where it is bad, or away from where it is good; the same figure again is no worse."""
    metric = ERRORS.but(
        trend=3,
        bands=tuple((Band.HOLD, Bound.of(text)) for text in bands),
        healthy=None if healthy is None else Bound.of(healthy),
    )
    before = state(reading(5), worse=1)
    found = [thresholds._worse(metric, Decimal(value), before) for value in (worse, 5, better)]
    assert found == [2, 0, 0]


# -- the way back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("recover", "needed"), [(3, 3), (None, 1)])
def test_on_the_way_back_it_says_how_many_are_lacking(recover: int | None, needed: int) -> None:
    """The reviewer reads the figure, the band that still stands, and how many good readings came of how many."""
    metric = ERRORS.but(recover=recover)
    astray = state(reading(), band=Band.NARROW, good=1)
    assert thresholds._in_band(metric, "errors", Decimal(1), astray) == because(
        Code.RECOVERING, metric="errors", value=1, band="narrow", good=1, needed=needed
    )
    assert thresholds._in_band(metric, "errors", Decimal(12), astray.but(good=0)) == because(
        Code.IN_BAND, metric="errors", value=12, band="narrow"
    )


# -- late answers and silence -----------------------------------------------------------------------------------------


def test_a_late_answer_hides_none_that_came_with_it() -> None:
    """What is older than what is known is passed over, and the next figure of the same round acts."""
    story = watched(but(lone(), metrics={"errors": ERRORS, "delay": ERRORS}), 2)
    story.read(1)
    known = story.state.metrics["errors"].last
    late = reading(30, taken_at=story.now - HOUR)
    items = {"errors": late, "delay": reading(30, taken_at=story.now)}
    story.say(Readings(**story.envelope("reader", actor_kind=ActorKind.SERVICE, items=items)))
    assert story.state.metrics["errors"].last == known
    assert story.state.exposure.control is Control.PAUSED
    assert [reason.facts["metric"] for _, reason in acted(story)] == ["delay"]


@pytest.mark.parametrize(("after", "late"), [(-HOUR, True), (timedelta(0), False), (HOUR, False)])
def test_a_figure_that_answers_the_same_question_is_not_late(after: timedelta, late: bool) -> None:
    """After silence it counts when it was asked, not of when the figure is; asked at the same moment it counts."""
    silent = reading(None, status="no_data", read_at=START + DAY, taken_at=START + DAY)
    assert thresholds._late(reading(read_at=START + DAY + after), silent) is late


def test_a_source_that_fails_too_often_is_told_by_its_name() -> None:
    """The line that holds says which metric it was, how often it failed and how often it may."""
    story = watched(lone(error_limit=2), 2)
    for _ in range(2):
        story.now += HOUR
        story.read(None, status="error")
    assert acted(story) == [(Outcome.DONE, because(Code.ERROR_LIMIT, metric="errors", times=2, limit=2))]


def test_a_person_who_never_looks_is_told_by_the_name_of_the_metric() -> None:
    """So many dates that somebody let pass hold, and the line says of which metric."""
    often: dict[str, Any] = {"every": Span.of("2d"), "max_age": Span.of("4d"), "inconclusive_limit": 2}
    story = Story(with_metric(standard_plan(), "comments", **often)).live()
    story.value = None
    story.wait(10 * DAY)
    assert (Outcome.DONE, because(Code.INCONCLUSIVE_LIMIT, metric="comments", times=2, limit=2)) in acted(story)


def test_what_is_counted_no_more_is_forgotten() -> None:
    """Where a plan has come to count no errors, an answer that cannot be used leaves none behind."""
    story = watched(lone(), 2)
    metrics = story.state.metrics
    story.state = story.state.but(metrics={**metrics, "errors": metrics["errors"].but(errors=2, silent=2)})
    story.read(1, taken_at=story.now + HOUR)
    left = story.state.metrics["errors"]
    assert (left.errors, left.silent, left.acted) == (0, 0, Band.HEALTHY)


# -- what is worked out -----------------------------------------------------------------------------------------------


def two_costs() -> Story:
    """Return a story with two costs: one that counts the minutes of people, and after it one that does not."""
    plan = costed()
    bare = plan.metrics["cost"].but(derived=ASKED.model_copy(update={"minutes": None, "rate": None}))
    return begun(but(plan, metrics={**plan.metrics, "bare": bare}))


def test_one_cost_that_waits_for_a_part_keeps_no_other_waiting() -> None:
    """What lacks a part, or waits for a newer one, is passed over; what has all of its own is worked out."""
    story = two_costs()
    story.state = story.state.but(metrics={**story.state.metrics, "minutes": state(), "cost": state()})
    read(story, spend=120, settled=40)
    found = {name: story.state.metrics[name].last for name in ("cost", "bare")}
    assert found["cost"] is None
    assert found["bare"] is not None
    assert found["bare"].value == 3
    story = two_costs()
    read(story, **ALL)
    story.now += HOUR
    before = read(story, spend=160, settled=40)
    bare = story.state.metrics["bare"].last
    assert before is not None
    assert bare is not None
    assert (before.value, bare.value) == (Decimal("4.2"), Decimal(4))


@pytest.mark.parametrize(("hours", "status"), [(1, "no_data"), (25, "value")])
def test_a_cost_says_nothing_while_a_part_is_too_young(hours: int, status: str) -> None:
    """A part that says nothing in the first days of a wave makes the whole say nothing as long."""
    plan = costed()
    young = plan.metrics["minutes"].but(initial_delay=Span.of("1d"))
    story = begun(but(plan, metrics={**plan.metrics, "minutes": young}))
    story.now += (hours - 1) * HOUR
    found = read(story, **ALL)
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize(("bound", "control"), [("> 4", Control.PAUSED), ("> 5", Control.LIVE)])
def test_a_wave_may_be_paused_for_what_a_success_costs(bound: str, control: Control) -> None:
    """A condition that pauses speaks of a cost by its name, as of any figure."""
    story = begun(with_rung(costed(), 2, pause_when=(Condition("cost", Bound.of(bound)),)))
    read(story, **ALL)
    assert story.state.exposure.control is control


def test_a_cost_that_is_new_is_watched_from_its_first_reading_on() -> None:
    """Where nothing was known of it, it begins with the round in which its parts came."""
    story = begun()
    story.state = story.state.but(metrics={name: one for name, one in story.state.metrics.items() if name != "cost"})
    found = read(story, **ALL)
    cost = story.state.metrics["cost"]
    assert found is not None
    assert (found.value, cost.since, cost.due_at) == (Decimal("4.2"), story.now, story.now + DAY)
