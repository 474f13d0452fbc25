"""One life in a rehearsal: a worker is put together as `worker.py` does it, and time passes until it was lived.

The activities are the worker's own; what they find outside is the scripted world. Those that change what is served, and
drills, are done by way of the server, so that what is slow, fails or is cancelled there takes its time; the others are
done at once where they succeed at once (`runner`).
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.drill import DrillActivities
from activities.exposure import ExposureActivities
from activities.metrics import MetricActivities
from activities.notices import NoticeActivities
from rehearsal.clock import Clock
from rehearsal.director import Director, Moment
from rehearsal.runner import Errands, Replayed, Runner
from rehearsal.seen import Eyes
from rehearsal.server import BOUND, environment
from rehearsal.world import Looks, Turns, World
from tidegate.models.messages import RolloutInput
from tidegate.models.task import NoticeRequest, ReadRequest, ResolveRequest, StoreRequest
from workflows import attributes, ids
from workflows.guard import Guard
from workflows.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from temporalio.testing import WorkflowEnvironment

    from rehearsal.keys import Keys
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Scenario

_PATIENCE = 60
"""Seconds that one step may take on a busy machine."""
_THREADS = 8
_LOOK = 2
"""Seconds after which it is looked whether it still lives."""
_STILL = 20
"""Seconds without any step after which it never takes one: the test server now and then waits for itself."""
_QUEUE = "rehearsal"


class Life:
    """One attempt to live it through."""

    def __init__(
        self,
        plan: Plan,
        scenario: Scenario,
        starts: datetime,
        home: Path,
        beside: Path,
        keys: Keys,
        revise: Callable[[Mapping[str, Any], datetime], Plan],
        progress: Callable[[Moment], None],
    ) -> None:
        """Know what is lived, from when on, and where its files lie."""
        self.plan = plan
        self.started = self.ended = starts.replace(microsecond=0)
        self.url = f"sqlite:///{home / 'ledger.db'}"
        self.world = World(plan, scenario, self.started, beside=beside, revise=revise)
        self._eyes = Eyes()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._env: WorkflowEnvironment | None = None
        self._done = asyncio.Event()
        self._apart: set[asyncio.Task[None]] = set()
        self.director = Director(
            scenario,
            self.started,
            keys,
            self.world,
            self._eyes,
            apart=self._go,
            progress=progress,
            ended=lambda: self._loop is not None and self._loop.call_soon_threadsafe(self._done.set),
        )

    async def live(self) -> None:
        """Live it; what it wrote down is in the ledger, and nothing else is left."""
        self._loop = asyncio.get_running_loop()
        async with environment() as env:
            self._env = env
            clock = Clock(self.started, await env.get_current_time())
            ledger = self.world.ledger(self.url)
            try:
                async with self._working(env, clock, ledger):
                    await self._through(env)
            finally:
                for task in self._apart:
                    task.cancel()
                await asyncio.gather(*self._apart, return_exceptions=True)
                ledger.close()
            self.ended = clock.now
        if self.director.error is not None:
            raise self.director.error

    async def _through(self, env: WorkflowEnvironment) -> None:
        """Let time pass until it was lived long enough: it passes while somebody waits for the result."""
        await attributes.register(env.client)
        handle = await env.client.start_workflow(
            ids.WORKFLOW, RolloutInput(plan=self.plan), id=ids.workflow_id(self.plan.use_case), task_queue=_QUEUE
        )
        result, enough = asyncio.ensure_future(handle.result()), asyncio.ensure_future(self._done.wait())
        try:
            while not (result.done() or enough.done()):
                await asyncio.wait((result, enough), timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
                if time.monotonic() - self._eyes.stirred > _STILL:
                    raise Replayed("time does not pass any more at the test server")
            if result.done() and not self.director.over:
                result.result()
        finally:
            for task in (result, enough):
                task.cancel()
            await asyncio.gather(result, enough, return_exceptions=True)

    @asynccontextmanager
    async def _working(self, env: WorkflowEnvironment, clock: Clock, ledger: Any) -> AsyncIterator[None]:
        world = self.world
        driver_of = world.drivers(world.people(self.url))
        exposure = ExposureActivities(driver_of, None, world.authority(self.url))
        reader, members = MetricActivities(world.sources, prompt=True), world.members(self.url)
        notices, drill = NoticeActivities(world.channels, "log"), DrillActivities(world.drivers())
        errands = Errands(
            clock,
            world.now.learn,
            {
                "store": (ledger.store, StoreRequest),
                "read": (reader.read, ReadRequest),
                "tell": (notices.tell, NoticeRequest),
                "resolve": (members.resolve, ResolveRequest),
            },
        )
        # As where people's rollouts run, without the sandbox (docs/decisions/0048).
        runner = Runner(UnsandboxedWorkflowRunner(), clock, errands, self.director, self._eyes.stir)
        hands = ThreadPoolExecutor(_THREADS, thread_name_prefix="rehearsal")
        try:
            given: dict[str, Any] = {
                "activity_executor": hands,
                "interceptors": [Guard(), self._eyes, world.listening(lambda: clock.ahead)],
                "disable_eager_activity_execution": True,
                # Left to itself, the SDK reads every module there is to make one up.
                "build_id": "rehearsal",
            }
            ways = [exposure.widen, exposure.hold, exposure.narrow, exposure.redirect, exposure.pause]
            worker = Worker(
                env.client,
                task_queue=_QUEUE,
                workflows=[Rollout],
                activities=[*ways, exposure.rollback, exposure.observe],
                workflow_runner=runner,
                **given,
            )
            if (workflows := worker._workflow_worker) is not None:  # noqa: SLF001  # as in worker.py, and as long as there
                workflows._deadlock_timeout_seconds = _PATIENCE  # noqa: SLF001  # the same
            apart = Worker(
                env.client,
                task_queue=ids.errands(_QUEUE),
                activities=[drill.drill, ledger.store, reader.read, notices.tell, members.resolve],
                **given,
            )
            async with _running(worker), _running(apart):
                yield
        finally:
            # A thread that never comes back must not be waited for.
            hands.shutdown(wait=False, cancel_futures=True)

    # -- what is done past the rollout ----------------------------------------------------------------------------

    def _go(self, errand: Looks | Turns) -> None:
        """Let somebody look or bring lists up to date; time stands still until they have, and they ask the rollout."""
        loop, env = self._loop, self._env
        assert loop is not None and env is not None  # noqa: S101, PT018  # whoever calls lives
        asyncio.run_coroutine_threadsafe(self._lock(env), loop).result(_PATIENCE)

        def begin() -> None:
            task = loop.create_task(self._errand(env, errand))
            self._apart.add(task)
            task.add_done_callback(self._apart.discard)

        loop.call_soon_threadsafe(begin)

    async def _errand(self, env: WorkflowEnvironment, errand: Looks | Turns) -> None:
        try:
            if isinstance(errand, Looks):
                await self.world.look(env.client)
            else:
                await self.world.turn(env.client, self.url)
        except Exception as error:  # noqa: BLE001  # whatever it is, the rehearsal must not go on as if nothing were
            self.director.lost(error)
        finally:
            await env.client.service_client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())

    @staticmethod
    async def _lock(env: WorkflowEnvironment) -> None:
        await env.client.service_client.test_service.lock_time_skipping(LockTimeSkippingRequest())


@asynccontextmanager
async def _running(worker: Worker) -> AsyncIterator[None]:
    """Run a worker; what it does not end in time is left to end with its server."""
    run = asyncio.ensure_future(worker.run())
    try:
        yield
    finally:
        ending = asyncio.ensure_future(worker.shutdown())
        done, late = await asyncio.wait((ending, run), timeout=BOUND)
        for task in late:
            task.cancel()
        for task in done:
            task.exception()  # what befell it has shown in the life, or does not matter any more
