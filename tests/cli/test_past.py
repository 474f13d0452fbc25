"""What stays when the server forgets or falls silent, and what goes when words are erased."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from temporalio.service import RPCError, RPCStatusCode

from tests.cli.lab import TEMPORAL, Lab, needs_server, until
from tests.cli.run import ROOT
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporalio.client import Client

pytestmark = needs_server
ENDED, RUNS = "ended", "around"
PATIENCE = 120.0
"""Seconds until a server has deleted something: it takes half a minute even where it has nothing else to do."""
TIED = "Read ten drafts a week, as the works council asked"
"""A condition that somebody ties their yes to."""
ANSWER = "Names of guests are lost."
WHY = "The drafts lose decisions."


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A home with a server of its own, which these tests rob of its memory and take away."""
    lab = Lab(tmp_path_factory.mktemp("past"))
    try:
        lab.server()
        lab.worker()
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def past(own: Lab) -> Lab:
    """A rollout that was approved, narrowed and terminated and is being deleted; another one runs."""
    own.live(ENDED)
    figures = ("corrections_per_100=6", "minutes_per_document=11.5", "--n", "40")
    own.words("reading", ENDED, *figures, "--as", "pmo-lead")
    assert until(lambda: own.standing(ENDED)["awaits"] == ["risk"])
    own.words("approve", ENDED, "--as", "risk-officer", "--answer", f"1={ANSWER}", "--wait", "90")
    assert own.people(ENDED) == 37
    own.words("narrow", ENDED, "--as", "risk-officer", "--wait", "90")
    assert own.people(ENDED) == 12
    end = own.words("terminate", ENDED, "--reason", WHY, "--as", "coo", "--wait", "90")
    assert end["standing"]["phase"] == "terminated"
    assert until(lambda: own.words("status", ENDED)["run"] == "completed")
    for run in own.ask(runs):
        words = ("workflow", "delete", "--workflow-id", ids.workflow_id(ENDED), "--run-id", run, "--yes")
        done = subprocess.run([TEMPORAL, *words, "--address", own.address], text=True, capture_output=True, check=False)
        assert done.returncode == 0, done
    own.started(RUNS)
    own.words("approve", RUNS, "--as", "risk-officer", "--condition", f"{TIED}; ops-manager; 2099-01-01")
    own.words("approve", RUNS, "--as", "ops-manager", "--wait", "90")
    return own


@pytest.fixture(scope="module")
def forgotten(past: Lab) -> Lab:
    """The same, once the server has nothing left of the rollout that was deleted."""
    assert until(lambda: not past.ask(runs) and not past.ask(known), PATIENCE)
    return past


async def runs(client: Client) -> list[str]:
    """Return every run that the server lists of what is deleted."""
    found = client.list_workflows(f"WorkflowId = '{ids.workflow_id(ENDED)}'")
    return [one.run_id async for one in found]


async def known(client: Client) -> bool:
    """Whether the server still has a history of what is deleted."""
    try:
        await client.get_workflow_handle(ids.workflow_id(ENDED)).describe()
    except RPCError as error:
        return error.status is not RPCStatusCode.NOT_FOUND
    return True


async def shown(client: Client) -> str:
    """Return what the page of the rollout that runs shows in the UI."""
    page = await client.get_workflow_handle(ids.workflow_id(RUNS)).query("__temporal_workflow_metadata")
    return str(page)


def kept(lab: Lab) -> bytes:
    """Return all that the database keeps, with what SQLite puts beside it."""
    return b"".join(file.read_bytes() for file in sorted(lab.home.glob("ledger.db*")))


def section() -> list[str]:
    """Return the commands of the README's section on evidence."""
    text = (ROOT / "README.md").read_text("utf-8").partition("\n## Evidence\n")[2].partition("\n## ")[0]
    lines = "".join(re.findall(r"```sh\n((?:.*\n)*?)```", text)).splitlines()
    return [line.partition("  #")[0].strip() for line in lines]


# -- erased -----------------------------------------------------------------------------------------------------------


def test_erased_words_are_gone_from_the_ledger_and_from_the_rollout_that_runs(past: Lab) -> None:
    """What somebody wrote is nowhere in the database afterwards, the rollout has forgotten it, and all verifies."""
    standing = past.words("status", RUNS)["standing"]
    assert [step["why"] for step in standing["steps"] if TIED in step["why"]]
    assert TIED in past.ask(shown)
    entries = [str(one["seq"]) for one in past.words("evidence", "list", RUNS, "--all")["entries"]]
    texts = {seq: past.words("evidence", "show", RUNS, seq)["texts"].items() for seq in entries}
    seq, mark = next((seq, mark) for seq, said in texts.items() for mark, text in said if text["text"] == TIED)
    assert TIED.encode() in kept(past)
    words = ("--text", mark, "--as", "pmo-lead", "--reason", "They asked for it.", "--yes")
    done = past.words("evidence", "erase", RUNS, *words)
    assert (done["erased"], done["forgotten"]) == ([mark], True)
    assert until(lambda: TIED not in json.dumps(past.words("status", RUNS)))
    assert past.words("status", RUNS)["live"]
    for query in ("standing", "state"):
        assert TIED not in json.dumps(past.asked(RUNS, query))
    assert TIED.encode() not in kept(past)
    assert TIED not in past.ask(shown)
    assert past.words("evidence", "verify", RUNS, "--recompute")["intact"]
    assert past.words("evidence", "show", RUNS, seq)["texts"][mark]["text"] is None
    again = past.words("evidence", "erase", RUNS, *words)
    assert (again["erased"], again["entry"], again["forgotten"]) == ([], None, True)
    assert past.run("evidence", "erase", RUNS, "--text", f"{mark[:-1]}?", *words[2:]).code == 5
    told = _flat(past.run("evidence", "show", RUNS, seq).out)
    assert re.search(r"\[text erased on \d{4}-\d\d-\d\d by pmo-lead\b", told)


# -- forgotten --------------------------------------------------------------------------------------------------------


def test_what_the_server_has_forgotten_still_has_its_status(forgotten: Lab) -> None:
    """A rollout whose histories were deleted is said to be over and not live, with where it stood at its end."""
    words = forgotten.words("status", ENDED)
    assert (words["run"], words["live"], words["standing"]["phase"]) == ("ended", False, "terminated")
    assert words["line"] == "terminated at pilot; ROLLED BACK; nobody served"
    answer = forgotten.run("status", ENDED)
    assert (answer.code, answer.err) == (0, "")
    assert "It is over, and the server has forgotten it. What the ledger knows (" in answer.out
    assert words["line"] in answer.out
    assert f"`tidegate evidence list {ENDED}`" in answer.out
    assert "--direct" not in answer.out


def test_what_nobody_ever_knew_is_still_not_there(forgotten: Lab) -> None:
    """A rollout that neither the server nor the ledger knows ends with 5, and the mend names the one that there is."""
    answer = forgotten.run("status", "arounds")
    assert (answer.code, answer.out) == (5, "")
    assert f"There is {RUNS}." in answer.err


def test_what_the_server_has_forgotten_is_listed_among_all(forgotten: Lab) -> None:
    """A list of everything has it beside what runs; a list of what runs, and one that is narrowed, has it not."""

    def listed(*words: str) -> dict[str, str]:
        return {row["use_case"]: row["run"] for row in forgotten.words("list", *words)["rollouts"]}

    assert listed("--all") == {ENDED: "ended", RUNS: "running"}
    assert listed() == {RUNS: "running"}
    assert ENDED not in listed("--all", "--control", "live")


def test_the_evidence_of_what_the_server_has_forgotten_tells_all_of_it(forgotten: Lab) -> None:
    """Who approved, narrowed and ended it is listed in order, and an entry is shown with the words that were said."""
    entries = forgotten.words("evidence", "list", ENDED, "--last", "500")["entries"]
    people = [(one["who"], one["action"]) for one in entries if one["kind"] == "human"]
    assert people == [
        ("pmo-lead", "start"),
        ("risk-officer", "vote approve"),
        ("ops-manager", "vote approve"),
        ("pmo-lead", "readings"),
        ("risk-officer", "vote approve"),
        ("risk-officer", "narrow"),
        ("coo", "terminate"),
        ("coo", "rollback"),
    ]
    shown = {
        action: forgotten.words(
            "evidence", "show", ENDED, str(next(one["seq"] for one in reversed(entries) if one["action"] == action))
        )
        for action in ("vote approve", "narrow", "terminate")
    }
    assert ANSWER in [text["text"] for text in shown["vote approve"]["texts"].values()]
    narrowed = shown["narrow"]["entry"]
    assert (narrowed["before"]["people"], narrowed["after"]["people"]) == (37, 12)
    assert shown["terminate"]["sentence"] == f"It ends now: “{WHY}”"
    # Whoever is told of the end may hear of it after it.
    done = [one["sentence"] for one in entries if one["action"] not in {"", "notice"}]
    assert done[-1] == "Terminated: nobody is served, and that is read back."


def test_the_evidence_of_what_the_server_has_forgotten_is_proved_again(forgotten: Lab) -> None:
    """Everything is intact, signed to its very end, and every decision comes out the same."""
    said = forgotten.words("evidence", "verify", ENDED, "--recompute")
    (stream,) = said["streams"]
    assert (said["intact"], stream["findings"], stream["recomputed"], stream["trusted"]) == (True, [], [], [])
    assert stream["signed"] == stream["last"] == stream["entries"] > len("approved")


def test_the_commands_of_the_readme_carry_evidence_to_an_auditor(forgotten: Lab) -> None:
    """Each command of the README's section on evidence does what it says, up to the verdict on a bare machine."""
    commands = section()
    assert [line.split()[2] for line in commands if line.startswith("tidegate evidence")] == [
        *("list", "show", "verify", "export")
    ]
    said = ""
    for command in commands:
        words = shlex.split(command.replace("first-steps", ENDED).replace(".tidegate", str(forgotten.home)))
        if words[0] == "tidegate":
            answer = forgotten.run(*words[1:])
            assert answer.code == 0, (command, answer)
            said = answer.out
            continue
        assert words[0] == "python3", command
        bare = [sys.executable, "-I", *words[1:]]
        done = subprocess.run(bare, cwd=forgotten.folder, env={}, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (command, done)
        said = done.stdout
    assert said.startswith("INTACT: ")
    assert "Trusted because it came with them" not in said


# -- silent -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silent(forgotten: Lab) -> Lab:
    """The same home after its server has gone."""
    forgotten.stop("worker-tidegate")
    forgotten.stop("server")
    return forgotten


def test_without_the_server_status_shows_what_the_ledger_knows(silent: Lab) -> None:
    """It says that it is not live and why, how it stood, and what stops it now; what is over needs no stop."""
    answer = silent.run("status", RUNS)
    assert (answer.code, answer.err) == (0, "")
    flat = _flat(answer.out)
    assert f"NOT LIVE: the Temporal server at {silent.address} cannot be reached" in flat
    assert "What the ledger knows (" in flat
    assert "at pilot/pmo" in flat
    assert f"`tidegate pause {RUNS} --direct`" in answer.out
    words = silent.words("status", RUNS)
    assert (words["run"], words["live"], words["standing"]["people"]) == ("not answering", False, 12)
    assert silent.words("status", ENDED)["run"] == "ended"


def test_without_the_server_the_list_shows_what_the_ledger_knows(silent: Lab) -> None:
    """It says that the server is away and what stops a rollout all the same; --all has what is over, too."""
    answer = silent.run("list")
    assert answer.code == 0
    assert f"the Temporal server at {silent.address} cannot be reached" in answer.err
    assert "What the ledger knows:" in answer.err
    assert "`tidegate pause USE_CASE --direct`" in answer.err
    assert re.search(rf"^{RUNS} +pilot/pmo +not answering", answer.out, re.MULTILINE)
    assert ENDED not in answer.out
    assert {row["use_case"]: row["run"] for row in silent.words("list", "--all")["rollouts"]} == {
        ENDED: "ended",
        RUNS: "not answering",
    }


def test_without_the_server_a_list_of_some_is_no_list(silent: Lab) -> None:
    """The ledger cannot search as the server does, so a list of only some ends with 4."""
    assert silent.run("list", "--control", "live").code == 4


def test_without_the_server_and_without_a_ledger_nobody_knows(silent: Lab) -> None:
    """Where there is no ledger, or it cannot be read either, the verbs end with 4 and say that the server is away."""
    nowhere = silent.folder / "nowhere.db"
    for url in (f"sqlite:///{nowhere}", f"sqlite:///{silent.folder / 'programme.yaml'}"):
        for words in (("status", RUNS), ("list",), ("status", "never-known")):
            answer = silent.run(*words, TIDEGATE_LEDGER=url)
            assert (answer.code, answer.out) == (4, ""), words
            assert "cannot be reached" in answer.err
    assert not nowhere.exists()
    assert silent.run("status", "never-known").code == 4


def _flat(words: str) -> str:
    return " ".join(words.split())
