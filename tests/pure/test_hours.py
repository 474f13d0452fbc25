"""Whose hours count: rounds, reminders and escalation follow those who are asked; what keeps people safe does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.world import START, F, Story, but, said, standard_plan, with_gate, with_member, with_rules
from tidegate import gates, hours, votes
from tidegate.calendar import later, working
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify
from tidegate.models.event import CLOCK, Postpone, Remind
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan, WorkingTime
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.rights import away
from tidegate.turn import Turn

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
RISK = ("both", "risk-a", "risk-b")


def clock(east: int, *holidays: date) -> WorkingTime:
    """Return a working week from nine to five, so many hours east of UTC."""
    return WorkingTime(
        shifts=((BEGAN, 60 * east),), workdays=(0, 1, 2, 3, 4), opens=540, closes=1020, holidays=tuple(sorted(holidays))
    )


def living(plan: Plan, calendar: WorkingTime, *names: str) -> Plan:
    """Return the plan with some people living by another calendar."""
    roster = {name: each.but(calendar="other") if name in names else each for name, each in plan.roster.items()}
    return but(plan, calendars={"other": calendar}, roster=roster)


def opened(plan: Plan, at: datetime = START) -> Story:
    """Return a rollout whose first round of votes is open."""
    story = Story(plan, at)
    story.start()
    story.ready()
    return story


TOKYO = living(standard_plan(), clock(9), *RISK)


# -- rounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "end"),
    [
        ("4bh", START + 19 * HOUR),  # Tuesday, 13:00 in Tokyo: four of their hours, and long after four of ours
        ("4h", START + 4 * HOUR),
    ],
)
def test_a_round_stays_open_in_the_hours_of_those_asked(window: str, end: datetime) -> None:
    """Working time passes while those work who are asked; wall time passes for everybody."""
    story = opened(with_gate(TOKYO, GateKind.FIRST_EXPOSURE, window=Span.of(window)))
    assert story.gate.expires_at == end


@pytest.mark.parametrize(("who", "holiday"), [("risk-a", True), ("plat-a", False), ("owner", False)])
def test_only_who_is_asked_counts(who: str, holiday: bool) -> None:
    """A holiday of somebody who is asked gives the round a day more; of anybody else, and of who asks, none."""
    plan = living(standard_plan(), clock(0, date(2026, 11, 25)), who)
    more = opened(plan).gate.expires_at - opened(standard_plan()).gate.expires_at
    assert more == (DAY if holiday else timedelta(0))


def test_a_postponed_round_counts_in_the_same_hours() -> None:
    """How far a round may be postponed follows those who are asked, as its end does."""
    story = opened(living(standard_plan(), clock(0, date(2026, 12, 2)), "risk-a"))
    latest = story.gate.expires_at + 8 * DAY  # five working days, a weekend, and the holiday
    assert said(story.message(Postpone, "ops-a", gate=story.gate.id, until=latest + HOUR)) is Code.POSTPONED_ONCE
    assert said(story.message(Postpone, "ops-a", gate=story.gate.id, until=latest)) is Code.POSTPONED


HOLIDAYS = st.frozensets(st.dates(date(2026, 11, 20), date(2027, 1, 10)), max_size=12)


@settings(max_examples=40)
@given(
    east=st.integers(-11, 13),
    days=HOLIDAYS,
    more=HOLIDAYS,
    span=st.sampled_from(("1bd", "5bd", "3bh", "40bh", "36h")),
    start=st.integers(0, 24 * 14),
    kind=st.sampled_from(GateKind),
)
def test_no_deadline_comes_earlier_by_a_holiday(
    east: int, days: frozenset[date], more: frozenset[date], span: str, start: int, kind: GateKind
) -> None:
    """In any zone a holiday more, or an own calendar at all, moves no end and no reminder of a round forward."""
    now = START + start * HOUR
    plain = standard_plan()
    less, all_ = (living(plain, clock(east, *each), "risk-a") for each in (days, days | more))
    ends = [hours.fair(plan, kind, ("risk-a", "ops-a"), now, Span.of(span)) for plan in (plain, less, all_)]
    assert ends == sorted(ends)
    reminded = [hours.reminders(plan, ("risk-a",), now, Span.of(span))["risk-a"] for plan in (less, all_)]
    assert reminded == sorted(reminded)
    assert all(working(clock(east, *each), at) for each, at in zip((days, days | more), reminded, strict=True))


@pytest.mark.parametrize(
    ("kind", "more"), [(GateKind.FIRST_EXPOSURE, True), (GateKind.CHECKPOINT, False), (GateKind.OPERATING, False)]
)
def test_a_review_is_not_put_off_by_a_holiday_of_somebody_asked(kind: GateKind, more: bool) -> None:
    """More time is given by one more window: in the hours of those asked, and for a review in the programme's."""
    story = opened(living(standard_plan(), clock(0, date(2026, 12, 2)), "risk-a"))
    gate = story.gate.but(kind=kind, expires_at=START + 5 * DAY)
    story.state = story.state.but(gates={gate.id: gate})
    window = story.plan.rules(gate.level).gates[kind].window
    latest = later(story.plan.calendar, gate.expires_at, window)
    other = story.again()
    late = story.message(Postpone, "exec", gate=gate.id, until=latest + DAY)
    assert said(late) is (Code.POSTPONED if more else Code.POSTPONED_ONCE)
    assert said(other.message(Postpone, "exec", gate=gate.id, until=latest)) is Code.POSTPONED


# -- what keeps people safe --------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(east=st.integers(-11, 13), days=HOLIDAYS)
def test_safety_timers_never_move(east: int, days: frozenset[date]) -> None:
    """Whatever holidays reviewers keep, a missed review holds, narrows and pauses at the very same moments."""
    everybody = tuple(standard_plan().roster)
    assert fallen(living(standard_plan(), clock(east, *days), *everybody)) == as_it_is()


@cache
def as_it_is() -> list[tuple[Control, datetime]]:
    """Return the same for the plan as it is."""
    return fallen(standard_plan())


def fallen(plan: Plan) -> list[tuple[Control, datetime]]:
    """Return when exposure comes down by itself if nobody looks at the first wave."""
    first = Story(standard_plan()).live().review()
    gate = first.gate
    story = Story(plan)
    story.state, story.now = first.state.but(plan=plan.digest), gate.opened_at
    # The same round, opened again under this plan.
    watch = first.state.position.observation
    story.state = story.state.but(gates={})
    story.state = story.state.but(
        position=story.state.position.but(phase=Phase.OBSERVING, observation=watch, target=None, purpose=None)
    )
    found = []
    for _ in range(400):
        before = story.state.exposure.control
        story.wait()
        if story.state.exposure.control is not before:
            found.append((story.state.exposure.control, story.now))
        if story.state.exposure.control is Control.PAUSED:
            return found
    raise AssertionError(f"it was never paused: {found}")


def test_a_review_in_a_holiday_is_still_missed() -> None:
    """The end of a review is a safety timer: no holiday of a reviewer puts the hold off."""
    plan = living(
        with_gate(standard_plan(), GateKind.CHECKPOINT, window=Span.of("5bd")), clock(0, date(2026, 12, 3)), *RISK
    )
    story = Story(plan).live().review()
    assert story.gate.expires_at == later(plan.calendar, story.gate.opened_at, Span.of("5bd"))
    story.wait(story.gate.expires_at)
    assert story.state.exposure.control is Control.HELD


def test_nothing_is_approved_by_time() -> None:
    """However long nobody answers, every round ends unanswered and nobody is served."""
    story = opened(TOKYO)
    story.wait(400 * DAY)
    assert (story.people, Code.QUORUM in story.codes()) == (0, False)


# -- reminders ---------------------------------------------------------------------------------------------------------


def reminded(story: Story) -> list[tuple[datetime, str]]:
    """Return when each reminder went out, and to whom."""
    return [(entry.at, entry.reason.facts["who"]) for entry in story.entries if entry.reason.code is Code.REMINDED]


def test_reminders_reach_people_at_work() -> None:
    """Each is reminded again and again in their own hours, and nobody at night, on leave or on a holiday."""
    plan = living(standard_plan(), clock(9, date(2026, 11, 26)), "risk-a")
    plan = with_member(plan, "ops-b", away=((START + DAY, START + 3 * DAY),))
    story = opened(with_gate(plan, GateKind.FIRST_EXPOSURE, window=Span.of("10bd"), remind_every=Span.of("7h")))
    story.wait(5 * DAY)
    told = [(at, name) for at, names in reminded(story) for name in names.split(", ")]
    assert {"risk-a", "ops-a", "ops-b", "both"} <= {name for _, name in told}
    for at, name in told:
        assert working(hours.of(story.plan, name), at), f"{name} was reminded at {at}"
        assert not away(story.plan.roster[name], at), f"{name} was reminded on leave"
    assert sum(name == "risk-a" for _, name in told) >= 4


def test_reminders_repeat_until_the_end() -> None:
    """Who does not answer hears it every working day, and who has answered no more."""
    story = opened(standard_plan())
    story.vote("risk-a")
    story.wait(story.gate.expires_at - START - HOUR)
    days = [at for at, _ in reminded(story)]
    assert days == [START + DAY * each for each in (1, 2, 3, 4)]
    assert all("risk-a" not in names and "risk-b" not in names for _, names in reminded(story))


def test_remind_asks_everybody_now() -> None:
    """Who asks for a reminder by hand reaches those who sleep too: somebody wants it now."""
    story = opened(TOKYO, START + 5 * HOUR)  # eleven at night in Tokyo
    assert said(story.message(Remind, "owner", gate=story.gate.id)) is Code.ASKED_AGAIN
    assert {"risk-a", "ops-a"} <= set(reminded(story)[-1][1].split(", "))


# -- escalation --------------------------------------------------------------------------------------------------------


def test_escalation_goes_up_step_by_step() -> None:
    """Deputies are asked first, then the heads of function, then the programme; each urgently, and each once."""
    plan = with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, window=Span.of("10bd"))
    story = opened(plan)
    story.wait(9 * DAY)
    steps = [(entry.at, entry.reason.facts["step"]) for entry in story.entries if entry.reason.code is Code.ESCALATED]
    assert steps == [
        (START + 2 * DAY, "deputies"),
        (START + 4 * DAY, "heads of function"),
        (START + 8 * DAY, "the programme"),
    ]
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.ESCALATED]
    assert [move.urgent for move in told] == [True] * 3
    assert "risk-b" in told[0].to
    assert told[1].to == ("ops-a", "risk-a")
    assert told[2].to == ("governance",)


@pytest.mark.parametrize(("kind", "waits"), [(GateKind.FIRST_EXPOSURE, True), (GateKind.CHECKPOINT, False)])
def test_escalation_waits_for_those_who_are_asked(kind: GateKind, waits: bool) -> None:
    """Deputies are called once those asked have had their time; a review, which holds, calls them as ever."""
    plan = standard_plan()
    now = START
    own = living(plan, clock(0, date(2026, 11, 24)), "risk-a")
    after = GATE_RULE.escalate_after
    assert (hours.fair(own, kind, ("risk-a",), now, after) > hours.fair(plan, kind, ("risk-a",), now, after)) is waits


GATE_RULE = standard_plan().rules(1).gates[GateKind.FIRST_EXPOSURE]


def test_a_deputy_sits_once_it_has_gone_up_to_them() -> None:
    """Before it went up a deputy has no seat; after that their yes counts for the one they stand in for."""
    plan = with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, window=Span.of("10bd"), functions={F.COMPLIANCE: 1})
    story = opened(plan)
    assert said(story.vote("comp-deputy")) is Code.NO_SEAT
    story.wait(2 * DAY)
    assert said(story.vote("comp-deputy")) is Code.APPROVED


# -- the second deadline -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("span", "apart"), [("5d", 5 * DAY), ("36h", 36 * HOUR)])
def test_a_miss_holds_and_the_named_second_deadline_narrows(span: str, apart: timedelta) -> None:
    """The first miss holds and says when it narrows; that moment narrows, by the clock on the wall."""
    story = Story(living(with_rules(standard_plan(), narrow_after=Span.of(span)), clock(9), *RISK)).climb(2).review()
    missed = story.gate.expires_at
    story.wait(missed)
    assert (story.state.exposure.control, story.people) == (Control.HELD, 20)
    assert story.state.position.narrow_at == missed + apart
    story.wait(missed + apart)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)


# -- each by their own clock -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_", [True, False])
def test_whose_reminder_comes_later_is_not_reminded_with_the_others(later_: bool) -> None:
    """Though they are at work when the others are reminded, their own time has not come."""
    story = opened(standard_plan())
    now, ask = story.gate.remind_at, votes.askable(story.plan, story.state, story.gate, story.gate.remind_at)
    theirs = {"risk-a": now + 2 * HOUR} if later_ else {}
    gate = story.gate.but(reminders=theirs)
    turn = Turn(story.plan, story.state.but(gates={gate.id: gate}), now, CLOCK, None)
    gates.remind(turn, gate)
    ((to,),) = [[move.to] for move in turn.moves if isinstance(move, Notify)]
    assert to == tuple(name for name in ask if name not in theirs)
    assert "risk-a" in ask
    if later_:
        assert turn.state.gates[gate.id].remind_at == now + 2 * HOUR


@pytest.mark.parametrize(("kind", "days"), [(GateKind.FIRST_EXPOSURE, 3), (GateKind.CHECKPOINT, 2)])
def test_who_is_next_asked_about_a_review_is_not_kept_waiting_by_a_holiday(kind: GateKind, days: int) -> None:
    """A round of votes goes to the next people up in the hours of those asked, and a review in the programme's."""
    plan = living(standard_plan(), clock(0, date(2026, 11, 24)), *RISK)
    plan = with_gate(plan, kind, escalate_after=Span.of("2bd"))
    story = opened(plan)
    gate = story.gate.but(kind=kind)
    turn = Turn(plan, story.state.but(gates={gate.id: gate}), START, CLOCK, None)
    gates.escalate(turn, gate)
    assert turn.state.gates[gate.id].escalate_at == START + days * DAY
