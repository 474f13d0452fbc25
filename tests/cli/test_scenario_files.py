"""Scenario files at the desk: every mistake at once, each with its line, its rule and what mends it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.judge import Desk, Kind, schema_of
from cli.main import app
from cli.reading import parse
from cli.scenarios import beside
from tidegate.authoring.paths import NowhereError, changed
from tidegate.authoring.scenario import layered, read_scenario
from tidegate.models.scenario import Scenario
from tidegate.models.sight import When

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "playbooks" / "minutes-summariser.yaml"

GOOD = f"""\
scenario: everything
title: All that can be said is said once.
playbook: {PLAYBOOK}
starts: 2026-11-23T09:00+01:00
until: 40d
changes:
  pilot.waves.0.max_users: 12
  programme: {{people.ops-deputy.active: false}}
people:
  - {{who: ops-manager, after: 2bd, wave: finance, says: reject}}
absences:
  - {{who: pmo-lead, since: 2026-11-20, until: 3d}}
figures:
  minutes_per_document: "4 + 0.01 * day"
  corrections_per_100: [3, {{value: 9, since: 10d}}]
targets:
  - {{how: slow, since: 2d, until: 3d}}
sources:
  - {{how: stale, since: {{after: {{wave: pmo}}}}, until: {{after: {{wave: pmo}}, plus: 2d}}}}
happens:
  - {{when: 5d, serves: pilot/finance}}
  - {{when: 6d, who: ops-manager, says: rollback, words: {{reason: Names turn up.}}}}
  - {{when: 7d, amend: {{pilot.waves.1.max_users: 30}}}}
  - {{when: 8d, says: alert}}
expect:
  - {{never: {{wave: finance}}, during: {{freeze: year-end}}}}
  - {{eventually: {{action: rollback, by: ops-manager}}, by: 7d}}
  - {{exposure: "<= pilot/pmo", during: {{since: 1d, until: 2d}}}}
"""

MISTAKES = (
    ("until: 40d", "until: {at: 2026-11-01}", "V4"),
    ("pilot.waves.0.max_users: 12", "pilot.waves.7.max_users: 12", "V5"),
    ("people.ops-deputy.active", "people.ops-deputi.active", "V5"),
    ("{who: ops-manager, after", "{who: ops-manger, after", "V1"),
    ("wave: finance, says: reject", "wave: financ, says: reject", "V1"),
    ("{who: pmo-lead, since: 2026-11-20, until: 3d}", "{who: pmo-lead, since: 4d, until: 3d}", "V3"),
    ('minutes_per_document: "4 +', 'minutes_per_documents: "4 +', "V1"),
    ("4 + 0.01 * day", "4 + 0.01 ^ day", "V2"),
    ("corrections_per_100: [3,", "corrections_per_100: [{},", "V2"),
    ("[3, {value: 9, since: 10d}]", "{csv: nowhere.csv}", "V2"),
    ("{how: slow,", "{how: stale,", "V7"),
    ("{how: slow,", "{name: flagd-nowhere, how: slow,", "V1"),
    ("{how: stale,", "{name: nowhere, how: stale,", "V1"),
    ("{how: stale, since: {after: {wave: pmo}}", "{how: stale, since: {after: {wave: limited/pmo}}", "V1"),
    ("until: {after: {wave: pmo}, plus: 2d}", "until: {after: {wave: pmo}}", "V3"),
    ("serves: pilot/finance", "serves: pilot/financ", "V1"),
    ("says: rollback", "says: rolback", "V6"),
    ("words: {reason: Names turn up.}", "words: {raeson: Names turn up.}", "V6"),
    ("{when: 7d, amend: {pilot.waves.1.max_users: 30}}", "{when: 7d, amend: {pilot.wave.1.max_users: 30}}", "V5"),
    ("{when: 8d, says: alert}", "{when: 8d}", "V8"),
    ("{when: 8d, says: alert}", "{when: {at: 2026-11-01}, says: alert}", "V4"),
    ("freeze: year-end", "freeze: summer", "V1"),
    ("by: ops-manager}, by: 7d", "by: nobody-there}, by: 7d", "V1"),
    ("{never: {wave: finance}", "{never: {stage: limited}", "V1"),
    ('"<= pilot/pmo"', '"<= pilot/pmoo"', "V1"),
    ("{since: 1d, until: 2d}", "{since: 2d, until: 1d}", "V3"),
    ("by: ops-manager}, by: 7d", "reason: no_such_reason}, by: 7d", "S3"),
    ("{eventually: {action: rollback, by: ops-manager}, by: 7d}", "{never: {action: rollback}, by: 7d}", "S3"),
    ("{never: {wave: finance}", "{never: {wave: finance}, eventually: {wave: finance}", "S3"),
    ("when: 5d", "when: 5 days", "S3"),
    ("{never: {wave: finance}", "{nevr: {wave: finance}", "S2"),
)


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Return a desk that has read the playbook and its programme once."""
    return Desk(None, date(2026, 11, 20))


def written(folder: Path, text: str) -> Path:
    """Return a file that says so."""
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_can_be_said_has_no_finding(tmp_path: Path, desk: Desk) -> None:
    """A scenario in which everything is said once, in its short form, is in order."""
    made = beside(desk, written(tmp_path, GOOD))
    assert made.rows == ()
    assert made.compiled is not None
    assert made.compiled.plan is not None
    assert made.compiled.plan.ladder[0].exposure.people == 12


@pytest.mark.parametrize(("right", "mistaken", "rule"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_each_mistake_is_told_where_it_stands(tmp_path: Path, desk: Desk, right: str, mistaken: str, rule: str) -> None:
    """One mistake is one rule, on the line on which it stands, with what mends it."""
    assert GOOD.count(right) == 1
    line = GOOD[: GOOD.index(right)].count("\n") + 1
    file = written(tmp_path, GOOD.replace(right, mistaken))
    rows = beside(desk, file).rows
    assert {(row.rule, row.line) for row in rows} >= {(rule, line)}
    assert {row.rule for row in rows} <= {rule, "S2", "S3", "V9"}
    assert all(row.mend and row.file == str(file) for row in rows)


def test_check_says_every_mistake_of_playbooks_and_scenarios_at_once(tmp_path: Path) -> None:
    """`tidegate check` takes scenarios beside playbooks, says all that is wrong, and ends with 1."""
    bad = GOOD.replace("who: ops-manager, after", "who: ops-manger, after").replace("says: rollback", "says: rolback")
    good, file = tmp_path / "good.yaml", written(tmp_path, bad)
    good.write_text(GOOD, encoding="utf-8")
    said = CliRunner().invoke(app, ["check", str(PLAYBOOK), str(good), str(file), "--as-of", "2026-11-20", "--json"])
    found = [row for row in json.loads(said.output)["findings"] if row["severity"] == "error"]
    assert said.exit_code == 1
    assert [(row["rule"], Path(row["file"]).name) for row in found] == [("V1", file.name), ("V6", file.name)]
    assert "Did you mean `ops-manager`?" in found[0]["mend"]
    fine = CliRunner().invoke(app, ["check", str(good), "--as-of", "2026-11-20"])
    assert fine.exit_code == 0, fine.output
    assert "tidegate rehearse" in fine.output


def test_a_scenario_without_a_playbook_takes_the_one_beside_it(tmp_path: Path, desk: Desk) -> None:
    """Where a scenario names no playbook, the only one at the command line is meant; without one that is said."""
    file = written(tmp_path, GOOD.replace(f"playbook: {PLAYBOOK}\n", "").replace("says: rollback", "says: rolback"))
    assert {row.rule for row in desk.judge_scenario(file, [PLAYBOOK])} == {"V6"}
    alone = desk.judge_scenario(file)
    assert [(row.rule, row.severity) for row in alone] == [("V9", "warning")]


def test_short_forms_say_the_same_as_long_ones() -> None:
    """What people like to type is the same word as what is written out."""
    words = read_scenario(parse(GOOD, "good").data)[0]
    assert words is not None
    assert words.until == When.model_validate_json('{"day": "40d"}')
    assert [one.value for one in words.figures["corrections_per_100"]] == ["3", "9"]
    assert words.expect[2].at_most == "pilot/pmo"
    assert read_scenario(json.loads(words.model_dump_json(exclude_none=True)))[0] == words


def test_later_scenarios_lie_on_earlier_ones() -> None:
    """Of scenarios laid on each other the later one counts where it says something, and its lists come first."""
    one, two = (
        Scenario.model_validate_json(json.dumps({"scenario": name, "title": name, **more}))
        for name, more in (
            ("one", {"people": [{"who": "a"}], "figures": {"x": 1, "y": 1}, "until": "3d", "years": 2}),
            ("two", {"people": [{"who": "b"}], "figures": {"y": 2}, "until": "4d"}),
        )
    )
    both = layered(one, two)
    assert [habit.who for habit in both.people] == ["b", "a"]
    assert {name: several[0].value for name, several in both.figures.items()} == {"x": "1", "y": "2"}
    assert (both.scenario, both.until, both.years) == ("one.two", two.until, one.years)


def test_a_change_by_path_changes_one_place_and_names_may_hold_dots() -> None:
    """A path is followed by the longest name that is there; one more item is added after the last."""
    data = {"people": {"a.b": {"x": 1}}, "rows": [{"x": 1}]}
    made = changed(data, {"people.a.b.x": 2, "rows.1": {"x": 3}, "rows.0.y": 4})
    assert made == {"people": {"a.b": {"x": 2}}, "rows": [{"x": 1, "y": 4}, {"x": 3}]}
    assert data == {"people": {"a.b": {"x": 1}}, "rows": [{"x": 1}]}
    for path in ("people.c.x", "rows.5", "rows.one", "rows.0.x.y", "rows.1.x"):
        with pytest.raises(NowhereError, match="leads nowhere"):
            changed(data, {path: 1})


def test_the_schema_takes_the_short_forms() -> None:
    """An editor that reads the schema underlines no short form."""
    definitions = schema_of(Kind.SCENARIO)["$defs"]
    assert definitions["When"]["type"] == ["object", "string"]
    assert definitions["Series"]["type"] == ["object", "string", "number"]
    assert "exposure" in definitions["Expectation"]["properties"]
