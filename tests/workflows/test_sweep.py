"""What is done to a rollout from outside Temporal's own rules: terminated, cancelled, reset, reduced past it."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes

import worker
from activities.drivers import drivers_under
from activities.drivers.flagd import Flagd
from activities.exposure import ExposureActivities
from activities.members.kept import Kept
from activities.members.resolve import MemberActivities
from tests.pure.world import but, with_metric
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import FLAGS, Attacked, insist, numbered_once, soon
from tests.workflows.wire import World
from tidegate.models.decision import Outcome
from tidegate.models.exposure import NOTHING
from tidegate.models.member import CohortRoll, Members
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend
from worker import Settings
from workflows import attributes, ids, sweep
from workflows.turnover import Turnovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan

pytestmark = needs_dev_server

NONE = ResetReapplyType.RESET_REAPPLY_TYPE_NONE
SIGNALS = ResetReapplyType.RESET_REAPPLY_TYPE_SIGNAL
EVERYTHING = ResetReapplyType.RESET_REAPPLY_TYPE_ALL_ELIGIBLE


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


async def swept(world: World) -> tuple[str, ...]:
    """Sweep once, as a worker does."""
    hands = ExposureActivities(drivers_under(world.home))
    return await sweep.abandoned(world.env.client, hands.observe, hands.pause, datetime.now(UTC))


async def listed(world: World, workflow: str) -> None:
    """Wait until the server's list knows that a rollout was ended from outside."""
    for _ in range(1_200):
        async for _found in world.env.client.list_workflows(f"{sweep.ABANDONED} AND WorkflowId = '{workflow}'"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{workflow} is never listed")


# -- terminated -------------------------------------------------------------------------------------------------------


def test_a_terminated_rollout_serves_nobody_after_one_sweep(world: World) -> None:
    """What a terminated rollout left exposed is taken back by the next sweep, under a newer epoch, and only once."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        before = victim.flag().observe().epoch
        await victim.handle.terminate("by somebody at a keyboard")
        assert victim.people == 10
        await listed(world, victim.handle.id)
        assert await swept(world) == (victim.name,)
        assert victim.served() == NOTHING
        assert victim.flag().observe().epoch > before
        assert await swept(world) == ()

    world.run(attack())


def test_a_rollout_that_runs_is_left_alone(world: World) -> None:
    """A rollout that runs, one that runs again after a termination, and one that ended in order are not swept."""

    async def attack() -> None:
        runs, again, ended = (world.victim() for _ in range(3))
        await asyncio.gather(runs.live(), again.live(), ended.live())
        await again.handle.terminate("by mistake")
        await listed(world, again.handle.id)
        await ended.insist("terminate", "exec", reason="it is over")
        await ended.end()
        await again.live()
        assert await swept(world) == ()
        assert (runs.people, again.people, ended.people) == (10, 10, 0)
        assert (await runs.standing()).confirmed

    world.run(attack())


def test_nobody_is_left_behind_by_a_plan_that_moves(world: World) -> None:
    """What serves people stays in the plan until it serves nobody; and a termination is swept where it was moved to."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        moved = elsewhere(victim)
        refused = await victim.insist("amend", "owner", plan=moved.model_dump(mode="json"))
        assert (refused.outcome, victim.people) == (Outcome.REFUSED, 10)
        await victim.insist("pause", "ops-a", reason="it moves")
        await victim.serves(0)
        asked = await victim.insist("amend", "owner", plan=moved.model_dump(mode="json"))
        assert asked.outcome is Outcome.DONE
        await victim.agree()
        await victim.insist("resume", "owner", cause="it has moved", to="pilot/w1")
        await victim.agree()
        await soon(lambda: there(victim).people == 10, "the flag it was moved to serves ten")
        assert victim.people == 0
        await victim.handle.terminate("by somebody at a keyboard")
        await listed(world, victim.handle.id)
        assert victim.name in await swept(world)
        assert there(victim) == NOTHING

    world.run(attack())


def test_a_new_life_elsewhere_leaves_nobody_served_by_the_old(world: World) -> None:
    """What was terminated and begins again with another backend: the sweep takes back the old, and only the old."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        await victim.handle.terminate("by somebody at a keyboard")
        await listed(world, victim.handle.id)
        await victim.almost(elsewhere(victim))
        gate = await victim.gate()
        await victim.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
        await soon(lambda: there(victim).people == 10, "the new flag serves ten")
        assert victim.people == 10
        assert await swept(world) == (victim.name,)
        assert (victim.served(), there(victim).people) == (NOTHING, 10)
        assert await swept(world) == ()

    world.run(attack())


def elsewhere(victim: Attacked) -> Plan:
    """Return the plan of a rollout with another flag."""
    flag = {"file": FLAGS, "flag": f"{victim.name}-moved"}
    return but(victim.plan, drivers={"flags/claims": Backend(kind="flagd", settings=flag)})


def there(victim: Attacked) -> Exposure:
    """Return what the other flag serves."""
    return Flagd({"file": FLAGS, "flag": f"{victim.name}-moved"}, victim.home).observe().exposure


def test_what_cannot_be_swept_keeps_nothing_else_from_it(world: World) -> None:
    """A record that nobody can read, and a target that nobody reaches, do not leave another rollout's people served."""

    async def attack() -> None:
        client, victim = world.env.client, world.victim()
        served = TypedSearchAttributes([SearchAttributePair(attributes.SERVED, 10)])
        unreached = but(victim.plan, drivers={"flags/claims": Backend(kind="unheard-of")})
        for number, given in enumerate(({"plan": "none"}, None, RolloutInput(plan=unreached))):
            broken = await client.start_workflow(
                ids.WORKFLOW, given, id=f"broken-{number}", task_queue="nobody", search_attributes=served
            )
            await broken.terminate()
            await listed(world, broken.id)
        await victim.live()
        await victim.handle.terminate()
        await listed(world, victim.handle.id)
        assert await swept(world) == (victim.name,)
        assert victim.served() == NOTHING

    world.run(attack())


def test_a_worker_that_comes_sweeps_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that starts takes back what was left, before anybody tells it to, and tells what was done meanwhile."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", world.env.client.service_client.config.target_host)

    async def attack() -> None:
        gone, told = world.victim(), world.victim()
        await asyncio.gather(gone.live(), told.live())
        await gone.handle.terminate()
        await listed(world, gone.handle.id)
        note(world, "by-hand", told.name, {"as": "ops-a", "id": "m-late", "reason": "done by hand"})
        stop = asyncio.Event()
        serving = asyncio.create_task(worker.serve(worker.Settings(home=world.home), stop))
        try:
            await soon(lambda: gone.served() == told.served() == NOTHING, "nobody is served")
        finally:
            stop.set()
            await serving

    world.run(attack())


# -- ended in order ---------------------------------------------------------------------------------------------------


async def a_source_is_asked(victim: Attacked) -> None:
    """Wait until a source is asked for a rollout."""
    for _ in range(1_200):
        given = await victim.whole()
        if given.state is not None and "readings" in given.state.owed:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("no source is ever asked")


def test_a_source_that_is_asked_keeps_no_rollout_from_its_end(world: World) -> None:
    """Terminated while a source is silent, it ends at once: nobody waits for that answer, or asks for it again."""

    async def attack() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            victim, url = world.victim(), f"http://127.0.0.1:{silent.getsockname()[1]}"
            asked = but(victim.plan, sources={"prometheus": Backend(kind="prometheus", settings={"url": url})})
            victim.plan = with_metric(asked, "errors", query="errors")
            await victim.live()
            await a_source_is_asked(victim)
            await victim.insist("terminate", "exec", reason="it is over")
            assert (await victim.end()).phase == "terminated"
        assert victim.people == 0
        events = (await victim.runs())[0]
        reads = {
            each.event_id
            for each in events
            if each.activity_task_scheduled_event_attributes.activity_type.name == "read"
        }
        assert len(reads) == 1
        assert not reads & {each.activity_task_completed_event_attributes.scheduled_event_id for each in events}
        assert not [line for line in victim.lines() if line["reason"]["code"] == "over"]

    world.run(attack(), within=60)


# -- reduced past it --------------------------------------------------------------------------------------------------


def note(world: World, name: str, use_case: str, says: Any) -> None:
    """Leave a note of a pause, as somebody does who reduced through the drivers alone."""
    folder = world.home / "notes"
    folder.mkdir(exist_ok=True)
    words = {"use_case": use_case, "verb": "pause", "says": says}
    (folder / f"{name}.json").write_text(json.dumps(words), "utf-8")


def test_a_note_is_told_once_and_put_away(world: World) -> None:
    """What was done past a rollout is told to it and put away; a note that cannot be told stays, and bars no other."""

    async def attack() -> None:
        victim, notes = world.victim(), world.home / "notes"
        await victim.live()
        notes.mkdir(exist_ok=True)
        (notes / "a-broken.json").write_text("{", "utf-8")
        (notes / "b-list.json").write_text("[1]", "utf-8")
        (notes / "c-empty.json").write_text("{}", "utf-8")
        note(world, "d-nobody", "no-such-rollout", {"as": "ops-a"})
        note(world, "e-good", victim.name, {"as": "ops-a", "id": "m-note", "reason": "by hand"})
        assert await sweep.told_late(world.env.client, notes) == (victim.name,)
        await victim.serves(0)
        assert (notes / "e-good.told").exists()
        assert not (notes / "e-good.json").exists()
        assert len(list(notes.glob("*.json"))) == 4
        # Put back, as if the worker had died before it could put it away, it is the same message.
        (notes / "e-good.told").rename(notes / "e-good.json")
        assert await sweep.told_late(world.env.client, notes) == (victim.name,)
        await victim.insist("ready", "ops-a", id="m-after", item="rollback_tested", evidence="drill 8")
        await soon(lambda: any(line["cause"] == "m-after" for line in victim.lines()), "what came after is on record")
        assert [line["cause"] for line in victim.lines()].count("m-note") == 1
        for left in notes.glob("*.json"):
            left.unlink()

    world.run(attack())


# -- cancelled --------------------------------------------------------------------------------------------------------


@contextmanager
def away(ledger: Path) -> Iterator[None]:
    """Keep everybody from writing to a ledger for a while."""
    with closing(sqlite3.connect(ledger, timeout=60)) as held:
        held.execute("BEGIN IMMEDIATE")
        yield


async def follows(victim: Attacked, run: str | None) -> str | None:
    """Wait until another run has begun, and return which."""
    for _ in range(1_200):
        now = (await victim.handle.describe()).run_id
        if now != run:
            return now
        await asyncio.sleep(0.05)
    raise AssertionError("no other run ever begins")


def test_a_cancel_is_a_pause_on_record(world: World) -> None:
    """Cancelled in Temporal, a rollout serves nobody, says so on record, and goes on when people agree to it."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        first = (await victim.handle.describe()).run_id
        with away(victim.home / "ledger.db"):
            await victim.handle.cancel()
            await victim.serves(0)
            # The server tells a run of one cancellation and of no other: so the next run begins, whatever else is away.
            second = await follows(victim, first)
        stands = await victim.standing()
        assert (stands.phase, stands.control) == ("reduced", "paused")
        await soon(lambda: any(line["action"] == "pause" for line in victim.lines()), "the pause is on record")
        (line,) = (line for line in victim.lines() if line["action"] == "pause")
        assert (line["actor"], line["actor_kind"], line["outcome"]) == ("temporal", "service", "done")
        assert (await victim.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        await victim.insist("resume", "owner", cause="a slip of the hand", to="pilot/w1")
        await victim.agree()
        await victim.serves(10)
        await victim.handle.cancel()
        await victim.serves(0)
        await follows(victim, second)
        assert await victim.failures() == []
        assert numbered_once(victim.lines())

    world.run(attack())


# -- reset ------------------------------------------------------------------------------------------------------------


async def reset(victim: Attacked, run: str, event: int, reapply: ResetReapplyType.ValueType) -> None:
    """Take a rollout back to an earlier moment, as somebody at a keyboard can."""
    answered = await victim.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=victim.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=victim.handle.id, run_id=run),
            reason="an attack",
            workflow_task_finish_event_id=event,
            request_id=f"reset-{victim.name}-{event}",
            reset_reapply_type=reapply,
        )
    )
    victim.handle = victim.client.get_workflow_handle(victim.handle.id)
    assert (await victim.handle.describe()).run_id == answered.run_id


async def latest(victim: Attacked) -> tuple[str, int]:
    """Return the run that is under way, and where its last workflow task was finished."""
    for _ in range(1_000):
        events = (await victim.runs())[0]
        ends = [each.event_id for each in events if each.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
        if ends:
            return events[0].workflow_execution_started_event_attributes.original_execution_run_id, ends[-1]
        await asyncio.sleep(0.05)
    raise AssertionError("no task is ever finished")


async def widening(victim: Attacked) -> tuple[str, int]:
    """Return the run that widened, and the workflow task that began it."""
    for events in await victim.runs():
        for each in events:
            if each.activity_task_scheduled_event_attributes.activity_type.name == "widen":
                begun = each.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
                return events[0].workflow_execution_started_event_attributes.original_execution_run_id, begun
    raise AssertionError("nothing was widened")


async def nobody(victim: Attacked, seconds: float) -> None:
    """See for a while that nobody is served."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        assert not victim.served().serves
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("reapply", [NONE, SIGNALS, EVERYTHING], ids=["nothing", "signals", "everything"])
@pytest.mark.parametrize("when", ["the pause", "the votes", "the widening"])
def test_a_reset_widens_nothing(world: World, when: str, reapply: ResetReapplyType.ValueType) -> None:
    """Taken back to before a pause, the votes or the widening itself, a rollout serves nobody and its record stands."""

    async def attack() -> None:
        victim = world.victim()
        await victim.begin()
        await victim.insist("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        gate = await victim.gate()
        first, point = await latest(victim)
        # What can be reapplied alone are the two yes that widened it: the pause is an update.
        for who in ("risk-a", "ops-a"):
            await victim.handle.signal("approve", {"as": who, "gate": gate.id, "subject": gate.subject})
        await victim.serves(10)
        second, later = await latest(victim)
        assert second != first
        await victim.insist("pause", "ops-a")
        await soon(lambda: any(line["reason"]["code"] == "confirmed" for line in victim.lines()), "it is on record")
        known, before = victim.lines(), victim.flag().observe().epoch
        points = {"the pause": (second, later), "the votes": (first, point), "the widening": await widening(victim)}
        await reset(victim, *points[when], reapply)
        await nobody(victim, 1)
        # A reduction is heard as ever, and puts straight what the rollout believes.
        answer = await insist(victim.handle, "narrow", {"as": "ops-a", "id": "m-after", "to": "half"})
        assert answer.outcome in (Outcome.DONE, Outcome.NOOP)
        await nobody(victim, 1)
        assert (await victim.standing()).people == 0
        assert victim.flag().observe().epoch >= before
        assert victim.lines() == known
        assert await swept(world) == ()

    world.run(attack())


# -- people by name ---------------------------------------------------------------------------------------------------


def test_who_leaves_a_cohort_is_out_after_one_round(world: World) -> None:
    """A wave serves whom it names; who leaves is out at the next round, who joins is not in, and both is on record."""

    async def attack() -> None:
        victim = world.victim()
        staff, grants = world.home / "all.csv", world.home / "grants.json"
        staff.write_text("id\np-1\np-2\n", "utf-8")
        by_name = Backend(kind="grants", settings={"file": grants.name, "agent": victim.name})
        victim.plan = but(
            victim.plan,
            cohorts={"team/all": CohortRoll(source=Members(csv=staff.name, person="id"))},
            targets=("flags/claims", "gateway/claims"),
            drivers={**victim.plan.drivers, "gateway/claims": by_name},
        )

        def listed_() -> list[str]:
            return sorted(json.loads(grants.read_text("utf-8"))["grants"][victim.name]["people"])

        await victim.begin()
        await victim.insist("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        for _ in range(1_200):
            if (whole := await victim.whole()).state and whole.state.gates:
                break
            await asyncio.sleep(0.05)  # who is in the cohort is read before anybody is asked
        gate = await victim.gate()
        for who in ("risk-a", "ops-a"):
            await victim.insist("approve", who, gate=gate.id, subject=gate.subject)
        await victim.serves(10)
        assert listed_() == ["p-1", "p-2"]
        home = Settings(home=world.home)
        drivers = drivers_under(home.home, Kept(home.ledger))
        rounds = Turnovers(world.env.client, MemberActivities(home.ledger, home.home).take, drivers)
        staff.write_text("id\np-2\np-3\n", "utf-8")
        while victim.name not in await rounds.round(datetime.now(UTC)):
            assert listed_() == ["p-1", "p-2"]  # the server's list may be a moment behind
        assert listed_() == ["p-2"]
        await soon(lambda: any(line["action"] == "turnover" for line in victim.lines()), "it is on record")
        assert not any("p-1" in json.dumps(line) for line in victim.lines())
        await victim.insist("pause", "ops-a")
        await soon(lambda: listed_() == [], "nobody has a grant")

    world.run(attack())
