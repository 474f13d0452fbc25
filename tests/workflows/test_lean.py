"""What a worker keeps of the message that began a run, for as long as it knows the run."""

from __future__ import annotations

import asyncio
import gc
import os
from datetime import timedelta
from pathlib import Path

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import InitializeWorkflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.rig import TEST_SERVER, needs_test_server
from workflows.guard import Guard
from workflows.lean import Lean, copied

_WORDS = 300_000
_RUNS = 60


@workflow.defn
class Waits:
    """Has heard much, and waits."""

    @workflow.run
    async def run(self, words: str) -> None:
        """Forget the words."""
        del words
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def there(self) -> bool:
        """Say that it is here."""
        return True


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_copy_says_the_same() -> None:
    """What is copied is equal, and has its own place."""
    init = InitializeWorkflow()
    init.memo.fields["step"].CopyFrom(Payload(metadata={"encoding": b"json/plain"}, data=b"1"))
    alone = copied(init.memo.fields["step"])
    assert alone == init.memo.fields["step"]
    alone.data = b"2"
    assert init.memo.fields["step"].data == b"1"


@needs_test_server
def test_a_run_keeps_no_more_than_it_asks_for() -> None:
    """A worker holds what a run was told once as it came and once as words; the SDK alone holds it four times more."""
    assert asyncio.run(_grown()) < 3 * _WORDS


async def _grown() -> float:
    """Return by how many bytes a worker grows for each run that it knows."""
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(TEST_SERVER)) as env:
        worker = Worker(
            env.client, task_queue="lean", workflows=[Waits], interceptors=[Guard()], workflow_runner=Lean()
        )
        async with worker:
            await _begin(env, range(20))
            before = _resident()
            await _begin(env, range(20, 20 + _RUNS))
            return (_resident() - before) / _RUNS


async def _begin(env: WorkflowEnvironment, numbers: range) -> None:
    for number in numbers:
        run = await env.client.start_workflow(
            Waits.run,
            f"{number}" * (_WORDS // len(f"{number}")),
            id=f"waits-{number}",
            task_queue="lean",
            memo={"step": number},
            run_timeout=timedelta(days=1),
        )
        assert await run.query(Waits.there)
