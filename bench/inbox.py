"""How fast an inbox answers with a thousand rollouts in flight, beside the bare list of the same thousand.

A real server holds them and a real worker has brought each where it waits: of three, one for a readiness item and two
for votes. The floor is what any answer by one query must pay: the same list, read to its end by a client that does
nothing with it. The inbox is measured twice: its answer alone, in a process that is up, and as people run it, with the
start of the interpreter; beside that stands `tidegate --help`. Runs are interleaved, so that a busy moment of the
machine falls on all alike; medians are compared. `processor` is what client and server compute together, which is what
it takes on a machine that does nothing else. Before anything is measured, every thing that must be there is
counted. Starting a thousand rollouts takes some minutes.

    python -m bench.inbox
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from bench.figures import ROOT, Bench, Result, Row, Table, main, middle
from bench.figures import said as progress
from cli.inbox import Item, found
from cli.talk import Server
from tests.pure.world import but
from tests.workflows.rig import DEV_SERVER, enforced
from tidegate.models.messages import RolloutInput
from workflows import attributes, ids
from workflows.plugin import plugin

AT_ONCE, EVERY = 8, 3
PATIENCE = timedelta(seconds=60)
RUNNING = f"WorkflowType = '{ids.WORKFLOW}' AND ExecutionStatus = 'Running'"
VOTER, OWNER = "risk-a", "owner"


async def begin(client: Client, rollouts: int) -> None:
    """Start them all, a few at a time, and bring two of three to their first round of votes."""
    few, plan = asyncio.Semaphore(AT_ONCE), enforced()

    async def one(number: int) -> None:
        name = f"bench-{number:04}"
        async with few:
            given = RolloutInput(plan=but(plan, use_case=name))
            handle = await client.start_workflow(
                ids.WORKFLOW, given, id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE
            )
            await said(handle, "start", {"as": OWNER})
            if number % EVERY:
                await said(handle, "ready", {"as": "ops-a", "item": "rollback_tested", "evidence": "drill 7"})

    await asyncio.gather(*(one(number) for number in range(rollouts)))


async def said(handle: WorkflowHandle[Any, Any], verb: str, words: dict[str, str]) -> None:
    """Say something and wait until it is heard, so that no more pile up than the worker can carry."""
    try:
        await handle.execute_update(verb, words, rpc_timeout=PATIENCE)
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
        await handle.signal(verb, words)  # a signal lasts, and to say either twice does no harm


def expected(number: int) -> int:
    """How many of them wait for votes."""
    return sum(1 for each in range(number) if each % EVERY)


def read(server: Server, person: str) -> list[Item]:
    """Answer as the verb does."""
    rows, _ = server.asked()
    return found(rows, {}, person, datetime.now(UTC))


def settled(server: Server, rollouts: int) -> bool:
    """Whether each waits where it was to be brought: everything that must be there is, and nothing is unread."""
    rows, _ = server.asked()
    whole = len(rows) == rollouts and all(row.packed.whole for row in rows)
    now = datetime.now(UTC)
    votes, rest = (found(rows, {}, person, now) for person in (VOTER, OWNER))
    return whole and len(votes) == expected(rollouts) and len(rest) == rollouts - len(votes)


def timed(work: Any) -> tuple[float, float]:
    """Return how long something took and how much was computed for it, by us and by the server, in seconds."""
    start, before = time.perf_counter(), computed()
    work()
    return time.perf_counter() - start, computed() - before


def computed() -> float:
    """Return the processor time of this process, of what it ran, and of the server, its child that goes on."""
    used = os.times()
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            if words[1] == str(os.getpid()) and b"start-dev" in stat.with_name("cmdline").read_bytes():
                ticks += int(words[11]) + int(words[12])
    return used.user + used.system + used.children_user + used.children_system + ticks / os.sysconf("SC_CLK_TCK")


def asked(address: str, env: dict[str, str], rollouts: int, runs: int) -> Result:
    """Wait until all have settled, and measure."""
    with asyncio.Runner() as runner:
        client = runner.run(Client.connect(address))
        server = Server(runner, client, address)
        start = time.perf_counter()
        while not settled(server, rollouts):
            time.sleep(2)
        progress(f"{rollouts} rollouts wait, {time.perf_counter() - start:.0f} s after the last was started")

        async def bare() -> None:
            if len([each async for each in client.list_workflows(RUNNING)]) != rollouts:
                raise SystemExit("the list is not the same any more")

        def verb(*words: str) -> None:
            subprocess.run([sys.executable, "-m", "cli", *words], cwd=ROOT, env=env, check=True, capture_output=True)  # noqa: S603 - our own command

        ways: dict[str, Any] = {
            "the bare list": lambda: runner.run(bare()),
            f"inbox of {VOTER}, {expected(rollouts)} things": lambda: read(server, VOTER),
            "inbox of somebody whom nothing waits for": lambda: read(server, "nobody"),
            f"tidegate inbox --as {VOTER}, as a process": lambda: verb("inbox", "--as", VOTER, "--json"),
            "tidegate --help, as a process": lambda: verb("--help"),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(runs):
            for name, work in ways.items():
                taken[name].append(timed(work))
    first, *others = taken
    floor, work = (middle(one[side] for one in taken[first]) for side in (0, 1))
    rows = [Row(name, 1e3 * middle(one[0] for one in taken[name]), "ms", 1e3 * floor) for name in others]
    used = [Row(name, 1e3 * middle(one[1] for one in taken[name]), "ms", 1e3 * work) for name in others]
    return Result(
        [
            Table(f"Until the answer, {runs} runs in turns", f"{first} of {rollouts:,} rollouts", rows),
            Table("Computed by client and server together", "the same", used),
        ]
    )


def measure(rollouts: int, runs: int) -> Result:
    """Set up a server and a worker, start the rollouts, and measure."""

    async def held(home: Path) -> Result:
        env = await WorkflowEnvironment.start_local(
            plugins=[plugin()], dev_server_existing_path=str(DEV_SERVER), dev_server_log_level="never"
        )
        async with env:
            address = env.client.service_client.config.target_host
            await attributes.register(env.client)
            around = {**os.environ, "TEMPORAL_ADDRESS": address, "TIDEGATE_HOME": str(home)}
            with (home / "worker.log").open("wb") as log:
                command = [sys.executable, "-m", "worker"]
                worker = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=around, stdout=log, stderr=log)
                try:
                    start = time.perf_counter()
                    await begin(env.client, rollouts)
                    progress(f"{rollouts} rollouts are started, which took {time.perf_counter() - start:.0f} s")
                    return await asyncio.to_thread(asked, address, around, rollouts, runs)
                finally:
                    worker.terminate()
                    await worker.wait()

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "figures.csv").write_text(f"metric,value,n,taken_at\nerrors,0,100,{datetime.now(UTC).isoformat()}\n")
        return asyncio.run(held(home))


BENCH = Bench(
    "The inbox",
    "A real server holds many rollouts, and a worker has brought each where it waits: of three, one for a readiness"
    " item and two for votes; every thing that must be there is counted first. The floor is the list of the same"
    " rollouts, read to its end by a client that does nothing with it. The inbox is measured alone and as a process.",
    measure,
    usual={"rollouts": 200, "runs": 7},
    tiny={"rollouts": 3, "runs": 1},
    full={"rollouts": 1_000, "runs": 9},
)

if __name__ == "__main__":
    main(BENCH)
