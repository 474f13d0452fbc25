"""How long it takes from `stop-the-line` until the last of N rollouts has confirmed that it serves nobody.

    python -m bench.containment

Beside it, in the same run and on the same server, a floor: N bare workflows that each hear one signal and have one
activity do nothing. Between the two lie steps that are measured one by one, each with all before it: the activity
writes a flag file and reads it back; the workflow says anew how it stands, in its memo and in what it is found by; it
has evidence stored and people told. What is left after those is the rules, and finding, telling and asking.

The server is the embedded one, with its file. All N are live, each with a flag file of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from temporalio import activity, workflow
from temporalio.api.batch.v1 import BatchOperationSignal
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import StartBatchOperationRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.drivers.flagd import Flagd
from activities.line import AT_ONCE
from bench.figures import Bench, Result, Row, Table, main, said
from tests.pure.world import Story
from tests.workflows.rig import DEV_SERVER, enforced
from tidegate.models.exposure import NOTHING
from tidegate.models.line import LineStanding, LineState, Scope
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend
from worker import Settings, build_worker
from workflows import attributes, ids
from workflows.plugin import plugin

SCOPE = Scope(kind="model", name="small-text")
STEPS = ("signal + no-op", "+ flag file", "+ memo, search", "+ store, tell")
FILE, SHOWN, ERRANDS = 1, 2, 3
"""From which step on a bare workflow does what."""
_THREADS = 20


class Taken(NamedTuple):
    """How long something took, in seconds."""

    last: float
    """Until the last one was through."""
    median: float
    """Until half of them were."""


class Hands:
    """What the bare workflows have done for them; it notes when the reduction was through."""

    def __init__(self, home: Path) -> None:
        """Write below a directory."""
        self._home = home
        self.done: list[float] = []

    @activity.defn(name="nothing")
    def nothing(self, name: str, step: int) -> None:
        """Do nothing, or what the driver does."""
        if step >= FILE:
            driver = Flagd({"file": f"bare-{name}.json", "flag": "claims"}, self._home)
            driver.observe()
            driver.apply(NOTHING, 9, name, None)
            driver.observe()
        self.done.append(time.time())

    @activity.defn(name="errand")
    def errand(self, name: str) -> None:
        """Stand for what is stored or told, and do nothing."""


@workflow.defn
class Bare:
    """A workflow that waits for one signal and thinks of nothing."""

    def __init__(self) -> None:
        """Nobody has called."""
        self.called = False

    @workflow.run
    async def run(self, step: int) -> None:
        """Do as much as this step is about."""
        await workflow.wait_condition(lambda: self.called)
        short = timedelta(seconds=60)
        name = workflow.info().workflow_id
        if step >= SHOWN:
            self._say("reduced")
        errands = [
            workflow.start_activity("errand", name, task_queue="bare-errands", start_to_close_timeout=short)
            for _ in range(2 if step >= ERRANDS else 0)
        ]
        await workflow.execute_activity("nothing", args=[name, step], start_to_close_timeout=short)
        if step >= SHOWN:
            self._say("confirmed")
        await asyncio.gather(*errands)

    def _say(self, what: str) -> None:
        workflow.upsert_memo({"status": what})
        workflow.upsert_search_attributes([attributes.PHASE.value_set(what)])

    @workflow.signal
    async def call(self) -> None:
        """Hear the call."""
        self.called = True


async def each(names: list[str], do: Any) -> None:
    """Do something with each, as many at a time as a stop does."""
    few = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with few:
            await do(name)

    await asyncio.gather(*(one(name) for name in names))


async def batch(client: Client) -> None:
    """Have the server itself signal what its own query finds."""
    await client.workflow_service.start_batch_operation(
        StartBatchOperationRequest(
            namespace=client.namespace,
            visibility_query="WorkflowType = 'Bare' AND ExecutionStatus = 'Running'",
            job_id=str(uuid.uuid4()),
            reason="measured",
            signal_operation=BatchOperationSignal(signal="call"),
        )
    )


async def bare(client: Client, home: Path, count: int, step: int, *, batched: bool = False) -> Taken:
    """Measure N bare workflows."""
    hands = Hands(home)
    with ThreadPoolExecutor(_THREADS) as threads, ThreadPoolExecutor(_THREADS) as more:
        common: dict[str, Any] = {"max_concurrent_activities": _THREADS}
        worker = Worker(
            client,
            task_queue="bare",
            workflows=[Bare],
            activities=[hands.nothing],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
            **common,
        )
        errands = Worker(client, task_queue="bare-errands", activities=[hands.errand], activity_executor=more, **common)
        async with worker, errands:
            mark = uuid.uuid4().hex[:6]
            names = [f"bare-{mark}-{number}" for number in range(count)]

            async def start(name: str) -> None:
                await client.start_workflow(Bare.run, step, id=name, task_queue="bare")

            await each(names, start)
            await asyncio.sleep(2)
            begun = time.time()
            if batched:
                await batch(client)
            else:
                await each(names, lambda name: client.get_workflow_handle(name).signal(Bare.call))
            while len(hands.done) < count:  # noqa: ASYNC110  # other threads call nobody
                await asyncio.sleep(0.005)
            taken = sorted(at - begun for at in hands.done)
            await each(names, lambda name: client.get_workflow_handle(name).result())
    return Taken(taken[-1], taken[len(taken) // 2])


def live(name: str, home: Path) -> RolloutInput:
    """Return a rollout whose first wave is live, and write what it serves."""
    settings = {"file": f"flags/{name}.json", "flag": "claims"}
    plan = enforced(
        use_case=name, title=name, notices=(), drivers={"flags/claims": Backend(kind="flagd", settings=settings)}
    )
    story = Story(plan, datetime.now(UTC) - timedelta(minutes=5)).live()
    state = story.state.but(outbox=(), written=0, stored=0)
    Flagd(settings, home).apply(state.exposure.desired, state.exposure.epoch, name, None)
    return RolloutInput(plan=story.plan, state=state, read_back=datetime.now(UTC))


class Stop(NamedTuple):
    """What a stop of N rollouts took."""

    files: Taken
    """Until flag files served nobody."""
    confirmed: Taken
    """Until rollouts had their read-back."""
    counted: float
    """Until the stop itself said that all are contained."""
    swept: float
    """Until it had also looked twice more and found nothing new."""
    events: dict[str, float]
    """Events of a rollout's history from the signal on, by kind, on average."""


async def ours(client: Client, home: Path, count: int) -> Stop:
    """Measure N rollouts and one stop."""
    async with build_worker(client, Settings(home=home)):
        names = [f"bench-{count}-{number}" for number in range(count)]
        given = {name: live(name, home) for name in names}

        async def start(name: str) -> None:
            await client.start_workflow(ids.WORKFLOW, given[name], id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE)

        await each(names, start)
        query = f"WorkflowType = '{ids.WORKFLOW}' AND RolloutServed > 0 AND ExecutionStatus = 'Running'"
        while (await client.count_workflows(query)).count < count:  # noqa: ASYNC110  # visibility calls nobody
            await asyncio.sleep(0.2)
        await asyncio.sleep(3)
        begun = time.time()
        line = await client.start_workflow(
            ids.LINE,
            LineState(scope=SCOPE),
            id=f"{ids.line_id(SCOPE.key)}-{count}",
            task_queue=ids.TASK_QUEUE,
            start_signal=ids.STOP,
            start_signal_args=[{"as": "ops-a"}],
        )
        counted = swept = None
        while swept is None:
            stands = await line.query("standing", result_type=LineStanding)
            now = time.time() - begun
            counted = now if counted is None and stands.contained == count else counted
            swept = now if counted is not None and stands.swept else None
            await asyncio.sleep(0.25)
        await asyncio.sleep(2)
        files = sorted((home / f"flags/{name}.json").stat().st_mtime - begun for name in names)
        confirmed, events = await histories(client, names, begun)
        await line.terminate("measured")
        await each(names, lambda name: client.get_workflow_handle(ids.workflow_id(name)).terminate("measured"))
    half = count // 2
    return Stop(Taken(files[-1], files[half]), Taken(confirmed[-1], confirmed[half]), counted or 0, swept, events)


async def histories(client: Client, names: list[str], begun: float) -> tuple[list[float], dict[str, float]]:
    """Return when each rollout had its read-back, and what it wrote for that."""
    at: list[float] = []
    kinds: Counter[str] = Counter()

    async def one(name: str) -> None:
        history = await client.get_workflow_handle(ids.workflow_id(name)).fetch_history()
        heard, mine = False, None
        for event in history.events:
            heard = heard or event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
            if heard:
                kinds[EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()] += 1
            scheduled = event.activity_task_scheduled_event_attributes
            if heard and scheduled.activity_type.name == "pause":
                mine = event.event_id
            if mine and event.activity_task_completed_event_attributes.scheduled_event_id == mine:
                at.append(event.event_time.ToDatetime(UTC).timestamp() - begun)
                mine = None

    await each(names, one)
    return sorted(at), {kind: number / len(names) for kind, number in sorted(kinds.items())}


def row(name: str, taken: Taken, floor: Taken, aim: str | None = None) -> Row:
    """Return how long it took until the last was through."""
    return Row(f"{name}, half within {taken.median:.2f} s", taken.last, "s", floor.last, aim)


async def stopped(count: int) -> tuple[Table, str]:
    """Measure one size on a server of its own."""
    said(f"{count} in flight")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "flags").mkdir()
        (home / "figures.csv").write_text("metric,value,n,taken_at\n", "utf-8")
        env = await WorkflowEnvironment.start_local(
            plugins=[plugin()],
            dev_server_existing_path=str(DEV_SERVER),
            dev_server_database_filename=str(home / "temporal.db"),
            dev_server_log_level="error",
        )
        async with env:
            await attributes.register(env.client)
            plain = await Client.connect(env.client.service_client.config.target_host)
            before = await bare(plain, home, count, 0)
            by_server = await bare(plain, home, count, 0, batched=True)
            steps = [await bare(plain, home, count, step) for step in range(1, len(STEPS))]
            real = await ours(env.client, home, count)
            after = await bare(plain, home, count, 0)
    floor = min(before, after)
    rows = [
        row("Tidegate: the flag file", real.files, floor),
        row("Tidegate: read back", real.confirmed, floor, "<= 2"),
        Row("the stop has counted all contained", real.counted, "s", floor.last),
        Row("... and looked twice more", real.swept, "s", floor.last),
        *(row(f"bare, {name}", taken, floor) for name, taken in zip(STEPS[1:], steps, strict=True)),
        row("bare, called by the server's batch operation", by_server, floor),
    ]
    events = ", ".join(f"{kind} {number:.1f}" for kind, number in real.events.items())
    return Table(
        f"{count:,} in flight", "bare, until the last was through", rows
    ), f"Events of one, at {count:,}: {events}."


async def sizes(counts: tuple[int, ...]) -> Result:
    """Measure every size."""
    found = [await stopped(count) for count in counts]
    return Result([table for table, _ in found], [note for _, note in found])


def measure(rollouts: tuple[int, ...]) -> Result:
    """Stop the line about some rollouts."""
    return asyncio.run(sizes(rollouts))


BENCH = Bench(
    "Containment",
    "From `stop-the-line` until the last of many live rollouts, each with a flag file of its own, has confirmed that it"
    " serves nobody. The floor: as many bare workflows that each hear one signal and have one activity do nothing,"
    " before and after, the quicker of the two. Between lie bare steps, each with all before it: the activity writes a"
    " flag file and reads it back; the workflow says anew how it stands, in its memo and in what it is found by; it has"
    " evidence stored and people told. The server keeps its file. Finding them, telling them and asking each whether it"
    " is contained is in the figures of Tidegate.",
    measure,
    usual={"rollouts": (100,)},
    tiny={"rollouts": (2,)},
    full={"rollouts": (100, 500, 1_000)},
)

if __name__ == "__main__":
    main(BENCH)
