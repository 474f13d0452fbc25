"""`kill -9` of the worker and of the server at moments that hurt: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.drivers.flagd import Flagd
from tests.evidence import lines
from tests.forked import Forked
from tests.pure.world import exposure
from tests.workflows import doomed
from tests.workflows.rig import DEV_SERVER, needs_dev_server
from tests.workflows.siege import FLAGS, free_port, insist, numbered_once, patiently, quick, soon
from tidegate.models.decision import Outcome
from tidegate.models.messages import RolloutInput
from workflows import ids
from workflows.plugin import plugin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from temporalio.client import WorkflowHandle

    from tidegate.models.messages import Answer

pytestmark = needs_dev_server
Killable = asyncio.subprocess.Process | Forked

IDLE = "idle"
WORKER, SERVER = "worker", "server"
_AT_MOST = {doomed.APPLIED: 5, doomed.DECIDING: 14, doomed.STORED: 12, doomed.LEAVING: 3}
"""How often a moment surely comes in the lives of two rollouts, also where a slow one stores more at once."""


class Seed(NamedTuple):
    """One death: whose, when, and after how many such moments."""

    whose: str
    moment: str
    number: int
    nth: int

    @property
    def name(self) -> str:
        """Name it."""
        return f"{self.whose}-{self.moment}-{self.number}"


def seeds() -> tuple[Seed, ...]:
    """Return twenty deaths, two for each moment of each of the two."""
    chance = random.Random(20)  # noqa: S311  # nobody is to be kept from guessing it
    return tuple(
        Seed(whose, moment, number, chance.randint(1, _AT_MOST.get(moment, 1)))
        for whose in (WORKER, SERVER)
        for moment in (*doomed.MOMENTS, IDLE)
        for number in (1, 2)
    )


class Process:
    """A process that is started again when somebody kills it."""

    def __init__(self, start: Callable[[], Awaitable[Killable]]) -> None:
        """Know how it is started."""
        self._start = start
        self._kept: asyncio.Task[None] | None = None
        self._now: Killable | None = None
        self.deaths: list[int] = []
        """How each one ended."""

    async def start(self) -> None:
        """Start it, and keep it up."""
        self._now = await self._start()
        self._kept = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while self._now is not None:
            self.deaths.append(await self._now.wait())
            self._now = await self._start()

    @property
    def pid(self) -> int:
        """Which process it is now."""
        assert self._now is not None
        return self._now.pid

    async def stop(self) -> None:
        """End it for good."""
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.gather(self._kept, return_exceptions=True)
        if self._now is not None and self._now.returncode is None:
            with suppress(ProcessLookupError):
                self._now.kill()
            await self._now.wait()


class House:
    """A server with its file, which may be shared, and a worker with its home, and the rollouts that live there."""

    def __init__(self, server: Process, port: int, root: Path, name: str) -> None:
        """Live beside others."""
        self.server = server
        self.address = f"127.0.0.1:{port}"
        self.home = root / name
        self.home.mkdir()
        (self.home / "figures.csv").write_text("metric,value,n,taken_at\nerrors,0,100,2020-01-01T00:00:00Z\n", "utf-8")
        self.queue = f"queue-{name}"
        said = {"TEMPORAL_ADDRESS": self.address, "TIDEGATE_HOME": str(self.home), "TIDEGATE_TASK_QUEUE": self.queue}
        self.worker = Process(self._worker)
        self._env = {**os.environ, **said}
        self.client: Client

    async def _worker(self) -> Forked:
        return Forked(doomed.main, env=self._env)

    async def build(self, stack: AsyncExitStack) -> None:
        """Start the worker."""
        self.client = await connected(self.address)
        stack.push_async_callback(self.worker.stop)
        await self.worker.start()

    async def meets(self, seed: Seed) -> None:
        """Let two rollouts live, and somebody die meanwhile."""
        victim = self.worker if seed.whose == WORKER else self.server
        before = len(victim.deaths)
        if seed.moment != IDLE:
            pid = 0 if seed.whose == WORKER else self.server.pid
            trap = {"name": seed.name, "moment": seed.moment, "count": seed.nth, "pid": pid}
            (self.home / doomed.TRAP).write_text(json.dumps(trap), "utf-8")
        lives = [Life(self, f"{seed.name}-{which}") for which in ("a", "b")]
        async with asyncio.TaskGroup() as group:
            for life in lives:
                group.create_task(life.begin())
        if seed.moment == IDLE:
            await asyncio.sleep(0.5)
            os.kill(victim.pid, signal.SIGKILL)
        async with asyncio.TaskGroup() as group:
            for life in lives:
                group.create_task(life.go_on())
        await soon(lambda: len(victim.deaths) > before, f"{seed.name} dies")
        assert victim.deaths[before:] == [-signal.SIGKILL]


class Life:
    """One rollout, from its first word until it serves its first wave for the second time."""

    def __init__(self, house: House, name: str) -> None:
        """Know its plan."""
        self.house = house
        self.plan = quick(name)
        self.name = name
        self.handle: WorkflowHandle[Any, Any] = house.client.get_workflow_handle(ids.workflow_id(name))

    async def begin(self) -> None:
        """Serve the first wave."""
        await patiently(self.handle, self._start)
        await self.say("start", "owner")
        await self.say("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        await self.agree(1)
        await self.recorded("widened", 1)

    async def go_on(self) -> None:
        """Narrow it, and go on."""
        await self.say("narrow", "ops-a", to="half")
        await self.recorded("confirmed", 1)
        await self.say("resume", "owner", cause="mended", to="pilot/w1")
        await self.agree(2)
        await self.recorded("widened", 2)

    async def _start(self) -> None:
        await self.house.client.start_workflow(
            ids.WORKFLOW,
            RolloutInput(plan=self.plan),
            id=self.handle.id,
            task_queue=self.house.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def say(self, verb: str, who: str, **more: Any) -> Answer:
        """Say something until it is answered, and hear that it is done."""
        answer = await insist(
            self.handle, verb, {"as": who, "id": f"{verb}-{who}-{len(more)}-{more.get('gate')}", **more}
        )
        assert answer.outcome is Outcome.DONE, answer.sentence
        return answer

    async def agree(self, times: int) -> None:
        """Let two people say yes to the round of votes that was opened last."""
        gate = await self.recorded("gate_opened", times)
        for who in ("risk-a", "ops-a"):
            await self.say("approve", who, gate=gate["gate"], subject=gate["subject"])

    def known(self) -> list[dict[str, Any]]:
        """Return the evidence."""
        return lines(self.house.home, self.name)

    async def recorded(self, code: str, times: int) -> dict[str, Any]:
        """Return what was recorded about a matter for so many-eth time, once it is."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.known() if line["reason"]["code"] == code]

        await soon(lambda: len(found()) >= times, f"{self.name}: {code} is on record", 300)
        return found()[times - 1]


async def connected(address: str) -> Client:
    """Return a client, as soon as somebody answers."""
    for _ in range(600):
        with suppress(RuntimeError):
            return await Client.connect(address, plugins=[plugin()])
        await asyncio.sleep(0.1)
    raise AssertionError("the server never answered")


class Deaths:
    """All twenty deaths, and what became of each."""

    def __init__(self, root: Path) -> None:
        """Leave everything under a directory."""
        self.root = root
        self.found: dict[str, BaseException | None] = {}

    async def die(self) -> None:
        """Kill everything that is to be killed, beside each other where that disturbs nobody."""
        async with AsyncExitStack() as stack:
            steady, mortal = [await self._server(stack, name) for name in ("steady", "mortal")]
            houses = {moment: House(*steady, self.root, moment) for moment in (*doomed.MOMENTS, IDLE)}
            cellar = House(*mortal, self.root, "mortal")
            for house in (*houses.values(), cellar):
                await house.build(stack)
            async with asyncio.TaskGroup() as group:
                for moment, house in houses.items():
                    mine = [seed for seed in SEEDS if seed.whose == WORKER and seed.moment == moment]
                    group.create_task(self._one_by_one(house, mine))
                group.create_task(self._one_by_one(cellar, [seed for seed in SEEDS if seed.whose == SERVER]))

    async def _server(self, stack: AsyncExitStack, name: str) -> tuple[Process, int]:
        port, file = free_port(), self.root / f"{name}.db"
        said = ("--headless", "--port", str(port), "--db-filename", file, "--log-level", "error")
        nowhere = asyncio.subprocess.DEVNULL

        async def start() -> asyncio.subprocess.Process:
            command = (DEV_SERVER, "server", "start-dev", *said)
            return await asyncio.create_subprocess_exec(*command, stdout=nowhere, stderr=nowhere)

        server = Process(start)
        stack.push_async_callback(server.stop)
        await server.start()
        return server, port

    async def _one_by_one(self, house: House, seeds: list[Seed]) -> None:
        for seed in seeds:
            try:
                await house.meets(seed)
            except Exception as error:  # noqa: BLE001  # each death is judged by a test of its own
                self.found[seed.name] = error
            else:
                self.found[seed.name] = None

    def home(self, seed: Seed) -> Path:
        """Return the home of those who met a death."""
        return self.root / (seed.moment if seed.whose == WORKER else "mortal")

    def evidence(self, seed: Seed, name: str) -> list[dict[str, Any]]:
        """Return the evidence of a rollout."""
        return lines(self.home(seed), name)

    def written(self, seed: Seed, name: str) -> list[tuple[int, str]]:
        """Return what reached the flag of a rollout, one after the other."""
        found = [json.loads(line) for line in (self.home(seed) / doomed.JOURNAL).read_text("utf-8").splitlines()]
        return [
            (line["epoch"], json.dumps(line["exposure"]))
            for line in found
            if line["flag"] == name and not line.get("stale")
        ]


SEEDS = seeds()


@pytest.fixture(scope="module")
def deaths() -> Iterator[Deaths]:
    """Let all of them happen."""
    with tempfile.TemporaryDirectory() as root:
        found = Deaths(Path(root))
        asyncio.run(asyncio.wait_for(found.die(), 1_200))
        yield found


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.name for seed in SEEDS])
def test_a_death_loses_nothing_and_repeats_nothing(deaths: Deaths, seed: Seed) -> None:
    """Whoever is killed whenever: the right people are served, and each yes and each decision counted once."""
    error = deaths.found[seed.name]
    if error is not None:
        raise error
    home = deaths.home(seed)
    assert seed.moment == IDLE or (home / f"sprung-{seed.name}").exists()
    for name in (f"{seed.name}-a", f"{seed.name}-b"):
        known, written = deaths.evidence(seed, name), deaths.written(seed, name)
        assert Flagd({"file": FLAGS, "flag": name}, home).observe().exposure == exposure(10)
        assert numbered_once(known)
        assert_said_once(known)
        assert_epochs_rise(known, written)


def assert_said_once(known: list[dict[str, Any]]) -> None:
    """See that each message was decided once, and that each round of votes met its quorum once and was used once."""
    said = Counter(line["cause"] for line in known if line["actor_kind"] == "human")
    assert set(said.values()) == {1}
    assert len(said) == len(("start", "ready", "approve", "approve", "narrow", "resume", "approve", "approve"))
    for code in ("gate_opened", "quorum", "authorised"):
        gates = Counter(line["gate"] for line in known if line["reason"]["code"] == code)
        assert list(gates.values()) == [1, 1], (code, gates)
    assert sum(line["reason"]["code"] == "widened" for line in known) == 2


def assert_epochs_rise(known: list[dict[str, Any]], written: list[tuple[int, str]]) -> None:
    """See that each change has an epoch of its own, and that none was written after a later one."""
    confirmed = [line["epoch"] for line in known if line["reason"]["code"] in ("widened", "confirmed")]
    assert confirmed == sorted(set(confirmed))
    epochs = [epoch for epoch, _ in written]
    assert epochs == sorted(epochs)
    assert len(set(written)) == len(set(epochs)) >= len(confirmed)
