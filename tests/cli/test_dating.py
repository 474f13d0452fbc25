"""Public holidays and calendar files, as `check` and `plan` read them beside a programme."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.dating import look_up, span
from tests.cli.run import DAY, ROOT, Here
from tidegate.models.programme import Zones

BERLIN = "calendar:\n  zone: Europe/Berlin\n"
ICS = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\n{day}\nEND:VEVENT\nEND:VCALENDAR\n"
PLAYBOOK = "minutes-summariser.yaml"


def named(here: Here, *changes: tuple[str, str]) -> None:
    """Lay the sample here, with changes of its programme."""
    here.sample()
    text = (here.folder / "programme.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    here.write("programme.yaml", text)


def found(here: Here, *files: str) -> list[dict[str, Any]]:
    """Return what `check` finds."""
    answer = here("check", "--json", *files, "--as-of", DAY)
    assert "Traceback" not in answer.err
    rows = json.loads(answer.out)["findings"]
    assert isinstance(rows, list)
    return rows


COUNTRY = (BERLIN, BERLIN + "  country: DE\n  subdivision: BY\n")
LEAVE = ("  risk-officer:\n", "  risk-officer:\n    leave_file: leave/risk.ics\n")


def test_a_country_and_a_file_are_dated_into_the_plan(tidegate: Here) -> None:
    """Holidays and leave that are looked up change the dates, and nothing else needs to be written."""
    named(tidegate, COUNTRY, LEAVE)
    (tidegate.folder / "leave").mkdir()
    tidegate.write("leave/risk.ics", ICS.format(day="DTSTART;VALUE=DATE:20270201\nDTEND;VALUE=DATE:20270206"))
    assert found(tidegate, PLAYBOOK, "programme.yaml") == []
    plans = [
        json.loads(tidegate("plan", PLAYBOOK, "--json", "--as-of", day).out)["plan"] for day in (DAY, "2026-12-15")
    ]
    named(tidegate)
    plain = json.loads(tidegate("plan", PLAYBOOK, "--json", "--as-of", DAY).out)["plan"]
    assert plans[0]["digest"] != plain["digest"]
    assert plans[0]["digest"] == plans[1]["digest"], "it depends on the day, and not only on the year"


def test_the_same_programme_gives_the_same_digest_anywhere(tidegate: Here, tmp_path: Path) -> None:
    """The machine's zone, language and order of hashing change nothing."""
    named(tidegate, COUNTRY, ("  risk-officer:\n", "  risk-officer:\n    country: PT\n    leave_file: risk.ics\n"))
    day = "DTSTART;TZID=Asia/Tokyo:20270201T090000\nDTEND;TZID=Asia/Tokyo:20270201T180000\nRRULE:FREQ=WEEKLY;COUNT=4"
    tidegate.write("risk.ics", ICS.format(day=day))
    words = [sys.executable, "-P", "-m", "cli", "plan", PLAYBOOK, "--json", "--as-of", DAY]
    digests = set()
    for zone, seed, tongue in (("UTC", "1", "C"), ("America/New_York", "2", "de_DE.UTF-8")):
        env = {
            "TZ": zone,
            "PYTHONHASHSEED": seed,
            "LANG": tongue,
            "LC_ALL": tongue,
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
        }
        said = subprocess.run(
            words, cwd=tidegate.folder, env={**env, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True
        )
        digests.add(json.loads(said.stdout)["plan"]["digest"])
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        pytest.param(
            (BERLIN, BERLIN + "  country: XX\n"),
            "calendar.country",
            "there are no public holidays of a country called `XX`",
            id="country",
        ),
        pytest.param(
            (BERLIN, BERLIN + "  country: DE\n  subdivision: ZZ\n"),
            "calendar.subdivision",
            "`DE` has no part called `ZZ`",
            id="part",
        ),
        pytest.param(LEAVE, "people.risk-officer.leave_file", "leave/risk.ics: there is no such file", id="file"),
        pytest.param(
            ("freezes:\n", "freezes:\n  - {name: audit, file: bad.ics, reason: Audit.}\n"),
            "freezes[0].file",
            "bad.ics, line 4: the DTSTART of this event cannot be read: Wrong date format 20271332",
            id="event",
        ),
        pytest.param(
            ("freezes:\n", "freezes:\n  - {name: audit, file: huge.ics, reason: Audit.}\n"),
            "freezes[0].file",
            "huge.ics: it is larger than 1 MB",
            id="huge",
        ),
    ],
)
def test_what_cannot_be_had_is_one_finding(tidegate: Here, change: tuple[str, str], path: str, message: str) -> None:
    """It stands once, on the line of the programme that names it, for a programme alone and with a playbook."""
    named(tidegate, change)
    tidegate.write("bad.ics", ICS.format(day="DTSTART:20271332"))
    tidegate.write("huge.ics", "x" * 10_000_000)
    for files in ((PLAYBOOK,), ("programme.yaml",)):
        (row,) = found(tidegate, *files)
        assert (row["rule"], row["file"], row["path"], row["message"]) == ("P16", "programme.yaml", path, message)
        assert row["line"] > 1
        assert row["mend"]


def test_what_makes_no_sense_at_all_is_left_to_the_rules(tidegate: Here) -> None:
    """Words of the wrong shape where names belong are findings of their own, and nothing here stumbles over them."""
    named(
        tidegate,
        (BERLIN, BERLIN + "  country: [DE]\n"),
        ("  risk-officer:\n", "  risk-officer:\n    leave_file: {a: b}\n"),
    )
    assert {row["rule"] for row in found(tidegate, PLAYBOOK)} == {"S3"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 21), (date(2025, 1, 1), date(2029, 12, 31))),
        (date(2045, 5, 5), (date(2044, 1, 1), date(2045, 12, 31))),
        (date(9999, 5, 5), (date(9998, 1, 1), date(9999, 12, 31))),
        (date(1, 1, 1), (date(1, 1, 1), date(4, 12, 31))),
    ],
)
def test_how_far_is_dated(day: date, expected: tuple[date, date]) -> None:
    """Whole years: from the year before to the third after, and no further than clocks are known."""
    assert span(day) == expected


def test_nothing_is_imported_before_something_is_named() -> None:
    """A programme without countries and files waits for none of it."""
    heavy = ("holidays", "icalendar", "recurring_ical_events", "dateutil")
    script = (
        "import sys, pathlib; from cli.judge import Desk; "
        "Desk(None, None).judge(pathlib.Path('playbooks/minutes-summariser.yaml')); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-P", "-c", script], cwd=ROOT, capture_output=True, check=True, text=True)
    assert said.stdout.strip() == "[]"
    assert look_up({}, ROOT, date(2026, 1, 1), Zones(shifts={})).dated.last is None
