"""Expectations held against lives: every one that should break does, at the line that breaks it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.pure.chronicled import late_life
from tests.pure.chronicled import plan as late_plan
from tests.pure.world import but, freeze, standard_plan
from tidegate.expectations import judge
from tidegate.junit import junit
from tidegate.models.decision import Outcome
from tidegate.models.exposure import NOTHING
from tidegate.models.judgement import Judgement
from tidegate.models.lived import Deadlock, Lived, Seen, Served
from tidegate.models.scenario import Scenario

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

START = datetime(2026, 12, 1, 8, tzinfo=UTC)
PLAN: Plan = but(
    standard_plan(), freezes=(freeze(START + timedelta(days=17), START + timedelta(days=33)),)
)  # fmt: skip
FIRST, SECOND = PLAN.ladder[0], PLAN.ladder[1]


def line(day: float, action: str, **more: Any) -> Seen:
    """Return a line: done by the system on the first wave, unless it is said otherwise."""
    words: dict[str, Any] = {
        "at": START + timedelta(days=day),
        "action": action,
        "outcome": Outcome.DONE,
        "code": "widened",
        "sentence": "So it is.",
        "actor": "tidegate",
        "actor_kind": "system",
        "stage": FIRST.stage.value,
        "wave": FIRST.wave,
        "phase": "observing",
        "control": "live",
        "level": 1,
        "epoch": 1,
        "people": 10,
        "served": 10,
    }
    return Seen(**(words | more))


LINES = (
    line(0, "start", actor="ai-owner", actor_kind="human", code="started", wave="", phase="preparing", control="none"),
    line(2, "gate opened", gate_kind="first_exposure", wave="", phase="awaiting_approval", control="none"),
    line(3, "vote approve", actor="risk-a", gate_kind="first_exposure", wave="", phase="scheduled", control="none"),
    line(4, "widening authorised", gate_kind="first_exposure", phase="widening"),
    line(4.01, "confirmed"),
    line(15, "gate opened", gate_kind="checkpoint", phase="checkpoint_review"),
    line(20, "hold", code="held", control="held"),
    line(21, "pause", code="paused", actor="ops-a", control="paused"),
    line(22, "vote reject", actor="risk-a", gate_kind="checkpoint", outcome=Outcome.REFUSED, control="paused"),
)
SERVED = (
    Served(at=START, line=0, exposure=NOTHING),
    Served(at=LINES[4].at, line=5, exposure=FIRST.exposure),
    Served(at=LINES[7].at, line=8, exposure=NOTHING),
)


def life(lines: tuple[Seen, ...] = LINES, served: tuple[Served, ...] = SERVED, **more: Any) -> Lived:
    """Return a life of forty days."""
    words: dict[str, Any] = {
        "use_case": "claims", "title": "Claims", "plan": PLAN.digest, "tool": "0", "started": START,
        "ended": START + timedelta(days=40), "how": "reached", "stage": "pilot", "phase": "observing",
    }  # fmt: skip
    return Lived(**(words | more), seen=lines, served=served)


def judged(expected: dict[str, Any], lived: Lived | None = None) -> Judgement:
    """Return what became of one expectation."""
    words = {"scenario": "one", "title": "One", "expect": [expected]}
    scenario = Scenario.model_validate_json(json.dumps(words))
    return judge(lived or life(), scenario, PLAN)[1]


PASSES: tuple[dict[str, Any], ...] = (
    {"never": {"wave": SECOND.wave}},
    {"never": {"action": "widening authorised", "gate": "checkpoint"}},
    {"never": {"control": "live"}, "during": {"since": {"after": {"action": "hold"}}}},
    {"never": {"control": "held"}, "during": {"until": {"after": {"action": "hold"}}}},
    {"never": {"action": "vote reject"}, "during": {"until": "22d"}},
    {"eventually": {"control": "paused"}, "by": "21d"},
    {"eventually": {"control": "live"}, "during": {"since": "10d", "until": "12d"}},
    {"eventually": {"action": "hold", "reason": "held"}, "during": {"freeze": "year-end"}},
    {"eventually": {"control": "paused"}, "by": {"after": {"action": "hold"}, "plus": "2d"}},
    {"exposure": f"<= {FIRST.stage.value}/{FIRST.wave}"},
    {"at_most": "nothing", "during": {"until": {"after": {"action": "widening authorised"}}}},
    {"at_most": "nothing", "during": {"since": {"after": {"action": "pause"}}}},
    {"people": FIRST.exposure.people},
)
FAILS: tuple[tuple[dict[str, Any], int | None], ...] = (
    ({"never": {"control": "paused"}}, 8),
    ({"never": {"control": "live"}, "during": {"since": "10d", "until": "12d"}}, 5),
    ({"never": {"action": "hold"}, "during": {"freeze": "year-end"}}, 7),
    ({"eventually": {"control": "paused"}, "by": "20d"}, 8),
    ({"eventually": {"action": "hold"}, "during": {"until": "20d"}}, 7),
    ({"eventually": {"action": "vote reject", "outcome": "done"}}, 9),
    ({"eventually": {"wave": SECOND.wave}}, None),
    ({"at_most": "nothing"}, 5),
    ({"at_most": "nothing", "during": {"since": "10d", "until": "12d"}}, 5),
    ({"people": FIRST.exposure.people - 1}, 5),
)
SAYS_NOTHING: tuple[tuple[dict[str, Any], str], ...] = (
    ({"never": {"action": "hold", "wave": SECOND.wave}}, "never occurs"),
    ({"never": {"action": "vote approve", "by": "nobody-there"}}, "by nobody-there"),
    ({"never": {"action": "override", "reason": "override"}}, "comes near"),
    ({"never": {"control": "live"}, "during": {"since": {"after": {"action": "retire"}}}}, "never seen"),
    ({"never": {"action": "pause"}, "during": {"until": {"after": {"control": "rolled_back"}}}}, "never seen"),
    ({"eventually": {"control": "paused"}, "by": {"after": {"action": "retire"}}}, "never seen"),
    ({"at_most": "nothing", "during": {"since": {"after": {"action": "hold"}, "time": 2}}}, "1 times"),
    ({"never": {"control": "live"}, "during": {"freeze": "summer"}}, "never comes"),
    ({"never": {"control": "live"}, "during": {"since": "50d"}}, "ended before"),
    ({"never": {"control": "live"}, "during": {"since": {"after": {"action": "pause"}}, "until": "10d"}}, "before it"),
    ({"at_most": "no-such-wave"}, "no wave"),
)


@pytest.mark.parametrize("expected", PASSES, ids=str)
def test_what_came_so_passes(expected: dict[str, Any]) -> None:
    """An expectation that the life meets is passed."""
    assert judged(expected).result == "passed", judged(expected).says


@pytest.mark.parametrize(("expected", "where"), FAILS, ids=str)
def test_what_came_otherwise_fails_at_its_line(expected: dict[str, Any], where: int | None) -> None:
    """An expectation that the life breaks fails, and names the line that breaks it or comes nearest."""
    found = judged(expected)
    assert (found.result, found.line) == ("failed", where), found.says


@pytest.mark.parametrize(("expected", "says"), SAYS_NOTHING, ids=str)
def test_what_never_occurs_is_an_error_and_no_pass(expected: dict[str, Any], says: str) -> None:
    """An expectation about what never occurs in the life guards nothing, and says so."""
    found = judged(expected)
    assert found.result == "error"
    assert says in found.says


def test_the_nearest_miss_says_what_was_otherwise() -> None:
    """Of what did not come, the line that came nearest is told with the word in which it differs."""
    found = judged({"eventually": {"action": "vote reject", "outcome": "done", "by": "risk-a"}})
    assert "outcome `refused`" in found.says
    assert found.at == LINES[8].at


@pytest.mark.parametrize("index", range(len(LINES)))
def test_a_line_that_is_changed_changes_what_is_judged(index: int) -> None:
    """Whatever line is made the forbidden deed, `never` fails at exactly that line, and `eventually` passes with it."""
    forbidden = {"action": "forged", "outcome": "done"}
    changed = life((*LINES[:index], LINES[index].but(action="forged", outcome=Outcome.DONE), *LINES[index + 1 :]))
    before, after = judged({"never": forbidden}), judged({"never": forbidden}, changed)
    assert before.result != "failed"
    assert (after.result, after.line) == ("failed", index + 1)
    assert judged({"eventually": forbidden}).result == "failed"
    found = judged({"eventually": forbidden}, changed)
    assert (found.result, found.line) == ("passed", index + 1)


@pytest.mark.parametrize("index", range(len(SERVED)))
def test_what_is_read_back_is_judged_by_the_lattice(index: int) -> None:
    """As many people with one model more is more: a bound is no count of heads."""
    wider = FIRST.exposure.but(models=(*FIRST.exposure.models, "another/model"))
    changed = life(served=(*SERVED[:index], SERVED[index].but(exposure=wider), *SERVED[index + 1 :]))
    bound = {"at_most": FIRST.wave}
    assert judged(bound).result == "passed"
    found = judged(bound, changed)
    assert found.result == "failed"
    assert "models another/model" in found.says
    assert found.at == SERVED[index].at


def test_what_was_read_back_is_folded_from_the_record() -> None:
    """A life that is told from its ledger says what was read back, wave by wave, and bounds are judged on that."""
    lived = late_life()
    assert lived.served[0].exposure == NOTHING
    assert lived.served[-1].exposure.people == lived.seen[-1].served > 0
    assert all(lived.seen[one.line - 1].served == one.exposure.people for one in lived.served if one.line)
    whole = late_plan()
    scenario = {"scenario": "one", "title": "One", "expect": [{"at_most": rung.wave} for rung in whole.ladder]}
    results = [one.result for one in judge(lived, Scenario.model_validate_json(json.dumps(scenario)), whole)[1:]]
    reached = next(level for level, one in enumerate(results, 1) if one == "passed")
    assert reached == max(one.level for one in lived.seen)
    assert results == ["failed"] * (reached - 1) + ["passed"] * (len(results) - reached + 1)


def test_a_life_of_which_nothing_was_read_back_meets_no_bound() -> None:
    """Where nobody looked, nobody knows that no more was served."""
    assert judged({"at_most": FIRST.wave}, life(served=())).result == "error"


def test_where_nothing_leads_on_the_rehearsal_fails_without_any_expectation() -> None:
    """A life that stands still for ever fails by itself, and says why and what mends it."""
    scenario = Scenario(scenario="one", title="One")
    (good,) = judge(life(), scenario, PLAN)
    stuck = Deadlock(since=START, stage="pilot", wave="", phase="awaiting_approval", why="No vote.", mend="A deputy.")
    (bad,) = judge(life(how="deadlock", deadlock=stuck), scenario, PLAN)
    assert (good.result, bad.result) == ("passed", "failed")
    assert "No vote. A deputy." in bad.says


def test_what_never_happened_because_nothing_was_seen_is_an_error_and_no_pass() -> None:
    """A happening that waits in vain is said with what it waits for; where none does, nothing is."""
    happens = [{"when": {"after": {"wave": "nowhere"}, "plus": "1h"}, "who": "risk-a", "says": "rollback"}]
    scenario = Scenario.model_validate_json(json.dumps({"scenario": "one", "title": "One", "happens": happens}))
    assert [row.result for row in judge(life(), scenario, PLAN)] == ["passed"]
    *_, lost = judge(life(), scenario, PLAN, scenario.happens)
    assert (lost.result, lost.number) == ("error", 1)
    assert lost.expects == "it happens: rollback by risk-a, after wave nowhere + 1h"
    assert "It never happened: it waits for wave nowhere, which is not seen until" in lost.says


# -- JUnit ------------------------------------------------------------------------------------------------------------

HOSTILE = 'a "quote" <tag> & \x00\x1b[31m ]]> \ud800 \ufffe\nsecond\tline é'


def test_the_xml_holds_whatever_anybody_wrote_and_its_counts_add_up() -> None:
    """Hostile text comes out as text, in well-formed XML whose suites count what is in them."""
    rows = [
        Judgement(scenario="one", number=0, expects="it comes", result="passed", says="Yes."),
        Judgement(scenario="one", number=1, expects=HOSTILE, result="failed", says=HOSTILE, why=HOSTILE, line=3),
        Judgement(scenario=HOSTILE, number=1, expects="c", result="error", says="It never occurs."),
    ]
    text = junit(rows, {"one": life(title=HOSTILE)}, {"one": 1.5, HOSTILE: 0.25})
    root = ET.fromstring(text.encode())  # noqa: S314 - it was written one line above
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("time")) == ("3", "1", "1", "1.750")
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("name")
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
        assert all(case.get("name") and case.get("classname") and float(case.get("time", "")) >= 0 for case in cases)
    said = root.findall("testsuite/testcase/failure")[0].get("message") or ""
    assert said == 'a "quote" <tag> & \ufffd\ufffd[31m ]]> \ufffd \ufffd\nsecond\tline é'
    facts = {fact.get("name"): fact.get("value") for fact in root.findall("testsuite/properties/property")}
    assert facts["plan"] == PLAN.digest
