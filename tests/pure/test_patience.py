"""Holes through which figures pass elsewhere, and how much a metric is forgiven here; beside each hole its twin."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.beginnings import lone
from tests.pure.world import START, Story, but, said, with_metric, with_rung
from tidegate import judging, thresholds
from tidegate.models.base import Band, Bound, Condition, MetricFamily, Span
from tidegate.models.decision import Verdict
from tidegate.models.event import Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.standing import standing

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADOPTION = MetricFamily.ADOPTION


def watched(plan: Plan, level: int = 1, **after: Any) -> Story:
    """Return a story whose wave has begun some time ago and whose source says nothing by itself."""
    story = Story(plan).climb(level)
    story.value = None
    story.now += timedelta(**after or {"hours": 1})
    return story


def codes(story: Story) -> set[Code]:
    """Return the reasons that stand in the way of going on."""
    rows = thresholds.checks(story.plan, story.state, story.now)
    return {check.reason.code for check in rows if check.verdict is not Verdict.PASSED}


# -- what opens a gate elsewhere --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dry", [True, False])
def test_a_rehearsed_metric_opens_no_gate(dry: bool) -> None:  # the case itself
    """A condition about a metric that is only rehearsed is open, and not left out; nothing advances by it."""
    story = watched(with_metric(lone(), "errors", dry_run=dry))
    story.read(1)
    assert codes(story) == ({Code.DECIDES_NOTHING} if dry else set())


@pytest.mark.parametrize("metric", ["errrors", "errors"])
def test_a_condition_about_nothing_is_not_met(metric: str) -> None:
    """A condition about a metric that is not there is open, and not left out."""
    story = watched(with_rung(lone(), 1, advance_when=(Condition(metric, Bound.of("<= 5")),)))
    story.read(1)
    assert codes(story) == ({Code.DECIDES_NOTHING} if metric == "errrors" else set())


@pytest.mark.parametrize("value", [None, 0])
def test_an_empty_answer_that_counts_as_zero_opens_nothing(value: int | None) -> None:
    """No data may count as zero where it acts; a condition to go on is met by a real zero only."""
    story = watched(lone(on_no_data="zero", min_samples=0))
    story.read(value)
    assert story.state.metrics["errors"].band is Band.HEALTHY
    assert codes(story) == ({Code.OPENS_NOTHING} if value is None else set())


@pytest.mark.parametrize(("n", "few"), [(4, True), (5, False)])
def test_nothing_happened_is_no_sample(n: int, few: bool) -> None:  # the expected answer
    """Where nothing ran there is nothing to go on by, even where no data counts as zero."""
    plan = lone(on_no_data="zero")
    story = watched(plan)
    story.read(None, n=n)
    judged = judging.judge(plan, plan.metrics["errors"], "errors", story.state.metrics["errors"].last, story.now)
    assert judged[1].code is (Code.FEW_SAMPLES if few else Code.NO_DATA_ZERO)


@pytest.mark.parametrize(("before", "code"), [(1, Code.BEFORE_WAVE), (0, None)])
def test_an_earlier_wave_says_nothing_of_this_one(before: int, code: Code | None) -> None:
    """A good value from before the wave began is none of this wave: a condition to go on waits for one of its own."""
    story = watched(lone(max_age=Span.of("30d")), hours=0)
    story.read(1, taken_at=story.now - timedelta(minutes=before))
    assert codes(story) == ({code} if code else set())


@pytest.mark.parametrize(("before", "asked"), [(1, True), (0, False)])
def test_a_figure_of_an_earlier_wave_is_asked_of_people_again(before: int, asked: bool) -> None:  # the answer
    """Where people read it, `status` names the reading that this wave still needs, however fresh the last one is."""
    plan = with_metric(lone(), "errors", by_hand=True, max_age=Span.of("30d"), every=Span.of("7d"))
    story = watched(plan, hours=0)
    story.read(1, taken_at=story.now - timedelta(minutes=before))
    steps = [step.verb for step in standing(story.plan, story.state, story.now).steps]
    assert ("reading errors=VALUE --n CASES" in steps) is asked


@pytest.mark.parametrize(("family", "code"), [(ADOPTION, Code.ONLY_HEADS), (MetricFamily.OUTCOME, None)])
def test_heads_alone_open_no_gate(family: MetricFamily, code: Code | None) -> None:
    """That many people use it opens nothing by itself, whatever the plan says."""
    story = watched(lone(family=family))
    story.read(1)
    assert codes(story) == ({code} if code else set())


@pytest.mark.parametrize(("apart", "code"), [(13, Code.NOT_TOGETHER), (12, None)])
def test_all_gates_hold_in_the_same_interval(apart: int, code: Code | None) -> None:
    """Each condition held at some time is not that all hold at once, where the wave asks for that."""
    both = (Condition("errors", Bound.of("<= 5")), Condition("delay", Bound.of("<= 5")))
    plan = but(lone(), metrics=dict.fromkeys(("errors", "delay"), lone().metrics["errors"]))
    story = watched(with_rung(plan, 1, advance_when=both, together=Span.of("12h")))
    story.read(1, "errors")
    story.now += apart * HOUR
    story.read(1, "delay")
    assert codes(story) == ({code} if code else set())
    assert not codes_without(story)


def codes_without(story: Story) -> set[Code]:
    """Return what stands in the way where a wave does not ask for one interval."""
    other = story.again()
    other.plan = with_rung(story.plan, 1, together=None)
    return codes(other)


def test_what_was_read_too_long_before_is_read_again() -> None:
    """At the checkpoint the older half is asked for anew, and with both in one interval people are asked."""
    both = (Condition("errors", Bound.of("<= 5")), Condition("delay", Bound.of("<= 5")))
    metric = lone().metrics["errors"]
    plan = but(lone(), metrics={"errors": metric, "delay": metric.but(every=Span.of("5d"))})
    story = Story(with_rung(plan, 1, advance_when=both, together=Span.of("1h"))).live()
    story.wait(8 * DAY)
    assert Code.EVIDENCE_ASKED in story.codes()
    assert story.state.gates
    assert story.state.exposure.control is Control.LIVE


# -- errors and silence have budgets of their own ---------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "held"), [(3, True), (4, False), (None, False)])
def test_errors_in_a_row_hold(limit: int | None, held: bool) -> None:  # the expected answer
    """So many errors of a source hold by themselves, and say so; they never pass."""
    story = watched(lone(error_limit=limit), 2)
    for _ in range(3):
        story.now += HOUR
        story.read(None, status="error")
    assert story.state.exposure.control is (Control.HELD if held else Control.LIVE)
    assert (Code.ERROR_LIMIT in story.codes()) is held
    assert Code.SOURCE_ERROR in codes(story)


@pytest.mark.parametrize(("between", "held"), [("no_data", True), ("stale", True), ("value", False)])
def test_errors_are_not_forgotten(between: str, held: bool) -> None:  # the expected answer
    """Only a usable reading begins the count of errors anew: silences between them do not."""
    story = watched(lone(error_limit=3), 2)
    for status in ("error", "error", between, "error"):
        story.now += HOUR
        story.read(1 if status == "value" else None, status=status)
    assert (story.state.exposure.control is Control.HELD) is held
    assert story.state.metrics["errors"].errors == (3 if held else 1)


@pytest.mark.parametrize(
    ("last", "held"), [("error", True), ("no_data", True), ("insufficient_sample", True), ("value", False)]
)
def test_answers_that_say_nothing_hold(last: str, held: bool) -> None:  # the expected answer
    """So many answers in a row that say nothing hold, of whatever kind they are."""
    story = watched(lone(inconclusive_limit=3), 2)
    for status in ("no_data", "stale", last):
        story.now += HOUR
        story.read(1 if status == "value" else None, status=status)
    assert (story.state.exposure.control is Control.HELD) is held
    assert (Code.INCONCLUSIVE_LIMIT in story.codes()) is held


@pytest.mark.parametrize(("ahead", "held"), [(timedelta(days=2), True), (timedelta(0), False)])
def test_a_clock_that_is_always_wrong_is_a_silence(ahead: timedelta, held: bool) -> None:  # the expected answer
    """Values from the future are refused, and each is one more answer that said nothing."""
    story = watched(lone(inconclusive_limit=2), 2)
    for _ in range(2):
        story.now += HOUR
        story.read(1, taken_at=story.now + ahead)
    assert (story.state.exposure.control is Control.HELD) is held


def test_a_rehearsed_source_that_fails_holds_nothing() -> None:
    """What is only rehearsed is counted, and does not act by being silent either."""
    story = watched(lone(error_limit=1, dry_run=True))
    story.read(None, status="error")
    assert story.state.metrics["errors"].errors == 1
    assert story.state.exposure.control is Control.LIVE


def test_a_wave_begins_with_its_whole_budget() -> None:
    """When people go on after a pause, errors from before it are not counted again."""
    story = watched(lone(error_limit=2), 2)
    for _ in range(2):
        story.now += HOUR
        story.read(None, status="error")
    assert story.state.exposure.control is Control.HELD
    story.reduce(Reduction.PAUSE)
    story.value = Decimal(1)
    story.message(Resume, "owner", cause="The source answers again.")
    story.agree()
    story.wait(DAY)
    assert (story.state.metrics["errors"].errors, story.state.exposure.control) == (0, Control.LIVE)


# -- the first days, and the way back ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "acts"), [(47, False), (48, True)])
def test_an_initial_delay_neither_acts_nor_passes(hours: int, acts: bool) -> None:  # the expected answer
    """Until the delay is over a figure says nothing in either direction."""
    story = watched(lone(initial_delay=Span.of("2d")), 2, hours=hours)
    story.read(1)
    assert codes(story) == (set() if acts else {Code.TOO_EARLY})
    story.read(30)
    assert (story.people == 0) is acts


def test_a_limit_and_a_pause_wait_for_no_delay() -> None:
    """What a wave is paused for pauses it on the first day as well."""
    pausing = with_rung(lone(initial_delay=Span.of("2d")), 2, pause_when=(Condition("errors", Bound.of("> 15")),))
    story = watched(pausing, 2)
    story.read(16)
    assert story.people == 0
    limit = watched(lone(initial_delay=Span.of("2d"), limit="people"), 2)
    limit.read(21)
    assert limit.state.exposure.control is Control.HELD


def test_an_initial_delay_is_no_blindness() -> None:
    """Nobody is blind while nobody was to look yet; after that the time is the usual one."""
    plain, late = (lone(blind_limit=Span.of("4d"), **more) for more in ({}, {"initial_delay": Span.of("2d")}))
    at = [thresholds.blind_at(plan, "errors", MetricState(due_at=START, since=START)) for plan in (plain, late)]
    assert at[0] is not None
    assert at[1] == at[0] + 2 * DAY


@pytest.mark.parametrize(("recover", "bands"), [(None, "ph"), (2, "pph"), (3, "ppph")])
def test_so_many_good_readings_to_come_back(recover: int | None, bands: str) -> None:
    """One good reading does not end an alarm where several are asked for, and a bad one between them starts anew."""
    story = watched(lone(recover=recover))
    story.read(30)
    seen = "p"
    while story.state.metrics["errors"].band is not Band.HEALTHY:
        story.now += HOUR
        story.read(1)
        seen += story.state.metrics["errors"].band.value[0]
    assert seen == bands


def test_a_bad_reading_starts_the_way_back_anew() -> None:
    """Good, bad, good is not two good ones in a row; and what is on its way back is no further breach."""
    story = watched(lone(recover=2, consecutive=2))
    counted = []
    for value in (12, 1, 12, 1, 1):
        story.now += HOUR
        story.read(value)
        metric = story.state.metrics["errors"]
        counted.append((metric.band.value[0], metric.good, metric.breaches))
    assert counted == [("n", 0, 1), ("n", 1, 0), ("n", 0, 1), ("n", 1, 0), ("h", 0, 0)]
    assert story.state.exposure.control is Control.LIVE


def test_on_its_way_back_it_opens_nothing_and_says_so() -> None:
    """A good value of a metric that is not well again yet fails the gate, and names how many it lacks."""
    story = watched(lone(recover=3))
    story.read(12)
    story.now += HOUR
    story.read(1)
    assert codes(story) == {Code.RECOVERING}


def test_a_round_of_many_acts_once_for_the_gravest() -> None:
    """Silence holds, and where another figure says pause in the same round, it pauses."""
    metric = lone(error_limit=1).metrics["errors"]
    story = watched(but(lone(), metrics={"errors": metric, "delay": metric}), 2)
    story.read(None, "delay", status="error")
    assert story.state.exposure.control is Control.HELD
    assert said(story.read(30)) is Code.PAUSED


@pytest.mark.parametrize(
    ("change", "pausing", "values", "beyond"),
    [
        ({}, (), (12,), "> 10, 100 cases"),
        ({}, ("> 15",), (16,), "> 15, 100 cases"),
        ({"trend": 2, "healthy": None}, (), (2, 3), "2 readings in a row were each worse, 100 cases"),
        ({"on_no_data": "fail"}, (), (None,), "no data fails here"),
        ({"consecutive": 2}, (), (12, 6), "not well again yet, 100 cases"),
    ],
)
def test_whoever_is_woken_hears_which_threshold(
    change: dict[str, Any], pausing: tuple[str, ...], values: tuple[int | None, ...], beyond: str
) -> None:
    """What stopped it is told with the bound that was left and over how many cases."""
    conditions = tuple(Condition("errors", Bound.of(text)) for text in pausing)
    story = watched(with_rung(lone(**change), 2, pause_when=conditions), 2)
    for value in values:
        story.now += HOUR
        story.read(value)
    why = [entry.reason.facts["beyond"] for entry in story.entries if entry.reason.code is Code.THRESHOLD]
    assert why == [beyond]
