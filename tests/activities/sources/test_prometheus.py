"""The real Prometheus: what it does not know, what it knows no more, and what is no number are different answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.activities.sources.server import Server, every, needs_prometheus, prometheus
from tests.activities.sources.told import NOW, judged, told
from tidegate.models.base import Band, Bound, Span
from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.models.reading import Reading

pytestmark = needs_prometheus()


def _ago(minutes: float) -> Any:
    return NOW - timedelta(minutes=minutes)


SAMPLES = {
    'runs{job="a"}': every(60, _ago(300), NOW, 0, grows=1),
    'errors{job="a"}': every(60, _ago(300), NOW, 0, grows=0.02),
    "slow": every(60, _ago(300), _ago(4), 7),
    "silent": every(60, _ago(300), _ago(90), 7, grows=1),
    'two{job="a"}': every(60, _ago(300), NOW, 1),
    'two{job="b"}': every(60, _ago(300), NOW, 1),
    "third": every(60, _ago(300), NOW, 1 / 3),
}
RATE = "sum(rate(errors[1h])) / sum(rate(runs[1h])) * 100"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A Prometheus that knows the last five hours."""
    with prometheus(SAMPLES) as running:
        yield running


@pytest.fixture
def say(server: Server, tmp_path: Path) -> Any:
    """Ask it."""

    def asked(query: str, **metric: Any) -> Reading:
        settings = {"url": server.url, **metric.pop("settings", {})}
        return told(tmp_path, "prometheus", settings, query, **metric)

    return asked


def test_a_value_comes_with_all_that_it_is_worth(say: Any) -> None:
    """Value, cases, window, age and the names of question and answer: the healthy twin of all that follows."""
    found = say(RATE, samples="sum(increase(runs[1h]))", min_samples=50)
    assert (found.status, found.value, found.n, found.note) == ("value", Decimal(2), 60, None)
    assert (found.since, found.taken_at, found.age) == (_ago(60), NOW, timedelta(0))
    assert found.query_digest != say(RATE).query_digest
    assert found.query_digest == say(RATE, samples="sum(increase(runs[1h]))").query_digest
    assert found.raw_digest is not None
    assert judged(found) == (Verdict.PASSED, Code.READ)


@pytest.mark.parametrize(
    ("query", "metric", "status", "verdict", "code"),
    [
        pytest.param("nothing_such", {}, "no_data", Verdict.INCONCLUSIVE, Code.NO_DATA, id="an empty vector"),
        pytest.param("0 / 0", {}, "error", Verdict.INCONCLUSIVE, Code.NOT_A_NUMBER, id="NaN"),
        pytest.param("sum(runs) / 0", {}, "error", Verdict.INCONCLUSIVE, Code.NOT_A_NUMBER, id="infinite"),
        pytest.param("rate(silent[4h])", {}, "stale", Verdict.INCONCLUSIVE, Code.STALE, id="a rate that outlives it"),
        pytest.param("silent", {}, "stale", Verdict.INCONCLUSIVE, Code.STALE, id="a series that fell silent"),
        pytest.param(
            RATE, {"samples": "sum(increase(runs[1h]))", "min_samples": 61}, "insufficient_sample",
            Verdict.INCONCLUSIVE, Code.FEW_SAMPLES, id="too few samples",
        ),
        pytest.param("sum(((", {}, "error", Verdict.ERRORED, Code.SOURCE_ERROR, id="no PromQL"),
    ],
)  # fmt: skip
def test_each_kind_of_nothing_is_its_own(
    say: Any, query: str, metric: dict[str, Any], status: str, verdict: Verdict, code: Code
) -> None:
    """Empty, not a number, stale, too few and refused are five different answers, and none of them passes."""
    found = say(query, **metric)
    assert (found.status, judged(found, **metric)) == (status, (verdict, code))


def test_nothing_is_zero_only_where_the_plan_says_so(say: Any) -> None:
    """An empty vector counts as zero where the plan says so; NaN, and a series that fell silent, never do."""
    zero = {"on_no_data": "zero"}
    assert judged(say("nothing_such", **zero), **zero) == (Verdict.PASSED, Code.NO_DATA_ZERO)
    for query in ("0 / 0", "silent", "max_over_time(silent[4h])"):
        assert judged(say(query, **zero), **zero)[0] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("query", ["vector(0)", "sum(nothing_such) or vector(0)", "1 + 1"])
def test_a_number_that_no_series_stands_behind_is_no_data(say: Any, query: str) -> None:
    """Whoever lets nothing be zero by `or vector(0)` gets a zero from a target that is gone; it is no value here."""
    found = say(query)
    assert (found.status, found.note) == ("no_data", "no series stands behind the value")
    there = say("sum(nothing_such or runs * 0) or vector(0)")
    assert (there.status, there.value) == ("value", Decimal(0))


def test_a_value_is_as_old_as_its_last_sample(say: Any) -> None:
    """Asked now it answers with what it was told four minutes ago, and that is what counts against `max_age`."""
    assert (say("slow").status, say("slow").age) == ("value", timedelta(minutes=4))
    assert say("slow", max_age=Span.of("3m")).status == "stale"
    assert say("runs", max_age=Span.of("3m")).status == "value"


def test_the_oldest_part_makes_a_whole_old(say: Any) -> None:
    """A ratio of something that is alive and something that fell silent is stale, and names which."""
    found = say("sum(rate(silent[4h])) / sum(rate(runs[1h]))")
    assert (found.status, found.taken_at) == ("stale", _ago(90))
    assert "silent" in str(found.note)
    assert say("sum(rate(silent[4h])) / sum(rate(runs[1h]))", fresh="max(timestamp(runs))").status == "value"


def test_another_time_needs_to_be_dated(say: Any) -> None:
    """A query that looks only at an earlier time says by `fresh` how old that is, or it is an error."""
    assert "`fresh`" in str(say("runs offset 30m").note)
    dated = say("runs offset 30m", fresh="timestamp(runs offset 30m)")
    assert (dated.status, dated.taken_at) == ("value", _ago(30))
    assert say("runs - runs offset 30m").status == "value"


def test_several_series_are_no_answer(say: Any) -> None:
    """It is not said which of several is meant; summed, it is."""
    assert (say("two").status, say("two").note) == (
        "error",
        "it answers with 2 series. Which one? Sum them, or name it",
    )
    assert say("sum(two)").value == say("scalar(sum(two))").value == Decimal(2)
    assert say('two{job="a"}').value == Decimal(1)


@pytest.mark.parametrize("query", ["runs[5m]", '"text"'])
def test_what_is_no_one_number_is_an_error(say: Any, query: str) -> None:
    """A range and a text are no figure."""
    assert say(query).status == "error"


def test_what_comes_late_is_waited_for(say: Any) -> None:
    """With a lag the window ends before now, and what it says of then is as old as then."""
    late = say("sum(runs)", settings={"lag": "10m"})
    assert (late.value, late.taken_at, late.age) == (Decimal(290), _ago(10), timedelta(minutes=10))
    assert say("sum(runs)").value == Decimal(300)


def test_a_number_is_rounded_to_where_it_is_worse(say: Any) -> None:
    """Six places are kept, and what is past a bound by less than that is past it."""
    up, down = ((Band.HOLD, Bound.of("> 0.333333")),), ((Band.HOLD, Bound.of("< 0.333334")),)
    assert say("third", bands=up).value == Decimal("0.333334")
    assert say("third", bands=down).value == Decimal("0.333333")


def test_a_source_that_is_down_is_an_error_until_it_is_up(server: Server, say: Any) -> None:
    """Stopped, it cannot be reached, and that says nothing of the metric; started again, it answers."""
    server.stop()
    try:
        found = say(RATE)
    finally:
        server.start()
    assert (found.status, found.note) == ("error", "it cannot be reached: there is no connection")
    assert judged(found) == (Verdict.ERRORED, Code.SOURCE_ERROR)
    assert judged(say(RATE)) == (Verdict.PASSED, Code.READ)
