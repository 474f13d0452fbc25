"""`stop-rules`, `sample`, `findings`, `ask` and `answer`, as people type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cli.answers import Unreadable
from cli.sampling import read_verdicts
from tests.cli.lab import Lab, needs_server
from tests.cli.run import DAY, ROOT, Here
from tests.pure.documents import GOOD

FIXTURES = ROOT / "playbooks" / "fixtures"
ASK = ("stop-rules", "ask", "minutes-summariser.yaml", "--as-of", DAY)
TRY = ("stop-rules", "test", "minutes-summariser.yaml", "--as-of", DAY)
PLAIN = ("input=here", "source=agrees", "sensitive=false", "in_scope=true", "tool=worked")
CASE = "input: here, source: agrees, sensitive: false, in_scope: true, tool: worked, confidence"


def test_a_case_is_asked_of_the_stop_rules(tidegate: Here) -> None:
    """A case that says all goes on with 0; one that is doubtful stops with 1, and the answer names rule and person."""
    tidegate.sample()
    assert tidegate(*ASK, *PLAIN, "confidence=0.9").code == 0
    stopped = tidegate(*ASK, *PLAIN, "confidence=0.6", "--json")
    (one,) = json.loads(stopped.out)["stops"]
    assert (stopped.code, one["to"], one["unknown"], one["name"]) == (1, "pmo-lead", False, "low_confidence")
    assert "does not say" in tidegate(*ASK, *PLAIN).out
    assert tidegate(*ASK, "nonsense").code == 2


@pytest.mark.parametrize("name", GOOD)
def test_the_sample_playbooks_are_tried_on_both_sides(name: str, tidegate: Here) -> None:
    """Each sample has cases that come out as expected, with one on each side of every rule."""
    (file,) = FIXTURES.glob(f"{name}.*")
    answer = tidegate(
        "stop-rules",
        "test",
        str(ROOT / "playbooks" / f"{name}.yaml"),
        str(file),
        "--as-of",
        DAY,
        "--complete",
        "--json",
    )
    told = json.loads(answer.out)
    assert (answer.code, told["ok"], told["findings"]) == (0, True, [])
    assert all(one["passed"] for one in told["cases"])
    assert all(one["stops"] and one["twin"] for one in told["rules"])


def test_a_case_that_comes_out_otherwise_fails(tidegate: Here) -> None:
    """A wrong expectation is a failure for people, machines and a CI; its twin passes with 0."""
    tidegate.sample()
    wrong, right = (
        tidegate.write(f"{name}.yaml", f"cases: [{{name: doubtful, case: {{{CASE}: 0.6}}, expect: {expect}}}]\n")
        for name, expect in (("wrong", "goes on"), ("right", "low_confidence"))
    )
    report = tidegate.folder / "report.xml"
    answer = tidegate(*TRY, str(wrong), "--junit", str(report))
    assert (answer.code, "`doubtful` was to be: goes on; it is: low_confidence." in " ".join(answer.out.split())) == (
        1,
        True,
    )
    assert f"{wrong}:1:" in answer.out
    suite = ET.fromstring(report.read_bytes()).find("testsuite")  # noqa: S314  # it was written by us a moment ago
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "low_confidence" in str(failure.get("message"))
    assert tidegate(*TRY, str(right)).code == 0
    loose = tidegate(*TRY, str(right), "--complete")
    assert (loose.code, "no case is stopped by it" in loose.out) == (1, True)


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("a.yaml", f"cases:\n  - {{case: {{{CASE}: 0.6}}, expect: low}}\n", 2, "there is no stop rule `low`"),
        ("a.yaml", "cases:\n  - {kase: {}, expect: goes on}\n", 2, "`kase` is not a key here"),
        ("a.yaml", "cases:\n  - case: {}\n", 2, "`expect` is missing"),
        ("a.yaml", "cases:\n  - case: {}\n    expect: {}\n", 3, "it is no list of rules"),
        ("a.yaml", "cases:\n  - case: {}\n    expect: []\n", 3, "it names no rule"),
        ("a.yaml", "usual: {}\ncases: 5\n", 2, "there is no list of cases"),
        ("a.yaml", "usual: 5\ncases:\n  - {case: {}, expect: goes on}\n", 1, "`usual` is no map"),
        ("a.yaml", "others: 5\ncases:\n  - {case: {}, expect: goes on}\n", 1, "`others` is not a key here"),
        ("a.yaml", "cases:\n  - {case: {}, figures: {}, expect: goes on}\n", 2, "neither or both"),
        ("a.yaml", "cases:\n  - {figures: {}, expect: low_confidence}\n", 2, "there is no stop rule"),
        ("a.json", '{"cases": [\n{"case": {}, "expect": "low"}]}', 2, "there is no stop rule `low`"),
        ("a.jsonl", '\n{"case": {}, "expect": "low"}\n', 2, "there is no stop rule `low`"),
        ("a.jsonl", "{]\n", 1, "no JSON"),
        ("a.csv", "input,expect\nhere,goes on\n,low\n", 3, "there is no stop rule `low`"),
        ("a.csv", "input,expect\nhere\n", 2, "more or fewer cells"),
        ("a.csv", "input\nhere\n", 1, "there is no column `expect`"),
    ],
)
def test_a_mistake_in_a_case_is_found_at_its_line(name: str, text: str, line: int, says: str, tidegate: Here) -> None:
    """What is written wrongly is told with file and line, and fails."""
    tidegate.sample()
    file = tidegate.write(name, text)
    answer = tidegate(*TRY, str(file), "--json")
    found = json.loads(answer.out)["findings"]
    assert answer.code == 1
    assert [(one["line"], one["file"]) for one in found if says in one["message"]] == [(line, str(file))]


def test_what_cannot_be_read_is_wrong_usage(tidegate: Here) -> None:
    """A file that is not there, of another kind or of nothing is 2; a directory is read whole, an empty one is 5."""
    tidegate.sample()
    folder = tidegate.folder / "cases"
    folder.mkdir()
    assert tidegate(*TRY, "gone.yaml").code == 2
    assert tidegate(*TRY, str(tidegate.write("a.txt", "x"))).code == 2
    assert tidegate(*TRY, str(tidegate.write("b.jsonl", "\n"))).code == 2
    assert tidegate(*TRY, str(folder)).code == 5
    for kind, text in (("yaml", f"cases: [{{case: {{{CASE}: 0.9}}, expect: goes on}}]"), ("txt", "x")):
        (folder / f"a.{kind}").write_text(text, "utf-8")
    assert tidegate(*TRY, str(folder)).code == 0
    assert tidegate("stop-rules", "ask", str(tidegate.write("no.yaml", "use_case: x"))).code == 1


VERDICTS = (
    "run,verdict,cause,what,rule,minutes\n"
    "r1,right,,,,\n"
    "r2,stopped,,,,12\n"
    "r3,missed,loose_stop_rules,names of clients,low_confidence,\n"
    "r4,missed,loose_stop_rules,names of clients,low_confidence,\n"
    "r5,false_stop,weak_data,dates are missing,,3\n"
)


def test_verdicts_are_counted(tmp_path: Path) -> None:
    """Each line is one run; the same finding in several runs is one with a count, and the file has a digest."""
    file = tmp_path / "verdicts.csv"
    file.write_text(VERDICTS, "utf-8")
    counted = read_verdicts(file)
    assert (counted.runs, counted.waits) == (5, [12, 3])
    assert counted.verdicts == {"right": 1, "missed": 2, "stopped": 1, "false_stop": 1}
    assert [(one["cause"], one["times"], one.get("rule")) for one in counted.found] == [
        ("loose_stop_rules", 2, "low_confidence"),
        ("weak_data", 1, None),
    ]
    assert len(counted.digest) == 64


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("r1,right", "r1,fine", 2),
        ("r2,stopped", "r1,stopped", 3),
        ("r1,right,", ",right,", 2),
        (",12", ",soon", 3),
        ("r1,right,,,,", "r1,right,,,,9", 2),
        ("weak_data,", "bad_luck,", 6),
        (",dates are missing,", ",,", 6),
        ("r1,right,,,,", "r1,right", 2),
        ("run,verdict", "run,judged", 1),
        ("run,verdict,cause", "run,verdict,because", 1),
        (VERDICTS.partition("\n")[2], "", 1),
    ],
)
def test_a_mistake_in_a_verdict_is_found_at_its_line(old: str, new: str, line: int, tmp_path: Path) -> None:
    """A verdict, a cause, a minute or a run that cannot be is told with its line."""
    assert old in VERDICTS
    file = tmp_path / "verdicts.csv"
    file.write_text(VERDICTS.replace(old, new, 1), "utf-8")
    with pytest.raises(Unreadable) as wrong:
        read_verdicts(file)
    assert wrong.value.line == line


@needs_server
def test_runs_are_looked_at_and_questions_are_answered(lab: Lab, tmp_path: Path) -> None:
    """A sample, a finding, a question and its answer reach a rollout, and are shown to people and to machines."""
    lab.started("looked-into")
    file = tmp_path / "verdicts.csv"
    file.write_text(VERDICTS, "utf-8")
    said = lab.words("sample", "looked-into", str(file), "--evidence", "docs/sample.csv", "--as", "ops-manager")
    assert said["code"] == "sampled"
    words = ("sample", "looked-into", "--found", "poorly_scoped=Letters come too", "--as", "risk-officer")
    assert lab.words(*words)["code"] == "findings"
    told: dict[str, Any] = lab.words("findings", "looked-into")
    assert told["asked"] is None
    assert (told["stop_rules"]["misses"], told["stop_rules"]["caught"], told["stop_rules"]["slowest"]) == (2, 33, 12)
    assert {one["cause"]: one["total"] for one in told["causes"]} == {
        "weak_data": 1,
        "loose_stop_rules": 2,
        "same_corrections": 0,
        "poorly_scoped": 1,
    }
    assert [one["what"] for one in told["last"]] == ["names of clients", "dates are missing", "Letters come too"]
    page = lab.run("findings", "looked-into").out
    assert "names of clients" in page
    assert "33 in 100 were" in page
    assert lab.words("ask", "looked-into", "May it read letters?", "--as", "legal-counsel")["code"] == "question_asked"
    (one,) = lab.words("ask", "looked-into")["questions"]
    assert (one["what"], one["to"], one["answer"]) == ("May it read letters?", "pmo-lead", None)
    assert lab.words("answer", "looked-into", one["id"], "No.", "--as", "ops-manager", code=3)["code"] == "not_yours"
    assert lab.words("answer", "looked-into", one["id"], "No.", "--as", "pmo-lead")["code"] == "question_answered"
    assert "pmo-lead: No." in lab.run("ask", "looked-into").out
    asked = lab.run("stop-rules", "ask", "looked-into", "confidence=0.1")
    assert (asked.code, "STOPS: confidence < 0.7: escalate to pmo-lead." in asked.out) == (1, True)
