"""`inbox`: one query finds everything that waits for somebody in all rollouts, with a worker and without."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import Here
from tidegate.models.messages import RolloutInput
from workflows import ids

ITEM = ["use_case", "kind", "about", "command", "functions", "in_place_of", "due", "then", "at"]
ALL = ["person", "items", "unread", "rollouts", "workers"]


def waits(lab: Lab, person: str) -> dict[str, list[dict[str, Any]]]:
    """Return what waits for somebody, by use case."""
    said = lab.words("inbox", "--as", person)
    assert list(said) == ALL
    found: dict[str, list[dict[str, Any]]] = {}
    for item in said["items"]:
        assert list(item) == ITEM
        found.setdefault(item["use_case"], []).append(item)
    return found


@pytest.fixture(scope="module")
def asked(lab: Lab) -> tuple[str, str]:
    """Two rollouts: one that waits for the first votes, and one that is live."""
    lab.live("asked-live")
    lab.started("asked-first")
    assert until(lambda: {"asked-live", "asked-first"} <= {*waits(lab, "ops-manager"), *waits(lab, "pmo-lead")})
    return "asked-first", "asked-live"


@needs_server
def test_each_person_sees_what_waits_for_them_and_nothing_else(lab: Lab, asked: tuple[str, str]) -> None:
    """A vote waits for those who could give it, a figure for who reads it, and neither for anybody else."""
    first, live = asked
    (vote,) = waits(lab, "risk-officer")[first]
    assert (vote["kind"], vote["functions"], vote["in_place_of"]) == ("vote", ["risk"], [])
    assert vote["command"] == f"tidegate review {first} --gate first-exposure-1"
    assert datetime.fromisoformat(vote["due"]).tzinfo is not None
    assert live not in waits(lab, "risk-officer")
    figures = waits(lab, "pmo-lead")[live]
    assert {item["kind"] for item in figures} == {"reading"}
    assert len(figures) == 2
    assert first not in waits(lab, "legal-counsel")


@needs_server
def test_what_was_done_waits_no_more_and_what_is_new_waits_at_once(lab: Lab, asked: tuple[str, str]) -> None:
    """Who has voted finds the round gone; a hold waits for whoever may go on; a deputy by delegation finds the vote."""
    first, live = asked
    lab.tell(first, "delegate", "ops-manager", to="platform-lead", function="operations", until="2099-01-01T00:00:00Z")
    assert until(lambda: first in waits(lab, "platform-lead"))
    (vote,) = waits(lab, "platform-lead")[first]
    assert (vote["functions"], vote["in_place_of"]) == (["operations"], ["ops-manager"])
    (gate,) = lab.asked(first, "state")["state"]["gates"].values()
    lab.tell(first, "approve", "risk-officer", gate=gate["id"], subject=gate["subject"])
    assert until(lambda: first not in waits(lab, "risk-officer"))
    assert first in waits(lab, "ops-deputy")
    lab.tell(live, "hold", "risk-officer")
    assert until(lambda: any(item["kind"] == "right" for item in waits(lab, "pmo-lead").get(live, [])))
    assert any("tidegate resume asked-live" in item["command"] for item in waits(lab, "pmo-lead")[live])


@needs_server
def test_the_oldest_deadline_is_first_and_the_page_says_what_to_type(lab: Lab, asked: tuple[str, str]) -> None:
    """The page names each thing with its date, what follows if nobody does it, and the command; oldest first."""
    first, _ = asked
    said = lab.words("inbox", "--as", "ops-deputy")
    dates = [item["due"] for item in said["items"] if item["due"]]
    assert dates == sorted(dates)
    page = lab.run("inbox", "--as", "ops-deputy").out
    assert f"{first}: by " in page
    assert "  Vote on pilot/pmo as operations. If nobody does, it expires, and nothing widens.\n" in page
    assert f"\n    tidegate review {first} --gate first-exposure-1\n" in page


@needs_server
def test_what_does_not_fit_into_the_memo_is_asked_for_and_nothing_is_lost(lab: Lab) -> None:
    """Of a rollout that asks more than the server keeps of it, everything is listed all the same."""
    lab.started("asked-much")
    promises = [{"what": f"condition {number}: {'x' * 150}", "owner": "cto-office"} for number in range(10)]
    words = [{**promise, "due": "2099-01-01T00:00:00Z"} for promise in promises]
    (gate,) = lab.asked("asked-much", "state")["state"]["gates"].values()
    for person in ("risk-officer", "ops-manager"):
        said = {"gate": gate["id"], "subject": gate["subject"], "promises": words}
        assert lab.tell("asked-much", "approve_with_conditions", person, **said)["code"] == "approved_with_conditions"
    assert until(lambda: len(waits(lab, "cto-office").get("asked-much", [])) == 20)
    items = waits(lab, "cto-office")["asked-much"]
    assert {item["kind"] for item in items} == {"owed"}
    assert len({item["command"] for item in items}) == 20


@needs_server
def test_an_empty_inbox_says_so_kindly(lab: Lab, asked: tuple[str, str]) -> None:
    """Whoever is asked nothing reads that all is quiet, and how much is under way."""
    del asked
    answer = lab.run("inbox", "--as", "security-lead")
    assert (answer.code, answer.err) == (0, "")
    assert "Nothing waits for security-lead;" in answer.out
    assert "All quiet." in answer.out
    assert lab.words("inbox", "--as", "security-lead")["items"] == []


@needs_server
def test_without_a_worker_it_says_what_was_last_known_and_how_old_that_is(lab: Lab, asked: tuple[str, str]) -> None:
    """Where nobody works it answers all the same, with its age; what it cannot see it names instead of losing it."""
    first, _ = asked
    plan = lab.asked(first, "state")["plan"]

    async def bare(client: Any) -> None:
        given = RolloutInput.model_validate_json(
            RolloutInput.model_construct(plan=plan).model_dump_json(warnings=False)
        )
        await client.start_workflow(ids.WORKFLOW, given, id=ids.workflow_id("asked-bare"), task_queue="nobody")

    lab.ask(bare)
    assert until(lambda: "asked-bare" in lab.words("inbox", "--as", "ops-deputy", queue="nobody")["unread"])
    said = lab.words("inbox", "--as", "ops-deputy", queue="nobody")
    assert said["workers"] is False
    assert first in {item["use_case"] for item in said["items"]}
    assert all(item["at"] for item in said["items"])
    answer = lab.run("inbox", "--as", "ops-deputy", TIDEGATE_TASK_QUEUE="nobody")
    assert answer.code == 0
    assert "NO WORKER WORKS, so nothing moves. This is what was last known, the oldest word " in answer.out
    assert "`tidegate status asked-bare`" in answer.out


def test_without_a_server_it_cannot_be_reached(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no server, it ends with 4 and says what starts one."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    answer = tidegate("inbox", "--as", "ops-deputy")
    assert answer.code == 4
    assert "cannot be reached" in answer.err
