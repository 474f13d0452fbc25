"""What a rollout costs on a real server, beside a bare workflow that does the same waiting and no thinking.

    python bench/rollout.py

A message: an update that the rules decide and the ledger keeps, beside an update that returns at once. A reduction:
from the signal until the flag file serves nobody, beside a signal that makes an activity write a file.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.drivers.flagd import Flagd
from tests.workflows.rig import DEV_SERVER, enforced
from tidegate.models.messages import Answer, RolloutInput
from tidegate.models.plan import Backend
from worker import Settings, build_worker
from workflows import attributes, ids
from workflows.plugin import plugin

MESSAGES, ROLLOUTS = 60, 15


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


async def timed(what: Callable[[int], Awaitable[None]], times: int) -> float:
    """Return the median of some runs, in milliseconds."""
    taken = []
    for number in range(times):
        begun = time.perf_counter()
        await what(number)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def gone(there: Callable[[], bool]) -> None:
    """Wait until something is no longer so."""
    while there():  # noqa: ASYNC110  # a file calls nobody when it is written
        await asyncio.sleep(0.001)


async def floor(client: Client, home: Path) -> tuple[float, float]:
    """Measure the bare workflow."""
    with ThreadPoolExecutor(4) as threads:
        bare = Worker(
            client,
            task_queue="bare",
            workflows=[Bare],
            activities=[write],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with bare:
            return await _floor(client, home)


async def _floor(client: Client, home: Path) -> tuple[float, float]:
    bare = await client.start_workflow(Bare.run, id="bare", task_queue="bare")

    async def say(_: int) -> None:
        await bare.execute_update(Bare.say, "words")

    async def call(number: int) -> None:
        file = home / f"called-{number}"
        await bare.signal(Bare.call, str(file))
        await gone(lambda: not file.exists())

    return await timed(say, MESSAGES), await timed(call, ROLLOUTS)


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


async def ours(client: Client, home: Path) -> tuple[float, float]:
    """Measure real rollouts."""
    await attributes.register(client)
    async with build_worker(client, Settings(home=home)):
        rollouts = [await live(client, number) for number in range(ROLLOUTS)]
        served = [Flagd(flag(number), home) for number in range(ROLLOUTS)]
        for driver in served:
            await gone(lambda driver=driver: not driver.observe().exposure.serves)
        await asyncio.sleep(1)

        async def say(_: int) -> None:
            words = {"as": "owner", "gate": "none", "id": str(uuid.uuid4())}
            await rollouts[0].execute_update("remind", words, result_type=Answer)

        async def pause(number: int) -> None:
            file = home / flag(number)["file"]
            before = file.stat().st_ino  # a look at a file takes microseconds
            await rollouts[number].signal("pause", {"as": "ops-a"})
            await gone(lambda: file.stat().st_ino == before)

        return await timed(say, MESSAGES), await timed(pause, ROLLOUTS)


async def main() -> None:
    """Measure both on one server, and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        env = await WorkflowEnvironment.start_local(
            plugins=[plugin()], dev_server_existing_path=str(DEV_SERVER), dev_server_log_level="error"
        )
        async with env:
            plain = await Client.connect(env.client.service_client.config.target_host)
            bare = await floor(plain, Path(folder))
            real = await ours(env.client, Path(folder))
    print("medians on a dev server in memory")
    for name, ground, taken in zip(("a message", "a reduction, to the file"), bare, real, strict=True):
        print(f"  {name:<26} {taken:6.1f} ms   bare {ground:6.1f} ms   {taken / ground:5.2f} times")


if __name__ == "__main__":
    asyncio.run(main())
