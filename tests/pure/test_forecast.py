"""The dates of a plan: at the earliest, at the latest, and what stands in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.world import START, but, standard_plan, with_gate, with_member
from tidegate.forecast import forecast, gate_kind
from tidegate.models.base import Function, GateKind, Span, Stage
from tidegate.models.plan import FreezeWindow, Plan

DAY = timedelta(days=1)
PLAN = standard_plan()


def frozen(first: datetime, last: datetime, *stages: Stage) -> Plan:
    """The plan with one freeze."""
    window = FreezeWindow(name="year-end", starts=first, ends=last, reason="closed", stages=stages or tuple(Stage))
    return but(PLAN, freezes=(window,))


def away(plan: Plan, since: datetime, until: datetime, *names: str) -> Plan:
    """The plan with people on leave, whose deputies are away too or do not exist."""
    roster = {
        name: member.but(away=((since, until),), deputy=None) if name in names else member
        for name, member in plan.roster.items()
    }
    return but(plan, roster=roster)


RISK = ("risk-a", "risk-b", "both")


def test_each_wave_is_led_to_by_its_own_kind_of_gate() -> None:
    """The first wave has the first exposure, a wave into another stage the stage gate, and all others a checkpoint."""
    kinds = [gate_kind(PLAN, level) for level in range(1, 6)]
    checkpoint, stage = GateKind.CHECKPOINT, GateKind.STAGE
    assert kinds == [GateKind.FIRST_EXPOSURE, checkpoint, stage, checkpoint, stage]


def test_at_the_earliest_all_sign_at_once_and_the_notice_runs() -> None:
    """Asked for in working time, it is signed at once, and begins when the notice has run its time."""
    first = forecast(PLAN, START)[0].earliest
    assert first is not None
    assert (first.opens, first.signed, first.begins) == (START, START, START + DAY)
    assert first.watched == first.begins + timedelta(days=7)


def test_outside_working_time_signing_waits_for_the_morning() -> None:
    """What is asked for on a Saturday is signed when Monday's work begins."""
    saturday = START - 2 * DAY
    first = forecast(PLAN, saturday)[0].earliest
    assert first is not None
    assert (first.opens, first.signed) == (saturday, START)


def test_at_the_latest_the_window_and_the_longest_watch_are_used_up() -> None:
    """The round of votes takes its five working days, and the wave waits for its samples as long as it may."""
    first = forecast(PLAN, START)[0].latest
    assert first is not None
    assert first.signed == START + 7 * DAY
    assert first.begins == first.signed + DAY
    assert first.watched == first.begins + timedelta(days=21)


def test_the_next_wave_is_asked_for_when_this_one_has_been_watched() -> None:
    """The review of a wave is the round of votes about the next."""
    dates = forecast(PLAN, START)
    for one, after in pairwise(dates):
        assert one.earliest is not None
        assert after.earliest is not None
        assert after.earliest.opens == one.earliest.watched


def test_a_freeze_moves_the_beginning_to_its_end() -> None:
    """What would begin in a freeze begins when it ends, and the freeze is named."""
    end = START + 4 * DAY
    first = forecast(frozen(START, end), START)[0].earliest
    assert first is not None
    assert (first.begins, first.freezes, first.renewed) == (end, ("year-end",), False)


def test_a_freeze_of_another_stage_moves_nothing() -> None:
    """A freeze binds only the stages that it names."""
    plan = frozen(START, START + 30 * DAY, Stage.SYSTEM_OF_RECORD)
    assert forecast(plan, START)[0] == forecast(PLAN, START)[0]


def test_votes_that_lapse_in_a_freeze_are_asked_for_again() -> None:
    """After a freeze that outlasts the votes, the latest date counts one more whole window."""
    end = START + 60 * DAY
    first = forecast(frozen(START, end), START)[0]
    assert first.earliest is not None
    assert first.latest is not None
    assert first.earliest.begins == end
    assert first.earliest.renewed
    assert first.latest.begins > end + 5 * DAY


def test_leave_without_a_deputy_makes_everybody_wait() -> None:
    """While all who could sign for a function are away the wave waits for them, and they are named."""
    back = START + 14 * DAY
    plan = away(PLAN, START - DAY, back, *RISK)
    first = forecast(plan, START)[0]
    assert first.earliest is not None
    assert first.latest is not None
    assert first.earliest.signed >= back
    assert first.earliest.awaited == tuple(sorted(RISK))
    assert first.latest.opens == back


def test_leave_with_somebody_left_delays_nobody() -> None:
    """As long as one other person can sign for a function, leave changes no date."""
    plan = away(PLAN, START - DAY, START + 14 * DAY, "risk-a")
    first = forecast(plan, START)[0].earliest
    assert first is not None
    assert (first.signed, first.awaited) == (START, ())


@pytest.mark.parametrize(
    ("holidays", "signed", "closes"),
    [
        ((), START + timedelta(hours=15), START + 7 * DAY + timedelta(hours=15)),
        ((date(2026, 11, 24),), START + timedelta(hours=39), START + 8 * DAY + timedelta(hours=15)),
    ],
)
def test_people_elsewhere_sign_in_their_own_hours(
    holidays: tuple[date, ...], signed: datetime, closes: datetime
) -> None:
    """Who lives by another clock signs when their next working day begins, and has a whole window of such days."""
    tokyo = PLAN.calendar.but(shifts=((datetime(2020, 1, 1, tzinfo=UTC), 540),), holidays=holidays)
    plan = but(PLAN, calendars={"tokyo": tokyo})
    for name in RISK:
        plan = with_member(plan, name, calendar="tokyo")
    first = forecast(plan, START)[0]
    assert first.earliest is not None
    assert first.latest is not None
    assert (first.earliest.signed, first.latest.signed) == (signed, closes)
    assert first.earliest.begins > START + DAY


def test_a_quorum_that_nobody_can_meet_is_never_reached() -> None:
    """Where the people there are cannot fill the seats, neither this wave nor a later one has a date."""
    plan = with_gate(PLAN, GateKind.STAGE, functions={Function.LEGAL: 1})
    dates = forecast(plan, START)
    assert dates[1].earliest is not None
    assert [one.earliest for one in dates[2:]] == [None, None, None]
    assert [one.latest for one in dates[2:]] == [None, None, None]


def test_votes_that_lapse_before_the_notice_has_run_are_useless() -> None:
    """A yes that is good for less time than the notices take can never be used, and is said so."""
    plan = with_gate(PLAN, GateKind.CHECKPOINT, vote_expiry=Span.of("2h"))
    dates = forecast(plan, START)
    assert [one.lapses for one in dates] == [False, True, False, False, False]
    assert dates[1].earliest is None


def test_a_stage_that_ends_first_makes_a_wave_vain_or_short() -> None:
    """A wave after its stage's end is in vain; one that the end may interrupt is cut short."""
    pilot = PLAN.stages[Stage.PILOT]

    def ending(days: int) -> Plan:
        return but(PLAN, stages={**PLAN.stages, Stage.PILOT: pilot.but(expires=START + days * DAY)})

    assert forecast(ending(1), START)[0].in_vain
    soon = forecast(ending(20), START)[0]
    assert (soon.in_vain, soon.cut_short) == (False, True)
    late = forecast(ending(400), START)[0]
    assert (late.in_vain, late.cut_short) == (False, False)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - st wants it
    freeze=st.tuples(st.integers(0, 90), st.integers(1, 60)),
    leave=st.tuples(st.integers(0, 90), st.integers(1, 60)),
)
def test_time_runs_forward_and_the_latest_is_never_before_the_earliest(
    start: datetime, freeze: tuple[int, int], leave: tuple[int, int]
) -> None:
    """Whatever freezes and leave there are, each step follows the one before, and no wave begins in a freeze."""
    frozen_from = start + freeze[0] * DAY
    plan = frozen(frozen_from, frozen_from + freeze[1] * DAY)
    away_from = start + leave[0] * DAY
    plan = away(plan, away_from, away_from + leave[1] * DAY, *RISK)
    before = start
    for one in forecast(plan, start):
        assert one.earliest is not None
        assert one.latest is not None
        for pace in (one.earliest, one.latest):
            assert pace.opens <= pace.signed <= pace.begins < pace.watched
            assert not any(window.starts <= pace.begins < window.ends for window in plan.freezes)
        assert one.earliest.opens >= before
        assert one.earliest.begins <= one.latest.begins
        before = one.earliest.watched


@pytest.mark.parametrize("level", [1, 3])
def test_a_shift_of_the_start_shifts_nothing_backwards(level: int) -> None:
    """Who asks later begins no earlier."""
    now, later = forecast(PLAN, START)[level], forecast(PLAN, START + 3 * DAY)[level]
    assert now.earliest is not None
    assert later.earliest is not None
    assert now.earliest.begins <= later.earliest.begins
