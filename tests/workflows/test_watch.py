"""The drift watch on a real server: what differs is taken back or taken over, and while all is well nothing grows."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.api.enums.v1 import EventType

from activities.drivers import drivers_under
from activities.drivers.flagd import Flagd
from activities.exposure import ExposureActivities
from tests.activities.flags import by_hand, switch_off
from tests.pure.world import but
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import soon
from tests.workflows.wire import World
from tidegate import drift, reconcile
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend
from workflows import ids, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workflows.siege import Attacked
    from tidegate.models.plan import Plan

pytestmark = needs_dev_server


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Start a server and a worker once, and stop them whatever happens."""
    with asyncio.Runner() as runner:
        built, stack = World(runner), AsyncExitStack()
        try:
            runner.run(built.build(stack))
            yield built
        finally:
            runner.run(stack.aclose())


def eyes(world: World) -> watch.Watch:
    """Return a watch that has seen nothing yet, as a worker that has just begun."""
    return watch.Watch(world.env.client, ExposureActivities(drivers_under(world.home)).observe)


def flag(victim: Attacked, which: str) -> Flagd:
    """Return one of the two flags of a rollout."""
    return Flagd({"file": f"{victim.name}-{which}/flags.json", "flag": "ours"}, victim.home)


def doubled(victim: Attacked) -> Plan:
    """Return the plan of a rollout that two flags in two directories enforce."""
    drivers = {
        f"flags/{which}": Backend(kind="flagd", settings={"file": f"{victim.name}-{which}/flags.json", "flag": "ours"})
        for which in ("one", "two")
    }
    return but(victim.plan, targets=tuple(drivers), drivers=drivers)


async def live(world: World) -> Attacked:
    """Bring a rollout with two targets to life, and wait until it is listed as it stands."""
    victim = world.victim()
    await victim.almost(doubled(victim))
    gate = await victim.gate()
    await victim.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
    await soon(lambda: flag(victim, "two").observe().exposure.people == 10, "both flags serve ten")
    await listed(victim)
    return victim


async def stands(victim: Attacked) -> drift.Stands | None:
    """Return what the memo says now."""
    return drift.read((await (await victim.handle.describe()).memo()).get("watch"))


async def listed(victim: Attacked) -> None:
    """Wait until the server's list says of a rollout at rest what the server knows of it."""
    for _ in range(1_200):
        known = await stands(victim)
        query = f"{watch.RUNNING} AND WorkflowId = '{victim.handle.id}'"
        async for run in victim.client.list_workflows(query):
            if known is not None and known.rests and drift.read((await run.memo()).get("watch")) == known:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("it is never listed as it stands")


async def events(victim: Attacked) -> int:
    """Return how long its history is."""
    return int((await victim.handle.describe()).history_length)


def codes(victim: Attacked) -> list[str]:
    """Return the reasons on record."""
    return [line["reason"]["code"] for line in victim.lines()]


def test_while_all_is_well_no_history_grows(world: World) -> None:
    """However often it is watched, a rollout that is as decided is asked nothing, and its history stays as it is."""

    async def attack() -> None:
        victim, watcher = await live(world), eyes(world)
        await asyncio.sleep(1)
        before = await events(victim)
        for _ in range(5):
            assert victim.name not in await watcher.round()
        assert await events(victim) == before

    world.run(attack())


def test_scenario_12_wider_by_hand_is_taken_back_in_one_round(world: World) -> None:
    """One of two flags opened to all is found by one round, taken back, and on record as unapproved with its place."""

    async def attack() -> None:
        victim, watcher = await live(world), eyes(world)
        file = victim.home / f"{victim.name}-one/flags.json"
        by_hand(file, "ours", lambda found: found.update(defaultVariant="on", targeting={}))
        assert victim.name in await watcher.round()
        await soon(lambda: "drift_wider" in codes(victim), "the unapproved change is on record")
        await listed(victim)
        assert [flag(victim, which).observe().exposure.people for which in ("one", "two")] == [10, 10]
        line = next(line for line in victim.lines() if line["reason"]["code"] == "drift_wider")
        assert "at flags/one" in line["reason"]["facts"]["dimensions"]
        assert victim.name not in await watcher.round()

    world.run(attack())


def test_scenario_12_tighter_by_hand_is_held(world: World) -> None:
    """One of two flags that somebody switched off is found by one round, and the other follows; it is held there."""

    async def attack() -> None:
        victim, watcher = await live(world), eyes(world)
        by_hand(victim.home / f"{victim.name}-two/flags.json", "ours", switch_off)
        assert victim.name in await watcher.round()
        await soon(lambda: flag(victim, "one").observe().exposure == NOTHING, "nobody is served by either")
        assert (await victim.standing()).control == "held"
        await listed(victim)
        assert victim.name not in await watcher.round()

    world.run(attack())


def test_out_of_sight_is_said_once_and_its_end_too(world: World) -> None:
    """A target out of sight is told to the rollout once by however many watchers, and once more when it is back."""

    async def attack() -> None:
        victim = await live(world)
        folder = victim.home / f"{victim.name}-two"
        shutil.move(folder, folder.with_suffix(".away"))
        folder.touch()
        assert victim.name in await eyes(world).round()
        await soon(lambda: "unseen" in codes(victim), "it is on record")
        await listed(victim)
        assert victim.name not in await eyes(world).round()
        rows = {row.target: row.became for row in (await victim.standing()).targets}
        assert rows == {"flags/one": "confirmed", "flags/two": "unseen"}
        folder.unlink()
        shutil.move(folder.with_suffix(".away"), folder)
        assert victim.name in await eyes(world).round()
        await soon(lambda: "seen_again" in codes(victim), "its end is on record")
        await listed(victim)
        assert victim.name not in await eyes(world).round()

    world.run(attack())


def test_one_that_cannot_be_watched_hides_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout whose plan nobody can tell and one whose look fails leave the drift of another to be found."""

    async def attack() -> None:
        client, victim = world.env.client, await live(world)
        odd = {"plan": "0" * 64, "exposure": "0" * 64, "epoch": 1, "rests": True, "unseen": False}
        for name, memo in (("rollout-aaa-odd", {"watch": odd}), ("rollout-aab-old", {"watch": "?"})):
            await client.start_workflow(ids.WORKFLOW, {"plan": "none"}, id=name, task_queue="nobody", memo=memo)
        monkeypatch.setattr(watch, "_PATIENCE", timedelta(seconds=1))
        by_hand(victim.home / f"{victim.name}-two/flags.json", "ours", switch_off)
        await soon_listed(world, 2)
        assert victim.name in await eyes(world).round()
        for name in ("rollout-aaa-odd", "rollout-aab-old"):
            await client.get_workflow_handle(name).terminate()

    world.run(attack())


async def soon_listed(world: World, odd: int) -> None:
    """Wait until rollouts that nobody runs are listed."""
    for _ in range(1_200):
        found = [run.id async for run in world.env.client.list_workflows(watch.RUNNING) if "-aa" in run.id]
        if len(found) == odd:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("they are never listed")


def test_anybody_may_have_it_look_and_nothing_else_comes_of_it(world: World) -> None:
    """Thirty people who ask at once cause a few looks, one after the other; nothing is changed and nothing recorded."""

    async def attack() -> None:
        victim = await live(world)
        await asyncio.sleep(1)
        before, known = len(victim.lines()), await stands(victim)
        words: dict[str, Any] = {"as": "nobody-known", "anything": 1}
        await asyncio.gather(*(victim.handle.signal(ids.LOOK, words) for _ in range(30)))
        await victim.insist("ready", "ops-a", item="rollback_tested", evidence="drill 8")
        history = (await victim.runs())[0]
        kinds = [
            (each.event_type, each.activity_task_scheduled_event_attributes.activity_type.name) for each in history
        ]
        looks = kinds.count((EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, "observe"))
        assert 1 <= looks < 30
        assert await stands(victim) == known
        await soon(lambda: len(victim.lines()) > before, "what came after is on record")
        assert "fault" not in codes(victim)

    world.run(attack())


def test_a_reduction_that_fails_waits_before_it_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one directory broken the rest is stopped, each new attempt waits for its timer, and it ends by itself."""
    monkeypatch.setattr(reconcile, "RETRIES", (timedelta(seconds=1),))

    async def attack() -> None:
        victim = await live(world)
        folder = victim.home / f"{victim.name}-two"
        shutil.move(folder, folder.with_suffix(".away"))
        folder.touch()
        await victim.insist("pause", "ops-a", reason="now")
        await soon(lambda: codes(victim).count("try_again") > 0, "it is tried again")
        assert flag(victim, "one").observe().exposure == NOTHING
        stood = await victim.standing()
        assert stood.control == "stop_not_confirmed"
        assert {row.target: row.became for row in stood.targets}["flags/two"] == "failed"
        attempts = fired = 0
        for each in (await victim.runs())[0]:
            fired += each.event_type == EventType.EVENT_TYPE_TIMER_FIRED
            if each.activity_task_scheduled_event_attributes.activity_type.name == "pause":
                attempts += 1
                assert attempts == 1 or fired, "it was tried again at once"
                fired = 0
        folder.unlink()
        shutil.move(folder.with_suffix(".away"), folder)
        await soon(lambda: flag(victim, "two").observe().exposure == NOTHING, "nobody is served")
        await listed(victim)
        assert (await victim.standing()).control == "paused"
        assert json.loads((folder / "flags.json").read_text("utf-8"))

    world.run(attack())
