"""`review`: one visit, any outcome; onward by a vote, or safer at once, each through the verb that does it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import pytest

from tests import evidence
from tests.cli.lab import LONG, Lab, needs_server, until
from tests.cli.run import ROOT, Here

KEYS = ["outcome", "code", "sentence", "standing", "id"]
ANSWER = ("--answer", "1=A wrong name in the minutes.")


@pytest.fixture(scope="module")
def reviewed(lab: Lab) -> str:
    """A rollout whose first wave waits for its review."""
    lab.live("reviewed")
    for name in ("minutes_per_document", "corrections_per_100"):
        lab.words("reading", "reviewed", f"{name}=5", "--n", "40", "--as", "pmo-lead")
    assert until(lambda: lab.standing("reviewed")["phase"] == "checkpoint_review")
    return "reviewed"


def typed(lab: Lab, *words: str, says: tuple[tuple[str, str], ...]) -> str:
    """Run a verb at a keyboard: whenever it has said something, type the answer that belongs to it."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TIDEGATE_HOME": str(lab.home), "TEMPORAL_ADDRESS": lab.address, "COLUMNS": "100"}
    command = [sys.executable, "-m", "cli", *words]
    process = subprocess.Popen(
        command, cwd=lab.folder, env={**env, "PYTHONPATH": str(ROOT)}, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen, left, end = "", list(says), time.monotonic() + LONG
    while time.monotonic() < end:
        try:
            seen += os.read(ours, 10_000).decode()
        except OSError:
            break
        while left and left[0][0] in seen:
            os.write(ours, f"{left.pop(0)[1]}\n".encode())
    os.close(ours)
    process.wait(LONG)
    assert not left, seen
    return seen.replace("\r\n", "\n")


@needs_server
def test_the_briefing_is_shown_before_anybody_decides(lab: Lab, reviewed: str) -> None:
    """It is the frozen one, with the subject that a vote names; a round that is not open is named as such."""
    doc = lab.words("briefing", reviewed)
    gate = doc["gate"]
    assert gate.startswith("checkpoint-")
    opened = next(line for line in evidence.lines(lab.home, reviewed) if line.get("gate") == gate)
    assert opened["subject"] == doc["subject"]
    assert (doc["people_now"], doc["people_then"], doc["verdict"]) == (12, 37, "passed")
    shown = lab.run("briefing", reviewed)
    assert "lets up to 37 people be served instead of 12: 25 more." in shown.out
    assert "spend: inconclusive." in shown.out
    answer = lab.run("briefing", reviewed, "--gate", "checkpoint-99")
    assert (answer.code, gate in answer.err) == (5, True)


@needs_server
def test_without_a_keyboard_an_outcome_is_needed(lab: Lab, reviewed: str) -> None:
    """Where nobody can be asked it is wrong usage to name no outcome, or one that there is not, and nothing is sent."""
    answer = lab.run("review", reviewed, "--as", "risk-officer")
    assert answer.code == 2
    assert "--outcome is missing" in answer.err
    assert lab.run("review", reviewed, "--as", "risk-officer", "--outcome", "hope").code == 2
    assert lab.run("review", reviewed, "--as", "risk-officer", "--outcome", "hold", "--to", "pilot/pmo").code == 2
    assert lab.standing(reviewed)["control"] == "live"


@needs_server
def test_b18_an_empty_review_cannot_advance(lab: Lab, reviewed: str) -> None:
    """Without the answer that its function is asked, an advance is refused; with it, the same is a yes."""
    words = lab.words("review", reviewed, "--as", "risk-officer", "--outcome", "advance", code=1)
    assert (list(words), words["code"]) == (KEYS, "unanswered")


@needs_server
def test_b12_the_page_says_who_says_yes_and_who_may_say_no(lab: Lab, reviewed: str) -> None:
    """At a keyboard the page names who must agree, who may block it alone, and nothing is sent unless it is meant."""
    seen = typed(lab, "review", reviewed, "--as", "risk-officer", says=(("risk-officer decides", "nothing"),))
    assert "It needs a yes from 1 of risk (risk-deputy or risk-officer)." in seen
    assert "A veto alone can stop it: compliance-lead, legal-counsel, risk-deputy or risk-officer." in seen
    assert "You decide as risk." in seen
    assert "Nothing was sent." in seen


@needs_server
def test_who_cannot_advance_it_is_told_so_and_can_make_it_safer(lab: Lab, reviewed: str) -> None:
    """The requester is offered every way down and no way on; what is not offered is asked again."""
    says = (("pmo-lead decides", "advance"), ("Not yet: one of hold, narrow, pause, rollback", ""))
    seen = typed(lab, "review", reviewed, "--as", "pmo-lead", says=says)
    assert "asked for this or wrote part of it" in seen
    assert "It can be made safer all the same." in " ".join(seen.split())
    assert "Nothing was sent." in seen


@needs_server
def test_at_a_keyboard_the_questions_are_asked_and_the_receipt_ends_it(lab: Lab, reviewed: str) -> None:
    """Advance asks what the function must answer, sends one yes, and ends with what is now true."""
    says = (("risk-officer decides", "advance"), ("What could go wrong?", "A wrong name."))
    seen = typed(lab, "review", reviewed, "--as", "risk-officer", says=says)
    assert seen.count("What changes") == 1
    assert "Approved pilot/finance" in seen
    assert until(lambda: lab.people(reviewed) == 37), lab.standing(reviewed)["line"]


@needs_server
@pytest.mark.parametrize(
    ("outcome", "control"), [("hold", "held"), ("narrow", "narrowed"), ("pause", "paused"), ("rollback", "rolled_back")]
)
def test_each_outcome_makes_it_safer_at_once(lab: Lab, reviewed: str, outcome: str, control: str) -> None:
    """Named as an outcome, each way down is sent without a question and is in force."""
    words = lab.words("review", reviewed, "--as", "risk-officer", "--outcome", outcome, "--reason", "drafts lost names")
    assert (list(words), words["outcome"]) == (KEYS, "done")
    assert until(lambda: lab.standing(reviewed)["control"] == control)


@needs_server
def test_with_no_worker_what_makes_it_safer_still_lasts(lab: Lab, reviewed: str) -> None:
    """Where no worker answers an advance cannot be looked at, and a pause is sent and lasts."""
    lab.words("start", lab.playbook("unreviewed"), "--as", "pmo-lead", queue="nobody")
    answer = lab.run("review", "unreviewed", "--as", "risk-officer", "--outcome", "advance")
    assert answer.code == 4
    assert "nothing was sent" in answer.err
    words = lab.words("review", "unreviewed", "--as", "risk-officer", "--outcome", "pause", code=4)
    assert (words["outcome"], words["code"]) == ("sent", "no_worker")
    assert reviewed


def test_without_a_server_it_says_what_can_be_done_now(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no server a pause by review ends with 4 and names the way past it."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    answer = tidegate("review", "any", "--as", "x", "--outcome", "pause")
    assert answer.code == 4
    assert "tidegate pause any --direct" in answer.err
