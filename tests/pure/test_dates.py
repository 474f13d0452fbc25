"""What a new revision may change about dates without asking anybody: what only moves them later, or binds more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.world import START, F, Story, but, freeze, said, standard_plan, with_member
from tidegate import hours
from tidegate.adoption import adopt
from tidegate.materiality import diff
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.change import Weight
from tidegate.models.decision import Notify
from tidegate.models.event import SYSTEM, Amend
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan, WorkingTime
from tidegate.models.reasons import Code
from tidegate.turn import Turn

DAY = timedelta(days=1)
PAST, SOON, LATER = START - 60 * DAY, START + 10 * DAY, START + 20 * DAY
R, P, M = Weight.RECORDED, Weight.ROSTER, Weight.MATERIAL

TOKYO = WorkingTime(shifts=((datetime(2020, 1, 1, tzinfo=UTC), 540),), workdays=(0, 1, 2, 3, 4), opens=540, closes=1020)
GOLDEN_WEEK = TOKYO.but(holidays=(date(2027, 5, 3), date(2027, 5, 4)))
SUMMER = TOKYO.but(holidays=(date(2026, 9, 1),))
PLAN = standard_plan()
KEPT = but(PLAN, calendar=PLAN.calendar.but(holidays=(date(2026, 9, 1), date(2026, 12, 25))))
HELD = but(PLAN, freezes=(freeze(SOON, LATER).but(approvers=(F.RISK,)),))


def lives(calendar: WorkingTime | None, name: str = "risk-a") -> Plan:
    """Return the plan with somebody living by a calendar of their own."""
    plan = but(PLAN, calendars={} if calendar is None else {"other": calendar})
    return with_member(plan, name, calendar=None if calendar is None else "other")


def holidays(*days: date) -> Plan:
    """Return the plan with these holidays of the programme."""
    return but(PLAN, calendar=PLAN.calendar.but(holidays=days))


def window(
    start: datetime, end: datetime, *approvers: F, name: str = "year-end", stages: tuple[Stage, ...] = tuple(Stage)
) -> Plan:
    """Return the plan with one freeze."""
    return but(PLAN, freezes=(freeze(start, end, name).but(approvers=approvers, stages=stages),))


def away(name: str, *spans: tuple[datetime, datetime], plan: Plan = PLAN) -> Plan:
    """Return the plan with somebody away."""
    return with_member(plan, name, away=spans)


@pytest.mark.parametrize(
    ("old", "new", "weights"),
    [
        # holidays of the programme
        pytest.param(KEPT, holidays(date(2026, 9, 1), date(2026, 12, 25), date(2027, 1, 1)), {R}, id="a holiday more"),
        pytest.param(KEPT, holidays(date(2026, 9, 1)), {M}, id="a holiday less"),
        pytest.param(KEPT, holidays(date(2026, 12, 25)), {R}, id="a holiday less that is over"),
        pytest.param(KEPT, but(KEPT, calendar=KEPT.calendar.but(opens=480)), {M}, id="other hours"),
        pytest.param(holidays(START.date() + DAY), PLAN, {M}, id="a holiday less that is tomorrow"),
        pytest.param(holidays(START.date() - 2 * DAY), PLAN, {M}, id="one that may last somewhere on earth"),
        pytest.param(holidays(START.date() - 3 * DAY), PLAN, {R}, id="one that is over everywhere"),
        pytest.param(PLAN, but(PLAN, dated_until=date(2030, 12, 31)), {R}, id="dated further"),
        # hours of one person
        pytest.param(PLAN, lives(TOKYO), {R}, id="hours of their own"),
        pytest.param(lives(TOKYO), lives(GOLDEN_WEEK), {R}, id="a holiday more of theirs"),
        pytest.param(lives(GOLDEN_WEEK), lives(TOKYO), {M}, id="a holiday less of theirs"),
        pytest.param(lives(SUMMER), lives(TOKYO), {R}, id="a holiday less of theirs that is over"),
        pytest.param(lives(TOKYO), lives(None), {M}, id="no hours of their own any more"),
        pytest.param(lives(TOKYO), lives(TOKYO.but(closes=960)), {M}, id="other hours of theirs"),
        # leave
        pytest.param(PLAN, away("data-a", (SOON, LATER)), {R}, id="leave"),
        pytest.param(PLAN, away("risk-a", (SOON, LATER)), {P}, id="leave that seats a deputy"),
        pytest.param(away("risk-a", (SOON, LATER)), PLAN, {R}, id="leave that is taken back"),
        pytest.param(away("risk-a", (SOON, LATER)), away("risk-a", (SOON, LATER - DAY)), {R}, id="shorter leave"),
        pytest.param(away("risk-a", (SOON, LATER)), away("risk-a", (SOON, LATER + DAY)), {P}, id="longer leave"),
        pytest.param(away("risk-a", (SOON, LATER)), away("risk-a", (SOON + DAY, LATER)), {R}, id="leave from later on"),
        pytest.param(PLAN, away("risk-a", (PAST, PAST + DAY)), {R}, id="leave that is over"),
        pytest.param(PLAN, away("risk-a", (PAST, START)), {R}, id="leave that ends at this moment"),
        pytest.param(PLAN, with_member(away("data-a", (SOON, LATER)), "data-a", deputy="both"), {P}, id="and a deputy"),
        pytest.param(PLAN, with_member(PLAN, "data-a", functions=(F.RISK,)), {P}, id="a function"),
        pytest.param(PLAN, with_member(PLAN, "data-a", deputy="both"), {P}, id="a deputy"),
        # freezes
        pytest.param(PLAN, HELD, {R}, id="a freeze more"),
        pytest.param(HELD, PLAN, {M}, id="a freeze less"),
        pytest.param(HELD, window(SOON, LATER + DAY, F.RISK), {R}, id="it ends later"),
        pytest.param(HELD, window(SOON - DAY, LATER, F.RISK), {R}, id="it begins sooner"),
        pytest.param(HELD, window(SOON, LATER - DAY, F.RISK), {M}, id="it ends sooner"),
        pytest.param(HELD, window(SOON + DAY, LATER, F.RISK), {M}, id="it begins later"),
        pytest.param(HELD, window(SOON, LATER), {R}, id="nobody may pass it"),
        pytest.param(HELD, window(SOON, LATER, F.RISK, F.CTO), {M}, id="more may pass it"),
        pytest.param(HELD, window(SOON, LATER, F.RISK, stages=(Stage.PILOT,)), {M}, id="it binds less"),
        pytest.param(HELD, window(SOON, LATER, F.RISK, name="audit"), {R}, id="another name"),
        pytest.param(window(PAST, PAST + DAY), PLAN, {R}, id="a freeze less that is over"),
        pytest.param(window(PAST, START), PLAN, {R}, id="a freeze less that ends at this moment"),
        pytest.param(window(PAST, LATER), window(START - DAY, LATER), {R}, id="one that lasts, without its past"),
        pytest.param(window(PAST, LATER), window(START + DAY, LATER), {M}, id="one that lasts, with a gap"),
    ],
)
def test_what_only_moves_a_date_later_asks_nobody(old: Plan, new: Plan, weights: set[Weight]) -> None:
    """A date that moves later is recorded; one that moves earlier asks everybody; a seat is the roster's."""
    assert {change.weight for change in diff(old, new, START)} == weights


BOTH = with_member(lives(TOKYO), "comp-a", calendar="other")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (PLAN, but(PLAN, dated_until=date(2030, 12, 31)), "how far holidays and calendar files are dated"),
        (PLAN, lives(TOKYO), "working hours: risk-a"),
        (PLAN, BOTH, "working hours: comp-a, risk-a"),
        (PLAN, away("data-a", (SOON, LATER)), "leave: data-a"),
        (PLAN, away("data-a", (SOON, LATER), plan=away("comp-a", (SOON, LATER))), "leave: comp-a, data-a"),
    ],
)
def test_who_reads_a_revision_reads_whose_dates_move(old: Plan, new: Plan, what: str) -> None:
    """Everybody whose hours or leave are others is named, in the order of the alphabet."""
    assert [change.what for change in diff(old, new, START)] == [what]


@pytest.mark.parametrize(("old", "new"), [(KEPT, holidays(date(2026, 12, 25))), (window(PAST, PAST + DAY), PLAN)])
def test_without_a_now_the_past_counts_too(old: Plan, new: Plan) -> None:
    """Who does not say when asks more, never less."""
    assert {change.weight for change in diff(old, new)} == {M}


DAYS = st.frozensets(st.dates(date(2026, 11, 20), date(2027, 2, 1)), max_size=8)


@given(old=DAYS, new=DAYS, start=st.integers(0, 60), span=st.sampled_from(("5bd", "20bh", "2d")))
def test_what_is_recorded_moves_no_deadline_earlier(
    old: frozenset[date], new: frozenset[date], start: int, span: str
) -> None:
    """Whatever holidays change, if nobody is asked then no end of a round comes earlier by it."""
    before, after = holidays(*sorted(old)), holidays(*sorted(new))
    if any(change.weight is Weight.MATERIAL for change in diff(before, after, START)):
        return
    now = START + start * DAY
    ends = [hours.fair(plan, GateKind.STAGE, ("risk-a",), now, Span.of(span)) for plan in (before, after)]
    assert ends == sorted(ends)


# -- what it means for a rollout that runs -----------------------------------------------------------------------------


def asked(plan: Plan | None = None) -> Story:
    """Return a rollout whose first round of votes is open."""
    story = Story(plan)
    story.start()
    story.ready()
    return story


def test_a_refresh_leaves_the_round_that_is_open() -> None:
    """Holidays, leave and freezes that were looked up again are in force at once, and every vote stands."""
    story = asked()
    story.vote("risk-a")
    gate = story.gate
    fresh = away("data-a", (SOON, LATER), plan=but(holidays(date(2026, 12, 25)), freezes=(freeze(SOON, LATER),)))
    assert said(story.message(Amend, "owner", plan=fresh)) is Code.AMENDMENT
    assert story.plan.digest == fresh.digest
    assert (story.gate.id, story.gate.ballots) == (gate.id, gate.ballots)


def test_a_holiday_taken_away_asks_everybody() -> None:
    """The twin: one holiday less, and the revision waits for votes."""
    story = asked(KEPT)
    story.message(Amend, "owner", plan=holidays(date(2026, 9, 1)))
    assert (story.plan.digest, story.gate.kind) == (KEPT.digest, GateKind.AMENDMENT)


@pytest.mark.parametrize(("who", "code"), [("owner", Code.NO_RIGHT), ("business", Code.AMENDMENT)])
def test_leave_that_seats_a_deputy_needs_the_right_to_the_roster(who: str, code: Code) -> None:
    """Who may only amend cannot seat a deputy by sending somebody on leave."""
    assert said(asked().message(Amend, who, plan=away("risk-a", (START, LATER)))) is code


@pytest.mark.parametrize(
    ("changes", "stays"), [({"away": ((START - DAY, START + 90 * DAY),)}, True), ({"active": False}, False)]
)
def test_leave_ends_no_round(changes: dict[str, object], stays: bool) -> None:
    """When all who could sign are away the round goes on and it is told; when they have left for good it ends."""
    story = asked()
    plan = story.plan
    for name in ("risk-a", "risk-b", "both"):
        plan = with_member(plan, name, **changes)
    gate = story.gate.id
    story.message(Amend, "business", plan=plan)
    assert (gate in story.state.gates) is stays
    told = [move.to for move in story.moves if isinstance(move, Notify) and move.about.code is Code.UNSATISFIABLE]
    assert bool(told) is stays


def test_leave_puts_no_hold_off() -> None:
    """A review whose reviewers were all sent on leave holds when it was due, as if nobody had touched the plan."""
    story = Story().live().review()
    due, plan = story.gate.expires_at, story.plan
    for name in ("risk-a", "risk-b", "both"):
        plan = with_member(plan, name, away=((START - DAY, START + 90 * DAY),))
    story.message(Amend, "business", plan=plan)
    story.wait(due)
    assert (story.now, story.state.exposure.control) == (due, Control.HELD)


def test_the_plan_in_force_is_the_refreshed_one() -> None:
    """What was adopted counts from then on: the next round is open longer by the holiday."""
    story = Story()
    story.start()
    turn = Turn(story.plan, story.state, story.now, SYSTEM, None)
    adopt(turn, holidays(date(2026, 11, 25)))
    story.plan, story.state = turn.plan, turn.state
    story.ready()
    assert story.gate.expires_at == START + 8 * DAY
