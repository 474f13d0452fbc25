"""The drift watch on a real server: what differs is taken back or taken over, and while all is well nothing grows."""

from __future__ import annotations

import asyncio
import shutil
import threading
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType

from activities.drivers import drivers_under
from activities.drivers.flagd import Flagd
from activities.exposure import ExposureActivities
from cli import runbook
from tests.activities.flags import by_hand, switch_off
from tests.pure.world import but
from tests.workflows.keyboard import Keyboard
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import free_port, soon
from tests.workflows.wire import World
from tidegate import drift, reconcile
from tidegate.models.base import Span
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend
from tidegate.models.ways_down import Step
from worker import Settings
from workflows import ids, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from activities.drivers.contract import Actual
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


DRIVER = Step(do="driver", probe="it reads back off")
DESK = Step(do="Open the desk", owner="ops-b", within=Span.of("1h"), probe="it is worked on")
BROKEN = {"flags/one": "confirmed", "flags/two": "failed"}


def doubled(victim: Attacked, steps: tuple[Step, ...] = ()) -> Plan:
    """Return the plan of a rollout that two flags in two directories enforce."""
    drivers = {
        f"flags/{which}": Backend(kind="flagd", settings={"file": f"{victim.name}-{which}/flags.json", "flag": "ours"})
        for which in ("one", "two")
    }
    fallback = victim.plan.fallback.but(pause=steps)
    return but(victim.plan, targets=tuple(drivers), drivers=drivers, fallback=fallback)


async def live(world: World, steps: tuple[Step, ...] = ()) -> Attacked:
    """Bring a rollout with two targets to life, and wait until it is listed as it stands."""
    victim = world.victim()
    await victim.almost(doubled(victim, steps))
    gate = await victim.gate()
    await victim.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
    await soon(lambda: flag(victim, "two").observe().exposure.people == 10, "both flags serve ten")
    await listed(victim)
    return victim


async def stands(victim: Attacked) -> drift.Stands | None:
    """Return what the memo says now."""
    return drift.read((await (await victim.handle.describe()).memo()).get("watch"))


async def listed(victim: Attacked) -> None:
    """Wait until the server's list says of a rollout at rest what it says of itself: its memo may be a step behind."""
    for _ in range(1_200):
        known = drift.read(drift.stands(await victim.standing()))
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


def test_a_look_that_hangs_while_it_is_narrowed_is_no_unapproved_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a slow look saw before a narrowing, and tells after it was confirmed, raises no alarm and is not undone."""
    looks, seen, goes_on = Flagd.observe, threading.Event(), threading.Event()

    def slow(driver: Flagd) -> Actual:
        found = looks(driver)
        if activity.in_activity() and activity.info().activity_type == "observe":
            seen.set()
            goes_on.wait(60)
        return found

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        monkeypatch.setattr(Flagd, "observe", slow)
        await victim.handle.signal(ids.LOOK, {"as": "nobody-known"})
        assert await asyncio.to_thread(seen.wait, 60)
        await victim.insist("narrow", "ops-a", to="half")
        await soon(lambda: "confirmed" in codes(victim), "it is narrowed, and read back")
        goes_on.set()
        await soon_looked(victim)
        await victim.insist("ready", "ops-a", item="rollback_tested", evidence="drill 8")
        await soon(lambda: "ready" in {line["action"] for line in victim.lines()[-3:]}, "what came after is on record")
        assert "drift_wider" not in codes(victim)
        assert codes(victim).count("confirmed") == 1
        assert (victim.people, [row.people for row in (await victim.standing()).targets]) == (5, [5])

    try:
        world.run(attack())
    finally:
        goes_on.set()


async def soon_looked(victim: Attacked) -> None:
    """Wait until no look is under way any more."""
    for _ in range(1_200):
        raw = (await victim.handle.describe()).raw_description
        if not any(one.activity_type.name == "observe" for one in raw.pending_activities):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the look never ends")


def test_scenario_5_half_of_it_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With one directory broken the rest is stopped, each attempt waits for its timer, and the runbook says so."""
    monkeypatch.setattr(reconcile, "RETRIES", (timedelta(seconds=1),))
    keyboard = Keyboard(world, monkeypatch, capsys)

    async def attack() -> None:
        victim = await live(world, steps=(DRIVER, DESK))
        folder = victim.home / f"{victim.name}-two"
        shutil.move(folder, folder.with_suffix(".away"))
        folder.touch()
        await victim.insist("pause", "ops-a", reason="now")
        await soon(lambda: codes(victim).count("try_again") > 0, "it is tried again")
        assert flag(victim, "one").observe().exposure == NOTHING
        assert await retried_in_time(victim)
        code, words = await keyboard.words(runbook.runbook, victim.name)
        assert (code, words["control"], words["live"]) == (1, "stop_not_confirmed", True)
        assert {row["target"]: row["became"] for row in words["targets"]} == BROKEN
        assert [step["owner"] for step in words["steps"]] == ["", "ops-b"]
        commands = [each["command"] for each in words["now"]]
        assert commands[0] == f"tidegate confirm {victim.name} stop --evidence WHERE"
        name = words["steps"][1]["id"]
        answer = await victim.insist("confirm", "ops-b", what=name, evidence="the desk is open")
        assert answer.outcome.value == "done"
        code, out = await keyboard.run(runbook.runbook, victim.name)
        assert (code, "1 of 2 targets confirmed" in out, "confirmed by ops-b" in out) == (1, True, True)
        # Without a server, the same home says where it is enforced, what is served, and who does what.
        with monkeypatch.context() as away:
            away.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
            code, words = await keyboard.words(runbook.runbook, victim.name)
        assert (code, words["live"], words["manual"]) == (0, False, "docs/manual.md")
        assert [(row["target"], row["people"]) for row in words["targets"]] == [("flags/one", 0), ("flags/two", None)]
        assert words["by_hand"]["pause"] == ["ops-b: Open the desk (within 1h, seen by: it is worked on)"]
        folder.unlink()
        shutil.move(folder.with_suffix(".away"), folder)
        await soon(lambda: flag(victim, "two").observe().exposure == NOTHING, "nobody is served")
        await listed(victim)
        assert (await victim.standing()).control == "paused"
        assert (await keyboard.run(runbook.runbook, victim.name))[0] == 0

    world.run(attack())


async def retried_in_time(victim: Attacked) -> bool:
    """Whether each attempt after the first came when a timer had fired."""
    attempts = fired = 0
    for each in (await victim.runs())[0]:
        fired += each.event_type == EventType.EVENT_TYPE_TIMER_FIRED
        if each.activity_task_scheduled_event_attributes.activity_type.name == "pause":
            if attempts and not fired:
                return False
            attempts, fired = attempts + 1, 0
    return attempts > 1


@pytest.mark.parametrize(
    ("said", "seconds"), [(None, 60), ("", 60), ("5", 5), ("0", 0), ("soon", 60), ("-1", 60), ("inf", 60)]
)
def test_how_often_it_is_watched(said: str | None, seconds: float) -> None:
    """What is no number of seconds is not taken for never, and only 0 leaves the watch to other workers."""
    environment = {} if said is None else {"TIDEGATE_WATCH": said}
    assert Settings.of(environment).watch == seconds
