"""What a figure is worth and what is said of it: who asks why hears which figure it is, how much, and since when."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.beginnings import lone
from tests.pure.world import START, Story, but, with_metric, with_rung
from tidegate import judging, patience, thresholds
from tidegate.models.base import Bound, Condition, MetricFamily, Span
from tidegate.models.decision import Verdict
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.patience import Silence

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BOTH = (Condition("errors", Bound.of("<= 5")), Condition("delay", Bound.of("<= 5")))
SATURDAY = START - 2 * DAY


def said(story: Story) -> dict[str, tuple[Code, dict[str, str]]]:
    """Return what stands in the way of going on, by its name."""
    rows = thresholds.checks(story.plan, story.state, story.now)
    open_ = [check for check in rows if check.verdict is not Verdict.PASSED]
    assert all(check.verdict is Verdict.INCONCLUSIVE for check in open_), (
        "nothing here has failed, it only says nothing"
    )
    return {check.name: (check.reason.code, dict(check.reason.facts)) for check in open_}


def silent(**changes: Any) -> Story:
    """Return a first wave that has just begun, whose source says nothing by itself, with one metric so changed."""
    story = Story(lone(**changes)).live()
    story.value = None
    return story


def two(**rung: Any) -> Story:
    """Return a first wave that asks two figures and was never told either."""
    metric = lone().metrics["errors"]
    plan = but(lone(), metrics={"errors": metric, "delay": metric})
    story = Story(with_rung(plan, 1, advance_when=BOTH, **rung)).live()
    story.value = None
    known = {name: seen.but(last=None) for name, seen in story.state.metrics.items()}
    story.state = story.state.but(metrics=known)
    return story


# -- what does not open a gate, and why -------------------------------------------------------------------------------


def test_a_figure_of_before_says_when_it_was_taken_and_when_the_wave_began() -> None:
    """Of a figure from before the wave both moments are named; one of this very moment counts."""
    story = silent()
    watch = story.state.position.observation
    assert watch is not None
    story.read(1, taken_at=watch.since - HOUR)
    at, since = (when.strftime("%Y-%m-%dT%H:%M:%SZ") for when in (watch.since - HOUR, watch.since))
    assert said(story) == {"errors": (Code.BEFORE_WAVE, {"metric": "errors", "at": at, "since": since})}
    story.read(1, taken_at=watch.since)
    assert said(story) == {}


def test_a_zero_that_nobody_counted_is_named() -> None:
    """Whoever asks why hears of which figure there is no data; a zero that was counted opens."""
    story = silent(on_no_data="zero", min_samples=0)
    story.read(None)
    assert said(story) == {"errors": (Code.OPENS_NOTHING, {"metric": "errors"})}
    story.read(0)
    assert said(story) == {}


def test_figures_that_were_read_apart_say_which_is_too_old_and_by_how_much() -> None:
    """The older one is named, when it was read, and within what it had to be; read again beside the other, none is."""
    story = two(together=Span.of("12h"))
    story.read(1, "delay")
    at = story.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    story.now += 13 * HOUR
    story.read(1, "errors")
    assert said(story) == {"delay": (Code.NOT_TOGETHER, {"metric": "delay", "at": at, "within": "12h"})}
    story.read(1, "delay")
    assert said(story) == {}


def test_where_nothing_was_read_nothing_was_read_apart() -> None:
    """A wave that wants its figures together only says that there are none, for as long as there are none."""
    rows = said(two(together=Span.of("12h")))
    assert {name: code for name, (code, _) in rows.items()} == dict.fromkeys(("errors", "delay"), Code.NO_READING)


def test_a_condition_that_decides_nothing_is_named_in_full() -> None:
    """Where it is about a metric that is not there, the condition stands there as it was written."""
    story = silent()
    story.plan = with_rung(story.plan, 1, advance_when=(Condition("typo", Bound.of("<= 5")), *BOTH[:1]))
    story.read(1)
    assert said(story) == {"typo <= 5": (Code.DECIDES_NOTHING, {"condition": "typo <= 5"})}


def test_heads_alone_are_called_heads_and_named() -> None:
    """Each condition that only counts heads is named; with one beside them that does not, heads are fine."""
    story = two()
    heads = {name: metric.but(family=MetricFamily.ADOPTION) for name, metric in story.plan.metrics.items()}
    plan = story.plan
    story.plan = but(plan, metrics=heads)
    story.read(1, "errors")
    story.read(1, "delay")
    assert said(story) == {"heads": (Code.ONLY_HEADS, {"conditions": "errors <= 5, delay <= 5"})}
    story.plan = but(plan, metrics={**heads, "delay": plan.metrics["delay"]})
    assert said(story) == {}


# -- what one answer is worth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "facts"),
    [
        (
            {"value": Decimal(3), "note": "two of them late"},
            Verdict.PASSED,
            Code.READ_NOTED,
            {"value": "3", "n": "40", "note": "two of them late"},
        ),
        ({"value": Decimal(3)}, Verdict.PASSED, Code.READ, {"value": "3", "n": "40"}),
        (
            {"status": "error", "why": "not_a_number", "note": "+Inf"},
            Verdict.INCONCLUSIVE,
            Code.NOT_A_NUMBER,
            {"note": "+Inf"},
        ),
        ({"status": "error", "why": "not_a_number"}, Verdict.INCONCLUSIVE, Code.NOT_A_NUMBER, {"note": "NaN"}),
        ({"status": "error", "note": "timed out"}, Verdict.ERRORED, Code.SOURCE_ERROR, {"note": "timed out"}),
    ],
)
def test_an_answer_is_repeated_with_what_its_source_said_beside_it(
    answer: dict[str, Any], verdict: Verdict, code: Code, facts: dict[str, str]
) -> None:
    """Its value, its cases and its note are kept; an answer that is no number says so, and is no fault of the way."""
    plan = lone()
    last = Reading.model_validate({"status": "value", "n": 40, "taken_at": START, **answer})
    found, reason, value = judging.judge(plan, plan.metrics["errors"], "errors", last, START)
    assert (found, reason.code) == (verdict, code)
    assert value == (last.value if verdict is Verdict.PASSED else None)
    assert reason.facts == {"metric": "errors", **facts}


def test_too_early_says_from_when_on_it_counts() -> None:
    """Within its delay a figure is named, and the moment from which it counts; at that moment it does."""
    plan = lone(initial_delay=Span.of("2d"))
    metric, until = plan.metrics["errors"], START + 2 * DAY
    rows = []
    for at in (until - HOUR, until):
        last = Reading(status="value", value=Decimal(1), n=40, taken_at=at)
        rows.append(judging.judge(plan, metric, "errors", last, at, START))
    (early, why, none), (passed, _, one) = rows
    assert (early, why.code, none) == (Verdict.INCONCLUSIVE, Code.TOO_EARLY, None)
    assert why.facts == {"metric": "errors", "until": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert (passed, one) == (Verdict.PASSED, Decimal(1))


# -- how much is forgiven ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delay", "since", "until"),
    [
        ("2d", SATURDAY, SATURDAY + 2 * DAY),
        ("2bd", START, START + 2 * DAY),
        ("2bd", START + 4 * DAY, START + 8 * DAY),
        ("2bd", None, None),
        (None, START, None),
    ],
)
def test_a_delay_in_working_days_passes_over_weekends(delay: str | None, since: Any, until: Any) -> None:
    """It runs from when it is watched, in the working days of the programme where it is said in those."""
    plan = lone(initial_delay=None if delay is None else Span.of(delay))
    assert patience.early_until(plan, plan.metrics["errors"], since) == until


@pytest.mark.parametrize(
    ("verdict", "why", "counted"),
    [
        (Verdict.ERRORED, Code.SOURCE_ERROR, Silence(3, 5)),
        (Verdict.INCONCLUSIVE, Code.NO_DATA, Silence(2, 5)),
        (Verdict.INCONCLUSIVE, Code.TOO_EARLY, Silence(2, 4)),
        (Verdict.PASSED, Code.READ, Silence()),
        (Verdict.FAILED, Code.NO_DATA_FAILS, Silence()),
    ],
)
@pytest.mark.parametrize("limit", ["error_limit", "inconclusive_limit"])
def test_what_was_said_too_early_is_neither_an_error_nor_a_silence(
    limit: str, verdict: Verdict, why: Code, counted: Silence
) -> None:
    """It adds nothing and forgets nothing; an error adds to both counts, a silence to one, and a figure ends both."""
    metric = lone(**{limit: 9}).metrics["errors"]
    before = MetricState(due_at=START, since=START, errors=2, silent=4)
    assert patience.silence(metric, before, verdict, why) == counted


def test_without_a_limit_nothing_is_counted() -> None:
    """A metric that may be silent for ever carries no count along."""
    before = MetricState(due_at=START, since=START, errors=2, silent=4)
    assert patience.silence(lone().metrics["errors"], before, Verdict.ERRORED, Code.SOURCE_ERROR) == Silence()


@pytest.mark.parametrize(
    ("limits", "counted", "code", "times", "limit"),
    [
        ({"error_limit": 3}, Silence(3, 5), Code.ERROR_LIMIT, "3", "3"),
        ({"error_limit": 3, "inconclusive_limit": 5}, Silence(4, 5), Code.ERROR_LIMIT, "4", "3"),
        ({"error_limit": 3, "inconclusive_limit": 5}, Silence(2, 6), Code.INCONCLUSIVE_LIMIT, "6", "5"),
        ({"inconclusive_limit": 5}, Silence(9, 9), Code.INCONCLUSIVE_LIMIT, "9", "5"),
    ],
)
def test_what_is_given_up_says_after_how_many_times_and_what_it_may(
    limits: dict[str, int], counted: Silence, code: Code, times: str, limit: str
) -> None:
    """The metric, its count and its limit are named, and of two limits the one that was reached: errors first."""
    metric = lone(**limits).metrics["errors"]
    assert patience.lost(metric, counted)
    why = patience.why_lost(metric, "errors", counted)
    assert (why.code, why.facts) == (code, {"metric": "errors", "times": times, "limit": limit})


def test_a_silent_source_is_told_by_its_name_and_its_count() -> None:
    """In the story of a rollout, what holds it says the same."""
    story = Story(with_metric(lone(), "errors", inconclusive_limit=2)).climb(2)
    story.value = None
    for _ in range(2):
        story.now += HOUR
        story.read(None)
    (why,) = [entry.reason for entry in story.entries if entry.reason.code is Code.INCONCLUSIVE_LIMIT]
    assert why.facts == {"metric": "errors", "times": "2", "limit": "2"}
