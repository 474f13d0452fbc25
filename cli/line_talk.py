"""What is said to a stop of the line and asked of it: begin it or join it, see how it stands, lift it, list all.

It prints nothing. Beginning needs no worker: the server keeps the stop, and a worker takes it up.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from cli.embedded.places import task_queue
from cli.talk import NoAnswer
from tidegate import line
from tidegate.models.line import LiftAnswer, LineStanding, LineState, Scope
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporalio.client import Client, WorkflowExecution

    from cli.talk import Server
    from tidegate.models.plan import Plan

_RUNNING = f"WorkflowType = '{ids.LINE}' AND ExecutionStatus = 'Running'"
_QUICK = timedelta(seconds=3)


def begin(server: Server, scope: Scope, words: Mapping[str, Any]) -> None:
    """Say that something is stopped: the server begins it, or tells the stop of the same scope that there is."""

    async def start(client: Client) -> None:
        await client.start_workflow(
            ids.LINE,
            LineState(scope=scope),
            id=ids.line_id(scope.key),
            task_queue=task_queue(),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=ids.STOP,
            start_signal_args=[dict(words)],
            static_summary=f"Stop the line: {scope.key}",
        )

    server.on(start)


def stands(server: Server, scope: Scope, patience: float = 3.0) -> LineStanding:
    """Ask a stop how it stands; raise NoAnswer if no worker answers."""

    async def ask(client: Client) -> LineStanding:
        handle = client.get_workflow_handle(ids.line_id(scope.key))
        try:
            found: LineStanding = await handle.query("standing", result_type=LineStanding, rpc_timeout=_QUICK)
        except WorkflowQueryFailedError:
            raise NoAnswer from None
        return found

    return server.on(ask, patience)


def known(server: Server, scope: Scope) -> tuple[LineStanding | None, bool]:
    """Return what the server itself knows of the last stop of a scope, and whether it stands; none if there is none."""

    async def ask(client: Client) -> tuple[LineStanding | None, bool]:
        try:
            found = await client.get_workflow_handle(ids.line_id(scope.key)).describe(rpc_timeout=_QUICK)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None, False
            raise
        runs = found.status is WorkflowExecutionStatus.RUNNING
        return await _remembered(found, scope), runs

    return server.on(ask)


def every(server: Server) -> list[LineStanding]:
    """Return every stop that stands, as the server knows it."""

    async def ask(client: Client) -> list[LineStanding]:
        found = [await _remembered(one) async for one in client.list_workflows(_RUNNING)]
        return sorted((one for one in found if one is not None), key=lambda one: one.key)

    return server.on(ask)


def lift(server: Server, scope: Scope, words: Mapping[str, Any], patience: float = 30.0) -> LiftAnswer | str:
    """Lift a stop; return its answer, or why it could not even be heard."""

    async def say(client: Client) -> LiftAnswer | str:
        handle = client.get_workflow_handle(ids.line_id(scope.key))
        try:
            answer: LiftAnswer = await handle.execute_update(
                "lift",
                dict(words),
                id=str(words["id"]),
                result_type=LiftAnswer,
                rpc_timeout=timedelta(seconds=patience),
            )
        except WorkflowUpdateFailedError as error:
            return f"it could not be lifted: {type(error.cause).__name__}"
        return answer

    return server.on(say, patience)


def carrying(server: Server, scope: Scope) -> list[str]:
    """Return the rollouts under way that are barred for a scope, as they said last."""

    async def ask(client: Client) -> list[str]:
        query = f"WorkflowType = '{ids.WORKFLOW}' AND ExecutionStatus = 'Running'"
        found = []
        async for one in client.list_workflows(query, page_size=500):
            said = (await one.memo()).get("stop")
            if isinstance(said, dict) and scope.key in said.get("bars", ()):
                found.append(ids.use_case(one.id))
        return sorted(found)

    return server.on(ask, 30.0)


def reaching(server: Server, plan: Plan) -> list[LineStanding]:
    """Return the stops that stand and concern a plan."""
    return [one for one in every(server) if line.reaches_plan(one.scope, plan)]


async def _remembered(found: WorkflowExecution, scope: Scope | None = None) -> LineStanding | None:
    with suppress(ValidationError):
        said = (await found.memo()).get("line")
        if said is not None:
            return LineStanding.model_validate(said, strict=False)
    # It has not been taken up by a worker yet.
    return line.standing(LineState(scope=scope)) if scope is not None else _unheard(found.id)


def _unheard(workflow_id: str) -> LineStanding | None:
    kind, _, name = workflow_id.removeprefix("line-").partition("-")
    if kind not in ("model", "vendor", "unit", "all"):
        return None
    return line.standing(LineState(scope=Scope.model_validate({"kind": kind, "name": name})))
