"""The rooms of time: working minutes to the second, every deadline with its owner, and spans of working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, Story, but, exposure, freeze, standard_plan, with_gate, with_rules, with_rung
from tidegate import deadlines, endings, gates, recurring, resume, waves
from tidegate.calendar import later
from tidegate.deadlines import Deadline
from tidegate.models.base import Function, GateKind, Span, Stage
from tidegate.models.decision import Notify
from tidegate.models.event import CLOCK, Noticed, Reduction, Resume, Tick
from tidegate.models.owing import Obligation
from tidegate.models.plan import WorkingTime
from tidegate.models.reasons import Code
from tidegate.models.state import Announcement, Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.gate import Gate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
OFFICE = PLAN.calendar
ROUND_THE_CLOCK = OFFICE.but(opens=0, closes=1440)
FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)


def clock(story: Story, **changes: Any) -> Turn:
    """Return a turn of the clock in a story whose state is changed."""
    return Turn(story.plan, story.state.but(**changes), story.now, CLOCK, None)


# -- working minutes --------------------------------------------------------------------------------------------------


ODD = timedelta(seconds=20, microseconds=7)


@pytest.mark.parametrize(
    ("calendar", "start", "span", "end"),
    [
        (OFFICE, FRIDAY + 8 * HOUR + ODD, "1bh", FRIDAY + 10 * HOUR),
        (OFFICE, FRIDAY + 8 * HOUR + timedelta(microseconds=7), "1bh", FRIDAY + 10 * HOUR),
        (OFFICE, FRIDAY + 16.5 * HOUR + ODD, "1bh", FRIDAY + 3 * DAY + 9.5 * HOUR + ODD),
        (ROUND_THE_CLOCK, FRIDAY + 23.5 * HOUR + ODD, "1bh", FRIDAY + 3 * DAY + 0.5 * HOUR + ODD),
        (ROUND_THE_CLOCK, FRIDAY + DAY + 23.5 * HOUR + ODD, "1bh", FRIDAY + 3 * DAY + HOUR),
    ],
    ids=str,
)
def test_working_hours_to_the_second(calendar: WorkingTime, start: datetime, span: str, end: datetime) -> None:
    """The working day opens on the full minute, whatever the seconds of the moment from which is counted."""
    assert later(calendar, start, Span.of(span)) == end


def test_nobody_ever_works() -> None:
    """Where no working day ever comes, that is said, and nothing is searched for without end."""
    with pytest.raises(ValueError, match=r"^the calendar has no working days$"):
        later(OFFICE.but(workdays=()), START, Span.of("1bh"))


WEEK = Span.of("5bd")
"""Five working days: from a Monday to a Monday, seven days on the wall clock."""


def gone_on(turn: Turn, gate: Gate) -> None:
    """Let a review lead on to watching."""
    waves._go_on(turn, gate, Phase.OBSERVING)


@pytest.mark.parametrize("room", [gone_on, gates.lapse, endings.handed_over])
def test_reviews_that_come_round_in_working_days(room: Callable[[Turn, Gate], None]) -> None:
    """Where a standard counts its reviews in working days, every room counts them so."""
    story = Story(with_rules(PLAN, review_every=WEEK)).climb(5)
    story.now = START + 70 * DAY
    turn = clock(story)
    review = gates.open_gate(turn, GateKind.CHECKPOINT, 5, None, "again")
    assert review is not None
    room(turn, review)
    watch = turn.state.position.observation
    assert watch is not None
    assert watch.review_at == turn.now + 7 * DAY
    deadlines._nudge(turn)
    assert turn.state.position.nudge_at == turn.now + 7 * DAY


def test_an_end_that_asks_within_working_days() -> None:
    """Who must decide about the end of a stage has working days where the standard says so, and hears its own date."""
    stages = {**PLAN.stages, Stage.PILOT: PLAN.stages[Stage.PILOT].but(expires=START + 7 * DAY)}
    story = Story(with_rules(but(PLAN, stages=stages), narrow_after=WEEK)).live()
    story.now = START + 8 * DAY
    turn = clock(story)
    deadlines._expired(turn)
    assert turn.state.obligations["retire-or-extend"].due == turn.now + 7 * DAY
    said = [entry.reason for entry in turn.entries if entry.action == "stage expired"]
    assert said == [because(Code.STAGE_EXPIRED, stage="pilot", at=START + 7 * DAY)]


@pytest.mark.parametrize(("late", "everybody"), [(-timedelta(seconds=1), False), (timedelta(0), True)])
def test_a_hold_grows_stale_in_working_days(late: timedelta, everybody: bool) -> None:
    """From its very date on a long hold asks everybody before it goes on."""
    story = Story(with_rules(PLAN, stale_after=WEEK)).climb(2)
    story.reduce(Reduction.HOLD, "plat-a")
    held = story.state.exposure.since
    assert held is not None
    story.now = later(OFFICE, held, WEEK) + late
    assert story.now - late > held + 5 * DAY
    assert resume._stale(clock(story)) is everybody
    story.message(Resume, "business", cause="understood")
    wide = {Function.RISK: 1, Function.OPERATIONS: 1} if everybody else {}
    assert story.gate.needs == {Function.PLATFORM: 1, **wide}


# -- every date -------------------------------------------------------------------------------------------------------


def dates(story: Story, *whats: str, **changes: Any) -> list[Deadline]:
    """Return the deadlines of these kinds."""
    found = deadlines.deadlines(story.plan, story.state.but(**changes))
    return [one for one in found if one.what in whats]


def test_the_dates_of_a_round() -> None:
    """An open round has its end, its reminder and its escalation, each with whom it waits for."""
    story = opened()
    gate = story.gate
    whom = ("operations, risk", gate.id)
    assert dates(story, "gate expires", "reminder", "escalation") == [
        Deadline(gate.expires_at, "gate expires", *whom),
        Deadline(gate.remind_at, "reminder", *whom),
        Deadline(START + 2 * DAY, "escalation", *whom),
    ]
    story.state = story.state.but(gates={gate.id: gate.but(escalate_at=None)})
    assert dates(story, "escalation") == []


def test_the_date_of_a_yes() -> None:
    """A yes that waits for its effect has the date on which it lapses, and hides no other round of votes."""
    story = opened()
    story.vote("risk-a")
    story.now += HOUR
    story.auto = False
    story.vote("ops-a")
    gate = story.gate
    assert gate.satisfied_at is not None
    other = gate.but(id="later", satisfied_at=None, ballots=())
    both = {gate.id: gate, "later": other}
    lapse = Deadline(START + 7 * DAY, "approval lapses", "owner", gate.id)
    assert dates(story, "approval lapses", "gate expires", gates=both) == [
        lapse, Deadline(other.expires_at, "gate expires", "operations, risk", "later"),
    ]  # fmt: skip


def test_the_dates_of_a_schedule() -> None:
    """Only a freeze of the stage that is entered delays it; each notice has its lead time and its next attempt."""
    winter = freeze(START - DAY, START + 9 * DAY).but(stages=(Stage.LIMITED,))
    story = opened(but(PLAN, freezes=(winter, freeze(START, START + DAY, "week").but(stages=(Stage.PILOT,)))))
    waiting = Announcement(at=START, ready_at=START + DAY, retry_at=START + HOUR)
    told = {"g-0": waiting, "g-1": waiting.but(ready_at=START, retry_at=None)}

    def scheduled(target: int | None) -> list[Deadline]:
        position = story.state.position.but(phase=Phase.SCHEDULED, target=target)
        kinds = ("freeze ends", "notice given", "notice again")
        return dates(story, *kinds, position=position, announcements=told)

    notices = [
        Deadline(START + DAY, "notice given", "clock", "g-0"),
        Deadline(START + HOUR, "notice again", "clock", "g-0"),
    ]
    assert scheduled(3) == [Deadline(START + 9 * DAY, "freeze ends", "clock", "year-end"), *notices]
    assert scheduled(2) == [Deadline(START + DAY, "freeze ends", "clock", "week"), *notices]
    story.plan = with_rung(story.plan, 2, stage=Stage.LIMITED)
    assert scheduled(None)[0].about == "week"


def test_a_notice_is_sent_again_at_its_very_date() -> None:
    """A notice that did not arrive is sent again when its date has come, and its lead time begins anew."""
    story = opened()
    story.auto = False
    for who in ("risk-a", "ops-a"):
        story.vote(who)
    key = f"{story.gate.id}-0"
    story.say(Noticed(key=key, result="failed"))
    retry = story.state.announcements[key].retry_at
    assert retry == START + HOUR
    story.now = retry
    story.say(Tick())
    again = story.state.announcements[key]
    assert (again.at, again.ready_at, again.result, again.retry_at) == (retry, retry + DAY, "sent", None)
    assert [move.key for move in story.moves if isinstance(move, Notify) and move.required] == [key, key]


@pytest.mark.parametrize("nudges", [0, 1])
def test_who_is_nudged(nudges: int) -> None:
    """The first nudge reaches the owner, every later one pages; both say in words what it waits for."""
    story = opened()
    turn = clock(story, position=story.state.position.but(nudges=nudges))
    deadlines._nudge(turn)
    reason = because(Code.NUDGE, phase="awaiting approval", owner="operations, risk", since=START)
    move = turn.moves[-1]
    assert isinstance(move, Notify)
    people = ("owner", "ops-a", "governance") if nudges else ("owner",)
    assert (move.about, move.to, move.urgent) == (reason, people, bool(nudges))
    assert turn.state.position.nudges == nudges + 1


def test_what_is_owed_again_every_day() -> None:
    """What comes round daily or sooner comes round once a day."""
    for span, days in (("12h", 1), ("1d", 1), ("2d", 2)):
        turn = clock(Story(with_rules(standard_plan(), drill_max_age=Span.of(span))))
        turn.place(handed_over=True)
        recurring.follow(turn)
        assert turn.state.obligations["drill"] == Obligation(
            kind="drill", what="a rehearsed rollback", owner="operations", due=START + days * DAY, every_days=days
        )


def test_a_round_that_expires_half_answered() -> None:
    """A round that ends unanswered says what it lacked, beside what it had."""
    story = opened(with_gate(PLAN, GateKind.FIRST_EXPOSURE, vote_expiry=Span.of("30d")))
    story.vote("risk-a")
    gate = story.gate
    story.wait(gate.expires_at)
    said = [entry for entry in story.entries if entry.action == "gate expired"]
    assert [entry.reason for entry in said] == [
        because(Code.EXPIRED, gate=gate.id, label="pilot/w1", lacking=("operations",))
    ]
    assert story.people == exposure(0).people
