"""`tidegate check`: what is wrong, where, and what mends it."""

from __future__ import annotations

import json
import shutil

import pytest
from freezegun import freeze_time

from tests.cli.run import DAY, ROOT, SUMMARISER, Here, process

KEYS = ["rule", "severity", "file", "line", "path", "message", "mend"]


def test_a_good_playbook_is_done() -> None:
    """A playbook without errors ends with 0 and names the next step."""
    answer = process("check", SUMMARISER, "--as-of", DAY)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"1 file: no errors. Next: `tidegate plan {SUMMARISER}` shows what it would do.\n"


def test_a_mistake_names_its_line_and_its_mend(tidegate: Here) -> None:
    """An error ends with 1; it stands on one line as an editor likes it, with its mend below."""
    tidegate.sample(("business_owner: office-head", "busines_owner: office-head"))
    answer = tidegate("check", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 1
    lines = answer.out.splitlines()
    wrong = next(index for index, line in enumerate(lines) if "busines_owner" in line)
    assert lines[wrong].startswith("minutes-summariser.yaml:6: error S2 busines_owner: ")
    assert lines[wrong + 1].startswith("    ")
    assert lines[-1].endswith("Mend the errors from the top and check again.")


def test_a_missing_key_stands_where_its_parent_does(tidegate: Here) -> None:
    """What is missing is shown at the nearest thing around it that is there."""
    tidegate.sample((", per_day: 20", ""))
    found = json.loads(tidegate("check", "--json", "minutes-summariser.yaml").out)["findings"]
    missing = next(row for row in found if row["path"] == "manual_fallback.per_day")
    assert missing["line"] == 18


def test_a_target_that_no_driver_can_serve_is_an_error(tidegate: Here) -> None:
    """A driver that there is none of is told in the line of its target, and the playbook is good with one."""
    tidegate.sample()
    assert tidegate("check", "minutes-summariser.yaml", "--as-of", DAY).code == 0
    programme = tidegate.folder / "programme.yaml"
    line = next(n for n, text in enumerate(programme.read_text("utf-8").splitlines(), 1) if "flags/minutes_" in text)
    programme.write_text(programme.read_text("utf-8").replace("driver: flagd", "driver: pigeon"), "utf-8")
    answer = tidegate("check", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 1
    assert f"programme.yaml:{line}: error D1 targets.flags/minutes_summariser: " in answer.out
    assert "no driver is called 'pigeon'" in answer.out


def test_json_is_one_object_with_stable_keys(tidegate: Here) -> None:
    """With `--json` there is one object, and each finding has exactly the documented keys in their order."""
    tidegate.sample(("learn: Do drafts save time without losing decisions?\n", ""))
    answer = tidegate("check", "--json", "minutes-summariser.yaml", "--as-of", DAY)
    said = json.loads(answer.out)
    assert list(said) == ["ok", "findings"]
    assert (said["ok"], answer.code, answer.err) == (False, 1, "")
    assert all(list(row) == KEYS for row in said["findings"])


def test_a_clean_answer_is_json_too() -> None:
    """Without findings the object says so."""
    assert json.loads(process("check", "--json", SUMMARISER, "--as-of", DAY).out) == {"ok": True, "findings": []}


@pytest.mark.parametrize("raw", [b"a: [", b"\xff", b"a: 1\na: 2", b"", b"a: \0"])
def test_an_unreadable_file_ends_with_two(raw: bytes, tidegate: Here) -> None:
    """A file that is no plain page is a finding like any other, and ends with 2."""
    tidegate.sample()
    (tidegate.folder / "x.yaml").write_bytes(raw)
    answer = tidegate("check", "x.yaml", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 2
    assert answer.out.startswith("x.yaml:")
    assert "error unreadable" in answer.out
    said = json.loads(tidegate("check", "--json", "x.yaml").out)
    assert [row["rule"] for row in said["findings"]] == ["unreadable"]


def test_one_unreadable_file_does_not_hide_the_others(tidegate: Here) -> None:
    """The files after a broken one are judged all the same."""
    tidegate.sample(("learn: Do drafts save time without losing decisions?\n", ""))
    answer = tidegate("check", "nosuch.yaml", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 2
    assert "nosuch.yaml: error unreadable: there is no such file" in answer.out
    assert "error S1 learn" in answer.out


def test_a_programme_is_checked_as_a_programme(tidegate: Here) -> None:
    """A programme may stand among the files and needs no playbook."""
    tidegate.sample()
    assert tidegate("check", "programme.yaml").code == 0
    tidegate.write("programme.yaml", "programme: x\npeople: {}\n")
    answer = tidegate("check", "programme.yaml")
    assert answer.code == 1
    assert "programme.yaml:1: error S1 governance_owner" in answer.out


def test_a_broken_programme_is_told_once(tidegate: Here) -> None:
    """Two playbooks under one broken programme do not say the same thing twice."""
    tidegate.sample()
    shutil.copy("minutes-summariser.yaml", "second.yaml")
    text = (tidegate.folder / "programme.yaml").read_text(encoding="utf-8")
    tidegate.write("programme.yaml", text.replace("governance_owner: governance-lead\n", ""))
    out = tidegate("check", "minutes-summariser.yaml", "second.yaml").out
    assert out.count("`governance_owner` is missing") == 1


def test_the_programme_is_found_above_the_playbook_and_then_above_here(tidegate: Here) -> None:
    """The nearest programme above the playbook counts; without one, the nearest above the caller."""
    tidegate.sample()
    deep = tidegate.folder / "teams" / "office"
    deep.mkdir(parents=True)
    shutil.move("minutes-summariser.yaml", deep)
    assert tidegate("check", "teams/office/minutes-summariser.yaml", "--as-of", DAY).code == 0
    tidegate.patch.chdir(deep)
    assert tidegate("check", "minutes-summariser.yaml", "--as-of", DAY).code == 0


def test_without_a_programme_a_person_is_told_what_to_do(tidegate: Here) -> None:
    """No programme anywhere is exit code 2 and names `tidegate init`."""
    tidegate.sample()
    (tidegate.folder / "programme.yaml").unlink()
    for words in (("check",), ("check", "--json"), ("plan", "--json")):
        answer = tidegate(*words, "minutes-summariser.yaml")
        assert answer.code == 2
        assert "no programme.yaml was found" in answer.out
        assert "tidegate init" in answer.out


def test_another_programme_can_be_named(tidegate: Here) -> None:
    """`--programme` and TIDEGATE_PROGRAMME name it, and a finding about it says its file."""
    tidegate.sample()
    shutil.move("programme.yaml", "other.yaml")
    words = ("check", "minutes-summariser.yaml", "--as-of", DAY)
    assert tidegate(*words, "--programme", "other.yaml").code == 0
    tidegate.patch.setenv("TIDEGATE_PROGRAMME", "other.yaml")
    assert tidegate(*words).code == 0
    tidegate.write("other.yaml", "programme: x\npeople: {}\n")
    assert "other.yaml:1: error S1 governance_owner" in tidegate(*words).out


def test_an_unknown_zone_is_a_finding(tidegate: Here) -> None:
    """A zone that does not exist is said, with its place."""
    tidegate.sample()
    text = (tidegate.folder / "programme.yaml").read_text(encoding="utf-8")
    tidegate.write("programme.yaml", text.replace("zone: Europe/Berlin", "zone: Mars/Olympus"))
    answer = tidegate("check", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 1
    assert "calendar.zone" in answer.out


def test_today_is_the_day_where_the_programme_works(tidegate: Here) -> None:
    """Without `--as-of` it is judged as today; the pilot's end has passed one day after it, in the programme's zone."""
    tidegate.sample()
    with freeze_time("2027-04-29T12:00:00Z"):
        before = tidegate("check", "minutes-summariser.yaml")
    with freeze_time("2027-04-30T22:30:00Z"):
        after = tidegate("check", "minutes-summariser.yaml")
    assert "error" not in before.out.replace("no errors", "")
    assert (after.code, "error P13 pilot.expires" in after.out) == (1, True)


def test_the_samples_pass_where_they_stand() -> None:
    """Every sample playbook is free of errors on the day of the README."""
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "playbooks").glob("*.yaml"))
    good = [file for file in files if not file.endswith("bad-example.yaml")]
    answer = process("check", "--as-of", DAY, *good)
    assert answer.code == 0, answer.out
