"""Whether a gate's seats can be filled: the matching against brute force, and what is said when they cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.models.base import Function
from tidegate.models.person import Leave, Person
from tidegate.models.plan import Member
from tidegate.models.programme import Calendar, Programme, Zones
from tidegate.roster import away_through, eligible, members, missing_seats, region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.roster import Window

MONDAY = datetime(2026, 12, 21, tzinfo=UTC)
WEEK: Window = (MONDAY, MONDAY + timedelta(days=7))
ALL_WEEK = ((MONDAY - timedelta(days=1), MONDAY + timedelta(days=8)),)
SEATS = (Function.RISK, Function.COMPLIANCE, Function.OPERATIONS)


def person(*functions: Function, **more: object) -> Member:
    """Return somebody who holds these functions."""
    return Member.model_validate({"name": "Somebody", "functions": functions, **more})


@st.composite
def rosters(draw: st.DrawFn) -> dict[str, Member]:
    """Up to five people, some of whom left, are a vendor's, are away, or have a deputy."""
    names = "abcde"[: draw(st.integers(0, 5))]
    return {
        name: person(
            *draw(st.sets(st.sampled_from(SEATS))),
            active=draw(st.integers(0, 5)) > 0,
            organisation="vendor" if draw(st.integers(0, 5)) == 0 else "internal",
            away=ALL_WEEK if draw(st.integers(0, 2)) == 0 else (),
            deputy=draw(st.sampled_from(("a", "b", "c", None))),
        )
        for name in names
    }


def best(able: Mapping[Function, tuple[str, ...]], functions: Mapping[Function, int]) -> int:
    """Return how many seats can be filled at the most, by trying everything."""
    seats = [function for function, count in functions.items() for _ in range(count)]
    tries = product(*[(*able[function], None) for function in seats])
    fills = ([name for name in seated if name is not None] for seated in tries)
    return max(len(seated) for seated in fills if len(set(seated)) == len(seated))


@given(
    roster=rosters(),
    functions=st.dictionaries(st.sampled_from(SEATS), st.integers(1, 2)),
    excluded=st.sets(st.sampled_from("abc"), max_size=1),
    between=st.sampled_from((None, WEEK)),
)
def test_no_assignment_fills_more_seats(
    roster: dict[str, Member], functions: dict[Function, int], excluded: set[str], between: Window | None
) -> None:
    """The seats called missing are exactly those that no assignment of distinct people can fill."""
    missing = missing_seats(roster, functions, excluded, between)
    able = {function: eligible(roster, function, excluded, between) for function in functions}
    lacking = sum(seat.needed - seat.found for seat in missing)
    assert sum(functions.values()) - lacking == best(able, functions)
    assert all(seat.why and seat.needed == functions[seat.function] for seat in missing)
    assert all(list(seat.people) == sorted(set(seat.people)) for seat in missing)


@given(roster=rosters(), excluded=st.sets(st.sampled_from("abc")))
def test_who_sits_is_eligible(roster: dict[str, Member], excluded: set[str]) -> None:
    """Whoever can sit is active, internal, did not write the request, and is there in the window."""
    for function in SEATS:
        for name in eligible(roster, function, excluded, WEEK):
            member = roster[name]
            assert member.active
            assert member.organisation == "internal"
            assert name not in excluded
            assert not away_through(member, WEEK)


def test_a_deputy_stands_in() -> None:
    """A deputy sits for a holder who is away all the time, need not hold the function, and only then."""
    roster = {"rosa": person(Function.RISK, deputy="dev", away=ALL_WEEK), "dev": person()}
    assert eligible(roster, Function.RISK, (), WEEK) == ("dev",)
    assert eligible(roster, Function.RISK, ()) == ("rosa",)
    assert eligible(roster, Function.RISK, ("dev",), WEEK) == ()


def test_no_deputy_of_a_deputy() -> None:
    """A deputy who is away sends nobody in turn, as no vote of theirs would be taken."""
    roster = {
        "ann": person(Function.RISK, deputy="bob", away=ALL_WEEK),
        "bob": person(deputy="cem", away=ALL_WEEK),
        "cem": person(),
    }
    assert eligible(roster, Function.RISK, (), WEEK) == ()


def test_leaves_that_touch_are_one_absence() -> None:
    """Somebody is away through a window when their leaves cover it without a gap, and only then."""
    half = MONDAY + timedelta(days=3)
    start, end = WEEK
    assert away_through(person(away=((half, end), (start, half))), WEEK)
    assert not away_through(person(away=((start, half), (half + timedelta(hours=1), end))), WEEK)
    assert not away_through(person(away=((start, half),)), WEEK)


@pytest.mark.parametrize(
    ("roster", "excluded", "why", "people"),
    [
        ({}, (), "nobody holds this function", ()),
        ({"rosa": person(Function.RISK, active=False)}, (), "rosa has left", ("rosa",)),
        ({"vik": person(Function.RISK, organisation="vendor")}, (), "vik belongs to a vendor", ("vik",)),
        ({"ann": person(Function.RISK)}, ("ann",), "ann wrote part of what is decided", ("ann",)),
        (
            {"rosa": person(Function.RISK, away=ALL_WEEK)},
            (),
            "rosa is away 2026-12-20 to 2026-12-28 with no deputy",
            ("rosa",),
        ),
        (
            {"rosa": person(Function.RISK, away=ALL_WEEK, deputy="vik"), "vik": person(organisation="vendor")},
            (),
            "rosa is away 2026-12-20 to 2026-12-28 and the deputy vik cannot stand in",
            ("rosa",),
        ),
    ],
)
def test_it_says_who_and_when(
    roster: dict[str, Member], excluded: tuple[str, ...], why: str, people: tuple[str, ...]
) -> None:
    """An empty seat says who could have sat there and what keeps each of them from it."""
    (missing,) = missing_seats(roster, {Function.RISK: 1}, excluded, WEEK)
    assert (missing.why, missing.people) == (why, people)


def test_one_person_counts_once() -> None:
    """One person who holds two functions fills one of the two seats, and the other one says so."""
    roster = {"dana": person(Function.RISK, Function.COMPLIANCE)}
    (missing,) = missing_seats(roster, {Function.RISK: 1, Function.COMPLIANCE: 1}, (), None)
    assert missing.why == "dana cannot fill all the seats of compliance and risk, for one person counts once"
    (missing,) = missing_seats(roster, {Function.RISK: 2}, (), None)
    assert (missing.found, missing.why) == (1, "only dana can sit for it")


def test_leave_is_dated_in_the_persons_own_zone() -> None:
    """Leave begins and ends at the person's own midnight, whatever the programme's zone is."""
    day = datetime(2026, 12, 21, tzinfo=UTC).date()
    programme = Programme(
        programme="house",
        governance_owner="gov",
        calendar=Calendar(zone="UTC"),
        people={
            "gov": Person(name="Gov"),
            "kei": Person(name="Kei", zone="Asia/Tokyo", leave=(Leave(first=day, last=day),)),
        },
    )
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    zones = Zones(shifts={"UTC": ((begin, 0),), "Asia/Tokyo": ((begin, 540),)})
    (away,) = members(programme, zones)["kei"].away
    assert away == (MONDAY - timedelta(hours=9), MONDAY + timedelta(hours=15))


def test_who_can_sit_is_said_before_who_cannot() -> None:
    """Everybody who can sit is named, then what keeps each of the others from it."""
    roster = {name: person(Function.RISK, active=name != "zoe") for name in ("ann", "bob", "cem", "zoe")}
    (missing,) = missing_seats(roster, {Function.RISK: 4}, (), WEEK)
    assert missing.why == "only ann, bob and cem can sit for it; zoe has left"
    assert missing.people == ("ann", "bob", "cem", "zoe")


@pytest.mark.parametrize(
    ("hours", "first", "last"),
    [
        (9, "2026-12-21", "2026-12-28"),
        (13, "2026-12-21", "2026-12-28"),
        (13.75, "2026-12-21", "2026-12-28"),
        (-10, "2026-12-20", "2026-12-28"),
    ],
)
def test_leave_is_named_by_its_own_days(hours: float, first: str, last: str) -> None:
    """From Honolulu to the Chatham Islands somebody is away on their own days; of other leave nothing is said."""
    begin, end = (datetime.fromisoformat(f"{day}T00:00:00Z") - timedelta(hours=hours) for day in (first, last))
    away = tuple((begin + timedelta(days=days), end + timedelta(days=days + 1)) for days in (-30, 0, 30))
    (missing,) = missing_seats({"rosa": person(Function.RISK, away=away)}, {Function.RISK: 1}, (), WEEK)
    assert missing.why == f"rosa is away {first} to {last} with no deputy"


@pytest.mark.parametrize(
    ("calendar", "lives", "holidays"),
    [
        ({"country": "DE", "subdivision": "BY"}, None, "DE-BY"),
        ({"country": "DE", "subdivision": "BY"}, {}, "DE-BY"),
        ({"country": "DE", "subdivision": "BY"}, {"country": "FR"}, "FR"),
        ({"country": "DE", "subdivision": "BY"}, {"subdivision": "NW"}, "DE-NW"),
        ({"country": "DE", "subdivision": "BY"}, {"country": "US", "subdivision": "CA"}, "US-CA"),
        ({"country": "DE"}, None, "DE"),
        ({}, {"country": "FR"}, "FR"),
        ({}, {}, None),
    ],
)
def test_whose_public_holidays_somebody_keeps(
    calendar: dict[str, str], lives: dict[str, str] | None, holidays: str | None
) -> None:
    """Those of the country and the part of it where they live; whoever names neither keeps the programme's."""
    people = {
        "gov": Person(name="Gov"),
        **({} if lives is None else {"kei": Person.model_validate({"name": "Kei", **lives})}),
    }
    programme = Programme(
        programme="house", governance_owner="gov", calendar=Calendar.model_validate(calendar), people=people
    )
    assert region(programme, people.get("kei")) == holidays
