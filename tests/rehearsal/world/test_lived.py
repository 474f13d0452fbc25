"""A rollout on the time-skipping server, in a scripted world: its seams fit, and the watch sees what a hand does."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.exposure import ExposureActivities
from activities.metrics import MetricActivities
from activities.notices import NoticeActivities
from rehearsal.world import Looks, World
from tests.rehearsal.world.worlds import planned
from tests.workflows.rig import TEST_SERVER, Rig, needs_test_server, started
from tidegate.models.plan import Backend
from tidegate.models.scenario import Happening, Scenario
from tidegate.models.sight import When
from workflows import attributes, ids
from workflows.plugin import plugin

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PLAN = planned(sources={"prometheus": Backend(kind="csv", settings={"file": "figures.csv"})})
WAVE = PLAN.ladder[2]


@asynccontextmanager
async def living(there: World) -> AsyncIterator[Rig]:
    """Stand on the server with a worker that is put together in a scripted world."""
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(8) as hands:
        env = await started(
            lambda: WorkflowEnvironment.start_time_skipping(
                plugins=[plugin()], test_server_existing_path=str(TEST_SERVER)
            )
        )
        url = f"sqlite:///{Path(home) / 'ledger.db'}"
        ledger = there.ledger(url)
        exposure = ExposureActivities(there.drivers(there.people(url)), None, there.authority(url))
        errands: list[Callable[..., Any]] = [
            ledger.store,
            MetricActivities(there.sources).read,
            there.members(url).resolve,
        ]
        ours: dict[str, list[Callable[..., Any]]] = {
            ids.TASK_QUEUE: [exposure.widen, exposure.hold, exposure.pause, exposure.rollback, exposure.observe],
            ids.errands(ids.TASK_QUEUE): [*errands, NoticeActivities(there.channels, "log").tell],
        }
        async with env:
            await attributes.register(env.client)
            workers = [
                Worker(
                    env.client,
                    task_queue=queue,
                    activities=activities,
                    activity_executor=hands,
                    interceptors=[there.listening(timedelta(0))],
                    disable_eager_activity_execution=True,
                )
                for queue, activities in ours.items()
            ]
            async with workers[0], workers[1]:
                yield Rig(env, Path(home))
        ledger.close()


@needs_test_server
def test_what_a_hand_widens_is_seen_by_the_watch_and_taken_back() -> None:
    """In a world in which nothing else is scripted it climbs, and undoes what nobody agreed to."""
    happens = (Happening(when=When(), serves=WAVE.wave),)
    begun = datetime.now(UTC)
    there = World(PLAN, Scenario(scenario="by-hand", title="A hand.", happens=happens), begun)

    async def live() -> None:
        async with living(there) as rig:
            await rig.begin(PLAN)
            await rig._chores(await rig.standing())
            await rig.agree()
            await rig.until("observing", days=20)
            agreed = there.served()["flags/claims"].exposure
            assert agreed == PLAN.ladder[0].exposure
            assert there.now() >= (await rig.env.get_current_time()) - DAY
            assert any(one.channel == "log" for one in there.told)
            (happening,) = there.happenings()
            assert there.perform(happening._replace(at=there.now() + MINUTE)) == ()
            assert there.served()["flags/claims"].exposure == WAVE.exposure
            (due,) = there.happenings()
            assert there.perform(due) == (Looks(),)
            assert await there.look(rig.client)
            await rig.env.sleep(DAY / 24)
            await rig.rest()
            assert there.served()["flags/claims"].exposure <= agreed
            assert not await there.look(rig.client)

    asyncio.run(live())
