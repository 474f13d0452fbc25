"""Half of the system hangs, and it is made safer all the same."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

import worker
from activities.drivers.flagd import Flagd
from activities.sources.contract import Asked
from tests.workflows.rig import DEV_SERVER, Rig, enforced, needs_dev_server, started
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend
from tidegate.models.reading import Reading
from workflows import attributes, ids
from workflows.plugin import plugin

pytestmark = needs_dev_server
SOON = 20
"""Seconds: far more than a pause takes on a machine that has other things to do, and far less than sources hang."""
CROWD = 24
"""More rollouts than a worker has hands for one kind of work."""


class Hanging:
    """A source that never answers while it is asked: a fault."""

    def __init__(self, over: threading.Event) -> None:
        """Hang until it is over."""
        self.over = over
        self.asked = 0

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Say nothing."""
        del settings
        self.asked += 1
        self.over.wait(120)
        return Reading(status="error", taken_at=asked.as_of)


def test_sources_that_hang_take_no_hand_from_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every hand for errands held by a source that hangs, a pause is in the flag file within seconds."""
    over = threading.Event()
    source = Hanging(over)
    monkeypatch.setattr(worker, "sources_under", lambda _: {"file": source})

    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            env = await started(
                lambda: WorkflowEnvironment.start_local(plugins=[plugin()], dev_server_existing_path=str(DEV_SERVER))
            )
            async with env:
                await attributes.register(env.client)
                async with worker.build_worker(env.client, worker.Settings(home=home)):
                    rigs = await asyncio.gather(*(live(env, home, number) for number in range(CROWD)))
                    try:
                        await until(lambda: source.asked >= worker._THREADS)
                        begun = time.monotonic()
                        await rigs[-1].handle.signal("pause", {"as": "ops-a"})
                        await until(lambda: served(home, CROWD - 1) == NOTHING)
                        assert time.monotonic() - begun < SOON
                    finally:
                        over.set()

    asyncio.run(asyncio.wait_for(story(), 400))


def flag(number: int) -> dict[str, str]:
    """Return the settings of one rollout's flag."""
    return {"file": f"flags-{number}.json", "flag": "claims"}


def served(home: Path, number: int) -> Exposure:
    """Return what one rollout's flag file serves."""
    return Flagd(flag(number), home).observe().exposure


async def live(env: WorkflowEnvironment, home: Path, number: int) -> Rig:
    """Bring one rollout to its first wave, whose first act is to read its figures."""
    rig = Rig(env, home)
    name = f"starved-{number}"
    plan = enforced(use_case=name, notices=(), drivers={"flags/claims": Backend(kind="flagd", settings=flag(number))})
    rig.handle = env.client.get_workflow_handle(ids.workflow_id(name))
    await env.client.start_workflow(ids.WORKFLOW, RolloutInput(plan=plan), id=rig.handle.id, task_queue=ids.TASK_QUEUE)
    await rig.tell("start", "owner")
    await rig.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")
    await rig.agree()
    return rig


async def until(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(2_400):
        if what():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to that")
