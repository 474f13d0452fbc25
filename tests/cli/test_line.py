"""A stop of the line on a real server: it outlives the command line, the workers and the ledger, and bars what starts.

It has a server of its own, because a stop reaches everything. That one suggests a new run after few events, so that a
stop goes from run to run.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.lab import Lab, needs_server, until
from workflows import ids

pytestmark = needs_server

MODEL = ("--model", "small-text")
OTHER = ("models: [small-text]", "models: [other-text]")
STOPPED = ("decided", "refused")
SPARED = "listed"
LATE, TWIN = "withdrawn", "made-safer"
DEAF = "unheard"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two live rollouts that use a model, and one that uses another."""
    lab = Lab(tmp_path_factory.mktemp("line"))
    try:
        lab.server("limit.historyCount.suggestContinueAsNew=100")
        lab.worker()
        for name in STOPPED:
            lab.live(name)
        lab.live(SPARED, OTHER)
        yield lab
    finally:
        lab.close()


def run_of(lab: Lab, scope: str) -> tuple[str, str]:
    """Return which life a stop is in, and which run of that."""

    async def first(client: Any) -> tuple[str, str]:
        described = await client.get_workflow_handle(ids.line_id(scope)).describe()
        return described.raw_description.workflow_execution_info.first_run_id, described.run_id

    found: tuple[str, str] = lab.ask(first)
    return found


def said_again(lab: Lab, scope: str) -> bool:
    """Say a stop again past the command line, and return whether it has gone to another run by now."""

    async def say(client: Any) -> None:
        await client.get_workflow_handle(ids.line_id(scope)).signal(ids.STOP, {"as": "risk-officer"})

    lab.ask(say)
    first, now = run_of(lab, scope)
    return first != now


def seen(lab: Lab) -> Any:
    """Return how the stop of everything stands, whoever says it: a busy worker may be silent for a while."""
    return json.loads(lab.run("line", "--all", "--json").out)


def test_a_stop_goes_on_when_its_command_line_is_killed(house: Lab) -> None:
    """Killed after its first byte, it leaves one stop, which contains all that it reaches and nothing else."""
    verb = house.begun("stop-the-line", *MODEL, "--as", "risk-officer", "--reason", "It leaks names.")
    assert verb.stdout is not None
    assert verb.stdout.read(1) == b"S"
    verb.send_signal(signal.SIGKILL)
    verb.wait()
    verb.stdout.close()
    found = house.words("line", *MODEL, "--for", "90")
    assert (found["contained"], found["pending"], found["unknown"], found["done"]) == (2, 0, 0, True)
    assert [house.people(name) for name in STOPPED] == [0, 0]
    missed = house.run("stop-the-line", "--model", "smal-text", "--as", "risk-officer")
    assert (missed.code, "IT REACHES NOTHING" in missed.out) == (1, True)
    assert (house.people(SPARED), house.standing(SPARED)["bars"]) == (12, [])
    life, _ = run_of(house, "model/small-text")
    again = house.words("stop-the-line", *MODEL, "--as", "risk-officer")
    assert (run_of(house, "model/small-text")[0], again["by"]) == (life, ["risk-officer"])


def test_a_stop_is_the_same_stop_in_its_next_run(house: Lab) -> None:
    """Said again and again it goes to another run before its history grows long, and forgets nothing by that."""
    assert until(lambda: said_again(house, "model/small-text"))
    found = house.words("line", *MODEL, "--for", "90")
    assert (found["by"], found["contained"], found["done"]) == (["risk-officer"], 2, True)


def test_what_starts_during_a_stop_does_not_widen(house: Lab) -> None:
    """A rollout that begins after a stop hears of it at its start and serves nobody; one of another model widens."""
    begun = house.run("start", house.playbook(LATE), "--as", "pmo-lead")
    assert (begun.code, "STOPPED: model/small-text, by risk-officer" in begun.err) == (0, True)
    house.agree(LATE, "risk-officer", "ops-manager")
    spared = house.run("start", house.playbook(TWIN, OTHER), "--as", "pmo-lead")
    assert (spared.code, spared.err) == (0, "")
    house.agree(TWIN, "risk-officer", "ops-manager")
    assert until(lambda: house.people(TWIN) == 12)
    assert until(lambda: house.standing(LATE)["phase"] not in ("awaiting_approval", "scheduled", "widening"))
    assert house.people(LATE) == 0
    # A second voice makes it look again at once.
    joined = house.run("stop-the-line", *MODEL, "--as", "ops-manager", "--for", "0", "--json")
    assert json.loads(joined.out)["by"] == ["risk-officer", "ops-manager"]
    assert until(lambda: house.standing(LATE)["bars"] == ["model/small-text"])
    refused = house.run("lift", LATE, "model/small-text", "--as", "risk-officer")
    assert (refused.code, "tidegate lift-the-line --model small-text" in refused.err) == (1, True)


@pytest.mark.parametrize(("who", "code"), [("office-head", 1), ("risk-officer", 0)])
def test_only_who_holds_the_right_lifts_a_stop(house: Lab, who: str, code: int) -> None:
    """Who may not stop the line lifts nothing; who may lifts it everywhere, and nothing widens by that."""
    assert house.run("lift-the-line", *MODEL, "--as", who, "--reason", "Mended.").code == code
    bars = {name: house.standing(name)["bars"] for name in (*STOPPED, LATE)}
    assert set(map(tuple, bars.values())) == {("model/small-text",) if code else ()}
    assert house.run("line", *MODEL).code == (1 if code else 5)
    assert [house.people(name) for name in (*STOPPED, LATE)] == [0, 0, 0]


def test_a_stop_needs_neither_workers_nor_ledger_to_last(house: Lab) -> None:
    """Said to no worker, and taken up by one that has no ledger and is killed, it contains all who answer."""
    house.started(DEAF, queue="nobody")
    house.kill("worker-tidegate")
    sent = house.words("stop-the-line", "--all", "--as", "risk-officer", "--for", "0", code=4)
    assert (sent["live"], sent["done"]) == (False, False)
    house.worker(TIDEGATE_LEDGER=f"sqlite:///{house.folder}/programme.yaml")
    assert until(lambda: 0 in (house.people(SPARED), house.people(TWIN)))
    house.kill("worker-tidegate")
    house.worker()
    assert until(lambda: (house.people(SPARED), house.people(TWIN)) == (0, 0))
    # Who does not answer is named, so it is not done; what was refused a widening settles first.
    assert until(lambda: only_open(house, DEAF, or_else=LATE))


def only_open(lab: Lab, deaf: str, *, or_else: str) -> bool:
    """Return whether a worker says that it looked for all and that one alone is open, so that it is not done."""
    found = seen(lab)
    known = found["live"] and found["barred"] and found["swept"]
    return known and {deaf} <= found["open"].keys() <= {deaf, or_else} and not found["done"]
