"""How the embedded server is asked to move one rollout ahead: its time skipping, and whether anything is under way.

The server moves one workflow at a time and no other; it fires each timer at its own time, and it moves nothing while an
activity is under way. What it offers is experimental, and off in a server that `tidegate up` did not start.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from temporalio.api.common.v1 import FastForwardConfig, TimeSkippingConfig, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.service import RPCError, RPCStatusCode

from cli.answers import Exit, Refusal
from workflows import ids

if TYPE_CHECKING:
    from temporalio.client import Client

_QUIET = 2
"""So many looks in a row at which nothing moves are rest."""
_LOOK = 0.05
_ARRIVED = timedelta(milliseconds=200)
_SAFER = frozenset(("hold", "narrow", "redirect", "pause", "rollback"))
"""Activities at which a jump is called off where it is."""
_TURNED_AWAY = (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.UNIMPLEMENTED)


class Seen(NamedTuple):
    """What the server itself knows of a workflow."""

    at: datetime
    """What time it is there."""
    ahead: timedelta
    """How far that is ahead of the time of day."""
    busy: str
    """What is under way; empty if nothing is."""
    mark: tuple[str, int]
    """What differs once anything has happened."""


async def seen(client: Client, use_case: str) -> Seen:
    """Look at a workflow."""
    here = datetime.now(UTC)
    described = await client.get_workflow_handle(ids.workflow_id(use_case)).describe()
    raw = described.raw_description
    known = raw.workflow_extended_info
    at = here
    if known.HasField("time_skipping_info"):
        at = known.time_skipping_info.current_time.ToDatetime(tzinfo=UTC)
    # A clock that was never moved differs by the way of the answer only.
    ahead = at - here if at - here > _ARRIVED else timedelta()
    doing = [one.activity_type.name for one in raw.pending_activities]
    if raw.HasField("pending_workflow_task"):
        doing.append("a step of its own")
    return Seen(here + ahead, ahead, ", ".join(doing), (described.run_id, described.history_length))


async def rest(client: Client, use_case: str, seconds: float) -> Seen:
    """Wait until nothing moves, or for so long; what is still under way is in the answer."""
    loop = asyncio.get_running_loop()
    end, quiet, before = loop.time() + seconds, 0, ("", 0)
    while True:
        found = await seen(client, use_case)
        quiet = quiet + 1 if not found.busy and found.mark == before else 0
        before = found.mark
        if quiet >= _QUIET or loop.time() >= end:
            return found
        await asyncio.sleep(_LOOK)


async def jump(client: Client, use_case: str, to: datetime, seconds: float) -> bool:
    """Move it to a moment, and return whether it came there.

    What did not within so many seconds is called off where it is, and so is what meets a reduction.
    """
    now = await seen(client, use_case)
    if to <= now.at:
        return True
    config = TimeSkippingConfig(enabled=True, fast_forward_config=FastForwardConfig(id=to.isoformat()))
    config.fast_forward_config.duration.FromTimedelta(to - now.at)
    await _ask(client, use_case, config)
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        found = await seen(client, use_case)
        if found.at >= to:
            return True
        if any(word in _SAFER for word in found.busy.split(", ")):
            break
        await asyncio.sleep(_LOOK)
    with suppress(Refusal):
        await _ask(client, use_case, TimeSkippingConfig(enabled=False))
    return False


async def _ask(client: Client, use_case: str, config: TimeSkippingConfig) -> None:
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=client.namespace,
        # Without a run it is the one under way: a wave that ends begins a new one.
        workflow_execution=WorkflowExecution(workflow_id=ids.workflow_id(use_case)),
        workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=config),
        identity="tidegate fast-forward",
    )
    request.update_mask.paths.append("time_skipping_config")
    try:
        await client.workflow_service.update_workflow_execution_options(request, retry=True)
    except RPCError as error:
        if error.status not in _TURNED_AWAY:
            raise
        said = error.message.splitlines()[0]
        raise Refusal(
            f"this server moves no time: {said}",
            "`tidegate down` and then `tidegate up` start it anew, with all that it knew.",
            Exit.NOT_PERMITTED,
        ) from None
