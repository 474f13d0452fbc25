"""How long it takes from the start of a worker until it has done its first task, beside a bare worker.

Somebody has begun a workflow and speaks to it while no worker is there; the first task is to begin it, to hear that and
to answer. Both kinds in turns, on one server, each worker a process of its own that ends afterwards.

    python -m bench.workers
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowHandle

from bench import around, bare
from bench.figures import ROOT, Bench, Result, Row, Table, main, middle
from bench.memory import triage
from tests.pure.world import but
from tests.workflows.siege import dev_server
from tidegate.models.messages import Answer, RolloutInput
from workflows import ids

_PATIENT = timedelta(seconds=120)
LOADS = {"what a worker of ours loads": "import worker", "what a bare one loads": "import temporalio.worker"}


async def until(running: AbstractAsyncContextManager[int], answered: Callable[[], Awaitable[object]]) -> float:
    """Return how long it takes from the start of a worker until somebody is answered, in seconds."""
    begun = time.perf_counter()
    async with running:
        await answered()
        return time.perf_counter() - begun


async def first(client: Client, plain: Client, runs: int, home: Path) -> tuple[list[float], list[float]]:
    """Start workers of both kinds in turns."""
    plan, address = triage(), client.service_client.config.target_host
    shape = home / "shape.json"
    shape.write_text("[[[1000000, 0, 0, []]]]", "utf-8")
    mine, floor = [], []
    for turn in range(runs):
        name = f"begun-{turn}"
        other: WorkflowHandle[object, object] = await plain.start_workflow("Bare", id=name, task_queue=bare.QUEUE)
        given = RolloutInput(plan=but(plan, use_case=name))
        one: WorkflowHandle[object, object] = await client.start_workflow(
            ids.WORKFLOW, given, id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE
        )

        def heard(other: WorkflowHandle[object, object] = other) -> Awaitable[object]:
            return other.execute_update("say", "words", result_type=int, rpc_timeout=_PATIENT)

        def told(one: WorkflowHandle[object, object] = one) -> Awaitable[object]:
            words = {"as": plan.ai_owner, "id": "m-1"}
            return one.execute_update("start", words, result_type=Answer, rpc_timeout=_PATIENT)

        floor.append(await until(around.bare(address, home, str(shape)), heard))
        mine.append(await until(around.tidegate(address, home), told))
        await other.terminate()
        await one.terminate()
    return mine, floor


async def both(runs: int) -> tuple[list[float], list[float]]:
    """Stand on one server."""
    with tempfile.TemporaryDirectory() as name:
        async with dev_server() as env:
            plain = await Client.connect(env.client.service_client.config.target_host)
            return await first(env.client, plain, runs, Path(name))


def loading(runs: int) -> list[float]:
    """Return how long it takes to load what a worker needs, for each kind, in turns."""
    taken: list[list[float]] = [[], []]
    for _ in range(runs):
        for kind, words in enumerate(LOADS.values()):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", words], cwd=ROOT, env=around.AROUND, check=True)  # noqa: S603 - our own commands
            taken[kind].append(time.perf_counter() - begun)
    return [middle(times) for times in taken]


def measure(runs: int) -> Result:
    """Measure starts."""
    mine, floor = asyncio.run(both(runs))
    ours, theirs = loading(runs)
    rows = [
        Row("from the start until the first answer", middle(mine), "s", middle(floor)),
        Row("of it, loading Python's modules", ours, "s", theirs),
    ]
    return Result([Table(f"Medians of {runs} runs in turns", "a bare worker with one workflow", rows)])


BENCH = Bench(
    "The start of a worker",
    "A workflow was begun, and somebody speaks to it while no worker is there. Measured is from the start of a worker's"
    " process until that is answered: a rollout of the sample playbook of claims triage, whose worker opens its ledger,"
    " signs for it and registers what rollouts are found by, beside a bare workflow and a worker that has only that.",
    measure,
    usual={"runs": 5},
    tiny={"runs": 1},
)

if __name__ == "__main__":
    main(BENCH)
