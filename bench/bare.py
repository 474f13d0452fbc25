"""The bare workflow that whole rollouts are measured beside: it does in the same order what a rollout did, thoughtless.

    python -m bench.bare ADDRESS SHAPE      a worker for it, until it is terminated

SHAPE is a file of steps, one list for each run, which `shape` makes of the history of a rollout. A step waits until so
many updates were heard, activities done and timers over, and then gives commands: activities that do nothing, timers,
labels. So the history has as many events of each kind; payloads are as small as they can be.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from workflows import attributes

QUEUE = "bare"
Step = tuple[int, int, int, list[str]]
SHAPE: list[list[Step]] = []
"""What the workflows of this process do: a file, so that no history carries it."""
_THREADS = 20


def shape(runs: Iterable[Sequence[HistoryEvent]]) -> list[list[Step]]:
    """Return what the runs of a rollout did, the first run first."""
    return [_steps(run) for run in runs]


def _steps(events: Sequence[HistoryEvent]) -> list[Step]:
    steps: list[Step] = []
    heard = done = over = 0
    commands: list[str] = []
    timers: list[int] = []
    for event in events:
        kind = event.WhichOneof("attributes").removesuffix("_event_attributes")
        match kind:
            case "workflow_task_completed":
                commands = []
                steps.append((heard, done, over, commands))
            case "activity_task_completed":
                done += 1
            case "timer_fired":
                over += 1
            case "workflow_execution_update_accepted":
                heard += 1
                steps[-1] = (heard, *steps[-1][1:])
            case "activity_task_scheduled":
                commands.append("activity")
            case "timer_started":
                timers.append(event.event_id)
                seconds = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta().total_seconds()
                commands.append(f"timer {seconds}")
            case "timer_canceled":
                commands.append(f"cancel {timers.index(event.timer_canceled_event_attributes.started_event_id)}")
            case "upsert_workflow_search_attributes" | "workflow_properties_modified":
                commands.append("label" if kind.startswith("upsert") else "memo")
            case _:
                pass
    return [step for step in steps if step[3] or step is steps[-1]]


@activity.defn
def nothing() -> None:
    """Do nothing."""


@workflow.defn(name="Bare")
class Bare:
    """Plays a shape."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.heard = self.done = self.over = self.before = 0
        self.timers: list[asyncio.Task[None]] = []
        self.wants = 0
        """So many updates must have been heard, by this run and those before, for it to go on."""

    @workflow.run
    async def run(self, page: int = 0, before: int = 0) -> None:
        """Play one run, and begin the next."""
        self.before = before
        for number, (heard, done, over, commands) in enumerate(SHAPE[page]):
            self.wants = before + heard
            await workflow.wait_condition(
                lambda heard=heard, done=done, over=over: (
                    self.heard >= heard and self.done >= done and self.over >= over
                )
            )
            for turn, command in enumerate(commands):
                self._do(command, f"{number}.{turn}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        if page + 1 < len(SHAPE):
            workflow.continue_as_new(args=[page + 1, before + self.heard])

    def _do(self, command: str, value: str) -> None:
        word, _, more = command.partition(" ")
        match word:
            case "activity":
                handle = workflow.start_activity(nothing, start_to_close_timeout=timedelta(seconds=60))
                handle.add_done_callback(self._finished)
            case "timer":
                self.timers.append(asyncio.create_task(self._wait(float(more))))
            case "cancel":
                self.timers[int(more)].cancel()
            case "label":
                workflow.upsert_search_attributes([attributes.PHASE.value_set(value)])
            case _:
                workflow.upsert_memo({"status": value})

    def _finished(self, _: Any) -> None:
        self.done += 1

    async def _wait(self, seconds: float) -> None:
        await workflow.sleep(seconds)
        self.over += 1

    @workflow.update
    async def say(self, words: str) -> int:
        """Hear one more, and say how many are wanted."""
        del words
        self.heard += 1
        return self.wants

    @workflow.query
    def where(self) -> int:
        """Say how many are wanted."""
        return self.wants


async def _main(address: str) -> None:
    client = await Client.connect(address)
    with ThreadPoolExecutor(_THREADS) as threads:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Bare],
            activities=[nothing],
            activity_executor=threads,
            max_concurrent_activities=_THREADS,
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        await worker.run()


if __name__ == "__main__":
    SHAPE.extend(json.loads(Path(sys.argv[2]).read_text("utf-8")))
    asyncio.run(_main(sys.argv[1]))
