"""Working time: weekends, holidays and clock changes, in the organisation's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure import documents
from tidegate.authoring.read import read_programme
from tidegate.authoring.resolve import working_time
from tidegate.calendar import LAST, freeze_at, instant, later, next_working, offset, working
from tidegate.models.base import Span, Stage, Unit
from tidegate.models.plan import FreezeWindow, WorkingTime
from tidegate.models.programme import Zones


def berlin() -> WorkingTime:
    """Return the sample programme's calendar: Berlin, weekdays from 09:00 to 17:30."""
    programme, findings = read_programme(documents.programme())
    assert programme is not None, findings
    return working_time(programme, Zones.model_validate_json(documents.zones_json(documents.programme())))


CALENDAR = berlin()
MOMENTS = st.datetimes(datetime(2026, 6, 1), datetime(2028, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone follows
SPANS = st.builds(Span, st.integers(0, 30), st.sampled_from(Unit))


def utc(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "span", "end", "why"),
    [
        ("2026-11-23 09:00", "1bd", "2026-11-24 09:00", "the same time on the next day"),
        ("2026-11-20 15:00", "1bd", "2026-11-23 15:00", "over a weekend"),
        ("2026-11-21 12:00", "1bd", "2026-11-24 08:00", "from a Saturday, counted from Monday's opening"),
        ("2026-12-24 10:00", "1bd", "2026-12-28 10:00", "over Christmas and a weekend"),
        ("2027-03-25 09:00", "1bd", "2027-03-30 08:00", "over Easter, and the clock goes forward: 10:00 stays 10:00"),
        ("2027-10-29 08:00", "1bd", "2027-11-01 09:00", "over the weekend on which the clock goes back"),
        ("2026-11-20 15:30", "2bh", "2026-11-23 09:00", "an hour on Friday and an hour on Monday"),
        ("2026-11-23 05:00", "1bh", "2026-11-23 09:00", "from before opening"),
        ("2026-11-23 08:00", "17bh", "2026-11-24 16:30", "two whole days end at closing time"),
        ("2027-03-27 20:00", "24h", "2027-03-28 20:00", "wall time knows no clock change"),
        ("2026-11-20 15:00", "2d", "2026-11-22 15:00", "wall time knows no weekend"),
    ],
)
def test_a_span_ends_when_people_expect(start: str, span: str, end: str, why: str) -> None:
    """A span of working time ends where the calendar on the wall says so."""
    assert later(CALENDAR, utc(start), Span.of(span)) == utc(end), why


@given(MOMENTS, MOMENTS, SPANS)
def test_later_keeps_the_order(one: datetime, other: datetime, span: Span) -> None:
    """Who starts later never ends earlier."""
    first, second = sorted((one, other))
    assert later(CALENDAR, first, span) <= later(CALENDAR, second, span)


@given(MOMENTS, SPANS)
def test_later_is_never_past(start: datetime, span: Span) -> None:
    """No span ends before it starts."""
    assert later(CALENDAR, start, span) >= start


@given(MOMENTS, st.integers(1, 30))
def test_longest_bounds_working_days(start: datetime, days: int) -> None:
    """The upper bound of a span holds in weeks without holidays."""
    calendar = CALENDAR.but(holidays=())
    span = Span(days, Unit.BUSINESS_DAYS)
    assert later(calendar, start, span) - start <= span.longest + timedelta(hours=1)  # a clock change is an hour


@given(MOMENTS)
def test_next_working_moment_is_working(start: datetime) -> None:
    """Whoever waits for the next working moment finds people at work."""
    assert working(CALENDAR, next_working(CALENDAR, start))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23 08:00", True),
        ("2026-11-23 07:59", False),
        ("2026-11-23 16:29", True),
        ("2026-11-23 16:30", False),
        ("2026-11-22 10:00", False),
        ("2026-12-25 10:00", False),
        ("2027-04-01 07:00", True),
    ],
)
def test_people_work_in_their_hours(moment: str, expected: bool) -> None:
    """Opening counts as work, closing does not, and summer time opens an hour earlier in UTC."""
    assert working(CALENDAR, utc(moment)) is expected


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2027-03-28 01:59", "2027-03-28 00:59"),
        ("2027-03-28 02:30", "2027-03-28 01:30"),  # does not exist: the clock goes from 02:00 to 03:00
        ("2027-03-28 03:00", "2027-03-28 01:00"),
        ("2027-10-31 01:59", "2027-10-30 23:59"),
        ("2027-10-31 03:00", "2027-10-31 02:00"),
    ],
)
def test_the_local_clock_names_a_moment(local: str, moment: str) -> None:
    """A time on the wall is one moment, also beside a clock change."""
    assert instant(CALENDAR.shifts, utc(local)) == utc(moment)


@given(MOMENTS)
def test_wall_and_moment_agree(moment: datetime) -> None:
    """What the wall shows at a moment leads back to it, or to its twin in the hour that comes twice."""
    local = moment + offset(CALENDAR.shifts, moment)
    assert abs(instant(CALENDAR.shifts, local) - moment) in (timedelta(0), timedelta(hours=1))


def test_a_calendar_without_work_is_refused() -> None:
    """Nobody waits for ever for a working day that never comes."""
    with pytest.raises(ValueError, match="no working days"):
        later(CALENDAR.but(workdays=()), utc("2026-11-23 08:00"), Span.of("1bd"))


@pytest.mark.parametrize("span", ["600bd", "9000bh"])
def test_however_long_people_work_it_comes_to_an_end(span: str) -> None:
    """Years of working time are a long time, and no calendar without work."""
    start = utc("2026-11-23 09:00")
    assert later(CALENDAR.but(holidays=()), start, Span.of("600bd")) == utc("2029-03-12 09:00")
    assert later(CALENDAR, start, Span.of(span)) > start + timedelta(days=800)


@pytest.mark.parametrize("span", ["5bd", "40bh", "400d"])
def test_what_would_come_after_all_dates_comes_last(span: str) -> None:
    """The last date there is is spelled by people who mean never: what counts on from there comes then, and not now."""
    assert later(CALENDAR, LAST - timedelta(days=1), Span.of(span)) == LAST


def test_what_lies_before_all_dates_begins_where_it_is() -> None:
    """West of Greenwich the first day there is has no date: nothing is put off by that for ever."""
    west = CALENDAR.but(shifts=((utc("2020-01-01 00:00"), -300),))
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert later(west, first, Span.of("5bd")) == first
    assert later(west, first + timedelta(days=1), Span.of("1bh")) > first


def freeze(name: str, first: str, last: str, *stages: Stage) -> FreezeWindow:
    """Return a freeze."""
    return FreezeWindow(name=name, starts=utc(first), ends=utc(last), reason="audit", stages=stages or tuple(Stage))


FREEZES = (
    freeze("short", "2026-12-18", "2026-12-20"),
    freeze("long", "2026-12-19", "2027-01-05"),
    freeze("pilots", "2027-02-01", "2027-02-08", Stage.PILOT),
)


@pytest.mark.parametrize(
    ("moment", "stage", "name"),
    [
        ("2026-12-17 23:59", Stage.PILOT, None),
        ("2026-12-18 00:00", Stage.PILOT, "short"),
        ("2026-12-19 12:00", Stage.LIMITED, "long"),
        ("2027-01-05 00:00", Stage.PILOT, None),
        ("2027-02-03 00:00", Stage.PILOT, "pilots"),
        ("2027-02-03 00:00", Stage.LIMITED, None),
    ],
)
def test_a_freeze_binds_its_days_and_stages(moment: str, stage: Stage, name: str | None) -> None:
    """A freeze holds from its first moment to before its last, and of two the one that ends last is named."""
    found = freeze_at(FREEZES, stage, utc(moment))
    assert (found.name if found else None) == name
