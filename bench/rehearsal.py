"""How many days of a rollout are lived in a second, beside a bare workflow with as many timers and activities.

Both on the same kind of time-skipping server, in turns: the claims-triage playbook with daily readings.

    python -m bench.rehearsal
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.figures import ROOT, Bench, Result, Row, Table, main, middle
from cli.judge import Desk
from rehearsal.run import rehearse
from rehearsal.server import environment
from tidegate.models.base import Span
from tidegate.models.scenario import Scenario
from tidegate.models.sight import When

_STARTS = datetime(2026, 11, 30, 8, tzinfo=UTC)
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


def measure(days: int, runs: int) -> Result:
    """Live it, and let a bare workflow do as much, in turns."""
    plan = Desk(None, date(2026, 11, 30)).judge(ROOT / "playbooks" / "claims-triage.yaml").compiled.plan
    if plan is None:
        raise SystemExit("the playbook does not compile")
    scenario = Scenario(scenario="bench", title="Nothing goes wrong.", until=When(day=Span.of(f"{days}d")))
    took, worked, bare = [], [], []
    for _ in range(runs):
        since, cpu = time.perf_counter(), time.process_time()
        ended = rehearse(plan, scenario, _STARTS)
        took.append(time.perf_counter() - since)
        worked.append(time.process_time() - cpu)
        rounds = sum(entry.action == "readings" for entry in ended.entries)
        bare.append(asyncio.run(floor(rounds)))
    lived = (ended.ended - ended.started).days
    rows = [
        Row("rehearsed", middle(took), "s", middle(bare), "<= 2.5"),
        Row("of it, work in this process", middle(worked), "s"),
        Row("days a second", lived / middle(took), "days/s", lived / middle(bare)),
    ]
    title = f"claims-triage: {lived} days, {rounds} rounds of readings, {len(ended.entries)} lines of evidence"
    beside = f"a bare workflow with {rounds} timers and {rounds * _STEPS} activities"
    return Result([Table(title, beside, rows)])


BENCH = Bench(
    "Rehearsal",
    "The sample playbook of claims triage is rehearsed: fourteen months with daily readings, through every wave. The"
    " floor is a bare workflow on the same time-skipping server that waits as often and has as much done.",
    measure,
    usual={"days": 425, "runs": 2},
    tiny={"days": 3, "runs": 1},
)

if __name__ == "__main__":
    main(BENCH)
