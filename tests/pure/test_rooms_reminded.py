"""What is owed before its day, and what a stop leaves: who is reminded, when, and what an incident says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, standard_plan, with_rules
from tidegate import calendar, reminders
from tidegate.decide import begin
from tidegate.models.base import Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import CLOCK, Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.turn import Turn, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
PAGED = ("owner", "ops-a", "governance")


def owing(owner: str = "ops-a", **more: Any) -> Obligation:
    """Return something that is owed by tomorrow."""
    return Obligation(**{"kind": "condition", "what": "some work", "owner": owner, "due": START + DAY, **more})


def turn_of(before: str, owed: Obligation) -> Turn:
    """Return a turn under a standard that reminds so long before the day of the one thing that is owed."""
    plan = with_rules(PLAN, remind_before=Span.of(before))
    return Turn(plan, begin(plan, START).but(obligations={"mine": owed}), START, CLOCK, None)


def told(moves: Any) -> list[tuple[Any, tuple[str, ...], bool]]:
    """Return what was told to whom, and whether at once."""
    return [(move.about, move.to, move.urgent) for move in moves if isinstance(move, Notify)]


# -- before its day ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "due", "at"),
    [
        ("2bd", START + 28 * DAY, datetime(2026, 12, 17, 9, tzinfo=UTC)),
        ("36h", START + 28 * DAY, START + 28 * DAY - 36 * HOUR),
        ("2bd", START + DAY, START + 12 * HOUR),
        ("2bd", START + DAY + timedelta(microseconds=14), START + 12 * HOUR),
        ("0d", START + DAY, None),
    ],
)
def test_a_reminder_comes_so_long_before_the_day_or_once_half_the_time_is_over(
    before: str, due: datetime, at: datetime | None
) -> None:
    """Two working days before a Monday are a Thursday; whichever is later counts, and on the day itself nobody is."""
    turn = turn_of(before, owing(due=due))
    reminders.arm(turn)
    assert turn.state.obligations == {"mine": owing(due=due, armed_for=due, remind_at=at)}


@pytest.mark.parametrize("late", [{"due": START - DAY}, {"due": START + DAY, "overdue": True}])
def test_of_a_day_that_has_passed_nobody_is_reminded(late: dict[str, Any]) -> None:
    """Where somebody says that it was due long ago, what had been worked out for a later day is dropped, once."""
    turn = turn_of("2bd", owing(**late, armed_for=START + 9 * DAY, remind_at=START + 7 * DAY))
    reminders.arm(turn)
    assert turn.state.obligations == {"mine": owing(**late, armed_for=late["due"])}


@pytest.mark.parametrize(("owner", "to"), [("ops-a", ("ops-a",)), ("gone", PAGED)])
def test_whoever_owes_it_is_reminded_once_of_all_of_it(owner: str, to: tuple[str, ...]) -> None:
    """What, by when, from whom and under which name; where they have left, those who are paged hear of it."""
    turn = turn_of("2bd", owing(owner, remind_at=START))
    reminders.due(turn, "mine")
    reason = because(Code.OWED_SOON, id="mine", what="some work", owner=owner, due=START + DAY)
    assert [(one.action, one.outcome, one.reason) for one in turn.entries] == [("reminder", Outcome.DONE, reason)]
    assert told(turn.moves) == [(reason, to, False)]
    assert turn.state.obligations == {"mine": owing(owner)}


@pytest.mark.parametrize(
    ("owner", "others", "able"),
    [
        ("ops-a", ("gone", "data_steward", "risk-a"), ("ops-a", "data-a", "risk-a")),
        ("data_steward", ("compliance", "nobody-here"), ("data-a", "comp-a")),
        ("gone", ("vendor",), ()),
    ],
)
def test_everybody_who_can_meet_it_is_reminded(owner: str, others: tuple[str, ...], able: tuple[str, ...]) -> None:
    """By name or by function, the owner first; who has left or is a supplier takes nobody else's place."""
    assert reminders.whose(PLAN, owing(owner, others=others)) == able


# -- what a stop leaves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "opened"), [(Reduction.PAUSE, True), (Reduction.HOLD, False)])
def test_an_incident_says_what_was_stopped_and_lets_nothing_on(verb: Reduction, opened: bool) -> None:
    """Operations owe by a day what led to it; what is late holds nothing, and bars what comes next."""
    within = Span.of("2bd")
    story = Story(with_rules(PLAN, incident_within=within)).live()
    decision = story.reduce(verb)
    lines = [(one.outcome, one.reason) for one in decision.entries if one.action == "incident"]
    if not opened:
        assert (lines, story.state.obligations) == ([], {})
        return
    ((name, owed),) = story.state.obligations.items()
    due = calendar.later(story.plan.calendar, story.now, within)
    what = "what led to the pause by ops-a, and what has changed since"
    assert owed == Obligation(kind="incident", what=what, owner="operations", due=due, then="block")
    reason = because(Code.INCIDENT_OPENED, id=name, verb="pause", due=due)
    assert lines == [(Outcome.DONE, reason)]
    assert (reason, PAGED, True) in told(decision.moves)
