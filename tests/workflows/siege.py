"""What attacks on a rollout stand on: the real dev server, several rollouts beside each other, and what they left.

Days take days here; so the plans of this house wait for seconds where they can wait for nothing at all.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.drivers.flagd import Flagd
from cli.embedded.ports import any_free
from tests.evidence import lines
from tests.pure.world import with_rung
from tests.workflows.rig import DEV_SERVER, Rig, enforced
from tidegate.models.base import Span
from tidegate.models.messages import Answer, RolloutInput
from tidegate.models.plan import Backend
from workflows import attributes, ids
from workflows.plugin import plugin
from workflows.rollout import BREATH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from temporalio.client import WorkflowHandle

    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan

T = TypeVar("T")

FLAGS = "flags.json"
AGAIN = (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.UNAVAILABLE)
"""What a client tries again under the same id: the moment between two runs, a busy server, one that is not there."""
ABORTED = "AcceptedUpdateCompletedWorkflow"
"""An update that was taken in by a run that ended: the next run hears it again."""
NO_PAUSE = 'history.workflowIdReuseMinimalInterval="0s"'
"""A run that begins within a second of the one before it must wait for the rest of that second; here it need not."""
LONG = 90.0
"""Seconds that nothing here takes on an idle machine; a busy one may. Waiting ends as soon as it is so."""
_SOON, _LATER = 0.03, 0.3
"""Seconds between two looks: what does not come at once is looked for less often, and whoever works has the machine."""
THE_SERVERS = ("UNHANDLED_COMMAND", "FORCE_CLOSE_COMMAND")
"""Failures of a task that are no failure of ours: something arrived while a run would end, or too much arrived."""


def quick(name: str, *, observe: str = "7d") -> Plan:
    """Return a plan whose notices need no lead and which no figure is given to by hand."""
    base = enforced()
    notices = tuple(notice.but(lead=Span.of("0s")) for notice in base.notices)
    for level in range(1, len(base.ladder) + 1):
        base = with_rung(base, level, observe=Span.of(observe))
    reached = {"flags/claims": Backend(kind="flagd", settings={"file": FLAGS, "flag": name})}
    metrics = {"errors": base.metrics["errors"]}
    return enforced(base, use_case=name, drivers=reached, metrics=metrics, notices=notices)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    return any_free(1)[0]


@asynccontextmanager
async def dev_server(*settings: str, ui_port: int | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """Stand on a dev server of its own, with these dynamic settings."""
    said = [part for setting in settings for part in ("--dynamic-config-value", setting)]
    env = await WorkflowEnvironment.start_local(
        plugins=[plugin()],
        dev_server_existing_path=str(DEV_SERVER),
        dev_server_extra_args=said,
        dev_server_log_level="error",
        # On a busy machine it takes its time to begin.
        dev_server_startup_timeout=timedelta(seconds=60),
        ui=ui_port is not None,
        ui_port=ui_port,
    )
    async with env:
        await attributes.register(env.client)
        yield env


class Attacked(Rig):
    """One of several rollouts of one server and one home."""

    def __init__(self, env: WorkflowEnvironment, home: Path, name: str) -> None:
        """Stand beside others, under a name of its own."""
        super().__init__(env, home)
        self.name = name
        self.plan = quick(name)
        self.handle = self.client.get_workflow_handle(ids.workflow_id(name))

    async def rest(self) -> None:
        """Wait for nothing: on this server time is not ours."""

    def served(self) -> Exposure:
        """Return what the flag file really serves."""
        return self.flag().observe().exposure

    def flag(self) -> Flagd:
        """Return the flag of this rollout."""
        return Flagd({"file": FLAGS, "flag": self.name}, self.home)

    async def begin(self, plan: Plan | None = None) -> None:
        """Start the workflow and the rollout."""
        self.plan = plan or self.plan
        self.handle = await self.client.start_workflow(
            ids.WORKFLOW, RolloutInput(plan=self.plan), id=ids.workflow_id(self.name), task_queue=ids.TASK_QUEUE
        )
        await self.insist("start", "owner")

    async def insist(self, verb: str, who: str, **words: Any) -> Answer:
        """Say something as the command line does: again under the same id, until somebody answers."""
        said = {"as": who, **words}
        said.setdefault("id", f"m-{verb}-{next(_numbers)}")
        return await insist(self.handle, verb, said)

    async def almost(self, plan: Plan | None = None) -> None:
        """Go to where one yes more serves the first wave."""
        await self.begin(plan)
        await self.insist("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        gate = await self.gate()
        await self.insist("approve", "risk-a", gate=gate.id, subject=gate.subject)

    async def live(self) -> None:
        """Serve the first wave."""
        await self.almost()
        gate = await self.gate()
        await self.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
        await self.serves(10)

    async def serves(self, people: int, within: float = LONG) -> None:
        """Wait until the flag file serves so many, and until that is read back."""
        await soon(lambda: self.people == people, f"{self.name} serves {people}", within)
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + within, _SOON
        while not ((stands := await self.standing()).confirmed and stands.people == people):
            assert loop.time() < until, f"it was never read back: {stands.line}"
            await asyncio.sleep(pause)
            pause = min(1.3 * pause, _LATER)

    def lines(self) -> list[dict[str, Any]]:
        """Return the evidence that the ledger has."""
        return lines(self.home, self.name)

    async def failures(self) -> list[str]:
        """Return how each workflow task failed or ran out of time, in any run."""
        causes = []
        for event in itertools.chain(*await self.runs()):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
                how = event.workflow_task_timed_out_event_attributes.timeout_type
                # What a worker that went away never took up has not failed: another is asked.
                if how != TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START:
                    causes.append(f"timed out: {TimeoutType.Name(how)}")
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                causes.append(WorkflowTaskFailedCause.Name(event.workflow_task_failed_event_attributes.cause))
        return [cause for cause in causes if not cause.endswith(THE_SERVERS)]

    async def breaths(self) -> int:
        """Return how often the rest of a flood waited until what was decided of it was on its way."""
        timers = [event.timer_started_event_attributes for event in itertools.chain(*await self.runs())]
        return sum(timer.start_to_fire_timeout.ToTimedelta() == BREATH for timer in timers)


async def insist(handle: WorkflowHandle[Any, Any], verb: str, said: dict[str, Any], within: float = LONG) -> Answer:
    """Send an update under the same id until it is answered."""

    async def once() -> Answer:
        async with asyncio.timeout(15):
            answer: Answer = await handle.execute_update(verb, said, id=said["id"], result_type=Answer)
            return answer

    return await patiently(handle, once, within)


async def patiently(handle: WorkflowHandle[Any, Any], attempt: Callable[[], Awaitable[T]], within: float = LONG) -> T:
    """Try until it succeeds, by the rule that every client of ours keeps."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while True:
        try:
            return await attempt()
        except (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            if loop.time() > until or not await _passes(handle, error):
                raise
        await asyncio.sleep(0.1)


async def _passes(handle: WorkflowHandle[Any, Any], error: Exception) -> bool:
    if isinstance(error, WorkflowUpdateFailedError):
        return getattr(error.cause, "type", None) == ABORTED
    if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
        # The time-skipping server knows no run for a moment between two.
        return (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    return not isinstance(error, RPCError) or error.status in AGAIN


async def soon(so: Callable[[], bool], what: str, within: float = LONG) -> None:
    """Wait until something is so."""
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + within, _SOON
    while not so():
        assert loop.time() < until, f"it never came to be that {what}"
        await asyncio.sleep(pause)
        pause = min(1.3 * pause, _LATER)


def numbered_once(known: list[dict[str, Any]]) -> bool:
    """Whether every number of the evidence is kept once, and none is missing."""
    return [line["number"] for line in known] == list(range(1, len(known) + 1))


_numbers = itertools.count(1)
