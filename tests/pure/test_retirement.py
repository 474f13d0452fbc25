"""The end in good order, at its edges: what is silence and what is not, and for how long a no keeps a use case."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from tests.pure.world import Story, but, standard_plan
from tidegate import retirement
from tidegate.models.base import Bound, Condition, GateKind, MetricFamily, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.ending import Ends, PlanEnd
from tidegate.models.event import SYSTEM, Retire
from tidegate.models.gate import ClosedGate
from tidegate.models.plan import Plan, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.turn import Turn

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
END = PlanEnd(quiet=Span.of("2d"), runs="runs", keep=Span.of("3650d"))
RUNS = PlanMetric(
    family=MetricFamily.TECHNICAL, source="prometheus", every=Span.of("1d"), max_age=Span.of("3d"), reviewer="plat-a",
    on_no_data="zero", min_samples=5,
)  # fmt: skip
NEVER: timedelta | None = None


def plan_of(**more: Any) -> Plan:
    """Return a plan whose end must be heard in the number of its runs."""
    plan = standard_plan()
    return but(plan, end=END, metrics={**plan.metrics, "runs": RUNS.but(**more)})


@cache
def _gone() -> Story:
    story = Story(plan_of()).live()
    story.auto = False
    story.message(Retire, "owner", reason="it has done its work")
    story.agree()
    for _ in range(4):
        for event in story.answers():
            if event.kind != "readings":
                story.say(event)
    assert list(story.state.obligations) == [retirement.QUIET]
    return story


def hears(plan: Plan, figure: dict[str, Any] | None, **ends: timedelta | None) -> Turn:
    """Return the turn in which a figure is heard that was read so long after access was gone; none if never."""
    state = _gone().state
    assert state.ends is not None
    gone_at = state.ends.gone_at
    assert gone_at is not None
    times = {name: None if after is None else gone_at + after for name, after in ends.items()}
    watched = MetricState(due_at=gone_at, since=gone_at)
    now = gone_at
    if figure is not None:
        now = gone_at + figure["at"]
        words = {"status": "value", "value": Decimal(figure["value"]), "n": figure.get("n", 100), "taken_at": now}
        watched = watched.but(last=Reading.model_validate(words))
    state = state.but(metrics={**state.metrics, "runs": watched}, ends=state.ends.but(**times))
    turn = Turn(plan, state, now, SYSTEM, None)
    retirement.go_on(turn, END)
    return turn


def heard(turn: Turn) -> tuple[bool, bool, timedelta | None]:
    """Return whether it is silent for good, whether people were paged, and since when it is silent."""
    ends = turn.state.ends
    assert ends is not None
    assert ends.gone_at is not None
    done = retirement.QUIET not in turn.state.obligations
    assert done is (retirement.ARCHIVE in turn.state.obligations), "the archive is asked for once it is silent"
    paged = [move.urgent for move in turn.moves if isinstance(move, Notify) and move.about.code is Code.RUNS_AFTER_END]
    assert all(paged)
    assert bool(paged) is any(entry.outcome is Outcome.REFUSED for entry in turn.entries)
    return done, bool(paged), None if ends.quiet_since is None else ends.quiet_since - ends.gone_at


@pytest.mark.parametrize(
    ("figure", "since", "expected"),
    [
        (None, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": timedelta(0)}, NEVER, (False, False, timedelta(0))),
        ({"value": 0, "at": -SECOND}, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": DAY, "n": 4}, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": 3 * DAY - SECOND}, DAY, (False, False, DAY)),
        ({"value": 0, "at": 3 * DAY}, DAY, (True, False, DAY)),
        ({"value": 0, "at": 3 * DAY, "n": 4}, DAY, (False, False, DAY)),
        ({"value": 1, "at": DAY}, NEVER, (False, False, NEVER)),
        ({"value": 1, "at": DAY + SECOND}, NEVER, (False, True, NEVER)),
        ({"value": 1, "at": DAY}, timedelta(0), (False, False, NEVER)),
        ({"value": 1, "at": 3 * DAY}, DAY, (False, True, NEVER)),
        ({"value": "0.5", "at": 3 * DAY}, DAY, (False, True, NEVER)),
    ],
)
def test_what_is_silence_after_the_end(
    figure: dict[str, Any] | None, since: timedelta | None, expected: tuple[bool, bool, timedelta | None]
) -> None:
    """Two days of readings without a run, all of them after it was gone; what its window still holds alarms nobody."""
    assert heard(hears(plan_of(), figure, quiet_since=since)) == expected


@pytest.mark.parametrize(
    ("since", "ran", "paged"), [(NEVER, NEVER, True), (NEVER, DAY, False), (2 * DAY, DAY, True), (2 * DAY, NEVER, True)]
)
def test_one_page_for_each_time_that_it_begins_to_run(
    since: timedelta | None, ran: timedelta | None, paged: bool
) -> None:
    """Runs that go on page nobody twice; runs after a silence page again."""
    turn = hears(plan_of(), {"value": 3, "at": 3 * DAY}, quiet_since=since, ran_at=ran)
    assert heard(turn)[1] is paged


@pytest.mark.parametrize(("window", "paged"), [(None, False), ("2h", True), ("6h", False)])
def test_a_figure_of_few_hours_is_news_after_few_hours(window: str | None, paged: bool) -> None:
    """Three hours after the end a figure over two hours holds nothing of before; one over six, or a day, does."""
    plan = plan_of(window=None if window is None else Span.of(window))
    assert heard(hears(plan, {"value": 1, "at": 3 * HOUR}))[1] is paged


@pytest.mark.parametrize("lost", ["the metric", "its readings"])
def test_a_figure_that_is_no_more_is_no_silence(lost: str) -> None:
    """Where a revision took the figure away, nobody heard anything: it waits, and breaks nothing."""
    story = _gone()
    plan, state = story.plan, story.state
    if lost == "the metric":
        plan = but(plan, metrics={name: one for name, one in plan.metrics.items() if name != "runs"})
    else:
        state = state.but(metrics={name: one for name, one in state.metrics.items() if name != "runs"})
    turn = Turn(plan, state, story.now + 5 * DAY, SYSTEM, None)
    retirement.go_on(turn, END)
    assert retirement.QUIET in turn.state.obligations


# -- who decides, and for how long ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "how", "ago", "asked"),
    [
        (GateKind.RETIREMENT, "rejected", 89 * DAY, False),
        (GateKind.RETIREMENT, "rejected", 90 * DAY - SECOND, False),
        (GateKind.RETIREMENT, "rejected", 90 * DAY, True),
        (GateKind.RETIREMENT, "expired", DAY, True),
        (GateKind.CHECKPOINT, "rejected", DAY, True),
    ],
)
def test_a_no_to_its_end_keeps_it_for_a_quarter(kind: GateKind, how: Any, ago: timedelta, asked: bool) -> None:
    """People who refused its end are not asked about it again for ninety days; nothing else keeps it."""
    story = Story(but(standard_plan(), retire_when=(Condition("errors", Bound.of("> 4")),))).live()
    closed = ClosedGate(id="end-1", kind=kind, how=how, at=story.now - ago)
    story.state = story.state.but(closed=(closed,))
    story.read("4.5")
    assert (retirement.DECIDE in story.state.obligations) is asked


def test_what_people_were_told_by_hand_is_kept_by_audience() -> None:
    """Only the word that somebody told an audience by hand counts as that; what has not begun to end tells nobody."""
    story = _gone()
    ends = Ends(told={"end-0": "failed", "end-1": "sent"})
    turn = Turn(story.plan, story.state.but(ends=ends), story.now, SYSTEM, None)
    retirement.told_by_hand(turn, retirement.GONE)
    assert retirement.untold(turn.state) == ("end-0", "end-1")
    retirement.told_by_hand(turn, f"{retirement.TELL}-0")
    assert retirement.untold(turn.state) == ("end-1",)
    before = Turn(story.plan, story.state.but(ends=None), story.now, SYSTEM, None)
    retirement.told_by_hand(before, f"{retirement.TELL}-0")
    assert (before.state.ends, retirement.untold(before.state)) == (None, ())
