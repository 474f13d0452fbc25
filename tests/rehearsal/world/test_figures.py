"""What scripted metrics say, and what the real reader makes of a source that does not say it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.sources.contract import Asked
from activities.sources.reader import Reader
from rehearsal.world import World
from rehearsal.world.figures import MANY, Figure, good, rows
from tests.pure.test_compile import plan_of
from tests.pure.world import START, but, standard_plan
from tests.rehearsal.world.worlds import DAY, HOUR, day, planned, within, world
from tidegate.models.base import Band, Bound, Condition, Span
from tidegate.models.derived import PerSuccess
from tidegate.models.plan import Backend, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.scenario import Failing, Series

METRIC = standard_plan().metrics["errors"].but(min_samples=40, max_age=Span.of("1d"))
FILE = Backend(kind="csv", settings={"file": "figures.csv"})


def read(there: World, at: datetime, metric: PlanMetric = METRIC, backend: Backend = FILE) -> Reading:
    """Ask as a worker does."""
    return Reader(there.sources).one(backend, Asked("claims", "errors", metric, at))


def scripted(*series: Series, beside: Path = Path(), **more: Any) -> World:
    """A world in which errors go so."""
    return world(beside=beside, figures={"errors": series}, **more)


def test_a_formula_speaks_of_days_since_the_start() -> None:
    """Half a day is half a day."""
    there = scripted(Series(value="3 + 0.5 * day", n=70))
    found = read(there, START + 36 * HOUR)
    assert (found.status, found.value, found.n, found.taken_at) == ("value", Decimal("3.75"), 70, START + 36 * HOUR)


def test_the_series_that_began_last_counts() -> None:
    """Before it begins, the one before it; and one that waits for a sight waits."""
    there = scripted(Series(value="1"), Series(value="9", since=day(3)), Series(value="2", since=day(5)))
    assert [read(there, START + number * DAY).value for number in (0, 2, 3, 4, 5, 9)] == [1, 1, 9, 9, 2, 2]


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        ("fails", "error", "it does not answer"),
        ("away", "error", "it does not answer"),
        ("slow", "error", "it did not answer in time"),
        ("nan", "error", "NaN"),
        ("no_data", "no_data", None),
        ("stale", "stale", None),
        ("few", "insufficient_sample", None),
    ],
)
def test_an_outage_is_a_reading_of_its_own_and_only_for_its_while(how: str, status: str, why: str | None) -> None:
    """The reader says why there is no figure; a moment before and after there is one."""
    there = world(sources=(Failing(**within(1, 2, name="prometheus", how=how)),))
    found = read(there, START + DAY)
    assert (found.status, found.note, found.why) == (status, why, "not_a_number" if how == "nan" else None)
    assert [read(there, START + each).status for each in (DAY - HOUR, 2 * DAY)] == ["value", "value"]


def test_an_outage_of_one_source_is_not_another_ones() -> None:
    """A fault that names a source is its own."""
    there = world(sources=(Failing(**within(0, 9, name="warehouse")),))
    assert read(there, START).status == "value"
    assert read(there, START, METRIC.but(source="warehouse")).status == "error"


def test_what_comes_to_no_number_on_a_day_is_an_error_of_that_day() -> None:
    """A division by nothing is told as a source would tell it."""
    there = scripted(Series(value="6 / (day - 3)"))
    assert read(there, START + 5 * DAY).value == 3
    found = read(there, START + 3 * DAY)
    assert found.status == "error"
    assert "divides by nothing on day 3" in (found.note or "")


def test_settings_that_lead_nowhere_are_said_here_too() -> None:
    """A rehearsal does not hide that a source is written down wrongly."""
    assert read(world(), START, backend=Backend(kind="csv")).status == "error"
    assert read(world(), START, backend=Backend(kind="oracle")).status == "error"


def test_a_file_says_what_its_last_line_says(tmp_path: Path) -> None:
    """By days or by dates; before the first line there was nothing to measure, and so with a blank value."""
    (tmp_path / "days.csv").write_text("day,value,n\n1,4,50\n2.5,6,60\n4,,\n", "utf-8")
    there = scripted(Series(csv="days.csv"), beside=tmp_path)
    found = [there.figure("errors", START + timedelta(days=each)) for each in (0.5, 1, 2, 2.5, 5)]
    assert found == [(None, 0), (4, 50), (4, 50), (6, 60), (None, MANY)]
    assert read(there, START + 5 * DAY).status == "no_data"
    (dated,) = rows(f"at,value\n{START.isoformat()},7\n", START - DAY, 5)
    assert (dated.at, dated.figure) == (START, Figure(Decimal(7), 5))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has the columns day,value,n or at,value,n"),
        ("value\n1\n", "has the columns"),
        ("day,at,value\n1,1,1\n", "has the columns"),
        ("day,value\n", "has no line"),
        ("day,value\n1,two\n", "line 2 of the file of figures cannot be read"),
        ("day,value\n1,1\nsoon,1\n", "line 3 of the file"),
        ("day,value,n\n1,1,-4\n", "line 2 of the file of figures holds no figure"),
        ("day,value\n1,NaN\n", "line 2 of the file of figures holds no figure"),
        ("day,value\n1e30,1\n", "line 2 of the file of figures cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_which_line(text: str, says: str) -> None:
    """Before the rehearsal begins, and not in the middle of it."""
    with pytest.raises(ValueError, match=says):
        rows(text, START, 1)


def test_a_series_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    """A formula, a file that is not there, and nothing at all."""
    for series, says in (
        (Series(value="3 +"), "a number is missing"),
        (Series(csv="none.csv"), "none.csv cannot be read"),
        (Series(), "needs a `value` or a `csv`"),
    ):
        with pytest.raises(ValueError, match=says):
            scripted(series, beside=tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"goal": Bound.of("<= 3"), "healthy": Bound.of("<= 6"), "bands": ((Band.HOLD, Bound.of("> 8")),)},
        {"goal": Bound.of(">= 90"), "healthy": Bound.of("> 85"), "bands": ((Band.PAUSE, Bound.of("< 70")),)},
        {"goal": None, "healthy": Bound.of("< 0.5"), "bands": ()},
        {"goal": None, "healthy": None, "bands": ((Band.ROLLBACK, Bound.of(">= 0")), (Band.HOLD, Bound.of("< -9")))},
        {"goal": Bound.of(">= 10"), "healthy": None, "bands": ((Band.HOLD, Bound.of("> 12")),)},
    ],
)
def test_what_nobody_scripted_is_as_good_as_its_goal(changes: dict[str, Any]) -> None:
    """It meets the goal, is healthy, is in no band that acts, and lets every wave go on."""
    plan = but(standard_plan(), metrics={"errors": METRIC.but(**changes)}, ladder=tuple(
        rung.but(advance_when=(), pause_when=()) for rung in standard_plan().ladder
    ))  # fmt: skip
    value = good(plan, "errors")
    metric = plan.metrics["errors"]
    assert all(bound.holds(value) for bound in (metric.goal, metric.healthy) if bound is not None)
    assert not any(bound.holds(value) for _, bound in metric.bands)


def test_every_wave_goes_on_by_what_nobody_scripted() -> None:
    """The strictest condition of any wave is met, and none that pauses."""
    ladder = tuple(
        rung.but(advance_when=(Condition.of(f"errors <= {5 - number}"),), pause_when=(Condition.of("errors > 9"),))
        for number, rung in enumerate(standard_plan().ladder[:3])
    )
    plan = but(standard_plan(), ladder=ladder)
    assert good(plan, "errors") <= 3
    there = world(but(planned(), ladder=ladder))
    assert there.figure("errors", START).n >= MANY


def test_a_real_playbook_finds_nothing_wrong_in_what_nobody_scripted() -> None:
    """Every machine-read metric of claims-triage meets its goal and every condition of every wave."""
    plan = plan_of("claims-triage")
    for name, metric in plan.metrics.items():
        value = good(plan, name)
        assert not any(bound.holds(value) for _, bound in metric.bands), name
        wanted = [each.bound for rung in plan.ladder for each in rung.advance_when if each.metric == name]
        assert all(bound.holds(value) for bound in (*wanted, *(one for one in (metric.goal,) if one))), name


def test_what_is_worked_out_from_others_comes_to_its_goal() -> None:
    """Spend and successes are such that one success costs what it should."""
    part = METRIC.but(goal=None, healthy=None, bands=())
    cost = part.but(goal=Bound.of("<= 0.4"), derived=PerSuccess(spend="spend", successes="settled"))
    plan = but(standard_plan(), metrics={"cost": cost, "spend": part, "settled": part})
    assert good(plan, "spend") / good(plan, "settled") == Decimal("0.4")
