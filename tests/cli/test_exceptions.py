"""`issue`, `exception` and `evidence process`, and the conditions of an approval, as people type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.answers import Refusal
from cli.around import confirm
from cli.changing import changed
from cli.decide import _promise
from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import Here
from tests.cli.test_evidence import kept
from tests.pure.world import standard_plan
from tests.store.sealed import STREAM

__all__ = ["kept"]
NEXT_MONTH = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


@needs_server
def test_a_problem_bars_until_its_risk_is_accepted(lab: Lab) -> None:
    """Who finds a problem voids the round; who may accept the risk sees what is waived, and then it is asked again."""
    lab.started("troubled")
    (before,) = lab.asked("troubled", "state")["state"]["gates"]
    said = lab.words("issue", "troubled", "Names are shortened", "--as", "legal-counsel")
    assert said["code"] == "issue_opened"
    state = lab.asked("troubled", "state")["state"]
    assert (list(state["gates"]), len(state["problems"])) == ([], 1)
    (issue,) = state["problems"]
    words = ("exception", "request", "troubled", issue, "--until", NEXT_MONTH, "--reason", "The release comes in May.")
    more = ("--control", "The author checks each name.", "--scope", "pilot/pmo", "--as", "ops-manager")
    assert lab.words(*words, *more)["code"] == "exception_asked"
    (one,) = lab.words("exception", "show", "troubled")["exceptions"]
    assert (one["item"], one["state"], one["times"], one["data"]) == (issue, "asked for", 0, "internal")
    assert (one["why"], one["scope"]) == ("The release comes in May.", "pilot/pmo")
    assert one["may_grant"] == ["risk-deputy", "risk-officer"]
    assert "nothing widens over a known problem" in one["clause"]
    decides = ("exception", "decide", "troubled", one["id"], "--grant", "--as")
    assert lab.words(*decides, "ops-manager", code=3)["code"] == "no_right"
    waiting = [item["command"] for item in lab.words("inbox", "--as", "risk-officer")["items"]]
    assert f'tidegate exception decide troubled {one["id"]} --grant|--deny --reason "WHY"' in waiting
    granted = lab.run(*decides, "risk-officer")
    assert granted.code == 0
    assert "The author checks each name." in granted.out
    (after,) = lab.asked("troubled", "state")["state"]["gates"]
    assert after != before
    lab.agree("troubled", "risk-officer", "ops-manager")
    assert until(lambda: lab.people("troubled") == 12)


@needs_server
def test_a_model_that_ends_is_said_counted_down_and_looked_at_again(lab: Lab) -> None:
    """Anybody says that a model ends: it opens an issue, and a replacement is owed by that day."""
    lab.started("outdated")
    words = ("changed", "outdated", "--what", "model", "--as", "legal-counsel")
    said = lab.words(*words, "--name", "small-text", "--ends", NEXT_MONTH, "--evidence", "mail 4711")
    assert said["code"] == "change_said"
    assert "small-text" in said["sentence"]
    state = lab.asked("outdated", "state")["state"]
    assert len(state["problems"]) == 1
    (owed,) = [one for one in state["obligations"].values() if one["kind"] == "replacement"]
    assert (owed["about"], owed["then"], owed["due"][:10] > NEXT_MONTH) == ("small-text", "hold", True)


def test_what_is_said_wrong_of_a_change_is_not_sent() -> None:
    """A kind that there is not, a version of nothing, and an outcome that no review has are refused at the keyboard."""
    with pytest.raises(Refusal, match="nothing that changes"):
        changed("outdated", "weather")
    with pytest.raises(Refusal, match="belongs to something"):
        changed("outdated", "model", version="2026-12-01")
    with pytest.raises(Refusal, match="no outcome"):
        confirm("outdated", "launch-review-1", outcome="perhaps")


@needs_server
def test_an_issue_is_settled_with_evidence(lab: Lab) -> None:
    """An issue is settled by who may accept a risk; anybody else, and nobody without evidence, is refused."""
    lab.started("settled")
    lab.words("issue", "settled", "Names are shortened", "--as", "legal-counsel")
    (issue,) = lab.words("exception", "show", "settled")["issues"]
    assert lab.words("issue", "settled", "--settle", issue["id"], "--as", "ops-manager", code=3)["code"] == "no_right"
    words = ("issue", "settled", "--settle", issue["id"], "--as", "risk-officer")
    assert lab.words(*words, code=1)["code"] == "evidence_needed"
    assert lab.words(*words, "--evidence", "release 7")["code"] == "issue_settled"
    assert "no open issue" in lab.run("exception", "show", "settled").out
    assert lab.run("issue", "settled").code == 2
    assert lab.run("exception", "request", "settled", "training", "--as", "ops-manager").code == 2
    assert lab.run("exception", "decide", "settled", "exception-1", "--as", "risk-officer").code == 2


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("alarms wired; plat-a; 2027-01-31", "hold"),
        ("alarms wired; plat-a; 2027-01-31; narrow", "narrow"),
        ("alarms wired; plat-a; 2027-01-31; Pause", "pause"),
        ("alarms wired; plat-a; 2027-01-31; widen", None),
        ("alarms wired; plat-a", None),
        ("alarms wired; plat-a; 2027-01-31; pause; now", None),
    ],
)
def test_a_condition_says_what_follows(text: str, then: str | None) -> None:
    """A condition is typed as what, who, when and what follows; without the last it holds, and nothing else follows."""
    if then is None:
        with pytest.raises(Refusal, match="--condition"):
            _promise(text, standard_plan())
    else:
        assert _promise(text, standard_plan())["consequence"] == then


def test_the_reviewing_is_counted(kept: Here) -> None:
    """What the record says of the reviewing is told to people and to machines, for one rollout and for all."""
    answer = kept("evidence", "process", STREAM, "--json")
    found = json.loads(answer.out)
    assert (answer.code, found["rounds"]["agreed"] > 0, found["changes"]["widenings"] > 0) == (0, True, True)
    assert "Decisions by person" in kept("evidence", "process").out
    assert kept("evidence", "process", "nobody").code == 5
