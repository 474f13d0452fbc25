"""How much memory a worker holds for each rollout in flight, and how it answers among them.

For each number in flight: how much the worker's process has grown, for each rollout, beside the JSON of its plan and
beside a bare workflow that waits as the rollout does; and how long an update takes, beside an update of a bare workflow
of which as many wait, in turns. Rollouts and bare workflows are started a few at a time and wait at their first gate;
no worker forgets any of them.

    python -m bench.memory
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Awaitable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowHandle

from bench import around, bare
from bench.figures import ROOT, Bench, Result, Row, Table, main, middle, said
from cli.judge import Desk
from tests.pure.world import but
from tests.workflows.siege import dev_server, insist
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Plan
from workflows import ids

_FIRST = 5
"""So many are in flight before anything is compared: what the first ones load is no part of the others."""
_REST = 3.0
_PATIENT = 600.0


class Seen(NamedTuple):
    """What was found with so many in flight."""

    number: int
    ours: int
    """How many bytes the worker has grown by."""
    theirs: int
    """And the worker of the bare ones."""
    update: float
    """Milliseconds."""
    floor: float


def triage() -> Plan:
    """Return the plan of the largest sample playbook."""
    plan = Desk(None, date(2026, 11, 30)).judge(ROOT / "playbooks" / "claims-triage.yaml").compiled.plan
    if plan is None:
        raise SystemExit("the playbook does not compile")
    return plan


async def took(what: Awaitable[object]) -> float:
    """Return how long something takes, in milliseconds."""
    begun = time.perf_counter()
    await what
    return (time.perf_counter() - begun) * 1e3


class Flight:
    """All that are in flight, of both kinds."""

    def __init__(self, client: Client, plain: Client, plan: Plan) -> None:
        """Begin with none."""
        self.client, self.plain, self.plan = client, plain, plan
        self.ours: list[WorkflowHandle[Any, Any]] = []
        self.theirs: list[WorkflowHandle[Any, Any]] = []

    async def grow(self, number: int) -> None:
        """Start more, until so many of each are in flight."""
        await around.each(range(len(self.theirs), number), self._bare)
        await around.each(range(len(self.ours), number), self._real)
        await asyncio.sleep(_REST)

    async def _bare(self, number: int) -> None:
        handle = await self.plain.start_workflow("Bare", id=f"bare-{number}", task_queue=bare.QUEUE)
        await handle.execute_update("say", "words", result_type=int)
        self.theirs.append(handle)

    async def _real(self, number: int) -> None:
        name = f"flight-{number:05}"
        given = RolloutInput(plan=but(self.plan, use_case=name))
        handle = await self.client.start_workflow(
            ids.WORKFLOW, given, id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE
        )
        await self.tell(handle, "start")
        self.ours.append(handle)

    async def tell(self, handle: WorkflowHandle[Any, Any], verb: str, **words: str) -> None:
        """Say something to a rollout, and wait for the answer."""
        said_ = {"as": self.plan.ai_owner, "id": str(uuid.uuid4()), **words}
        await insist(handle, verb, said_, _PATIENT)

    async def answers(self, updates: int) -> tuple[float, float]:
        """Return how long an update of a rollout and of a bare one takes, each of another one, in turns."""
        mine, floor = [], []
        for turn in range(updates):
            place = turn * len(self.ours) // updates
            floor.append(await took(self.theirs[place].execute_update("say", "words", result_type=int)))
            mine.append(await took(self.tell(self.ours[place], "remind", gate="none")))
        return middle(mine), middle(floor)


async def growing(flights: tuple[int, ...], updates: int) -> tuple[int, list[Seen]]:
    """Let ever more be in flight."""
    plan = triage()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shape = home / "shape.json"
        shape.write_text(f"[[[1, 0, 0, []], [{10**9}, 0, 0, []]]]", "utf-8")
        async with dev_server() as env:
            address = env.client.service_client.config.target_host
            plain = await Client.connect(address)
            async with (
                around.tidegate(address, home, TIDEGATE_WATCH="0") as ours,
                around.bare(address, home, str(shape)) as theirs,
            ):
                flight = Flight(env.client, plain, plan)
                await flight.grow(_FIRST)
                await flight.answers(_FIRST)
                before = around.resident(ours), around.resident(theirs)
                seen = []
                for number in flights:
                    said(f"{number} in flight")
                    await flight.grow(_FIRST + number)
                    grown = around.resident(ours) - before[0], around.resident(theirs) - before[1]
                    seen.append(Seen(number, *grown, *await flight.answers(updates)))
    return len(plan.model_dump_json()), seen


def measure(flights: tuple[int, ...], updates: int) -> Result:
    """Measure memory and answers as more and more are in flight."""
    size, seen = asyncio.run(growing(flights, updates))
    grown = [Row(f"{one.number:,} in flight", one.ours / one.number / 1e3, "kB each", size / 1e3) for one in seen]
    grown[-1] = grown[-1]._replace(aim="<= 10")
    beside = [
        Row(f"{one.number:,} in flight", one.ours / one.number / 1e3, "kB each", one.theirs / one.number / 1e3)
        for one in seen
    ]
    answers = [Row(f"{one.number:,} in flight", one.update, "ms", one.floor) for one in seen]
    whole = [Row(f"{one.number:,} in flight", one.ours / 1e6, "MB", one.theirs / 1e6) for one in seen]
    return Result(
        [
            Table("Memory of the worker", "the JSON of the plan of claims triage", grown),
            Table("The same", "a bare workflow that waits", beside),
            Table("How much the worker has grown", "the worker of as many bare workflows", whole),
            Table(f"An update, {updates} in turns", "an update of a bare workflow among as many", answers),
        ]
    )


BENCH = Bench(
    "In flight",
    "Rollouts of the sample playbook of claims triage wait at their first step, and as many bare workflows beside them,"
    " and no worker forgets any. How much the worker's process has grown, for each, is compared with the JSON of its"
    " plan, and with a bare workflow; how long an update takes, with an update of a bare one among as many, in turns.",
    measure,
    usual={"flights": (10, 100, 1_000), "updates": 30},
    tiny={"flights": (2,), "updates": 2},
    why="What a rollout holds was looked at with a profiler that sees the memory of libraries too. Most of it was its"
    " plan, five times in bytes and twice as words. Found and kept: what the SDK remembers of the message that began a"
    " run keeps all of that message in memory, so it is copied (`workflows/lean.py`): 440 kB before, 262 after. A plan"
    " that is canonical already is itself (`reread`); the words that rollouts of one programme have in common, its"
    " people, rules, calendars and metrics, lie in a worker's memory once (`workflows/common.py`);"
    " and no sandbox, which loaded the workflow's module anew for each rollout (docs/decisions/0048). Plans"
    " shared by digest would help less: no two rollouts have one plan."
    "\n\n"
    "What is left, in order: what is sent to the ledger, which the core of the SDK keeps, 48 kB; its machines, 42;"
    " the words of plan and state, with marks of each part for the ledger, 64; and what the allocator has not given"
    " back, which is why the first few cost more than the others. Fewer arenas of the allocator (MALLOC_ARENA_MAX)"
    " changed nothing.",
)

if __name__ == "__main__":
    main(BENCH)
