"""Nobody works for a week, and then somebody does: what keeps people safe is done first, and everything is done once.

No test server lets time pass while a task waits for a worker. So the rollout is left as the rules leave it, eight days
ago, with its evidence and its flag; then it is started, and a worker comes.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from activities.drivers.flagd import Flagd
from store import migrate
from store.ledger import Ledger
from tests.evidence import lines
from tests.pure import ledgered
from tests.pure.world import Story, but, exposure, with_gate, with_metric
from tests.workflows.rig import FLAG, TEST_SERVER, Rig, enforced, needs_test_server, started
from tests.workflows.siege import numbered_once, soon
from tidegate.models.base import GateKind, Span
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Plan
from worker import Settings, build_worker
from workflows import attributes, ids
from workflows.plugin import plugin

pytestmark = needs_test_server

AWAY = timedelta(days=8)
LONGEST = timedelta(days=15)
"""No story takes longer until its first review."""
WATCHED = with_gate(
    but(enforced(), metrics={"errors": enforced().metrics["errors"]}), GateKind.CHECKPOINT, window=Span.of("3d")
)
"""Reviews are open for three days, and a figure that nobody has seen for a week narrows."""
UNWATCHED = with_metric(WATCHED, "errors", blind_limit=None)


def left(plan: Plan, now: datetime) -> Story:
    """Return a rollout whose review was open when everybody left."""
    begun = now - AWAY - LONGEST
    took = Story(plan, begun).live().review().now - begun
    return Story(plan, now - AWAY - took).live().review()


@pytest.mark.parametrize(
    ("plan", "safer", "people"),
    [
        (WATCHED, ["control plane blind", "blind", "gate superseded", "narrow"], 5),
        (UNWATCHED, ["control plane blind", "gate expired", "review missed", "hold"], 10),
    ],
    ids=["a figure unseen", "a review unheld"],
)
def test_a_week_without_a_worker(plan: Plan, safer: list[str], people: int) -> None:
    """What fell due in a week happens once and safety first, one fresh figure is read, and the absence is on record."""

    async def story() -> None:
        async with AsyncExitStack() as stack:
            rig = await away(stack, plan)
            known = len(evidence(rig.home))
            await stack.enter_async_context(
                build_worker(rig.client, Settings(home=rig.home), disable_eager_activity_execution=True)
            )
            await soon(lambda: any(line["action"] == "confirmed" for line in evidence(rig.home)[known:]), "it is safer")
            await rig.confirmed()
            given = await rig.whole()
            assert given.state is not None
            # A figure that was read waits for company before it is stored.
            new = [line["action"] for line in evidence(rig.home)[known:]]
            new += [entry.action for entry in given.state.outbox if entry.number > known + len(new)]
            assert new[: len(safer)] == safer
            # That people were told of it is on record when the ledger comes to it.
            rest = [action for action in new[len(safer) :] if action != "notice"]
            assert sorted(rest) == ["confirmed", "dispatched", "readings"]
            assert numbered_once(evidence(rig.home))
            assert (rig.people, given.state.exposure.desired.people) == (people, people)
            last = given.state.metrics["errors"].last
            assert last is not None
            assert last.taken_at > datetime.now(UTC) - timedelta(hours=7)
            assert (await begun(rig)).count("read") == 1

    asyncio.run(asyncio.wait_for(story(), 240))


async def begun(rig: Rig) -> list[str]:
    """Return the name of every activity that was begun."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for run in await rig.runs()
        for event in run
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


async def away(stack: AsyncExitStack, plan: Plan) -> Rig:
    """Return a rollout that nobody has worked for since."""
    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    env = await started(
        lambda: WorkflowEnvironment.start_time_skipping(plugins=[plugin()], test_server_existing_path=str(TEST_SERVER))
    )
    await stack.enter_async_context(env)
    await attributes.register(env.client)
    url = f"sqlite:///{home / 'ledger.db'}"
    migrate.upgrade(url)
    kept = Ledger(url)
    rig, before = Rig(env, home), left(plan, await env.get_current_time())
    Flagd(FLAG, home).apply(exposure(10), before.state.exposure.epoch, "as left", None)
    given = RolloutInput(plan=before.plan, state=before.state, backlog=ledgered.sent(before)[1])
    rig.handle = await env.client.start_workflow(ids.WORKFLOW, given, id=rig.handle.id, task_queue=ids.TASK_QUEUE)
    run = rig.handle.first_execution_run_id
    assert run is not None
    for request in ledgered.sent(before, run)[0]:
        kept.append(request, "run", "tidegate", datetime.now(UTC))
    return rig


def evidence(home: Path) -> list[dict[str, Any]]:
    """Return the evidence."""
    return lines(home, "claims-triage")
