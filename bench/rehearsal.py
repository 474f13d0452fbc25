"""How many days of a rollout are lived in a second, beside a bare workflow with as many timers and activities.

Both on the same time-skipping server, in this run: fourteen months of the claims-triage playbook with daily readings.
"""

from __future__ import annotations

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cli.judge import Desk
from rehearsal.run import rehearse
from rehearsal.server import environment
from tidegate.models.base import Span
from tidegate.models.scenario import Scenario
from tidegate.models.sight import When

_ROOT = Path(__file__).resolve().parents[1]
_STARTS = datetime(2026, 11, 30, 8, tzinfo=UTC)
_DAYS = 425
_STEPS = 2
"""A reading is read, and stored."""


@activity.defn
def nothing() -> None:
    """Do nothing."""


@workflow.defn
class Bare:
    """Waits a day and has something done, again and again."""

    @workflow.run
    async def run(self, rounds: int) -> None:
        """Wait and do."""
        for _ in range(rounds):
            await workflow.sleep(timedelta(days=1))
            for _ in range(_STEPS):
                await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=10))


async def floor(rounds: int) -> float:
    """Return how long the bare workflow takes."""
    async with environment() as env:
        with ThreadPoolExecutor(8) as hands:
            worker = Worker(
                env.client,
                task_queue="bare",
                workflows=[Bare],
                activities=[nothing],
                activity_executor=hands,
                workflow_runner=UnsandboxedWorkflowRunner(),
                disable_eager_activity_execution=True,
            )
            async with worker:
                since = time.perf_counter()
                await env.client.execute_workflow(Bare.run, rounds, id="bare", task_queue="bare")
                return time.perf_counter() - since


def main() -> None:
    """Measure and print."""
    plan = Desk(None, date(2026, 11, 30)).judge(_ROOT / "playbooks" / "claims-triage.yaml").compiled.plan
    if plan is None:
        raise SystemExit("the playbook does not compile")
    scenario = Scenario(scenario="bench", title="Nothing goes wrong.", until=When(day=Span.of(f"{_DAYS}d")))
    since, cpu = time.perf_counter(), time.process_time()
    ended = rehearse(plan, scenario, _STARTS)
    took, worked = time.perf_counter() - since, time.process_time() - cpu
    days = (ended.ended - ended.started).days
    rounds = sum(entry.action == "readings" for entry in ended.entries)
    bare = asyncio.run(floor(rounds))
    print(f"claims-triage: {days} days, {rounds} rounds of readings, {len(ended.entries)} lines of evidence")
    print(f"  rehearsed   {took:6.1f} s ({worked:.1f} s of work here)   {days / took:7.0f} days a second")
    print(f"  bare floor  {bare:6.1f} s with {rounds} timers and {rounds * _STEPS} activities")
    print(f"  ratio       {took / bare:6.2f} (aim: at most 2.5)")


if __name__ == "__main__":
    main()
