"""What a rollout costs on a real server, beside a bare workflow that does the same waiting and no thinking.

    python -m bench.rollout

A message: an update that the rules decide and the ledger keeps, beside an update that returns at once. A reduction:
from the signal until the flag file serves nobody, beside a signal that makes an activity write a file.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.drivers.flagd import Flagd
from bench.figures import Bench, Result, Row, Table, main, middle
from tests.workflows.rig import DEV_SERVER, enforced
from tidegate.models.messages import Answer, RolloutInput
from tidegate.models.plan import Backend
from worker import Settings, build_worker
from workflows import attributes, ids
from workflows.plugin import plugin


@activity.defn
def write(place: str) -> None:
    """Write a file as safely as the driver does: beside it, synced, then in its place."""
    draft = Path(f"{place}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"{}")
    os.fsync(descriptor)
    os.close(descriptor)
    draft.replace(place)


@workflow.defn
class Bare:
    """A workflow that waits and thinks of nothing."""

    def __init__(self) -> None:
        """Nobody has called."""
        self.called: str | None = None

    @workflow.run
    async def run(self) -> None:
        """Write a file whenever somebody calls."""
        while True:
            await workflow.wait_condition(lambda: self.called is not None)
            place, self.called = str(self.called), None
            await workflow.execute_activity(write, place, start_to_close_timeout=timedelta(seconds=5))

    @workflow.signal
    async def call(self, place: str) -> None:
        """Hear a call."""
        self.called = place

    @workflow.update
    async def say(self, words: str) -> str:
        """Answer at once."""
        return words


async def gone(there: Callable[[], bool]) -> None:
    """Wait until something is no longer so."""
    while there():  # noqa: ASYNC110  # a file calls nobody when it is written
        await asyncio.sleep(0.001)


async def live(client: Client, number: int) -> Any:
    """Return a rollout whose first wave is live."""
    name = f"bench-{number}"
    plan = enforced(use_case=name, notices=(), drivers={"flags/claims": Backend(kind="flagd", settings=flag(number))})
    rollout = await client.start_workflow(
        ids.WORKFLOW, RolloutInput(plan=plan), id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE
    )

    async def tell(verb: str, who: str, **words: Any) -> None:
        await rollout.execute_update(verb, {"as": who, **words}, result_type=Answer)

    await tell("start", "owner")
    await tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")
    given = await rollout.query("state", result_type=RolloutInput)
    gate = next(iter(given.state.gates.values()))
    for who in ("risk-a", "ops-a"):
        await tell("approve", who, gate=gate.id, subject=gate.subject)
    return client.get_workflow_handle(ids.workflow_id(name))


def flag(number: int) -> dict[str, str]:
    """Return the settings of one rollout's flag."""
    return {"file": f"flags-{number}.json", "flag": "claims"}


async def took(what: Awaitable[object]) -> float:
    """Return how long something takes, in milliseconds."""
    begun = time.perf_counter()
    await what
    return (time.perf_counter() - begun) * 1e3


async def in_turns(client: Client, home: Path, messages: int, rollouts: int) -> Result:
    """Let a bare workflow and real rollouts hear the same, in turns."""
    bare = await client.start_workflow(Bare.run, id="bare", task_queue="bare")
    real = [await live(client, number) for number in range(rollouts)]
    for number in range(rollouts):
        driver = Flagd(flag(number), home)
        await gone(lambda driver=driver: not driver.observe().exposure.serves)
    await asyncio.sleep(1)

    async def called(number: int) -> None:
        file = home / f"called-{number}"
        await bare.signal(Bare.call, str(file))
        await gone(lambda: not file.exists())

    async def paused(number: int) -> None:
        file = home / flag(number)["file"]
        before = file.stat().st_ino  # a look at a file takes microseconds
        await real[number].signal("pause", {"as": "ops-a"})
        await gone(lambda: file.stat().st_ino == before)

    said, heard, down, floor = [], [], [], []
    for _ in range(messages):
        words = {"as": "owner", "gate": "none", "id": str(uuid.uuid4())}
        said.append(await took(bare.execute_update(Bare.say, "words")))
        heard.append(await took(real[0].execute_update("remind", words, result_type=Answer)))
    for number in range(rollouts):
        floor.append(await took(called(number)))
        down.append(await took(paused(number)))
    updates = Table(
        f"An update, {messages} in turns",
        "an update that returns at once",
        [Row("median", middle(heard), "ms", middle(said))],
    )
    beside = "a signal that makes an activity write a file as safely"
    reductions = Table(
        f"A reduction until the flag file serves nobody, {rollouts} in turns",
        beside,
        [Row("median", middle(down), "ms", middle(floor))],
    )
    return Result([updates, reductions])


async def both(messages: int, rollouts: int) -> Result:
    """Measure on one server, with a worker for each."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(4) as threads:
        env = await WorkflowEnvironment.start_local(
            plugins=[plugin()], dev_server_existing_path=str(DEV_SERVER), dev_server_log_level="error"
        )
        async with env:
            await attributes.register(env.client)
            plain = await Client.connect(env.client.service_client.config.target_host)
            bare = Worker(
                plain,
                task_queue="bare",
                workflows=[Bare],
                activities=[write],
                activity_executor=threads,
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
            async with bare, build_worker(env.client, Settings(home=Path(folder))):
                return await in_turns(env.client, Path(folder), messages, rollouts)


def measure(messages: int, rollouts: int) -> Result:
    """Measure updates and reductions."""
    return asyncio.run(both(messages, rollouts))


BENCH = Bench(
    "A message and a reduction",
    "On a real server in memory: an update that the rules decide and the ledger keeps, beside an update of a bare"
    " workflow; and a pause, from the signal until the flag file serves nobody, beside a signal that makes a bare"
    " workflow's activity write a file as safely.",
    measure,
    usual={"messages": 100, "rollouts": 20},
    tiny={"messages": 2, "rollouts": 1},
)

if __name__ == "__main__":
    main(BENCH)
