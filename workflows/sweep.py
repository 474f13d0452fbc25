"""What no rollout can see to itself: that it was terminated while people are served, and what was done past it.

A terminate cannot be caught. Whoever did it has taken the rollout away and left its exposure; so it is taken back, by
the way down that needs nobody: nothing is served. And where somebody reduced through a driver alone, the rollout hears.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from tidegate.models.decision import Apply
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import NOTHING
from tidegate.models.messages import RolloutInput
from tidegate.models.task import ApplyRequest, ObserveRequest
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from temporalio.client import Client, WorkflowExecution

    from tidegate.models.plan import Backend, Plan
    from tidegate.models.task import Effect

log = logging.getLogger("tidegate.sweep")

ABANDONED = (
    f"WorkflowType = '{ids.WORKFLOW}' AND RolloutServed > 0 "
    "AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')"
)


async def abandoned(
    client: Client,
    observe: Callable[[ObserveRequest], Effect],
    apply: Callable[[ApplyRequest], Effect],
    now: datetime,
) -> tuple[str, ...]:
    """Take back what terminated rollouts left exposed; return whose exposure was taken back."""
    found = []
    async for run in client.list_workflows(ABANDONED):
        try:
            if await _taken_back(client, run, observe, apply, now):
                found.append(ids.use_case(run.id))
        except Exception as error:  # noqa: BLE001  # what is wrong with one must not leave another's people served
            why = type(error).__name__
            log.error("%s was ended from outside and cannot be swept (%s): look at its exposure by hand", run.id, why)  # noqa: TRY400  # what it says may hold anything
    return tuple(found)


async def _taken_back(
    client: Client,
    run: WorkflowExecution,
    observe: Callable[[ObserveRequest], Effect],
    apply: Callable[[ApplyRequest], Effect],
    now: datetime,
) -> bool:
    given = await _given(client, run.id, run.run_id)
    if given is None:
        log.error("%s was ended from outside, and its plan cannot be read: look at its exposure by hand", run.id)
        return False
    plan, targets = given.plan, _targets(given.plan)
    living = await _living(client, run.id)
    if living is not None:
        # What lives again looks after what it reaches; what it reaches no more is looked after by nobody.
        targets = {name: backend for name, backend in targets.items() if backend not in living}
        if not targets:
            return False
    seen = await asyncio.to_thread(observe, ObserveRequest(use_case=plan.use_case, targets=targets))
    if isinstance(seen, Observed) and not seen.exposure.serves:
        return False
    epoch = (seen.epoch if isinstance(seen, Observed) else 0) + 1
    move = Apply(verb="pause", epoch=epoch, exposure=NOTHING, label="nothing")
    done = await asyncio.to_thread(apply, ApplyRequest(use_case=plan.use_case, move=move, targets=targets, as_of=now))
    log.error("%s was ended from outside while people were served; serving nobody: %s", run.id, done)
    return isinstance(done, Applied) and done.result == "confirmed"


async def _living(client: Client, workflow_id: str) -> tuple[Backend, ...] | None:
    """Return what the rollout of this name that runs now reaches; none if none runs."""
    described = await client.get_workflow_handle(workflow_id).describe()
    if described.status not in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW):
        return None
    given = await _given(client, described.id, described.run_id)
    if given is None:
        raise LookupError("the plan of the rollout that runs cannot be read")
    return tuple(_targets(given.plan).values())


def _targets(plan: Plan) -> dict[str, Backend]:
    return {name: plan.drivers[name] for name in plan.targets if name in plan.drivers}


async def _given(client: Client, workflow_id: str, run_id: str) -> RolloutInput | None:
    """Return what a run began with: the plan that was in force, and how its targets are reached."""
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    async for event in handle.fetch_history_events(page_size=1):
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        given: list[Any] = await client.data_converter.decode(payloads, [RolloutInput])
        return given[0] if given and isinstance(given[0], RolloutInput) else None
    return None


async def told_late(client: Client, notes: Path) -> tuple[str, ...]:
    """Tell rollouts what people did past them while nobody could be told; return who was told."""
    told = []
    for note, words in await asyncio.to_thread(_notes, notes):
        try:
            await client.get_workflow_handle(ids.workflow_id(words["use_case"])).signal(words["verb"], words["says"])
        except (KeyError, TypeError) as error:
            log.warning("%s cannot be read (%s)", note.name, type(error).__name__)
        except RPCError as error:
            log.warning("%s could not be told: %s", note.name, error.status.name)
        else:
            told.append(words["use_case"])
            with suppress(OSError):  # told again, it is the same message
                await asyncio.to_thread(note.rename, note.with_suffix(".told"))
    return tuple(told)


def _notes(folder: Path) -> list[tuple[Path, Any]]:
    found = []
    for note in sorted(folder.glob("*.json")):
        try:
            found.append((note, json.loads(note.read_text("utf-8"))))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read (%s)", note.name, type(error).__name__)
    return found
