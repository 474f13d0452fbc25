"""`start`, `list`, `status`, `watch`, `ui`, `notices`: on a real server, with the real worker and without it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from cli.following import moving
from cli.judge import Desk
from cli.starting import details, summary
from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import ROOT, Here, process
from tidegate.models.messages import Standing

KEYS = ["outcome", "code", "sentence", "standing", "id"]


@pytest.fixture(scope="module")
def looked_at(lab: Lab) -> str:
    """A rollout that has just been started."""
    said = lab.words("start", lab.playbook("looked-at"), "--as", "pmo-lead")
    assert (said["outcome"], said["code"], list(said)) == ("done", "started", KEYS)
    return "looked-at"


@needs_server
def test_start_says_who_must_act_first_and_with_which_words(lab: Lab) -> None:
    """Whoever starts a rollout reads who is asked now, and the command that they type."""
    answer = lab.run("start", lab.playbook("listed"), "--as", "pmo-lead")
    assert (answer.code, answer.err) == (0, "")
    assert "Next: ops-deputy, ops-manager, risk-deputy or risk-officer" in answer.out
    assert "\n    tidegate approve listed --gate first-exposure-1\n" in answer.out


@needs_server
def test_the_same_plan_is_not_started_twice(lab: Lab, looked_at: str) -> None:
    """Said again with the same plan, start says that it runs and how it stands, and changes nothing."""
    answer = lab.run("start", lab.playbook(looked_at), "--as", "pmo-lead")
    assert answer.code == 0
    assert f"{looked_at} is there already, with this very plan: awaiting approval" in answer.out


@needs_server
def test_another_plan_is_not_started_over_the_first(lab: Lab, looked_at: str) -> None:
    """Another plan under the same name is refused, and the mend is to amend."""
    answer = lab.run("start", lab.playbook(looked_at, ("small-text", "large-text")), "--as", "pmo-lead")
    assert answer.code == 1
    assert f"`tidegate amend {looked_at} PLAYBOOK`" in answer.err


@needs_server
def test_who_starts_right_after_the_end_begins_a_new_life(lab: Lab) -> None:
    """While the last words of a life that is over are not stored yet, start waits for them, and begins the next one."""
    file = lab.playbook("afresh")
    assert lab.words("start", file, "--as", "pmo-lead")["code"] == "started"
    ended = ("terminate", "afresh", "--as", "coo", "--reason", "To be begun anew.", "--wait", "30")
    with closing(sqlite3.connect(lab.home / "ledger.db", isolation_level=None, check_same_thread=False)) as ledger:
        ledger.execute("BEGIN IMMEDIATE")
        assert lab.words(*ended)["standing"]["phase"] == "terminated"
        later = Timer(2, ledger.rollback)
        later.start()
        again = lab.words("start", file, "--as", "pmo-lead")
        later.join()
    assert (again["outcome"], again["code"]) == ("done", "started")


@needs_server
def test_a_playbook_with_errors_is_not_started(lab: Lab) -> None:
    """Findings of the severity error are printed, and nothing is sent."""
    broken = lab.playbook("listed", ("business_owner: office-head", "business_owner: nobody-known"))
    answer = lab.run("start", broken, "--as", "pmo-lead")
    assert answer.code == 1
    assert "nobody-known" in answer.out
    assert "nothing was sent" in answer.out


@needs_server
def test_who_may_not_start_leaves_it_submitted_until_somebody_may(lab: Lab) -> None:
    """A start by somebody without the right is refused with 3, and the next start begins what was submitted."""
    file = lab.playbook("withdrawn")
    assert lab.words("start", file, "--as", "legal-counsel", code=3)["code"] == "no_right"
    assert lab.standing("withdrawn")["phase"] == "submitted"
    assert lab.words("start", file, "--as", "pmo-lead")["code"] == "started"


@needs_server
def test_status_names_the_steps_and_the_keys_of_its_json(lab: Lab, looked_at: str) -> None:
    """Status shows the line, each step with its command, and the same in JSON."""
    answer = lab.run("status", looked_at)
    assert answer.code == 0
    assert f"tidegate approve {looked_at} --gate first-exposure-1" in answer.out
    words = lab.words("status", looked_at)
    assert list(words) == ["use_case", "run", "live", "line", "at", "held_back", "standing"]
    assert (words["run"], words["live"], words["standing"]["awaits"]) == ("running", True, ["operations", "risk"])


@needs_server
def test_what_is_not_there_names_what_is_close(lab: Lab, looked_at: str) -> None:
    """No such rollout ends with 5, and the mend names the closest ones that there are."""
    for words in (("status", "looked-ad"), ("hold", "looked-ad", "--as", "ops-manager"), ("watch", "looked-ad")):
        answer = lab.run(*words)
        assert answer.code == 5, words
        assert looked_at in answer.err, words


@needs_server
def test_a_verb_that_spoke_to_the_server_ends_with_its_code_and_all_it_said(lab: Lab, looked_at: str) -> None:
    """As a plain process, too, it says everything and ends with its code, however often it is run."""
    here = {"TIDEGATE_HOME": str(lab.home), "TEMPORAL_ADDRESS": lab.address, "TEMPORAL_CONFIG_FILE": os.devnull}
    for name, code in ((looked_at, 0), ("nosuch", 5), (looked_at, 0)):
        answer = process("status", name, cwd=lab.folder, **here)
        assert (answer.code, bool(answer.out), bool(answer.err)) == (code, not code, bool(code)), answer


@needs_server
def test_the_list_is_narrowed_by_whom_it_waits_for_and_how_it_stands(lab: Lab, looked_at: str) -> None:
    """Each filter asks the server's own search, and a word that does not exist is wrong usage."""

    def listed(*words: str) -> list[str]:
        return [row["use_case"] for row in lab.words("list", *words)["rollouts"]]

    assert until(lambda: looked_at in listed("--waits-for", "risk", "--stage", "pilot"))
    assert looked_at not in listed("--waits-for", "legal")
    assert looked_at not in listed("--control", "paused")
    assert lab.run("list", "--control", "resting").code == 2
    assert looked_at in lab.run("list", "--all").out


@needs_server
def test_watch_prints_a_line_whenever_it_stands_otherwise(lab: Lab, looked_at: str) -> None:
    """Watch prints where it stands, one object a line with JSON, and stops after its time."""
    lines = lab.run("watch", looked_at, "--for", "1.5", "--json").out.splitlines()
    assert [json.loads(line)["live"] for line in lines] == [True]
    assert re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  awaiting approval", lab.run("watch", looked_at, "--for", "1").out
    )


@needs_server
def test_notices_show_a_person_what_they_were_told(lab: Lab, looked_at: str) -> None:
    """The board shows somebody what was said to them, and not what was said to others."""
    assert until(lambda: f"{looked_at}\n" in lab.run("notices", "--as", "risk-officer").out)
    mine = lab.words("notices", "--as", "legal-counsel")["notices"]
    assert [notice for notice in mine if notice["use_case"] == looked_at] == []


@needs_server
def test_without_a_worker_it_is_started_all_the_same_and_makes_safer_what_it_can(lab: Lab) -> None:
    """Started without a worker it lasts; nothing can be approved; a pause lasts too, and a worker then obeys it."""
    said = lab.words("start", lab.playbook("unheard"), "--as", "pmo-lead", queue="later")
    assert (said["outcome"], said["code"], said["standing"]) == ("sent", "no_worker", None)
    status, vote, ready, pause, listed = lab.together(
        ("status", "unheard"),
        ("approve", "unheard", "--as", "risk-officer"),
        ("ready", "unheard", "rollback_tested", "--evidence", "drill 7", "--as", "ops-manager"),
        ("pause", "unheard", "--as", "ops-manager", "--id", "pause-1"),
        ("list",),
    )
    assert status.code == 0
    assert "NO WORKER ANSWERS" in status.out
    assert re.search(r"submitted at pilot; nobody served.* \(\d+ s ago,", " ".join(status.out.split()))
    assert (vote.code, "nothing was sent" in vote.err) == (4, True)
    assert ready.code == 4
    assert re.search(r"^    tidegate ready unheard .*--id cli-\S+ --good-until \S+$", ready.err, re.MULTILINE)
    assert pause.code == 4
    assert "NOT YET IN FORCE" in pause.err
    assert "`tidegate pause unheard --direct`" in pause.err
    assert "unheard" in listed.out
    lab.worker("later")
    try:
        assert until(lambda: lab.words("status", "unheard")["live"])
        assert lab.standing("unheard")["control"] == "paused"
        again_said = lab.words("pause", "unheard", "--as", "ops-manager", "--id", "pause-1")
        assert (again_said["outcome"], again_said["code"]) == ("done", "paused")
    finally:
        lab.stop("worker-later")


def test_the_address_in_the_ui_is_a_deep_link(tidegate: Here) -> None:
    """TIDEGATE_UI and the namespace make the address, and without them the mend says what would."""
    tidegate.patch.setattr("cli.embedded.leave._SPOKEN", set())
    tidegate.patch.setattr("cli.embedded.leave.mark", lambda: None)
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_CONFIG_FILE"):
        tidegate.patch.delenv(name, raising=False)
    tidegate.patch.setenv("TEMPORAL_CONFIG_FILE", "/dev/null")
    answer = tidegate("ui", "minutes")
    assert (answer.code, "TIDEGATE_UI" in answer.err) == (5, True)
    tidegate.patch.setenv("TIDEGATE_UI", "http://temporal.example:8080/")
    tidegate.patch.setenv("TEMPORAL_NAMESPACE", "team a")
    out = tidegate("ui", "minutes").out
    assert out == "http://temporal.example:8080/namespaces/team%20a/workflows/rollout-minutes\n"


def test_what_the_ui_shows_of_a_plan_is_short_and_safe() -> None:
    """However long and hostile its words are, the summary keeps within 400 bytes and no mark of theirs survives."""
    judged = Desk(None, None).judge(Path(ROOT / "playbooks" / "claims-triage.yaml"))
    plan = judged.compiled.plan
    assert plan is not None
    hostile = plan.but(title="<img src=x> [a](javascript:b) " * 40, success_means="**x** | <b>y</b>")
    assert len(summary(hostile).encode()) <= 400
    page = details(hostile)
    assert "<img" not in page
    assert "](javascript" not in page
    assert page.count("\n| pilot") == 2


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, False),
        ({"confirmed": False}, True),
        ({"control": "rolling_back"}, True),
        ({"control": "stop_not_confirmed", "confirmed": False}, False),
        ({"phase": "scheduled"}, True),
        ({"phase": "retired", "confirmed": False}, False),
    ],
)
def test_what_moves_by_itself_is_waited_for(changes: dict[str, object], moves: bool) -> None:
    """What needs nobody is waited for; what waits for people, has ended or cannot be confirmed is not."""
    words = {
        "use_case": "x", "title": "X", "stage": "pilot", "wave": "pmo", "phase": "observing", "control": "live",
        "label": "pilot/pmo", "people": 1, "confirmed": True, "served": 1, "epoch": 1, "awaits": (), "steps": (),
        "coming": None, "unstored": 0, "plan": "p", "at": "2026-12-01T00:00:00Z", "line": "x",
    }  # fmt: skip
    assert moving(Standing.model_validate_json(json.dumps({**words, **changes}))) is moves
