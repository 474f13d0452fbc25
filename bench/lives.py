"""How many whole rollouts a second a worker carries, beside a bare workflow with the same events, messages and timers.

One life: five waves through three stages, votes at each gate, a handoff with its drill, operating, a retirement that is
voted on. The waits of its plan are seconds. One is lived first; what its history says it did is what the bare workflow
does then, command by command. After that many of each are started at once, in turns, each kind by a worker in a
process of its own, all on one server, each person answering as soon as they are asked.

    python -m bench.lives
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle

from bench import around, bare
from bench.figures import Bench, Result, Row, Table, main, middle, said
from tests.pure.world import but
from tests.workflows.keyed import hurried
from tests.workflows.siege import NO_PAUSE, dev_server, patiently, quick
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Plan
from workflows import ids

_LOOKS = 0.25
"""Seconds between two looks of somebody who waits to be asked."""
_PATIENT = 900
"""Seconds after which they will never end."""
WHO = {
    "risk": "risk-a",
    "operations": "ops-a",
    "compliance": "comp-a",
    "accountable_exec": "exec",
    "platform": "plat-a",
}
SAYS: dict[str, tuple[str, dict[str, str]]] = {
    "preparing": ("ready", {"as": "ops-a", "item": "rollback_tested", "evidence": "drill 7"}),
    "handoff_pending": ("ready", {"as": "receiver", "item": "receiver_drill", "evidence": "drill 9"}),
    "operating": ("retire", {"as": "owner", "reason": "its work is done"}),
    "retiring": ("ready", {"as": "ops-a", "item": "archive", "evidence": "archive 1"}),
}
"""What moves a phase on in which nobody votes, said once."""
_numbers = itertools.count(1)


def unmeasured(plan: Plan) -> Plan:
    """Return a plan that no figure opens: one that is read across the end of a wave of a second waits for an hour."""
    return but(plan, metrics={}, ladder=tuple(rung.but(advance_when=()) for rung in plan.ladder))


class Life:
    """One rollout and all its people."""

    def __init__(self, client: Client, name: str) -> None:
        """Begin with nothing."""
        self.client, self.name = client, name
        self.handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(ids.workflow_id(name))
        self.messages = self.looks = 0

    async def live(self) -> None:
        """Live from the first word to the end."""
        given = RolloutInput(plan=unmeasured(hurried(quick(self.name))))
        await self.client.start_workflow(ids.WORKFLOW, given, id=self.handle.id, task_queue=ids.TASK_QUEUE)
        stands = await self.tell("start", {"as": "owner"})
        waiting = dict(SAYS)
        while stands["phase"] != "retired":
            if stands["awaits"]:
                stands = await self.vote()
            elif stands["phase"] in waiting:
                stands = await self.tell(*waiting.pop(stands["phase"]))
                if stands["phase"] == "retiring" and stands["phase"] not in waiting:
                    break
            else:
                await asyncio.sleep(_LOOKS)
                stands = await self.ask("standing")
        await self.handle.result()

    async def tell(self, verb: str, words: dict[str, str]) -> dict[str, Any]:
        """Say something, and hear where it stands then."""
        self.messages += 1
        return dict((await sent(self.handle, verb, {**words, "id": f"m-{next(_numbers)}"}))["standing"])

    async def ask(self, query: str) -> dict[str, Any]:
        """Look."""
        self.looks += 1
        return dict(await self.handle.query(query, result_type=dict, rpc_timeout=timedelta(seconds=60)))

    async def vote(self) -> dict[str, Any]:
        """Let everybody say yes who is asked."""
        state = (await self.ask("state"))["state"]
        gate = next(one for one in state["gates"].values() if not one.get("satisfied_at"))
        voters = [*(WHO[function] for function in gate["needs"]), *gate.get("persons", ())]
        words = {"gate": gate["id"], "subject": gate["subject"]}
        for who in voters:
            stands = await self.tell("approve", {"as": who, **words})
        return stands

    async def history(self) -> list[Sequence[HistoryEvent]]:
        """Return the events of each run, the first run first."""
        return await runs(self.client, self.handle.id)


async def runs(client: Client, name: str) -> list[Sequence[HistoryEvent]]:
    """Return the events of each run of a workflow, the first run first."""
    found: list[Sequence[HistoryEvent]] = []
    run = (await client.get_workflow_handle(name).describe()).run_id
    while run:
        history = await client.get_workflow_handle(name, run_id=run).fetch_history()
        found.append(list(history.events))
        run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found[::-1]


async def sent(handle: WorkflowHandle[Any, Any], verb: str, words: Any) -> Any:
    """Send an update until it is answered, whatever lies between two runs."""
    name = words["id"] if isinstance(words, dict) else f"m-{next(_numbers)}"
    kind = dict if isinstance(words, dict) else int
    return await patiently(handle, lambda: handle.execute_update(verb, words, id=name, result_type=kind), 600)


async def bare_life(client: Client, name: str, messages: int) -> None:
    """Let a bare workflow hear as many messages, each as soon as it is waited for."""
    handle = await client.start_workflow("Bare", id=name, task_queue=bare.QUEUE)
    wants = 1
    for number in range(1, messages + 1):
        while wants < number:
            await asyncio.sleep(_LOOKS)
            wants = await handle.query("where", result_type=int, rpc_timeout=timedelta(seconds=60))
        wants = max(wants, await sent(handle, "say", "words"))
    await handle.result()


class Cost(NamedTuple):
    """What some lives took."""

    seconds: float
    worker: float
    """Processor seconds of the worker, for each life."""
    server: float
    """And of the server."""


async def timed(lives: list[Awaitable[None]], worker: int) -> Cost:
    """Live them all at once."""
    server = around.server()
    begun, before = time.perf_counter(), (around.spent(worker), around.spent(server))
    async with asyncio.timeout(_PATIENT):
        await asyncio.gather(*lives)
    seconds, count = time.perf_counter() - begun, len(lives)
    return Cost(seconds, (around.spent(worker) - before[0]) / count, (around.spent(server) - before[1]) / count)


def kinds(history: Sequence[Sequence[HistoryEvent]]) -> Counter[str]:
    """Count events by kind."""
    return Counter(
        str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for run in history for event in run
    )


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[tuple[Client, int]]:
    """Stand on a server with a worker of ours; yield its process id."""
    async with dev_server(NO_PAUSE) as env:
        address = env.client.service_client.config.target_host
        async with around.tidegate(address, folder) as pid:
            yield env.client, pid


async def both(lives: int, rounds: int) -> Result:
    """Live one, then many of each in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with standing(folder) as (client, ours):
            said("one life, to see what it does")
            first = Life(client, "first")
            await first.live()
            history = await first.history()
            file = folder / "shape.json"
            file.write_text(json.dumps(bare.shape(history)), "utf-8")
            plain = await Client.connect(client.service_client.config.target_host)
            async with around.bare(client.service_client.config.target_host, folder, str(file)) as theirs:
                await bare_life(plain, "bare-first", first.messages)
                beside = await runs(plain, "bare-first")
                mine: list[Cost] = []
                floor: list[Cost] = []
                for turn in range(rounds):
                    said(f"{lives} bare ones")
                    names = [f"bare-{turn}-{number}" for number in range(lives)]
                    floor.append(await timed([bare_life(plain, one, first.messages) for one in names], theirs))
                    said(f"{lives} rollouts")
                    many = [Life(client, f"life-{turn}-{number}") for number in range(lives)]
                    mine.append(await timed([one.live() for one in many], ours))
    return told(lives, mine, floor, (kinds(history), kinds(beside)))


def told(lives: int, mine: list[Cost], floor: list[Cost], events: tuple[Counter[str], Counter[str]]) -> Result:
    """Say what was found."""

    def half(of: list[Cost], what: Callable[[Cost], float]) -> float:
        return middle(what(one) for one in of)

    rows = [
        Row("whole rollouts", lives / half(mine, lambda one: one.seconds), "a second",
            lives / half(floor, lambda one: one.seconds), ">= 0.5"),
        Row("of one, the worker computes", 1e3 * half(mine, lambda one: one.worker), "ms",
            1e3 * half(floor, lambda one: one.worker)),
        Row("of one, the server computes", 1e3 * half(mine, lambda one: one.server), "ms",
            1e3 * half(floor, lambda one: one.server)),
    ]  # fmt: skip
    shown = (
        "workflow_execution_update_accepted",
        "timer_started",
        "activity_task_scheduled",
        "workflow_task_completed",
    )
    ours, bare_ones = events
    counted = [Row("events of one life", ours.total(), "", bare_ones.total())]
    counted += [Row(f"of them, {kind.replace('_', ' ')}", ours[kind], "", bare_ones[kind]) for kind in shown]
    return Result(
        [
            Table(f"{lives} at once", "the bare workflow", rows),
            Table("What is in the two histories", "the bare workflow", counted),
        ]
    )


def measure(lives: int, rounds: int) -> Result:
    """Measure whole lives."""
    return asyncio.run(both(lives, rounds))


BENCH = Bench(
    "Whole rollouts",
    "One life: five waves through three stages, votes at each gate, a handoff with its drill, operating,"
    " and a retirement that is voted on; the waits of its plan are seconds. The floor is a bare workflow that plays the"
    " history of one such life command by command: as many runs, events, messages, activities, timers and labels,"
    " without rules, payloads or files. Many of each are started at once, in turns, each kind with a worker in a"
    " process of its own, on one server in memory; people answer as soon as they are asked.",
    measure,
    usual={"lives": 40, "rounds": 1},
    tiny={"lives": 1, "rounds": 1},
    why="Found by timing each step and each activity in the worker: saying anew how a rollout stands, then the"
    " decisions, were the largest part of a step, and there were more steps than needed. Tried and kept"
    " (docs/decisions/0048): a dozen steps at a time, so that each hears what came together; the page is"
    " written when somebody looks; no sandbox; the page asks whole words whether they can be printed, not"
    " every sign. Beside that the worker writes what the floor does not: every step is stored in the ledger"
    " and signed for, and flag files are written and read back. The server has the same events to write for"
    " both, so what more it computes goes into payloads: the plan and the state that each run hands to the"
    " next, and the evidence that is handed to the ledger.",
)

if __name__ == "__main__":
    main(BENCH)
