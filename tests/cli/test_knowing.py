"""`explain` and `who-can`: what a rollout waits for, who ends the wait, what comes of silence, and who may do what."""

from __future__ import annotations

import json
import shutil
from datetime import datetime

import pytest

from cli.shelves import SHELVES
from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import ROOT, Here
from tidegate.who import meant, verbs

ABLE = ["person", "functions", "in_place_of", "away_until"]
ROUND = ["gate", "about", "open", "able", "unable", "still", "vetoing", "not_now"]


@pytest.fixture(scope="module")
def explained(lab: Lab) -> str:
    """A rollout that waits for its first votes."""
    lab.started("explained")
    assert until(lambda: lab.standing("explained")["phase"] == "awaiting_approval")
    return "explained"


@needs_server
def test_explain_says_what_it_waits_for_what_comes_and_why(lab: Lab, explained: str) -> None:
    """The page names who ends the wait with which words, what silence leads to and when, and what happened last."""
    page = lab.run("explain", explained).out
    assert "ops-deputy, ops-manager, risk-deputy or risk-officer: a vote on pilot/pmo, by " in page
    assert f"\n    tidegate review {explained} --gate first-exposure-1\n" in page
    assert "If nobody does, it expires, and nothing widens." in page
    assert ": gate expired. first-exposure-1 (pilot/pmo) expired unanswered; it lacked" in page.replace("\n  ", " ")
    assert "start by pmo-lead." in page
    words = lab.words("explain", explained)
    assert list(words) == ["use_case", "line", "at", "waits", "ahead", "lately"]
    (wait,) = words["waits"]
    assert list(wait) == ["kind", "about", "who", "command", "due", "then"]
    dates = [datetime.fromisoformat(row["at"]) for row in words["ahead"]]
    assert dates == sorted(dates)
    assert {"reminder", "gate expired"} <= {row["what"] for row in words["ahead"]}
    assert words["lately"][-1]["action"] == "gate opened"


@needs_server
def test_can_says_no_while_nobody_is_served(lab: Lab, explained: str) -> None:
    """Before the first wave nobody may do anything, and the answer names the rule."""
    answer = lab.run("can", explained, "--person", "p-1", "--verb", "draft", "--system", "editor", "--json")
    assert answer.code == 1
    said = json.loads(answer.out)
    assert (said["answer"], said["rule"], said["live"]) == ("deny", "nobody-served", True)


@needs_server
def test_explain_needs_a_worker_and_a_rollout(lab: Lab, explained: str) -> None:
    """Where no worker answers it ends with 4, and of what there is not with 5."""
    assert lab.run("explain", f"{explained}-not").code == 5
    lab.words("start", lab.playbook("unexplained"), "--as", "pmo-lead", queue="nobody")
    answer = lab.run("explain", "unexplained")
    assert answer.code == 4
    assert "tidegate status unexplained" in answer.err


@needs_server
def test_b11_who_can_names_people_and_what_others_try_is_refused(lab: Lab, explained: str) -> None:
    """Who may end it is named, whoever else tries it is not permitted, and that is on record."""
    words = lab.words("who-can", "terminate", explained)
    assert list(words) == ["verb", "use_case", "live", "rounds", "mend"]
    (told,) = words["rounds"]
    assert list(told) == ROUND
    able = {one["person"]: one["functions"] for one in told["able"]}
    assert able == {"coo": ["accountable_exec"], "risk-officer": ["risk"], "risk-deputy": ["risk"]}
    assert list(told["able"][0]) == ABLE
    assert "ops-manager" in {one["person"] for one in told["unable"]}
    answer = lab.run("terminate", explained, "--as", "ops-manager", "--reason", "to try it")
    assert answer.code == 3
    lately = lab.words("explain", explained)["lately"]
    assert (lately[-1]["action"], lately[-1]["outcome"], lately[-1]["by"]) == ("terminate", "refused", "ops-manager")


@needs_server
def test_c4_who_can_stop_it_is_answered_with_the_command(lab: Lab, explained: str) -> None:
    """`stop` means a pause: all who may are named, each of them alone, and the line to type is there."""
    page = lab.run("who-can", "stop", explained).out
    for person in ("pmo-lead", "ops-manager", "platform-lead", "risk-officer", "compliance-lead", "data-steward"):
        assert f"\n{person} " in page
    assert f"\n    tidegate pause {explained} --as " in page


@needs_server
def test_who_can_says_why_others_may_not_and_who_may_say_no(lab: Lab, explained: str) -> None:
    """For a vote it names the seats, what is lacking, the vetoes, and why each of the others is not asked."""
    page = lab.run("who-can", "approve", explained).out
    assert "Still lacking: operations and risk." in page
    assert "Who may say no alone, by a veto: compliance-lead, legal-counsel, risk-deputy and risk-officer." in page
    assert "pmo-lead: pmo-lead asked for this or wrote part of it, and therefore cannot decide it." in page
    assert "Each of them holds no seat in this round of votes" in page


@needs_server
def test_where_nobody_may_it_says_what_mends_that_and_ends_well(lab: Lab, explained: str) -> None:
    """That nobody may is an answer, too: it ends with 0 and says where to look, or what to give whom."""
    words = lab.words("who-can", "confirm", explained)
    assert words["rounds"][0]["able"] == []
    assert f"tidegate explain {explained}" in words["mend"]
    assert lab.words("who-can", "revoke", explained)["mend"] == "There is nothing to take back now."


@needs_server
def test_which_rollout_is_meant_must_be_said_where_there_are_several(lab: Lab, explained: str) -> None:
    """Without a name it is answered only where there is one rollout; among several it is wrong usage."""
    lab.words("start", lab.playbook("unnamed"), "--as", "pmo-lead", queue="nobody")
    assert until(lambda: len(lab.words("list")["rollouts"]) > 1)
    answer = lab.run("who-can", "pause")
    assert answer.code == 2
    assert "depends on the rollout" in answer.err
    assert explained


def test_a_playbook_is_answered_without_a_server(tidegate: Here) -> None:
    """From the file of a playbook it says who could approve its first wave, and needs no server."""
    for name in ("programme.yaml", "minutes-summariser.yaml"):
        shutil.copy(ROOT / "playbooks" / name, tidegate.folder / name)
    answer = tidegate("who-can", "approve", "minutes-summariser.yaml")
    assert (answer.code, answer.err) == (0, "")
    assert "No round of votes is open; this is the next one." in answer.out
    assert "vendor-support: vendor-support belongs to a vendor; a vendor never approves." in answer.out


def test_an_unknown_verb_lists_those_that_there_are(tidegate: Here) -> None:
    """What is no verb is wrong usage, and the nearest and all others are named."""
    answer = tidegate("who-can", "aprove", "any")
    assert answer.code == 2
    assert "Did you mean approve?" in answer.err
    assert all(verb in answer.err for verb in verbs())


def test_every_verb_of_the_shelves_that_speaks_can_be_asked_about() -> None:
    """Whatever decides, makes safer or goes on can be asked about by the name that people type."""
    speaking = [shelf for shelf in SHELVES if shelf.heading.startswith(("Decide", "Make safer", "Go on"))]
    assert len(speaking) == 3
    for shelf in speaking:
        for verb in shelf.verbs:
            # They show what is to be decided, or what was done, ask something of no rollout, or lead to an amendment.
            if verb.name not in ("briefing", "line", "request", "standard", "left"):
                assert meant(verb.name).replace("_", "-") in verbs(), verb.name
