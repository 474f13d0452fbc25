"""Calendar files: what their events mean, and what is refused, with the line and without a hang."""

from __future__ import annotations

import os
import time
import zoneinfo
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest

from cli.events import MAX_EVENTS, MAX_SERIES, Unusable, events_of
from cli.zones import shifts

BERLIN = shifts("Europe/Berlin")
BETWEEN = (date(2026, 1, 1), date(2029, 12, 31))
_PATIENCE = 30.0
"""Seconds that no file may take, on a machine that does much else."""


def event(*lines: str, uid: int = 1) -> str:
    """Return one event."""
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""))


def calendar(*events: str, head: str = "") -> str:
    """Return a calendar of events."""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{head}{''.join(events)}END:VCALENDAR\r\n"


def read(folder: Path, text: str | bytes) -> list[tuple[str, str]]:
    """Write a file, read its events, and return them as short text."""
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "a.ics").write_bytes(raw)
    return [
        (f"{one:%Y-%m-%d %H:%M}", f"{other:%Y-%m-%d %H:%M}")
        for one, other in events_of(folder, "a.ics", BERLIN, BETWEEN)
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ("DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:20261212"),
            [("2026-12-06 23:00", "2026-12-11 23:00")],
            id="whole days, in the zone of whose it is",
        ),
        pytest.param(("DTSTART;VALUE=DATE:20270701",), [("2027-06-30 22:00", "2027-07-01 22:00")], id="one day"),
        pytest.param(
            ("DTSTART:20270401T120000", "DURATION:PT2H"),
            [("2027-04-01 10:00", "2027-04-01 12:00")],
            id="a time without a zone is theirs too",
        ),
        pytest.param(
            ("DTSTART;TZID=Asia/Tokyo:20270104T090000", "DTEND;TZID=Asia/Tokyo:20270104T180000"),
            [("2027-01-04 00:00", "2027-01-04 09:00")],
            id="a time in another zone",
        ),
        pytest.param(
            ("DTSTART:20270104T090000Z", "DTEND:20270104T180000Z"), [("2027-01-04 09:00", "2027-01-04 18:00")], id="UTC"
        ),
        pytest.param(
            ("DTSTART;TZID=Europe/Berlin:20270322T090000", "DTEND;TZID=Europe/Berlin:20270322T100000",
             "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270329T090000"),
            [("2027-03-22 08:00", "2027-03-22 09:00"), ("2027-04-05 07:00", "2027-04-05 08:00")],
            id="weekly over a clock change, one taken out",
        ),
        pytest.param(
            ("DTSTART;VALUE=DATE:20260630", "RRULE:FREQ=YEARLY;UNTIL=20280101"),
            [("2026-06-29 22:00", "2026-06-30 22:00"), ("2027-06-29 22:00", "2027-06-30 22:00")],
            id="yearly until",
        ),
        pytest.param(
            ("DTSTART;VALUE=DATE:20270129", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2"),
            [("2027-01-28 23:00", "2027-01-29 23:00"), ("2027-02-25 23:00", "2027-02-26 23:00")],
            id="the last working day of a month",
        ),
        pytest.param(("DTSTART;VALUE=DATE:20240101",), [], id="long over"),
        pytest.param(("DTSTART;VALUE=DATE:20270301", "STATUS:CANCELLED"), [], id="cancelled"),
        pytest.param(("DTSTART:20270401T120000Z", "DTEND:20270401T120000Z"), [], id="no time at all"),
    ],
)  # fmt: skip
def test_what_an_event_means(tmp_path: Path, lines: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """All-day, timed, floating, repeated and cancelled events are read as people mean them."""
    assert read(tmp_path, calendar(event(*lines))) == expected


def test_one_of_a_series_may_be_moved_or_cancelled(tmp_path: Path) -> None:
    """An exception to a series takes the place of the one it names."""
    series = event("DTSTART;VALUE=DATE:20270501", "RRULE:FREQ=YEARLY;COUNT=3")
    gone = event("RECURRENCE-ID;VALUE=DATE:20280501", "DTSTART;VALUE=DATE:20280501", "STATUS:CANCELLED")
    moved = event("RECURRENCE-ID;VALUE=DATE:20290501", "DTSTART;VALUE=DATE:20290503")
    assert read(tmp_path, calendar(series, gone, moved)) == [
        ("2027-04-30 22:00", "2027-05-01 22:00"),
        ("2029-05-02 22:00", "2029-05-03 22:00"),
    ]


def test_a_cancelled_calendar_holds_nothing(tmp_path: Path) -> None:
    """What was sent to cancel is no leave; published, the same is."""
    day = event("DTSTART;VALUE=DATE:20270501")
    assert read(tmp_path, calendar(day, head="METHOD:CANCEL\r\n")) == []
    assert len(read(tmp_path, calendar(day, head="METHOD:PUBLISH\r\n"))) == 1


def test_events_without_a_name_are_all_counted(tmp_path: Path) -> None:
    """Some calendars write no UID; none of their events is lost."""
    days = [event(f"DTSTART;VALUE=DATE:2027030{day}").replace("UID:1\r\n", "") for day in (1, 5)]
    assert len(read(tmp_path, calendar(*days))) == 2


def test_times_that_meet_are_one(tmp_path: Path) -> None:
    """Days that follow each other, and events that overlap, are one time."""
    days = [event(f"DTSTART;VALUE=DATE:202703{day:02}", uid=day) for day in (1, 2, 3, 5)]
    assert read(tmp_path, calendar(*days)) == [
        ("2027-02-28 23:00", "2027-03-03 23:00"),
        ("2027-03-04 23:00", "2027-03-05 23:00"),
    ]


def test_the_same_from_any_system(tmp_path: Path) -> None:
    """Line ends, folded lines and a mark at the beginning change nothing."""
    text = calendar(event("SUMMARY:a very long\r\n  line", "DTSTART;VALUE=DATE:20270501"))
    found = {tuple(read(tmp_path, one)) for one in (text, text.replace("\r\n", "\n"), "\ufeff" + text)}
    assert len(found) == 1


BROKEN = [
    pytest.param("hello\n", 1, "'hello' is no line of a calendar", id="something else"),
    pytest.param("", 0, "it cannot be read", id="empty"),
    pytest.param("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\n", 2, "never ends", id="cut off"),
    pytest.param("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", 3, "VEVENT of line 2 has not ended", id="crossed"),
    pytest.param("END:VCALENDAR\n", 1, "one calendar is expected", id="only an end"),
    pytest.param("BEGIN:VEVENT\nEND:VEVENT\n", 1, "one calendar is expected", id="an event alone"),
    pytest.param(calendar(event("DTSTART:20271332")), 4, "DTSTART of this event cannot be read", id="no such day"),
    pytest.param(calendar(event("SUMMARY:x")), 4, "no DTSTART", id="no day"),
    pytest.param(
        calendar(event("DTSTART:20270104T100000Z", "DTEND:20270103T100000Z")), 4, "ends before", id="backwards"
    ),
    pytest.param(
        calendar(event("DTSTART;VALUE=DATE:20270104", "DTEND:20270105T100000Z")), 4, "no end that fits", id="mixed"
    ),
    pytest.param(
        calendar(event("DTSTART;TZID=Nowhere/No:20270104T090000")), 4, "no time zone 'Nowhere/No'", id="no zone"
    ),
    pytest.param(calendar(event("DTSTART;VALUE=DATE:00010101")), 4, "in the year 1", id="long ago"),
    pytest.param(
        calendar(event("DTSTART:20270101", "DTSTART:20270102")), 4, "more than one DTSTART", id="two beginnings"
    ),
    pytest.param(calendar(event("DTSTART:20270101", "UID:2")), 4, "more than one UID", id="two names"),
    pytest.param(
        calendar(event("DTSTART:20270101"), event("DTSTART:20270102")),
        9,
        "has the UID of the one on line 4",
        id="one name",
    ),
    pytest.param(b"BEGIN:VCALENDAR\nSUMMARY:\xff\n", 2, "not UTF-8", id="not text"),
    pytest.param(b"\x00" * 2_000, 1, "is no line of a calendar", id="zeros"),
]


@pytest.mark.parametrize(("text", "line", "says"), BROKEN)
def test_what_is_broken_is_said_with_its_line(tmp_path: Path, text: str | bytes, line: int, says: str) -> None:
    """Whatever is wrong with a file is one sentence with its line and its mend, and never an error of ours."""
    with pytest.raises(Unusable) as wrong:
        read(tmp_path, text)
    assert (wrong.value.line, says in wrong.value.says) == (line, True), wrong.value.says
    assert wrong.value.mend


ABSURD = [
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;INTERVAL=1",
    "FREQ=HOURLY",
    "FREQ=DAILY;BYHOUR=1,2,3",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
    "FREQ=MONTHLY;BYDAY=9MO",
    "FREQ=DAILY;COUNT=999999999",
    "FREQ=YEARLY;BYEASTER=0",
    "COUNT=3",
    "nonsense",
]


@pytest.mark.parametrize("rule", ABSURD)
def test_repetition_without_measure_is_refused(tmp_path: Path, rule: str) -> None:
    """What repeats within a day, for ever, or on a day that never comes is refused before it is counted out."""
    with pytest.raises(Unusable) as wrong:
        read(tmp_path, calendar(event("DTSTART;VALUE=DATE:20270104", f"RRULE:{rule}")))
    assert wrong.value.line == 8


def test_a_zones_own_repetition_is_bounded_too(tmp_path: Path) -> None:
    """A rule that hides in the definition of a zone is looked at like any other."""
    rule = "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\n"
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\n{rule}END:STANDARD\r\nEND:VTIMEZONE\r\n"
    with pytest.raises(Unusable) as wrong:
        read(tmp_path, calendar(event("DTSTART;VALUE=DATE:20270104"), head=zone))
    assert "SECONDLY" in wrong.value.says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * 10_000_000, "larger than 1 MB"),
        (calendar(*(event("DTSTART;VALUE=DATE:20270104") for _ in range(MAX_EVENTS + 1))), "2,001 events"),
        (calendar(*(event("DTSTART:20270104", "RRULE:FREQ=DAILY") for _ in range(MAX_SERIES + 1))), "31 repeat"),
        (calendar(event("DTSTART:20260102T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")), "separate times"),
    ],
)
def test_too_much_is_refused_soon(tmp_path: Path, text: str, says: str) -> None:
    """A file that is too large, or that would fill the plan, is refused in seconds."""
    began = time.monotonic()
    with pytest.raises(Unusable) as wrong:
        read(tmp_path, text)
    assert says in wrong.value.says
    assert time.monotonic() - began < _PATIENCE


def test_as_much_as_is_allowed_is_read(tmp_path: Path) -> None:
    """The twin: every series that may be there, day by day from long ago, is counted out in seconds."""
    began = time.monotonic()
    series = [event("DTSTART;VALUE=DATE:20200104", "RRULE:FREQ=DAILY", uid=number) for number in range(5)]
    assert len(read(tmp_path, calendar(*series))) == 1
    assert time.monotonic() - began < _PATIENCE


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("b.ics", "there is no such file"),
        ("../a.ics", "outside"),
        ("leave/../../a.ics", "outside"),
        ("folder.ics", "it is no file"),
        ("pipe.ics", "it is no file"),
    ],
)
def test_only_a_file_beside_the_programme_is_read(tmp_path: Path, name: str, says: str) -> None:
    """What lies elsewhere, is missing, or would never end is refused."""
    (tmp_path / "folder.ics").mkdir()
    os.mkfifo(tmp_path / "pipe.ics")
    with pytest.raises(Unusable, match=says):
        events_of(tmp_path, name, BERLIN, BETWEEN)


def test_the_machines_own_zones_are_not_asked(tmp_path: Path) -> None:
    """A zone is what the pinned table says, whatever the machine believes."""
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Tokyo").write_bytes(resources.files("tzdata").joinpath("zoneinfo", "UTC").read_bytes())
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    assert datetime(2027, 1, 4, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).astimezone(UTC).hour == 0
    lines = ("DTSTART;TZID=Asia/Tokyo:20270104T090000", "DTEND;TZID=Asia/Tokyo:20270104T180000")
    assert read(tmp_path, calendar(event(*lines))) == [("2027-01-04 00:00", "2027-01-04 09:00")]
