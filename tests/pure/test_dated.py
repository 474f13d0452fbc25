"""What was looked up outside, holidays and calendar files, and how it is dated into a plan."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure import documents
from tests.pure.documents import with_changes
from tidegate.compile import compile as compile_
from tidegate.materiality import diff
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.compile import Compiled
    from tidegate.models.plan import Plan

BERLIN = "Europe/Berlin"
HORIZON: dict[str, Any] = {"first": "2025-01-01", "last": "2029-12-31"}
BAVARIA = {"calendar.country": "DE", "calendar.subdivision": "BY"}
EPIPHANY, WEDNESDAY = date(2027, 1, 6), date(2026, 12, 9)
LEAVE = {"starts": "2027-02-01T08:00:00Z", "ends": "2027-02-03T16:00:00Z"}
FREEZE = {"name": "audit", "file": "audit.ics", "reason": "Auditors are in.", "approvers": ["cto", "accountable_exec"]}


def compiled(changes: dict[str, Any], **dated: Any) -> Compiled:
    """Compile the sample with changes of its programme and with what was looked up for it."""
    programme = with_changes(documents.programme(), changes)
    playbook = documents.playbook("minutes-summariser")
    zones = {**documents.zones(programme), "dated": {**HORIZON, **dated}}
    return compile_(programme, playbook, zones, documents.TODAY)


def plan_of(changes: dict[str, Any], **dated: Any) -> Plan:
    """Return the plan of it."""
    found = compiled(changes, **dated)
    assert found.plan is not None, found.findings
    return found.plan


def errors(found: Compiled) -> list[tuple[str, tuple[str | int, ...], str]]:
    """Return the errors with their places and what they say."""
    return [(one.rule, one.path, one.message) for one in found.findings if one.severity is Severity.ERROR]


def test_public_holidays_join_the_programmes_own() -> None:
    """Nobody works on the public holidays of the programme's country, nor on the days that it names itself."""
    plan = plan_of(BAVARIA, holidays={"DE-BY": ["2027-01-06", "2026-12-25"]})
    assert EPIPHANY in plan.calendar.holidays
    assert date(2027, 5, 17) in plan.calendar.holidays
    assert list(plan.calendar.holidays) == sorted(set(plan.calendar.holidays))
    assert plan.dated_until == date(2029, 12, 31)


def test_a_person_keeps_their_own_countrys_holidays() -> None:
    """Who lives elsewhere keeps the days and the clock of that place, and the days of the organisation."""
    changes = {**BAVARIA, "people.ops-deputy.country": "PT"}
    plan = plan_of(changes, holidays={"DE-BY": ["2027-01-06"], "PT": ["2026-12-08"]})
    mine = plan.calendars[plan.roster["ops-deputy"].calendar or ""]
    assert plan.roster["ops-deputy"].calendar == "Europe/Lisbon PT"
    assert date(2026, 12, 8) in mine.holidays
    assert date(2027, 5, 17) in mine.holidays
    assert EPIPHANY not in mine.holidays
    assert mine.shifts != plan.calendar.shifts
    assert (mine.opens, mine.workdays) == (plan.calendar.opens, plan.calendar.workdays)


@pytest.mark.parametrize(
    ("person", "calendar"),
    [
        ({}, None),
        ({"zone": BERLIN}, None),
        ({"country": "DE", "subdivision": "BY"}, None),
        ({"subdivision": "BE"}, "Europe/Berlin DE-BE"),
        ({"country": "DE"}, "Europe/Berlin DE"),
        ({"zone": "Asia/Tokyo"}, "Asia/Tokyo DE-BY"),
        ({"zone": "Asia/Tokyo", "country": "JP"}, "Asia/Tokyo JP"),
    ],
)
def test_whose_calendar_somebody_works_by(person: dict[str, str], calendar: str | None) -> None:
    """A calendar of one's own is carried only where it differs, once for all who share it."""
    changes = {**BAVARIA, **{f"people.risk-officer.{key}": value for key, value in person.items()}}
    plan = plan_of(changes, holidays={name: ["2027-01-06"] for name in ("DE-BY", "DE-BE", "DE", "JP")})
    assert plan.roster["risk-officer"].calendar == calendar
    assert set(plan.calendars) == {"Europe/Lisbon DE-BY"} | ({calendar} if calendar else set())


def test_leave_of_a_file_joins_what_is_written() -> None:
    """Events of a calendar file and days in the programme are leave alike."""
    plan = plan_of({"people.risk-officer.leave_file": "risk.ics"}, leave={"risk-officer": [LEAVE]})
    assert plan.roster["risk-officer"].away == (
        (datetime(2026, 12, 6, 23, tzinfo=UTC), datetime(2026, 12, 11, 23, tzinfo=UTC)),
        (datetime(2027, 2, 1, 8, tzinfo=UTC), datetime(2027, 2, 3, 16, tzinfo=UTC)),
    )


def test_every_event_of_a_file_is_a_freeze() -> None:
    """A freeze with a file binds during each of its events, for the same reason and with the same approvers."""
    more = {"starts": "2027-06-28T22:00:00Z", "ends": "2027-07-02T22:00:00Z"}
    plan = plan_of({"freezes": [FREEZE]}, freezes={"audit": [LEAVE, more]})
    assert [(one.name, one.starts.month, one.approvers) for one in plan.freezes] == [
        ("audit", 2, ("accountable_exec", "cto")),
        ("audit", 6, ("accountable_exec", "cto")),
    ]


@pytest.mark.parametrize(
    ("changes", "dated", "place"),
    [
        (BAVARIA, {"holidays": {"DE-BY": []}}, ("calendar", "country")),
        ({"people.risk-officer.country": "PT"}, {"holidays": {"PT": []}}, ("people", "risk-officer", "country")),
        (
            {"people.risk-officer.leave_file": "a.ics"},
            {"leave": {"risk-officer": []}},
            ("people", "risk-officer", "leave_file"),
        ),
        ({"freezes": [FREEZE]}, {"freezes": {"audit": []}}, ("freezes", 0, "file")),
    ],
)
def test_what_nobody_looked_up_makes_no_plan(
    changes: dict[str, Any], dated: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    """A plan that forgets days which its programme names is never made; looked up, be it to nothing, it is."""
    assert errors(compiled(changes)) == [("P16", place, "it was not looked up")]
    assert errors(compiled(changes, **dated)) == []


def test_what_could_not_be_looked_up_is_said_once_with_its_place() -> None:
    """Trouble with a file is one finding, where the programme names the file."""
    place = ["people", "risk-officer", "leave_file"]
    trouble = {"path": place, "says": "a.ics, line 3: no", "mend": "Do."}
    found = compiled({"people.risk-officer.leave_file": "a.ics"}, troubles=[trouble])
    assert errors(found) == [("P16", tuple(place), "a.ics, line 3: no")]


@pytest.mark.parametrize(
    ("freeze", "fits"),
    [
        ({"first": "2027-02-01", "last": "2027-02-03"}, True),
        ({"file": "a.ics"}, True),
        ({"first": "2027-02-01"}, False),
        ({"first": "2027-02-01", "last": "2027-02-03", "file": "a.ics"}, False),
        ({}, False),
    ],
)
def test_a_freeze_says_its_days_in_one_way(freeze: dict[str, str], fits: bool) -> None:
    """Two days or a file: neither, half of it, or both is a mistake with a place."""
    found = compiled({"freezes": [{"name": "audit", "reason": "Audit.", **freeze}]}, freezes={"audit": []})
    assert [(rule, path) for rule, path, _ in errors(found)] == ([] if fits else [("S3", ("freezes", 0))])


@pytest.mark.parametrize("name", ["audit", "inventory"])
def test_freezes_with_files_have_names_of_their_own(name: str) -> None:
    """Two freezes of one name would share the events of one file, and the other's would bind nobody."""
    found = compiled({"freezes": [FREEZE, {**FREEZE, "name": name}]}, freezes={"audit": [], name: []})
    assert [row[:2] for row in errors(found)] == (
        [("P8", ("freezes", 0, "name")), ("P8", ("freezes", 1, "name"))] if name == "audit" else []
    )


@pytest.mark.parametrize(("last", "warned"), [("2026-12-31", True), ("2029-12-31", False)])
def test_a_rollout_longer_than_its_dates_is_a_warning(last: str, warned: bool) -> None:
    """Where it may last longer than was looked up, somebody is told, and the plan is made all the same."""
    found = compiled(BAVARIA, last=last, holidays={"DE-BY": []})
    assert found.plan is not None
    assert ("P17" in [one.rule for one in found.findings]) is warned


def test_a_calendar_of_ones_own_needs_working_days() -> None:
    """Somebody who never works would make every round last for ever."""
    days = [
        date.fromordinal(day).isoformat() for day in range(date(2026, 11, 1).toordinal(), date(2030, 1, 1).toordinal())
    ]
    found = compiled({"people.risk-officer.country": "PT"}, holidays={"PT": days})
    assert [(rule, path) for rule, path, _ in errors(found)] == [("P9", ("calendar",))]


def test_the_next_years_refresh_asks_nobody() -> None:
    """The same programme, dated a year later: the oldest year is gone, a new one has come, and it is only recorded."""
    old = plan_of(BAVARIA, holidays={"DE-BY": ["2025-01-06", "2027-01-06"]})
    new = plan_of(BAVARIA, first="2026-01-01", last="2030-12-31", holidays={"DE-BY": ["2027-01-06", "2030-01-07"]})
    assert {change.weight.value for change in diff(old, new, datetime(2027, 1, 2, tzinfo=UTC))} == {"recorded"}


def test_without_anything_to_look_up_nothing_is_dated() -> None:
    """A programme that names no country and no file carries no horizon."""
    programme = documents.programme()
    found = compile_(programme, documents.playbook("minutes-summariser"), documents.zones(programme), documents.TODAY)
    assert found.plan is not None
    assert found.plan.dated_until is None
