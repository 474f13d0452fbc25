"""When a scenario's moments are: dates, days, and so long after something was seen for the n-th time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, standard_plan
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Outcome
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.lived import Seen
from tidegate.models.reasons import Code
from tidegate.models.sight import Sight, When
from tidegate.models.state import Phase
from tidegate.moments import anew, fits, moment, noted, times

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CALENDAR = standard_plan().calendar


def line(at: datetime = START, **changes: Any) -> Seen:
    """A line of what was lived."""
    words: dict[str, Any] = {
        "at": at,
        "action": "vote approve",
        "outcome": Outcome.DONE,
        "code": "recorded",
        "sentence": "It is so.",
        "actor": "risk-a",
        "actor_kind": "human",
        "in_place_of": "risk-b",
        "gate_kind": "checkpoint",
        "stage": "limited",
        "wave": "home-half",
        "phase": "observing",
        "control": "live",
        "level": 3,
        "epoch": 4,
        "people": 30,
        "served": 30,
    }
    return Seen(**{**words, **changes})


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (Sight(stage=Stage.LIMITED), Sight(stage=Stage.PILOT)),
        (Sight(wave="home-half"), Sight(wave="home")),
        (Sight(wave="limited/home-half"), Sight(wave="pilot/home-half")),
        (Sight(phase=Phase.OBSERVING), Sight(phase=Phase.WIDENING)),
        (Sight(control=Control.LIVE), Sight(control=Control.HELD)),
        (Sight(action="vote approve"), Sight(action="vote reject")),
        (Sight(outcome=Outcome.DONE), Sight(outcome=Outcome.REFUSED)),
        (Sight(by="risk-a"), Sight(by="risk-b")),
        (Sight(in_place_of="risk-b"), Sight(in_place_of="comp-a")),
        (Sight(gate=GateKind.CHECKPOINT), Sight(gate=GateKind.STAGE)),
        (Sight(), Sight(reason=Code.OVERDUE)),
    ],
)
def test_a_pattern_fits_what_it_says_and_nothing_else(right: Sight, wrong: Sight) -> None:
    """Each word that a pattern says must be so; what it does not say may be anything."""
    assert fits(right, line())
    assert not fits(wrong, line())


def test_what_stands_is_seen_once_and_what_is_done_each_time() -> None:
    """A phase that lasts three lines is seen when it begins, and again after it was left; a vote is seen each time."""
    lines = [line(START + index * HOUR, phase=phase) for index, phase in enumerate(("a", "b", "b", "a", "b"))]
    lines = [one.but(phase={"a": "widening", "b": "observing"}[one.phase]) for one in lines]
    assert times(Sight(phase=Phase.OBSERVING), lines) == (START + HOUR, START + 4 * HOUR)
    assert len(times(Sight(phase=Phase.OBSERVING, action="vote approve"), lines)) == 3
    assert anew(Sight(phase=Phase.WIDENING), None, lines[0])


def test_a_line_of_evidence_is_seen_as_it_is_decided() -> None:
    """What a life wrote down fits the patterns of its deeds: the round is known by what it decides."""
    story = Story().live().review()
    vote = next(noted(entry) for entry in story.vote("risk-a").entries if entry.actor == "risk-a")
    assert fits(Sight(gate=GateKind.CHECKPOINT, stage=Stage.PILOT, outcome=Outcome.DONE), vote)
    assert not fits(Sight(gate=GateKind.STAGE), vote)
    held = [noted(entry) for entry in story.reduce(Reduction.HOLD).entries]
    assert times(Sight(action="hold", by="ops-a", control=Control.HELD), held) == (story.now,)


def test_a_moment_without_words_is_the_start() -> None:
    """Dates and days count from the start, and `plus` comes on top."""
    assert moment(When(), START, CALENDAR) == START
    assert moment(When(at=START + 5 * DAY), START, CALENDAR) == START + 5 * DAY
    assert moment(When(day=Span.of("10d")), START, CALENDAR) == START + 10 * DAY
    assert moment(When(day=Span.of("10d"), plus=Span.of("3h")), START, CALENDAR) == START + 10 * DAY + 3 * HOUR


def test_working_time_is_counted_in_the_calendar_of_the_plan() -> None:
    """Five working days after a Monday are a week later, and not five days."""
    assert moment(When(day=Span.of("5bd")), START, CALENDAR) == START + 7 * DAY


def test_a_moment_after_something_waits_until_it_is_seen_that_often() -> None:
    """The second time counts from the second time."""
    when = When(after=Sight(action="hold"), time=2, plus=Span.of("1h"))
    lines = [line(START + DAY, action="hold"), line(START + 2 * DAY)]
    assert moment(when, START, CALENDAR, lines) is None
    assert moment(when, START, CALENDAR, [*lines, line(START + 3 * DAY, action="hold")]) == START + 3 * DAY + HOUR
