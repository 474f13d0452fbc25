"""What is said to a request and asked of it: make it, answer it, list all. It prints nothing.

Making it needs no worker: the server keeps it, and a worker takes it up.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from cli.answers import Exit, Refusal
from cli.embedded.places import task_queue
from tidegate import request
from tidegate.asks import pack
from tidegate.models.request import RequestAnswer, RequestStanding
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporalio.client import Client

    from cli.talk import Server
    from tidegate.models.request import RequestState

_ALL = f"WorkflowType = '{ids.REQUEST}' AND ExecutionStatus IN ('Running', 'Completed')"
_OPEN = f"WorkflowType = '{ids.REQUEST}' AND ExecutionStatus = 'Running'"


def make(server: Server, state: RequestState) -> bool:
    """Make a request, and return whether it is new: the same person's same words are the same request."""

    async def start(client: Client) -> bool:
        workflow_id = ids.request_id(state.name)
        with suppress(RPCError):
            found = await client.get_workflow_handle(workflow_id).describe()
            if found.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW):
                return False
        await client.start_workflow(
            ids.REQUEST,
            state,
            id=workflow_id,
            task_queue=task_queue(),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Request: an alternative to {state.tool}"[:200],
            memo={
                "request": request.standing(state, state.at).model_dump(mode="json"),
                "inbox": pack(request.asks(state)),
                "at": state.at.isoformat(),
            },
        )
        return True

    return server.on(start)


def answer(server: Server, name: str, words: Mapping[str, Any], patience: float = 15.0) -> RequestAnswer:
    """Answer a request, and return what came of it."""

    async def say(client: Client) -> RequestAnswer:
        handle = client.get_workflow_handle(ids.request_id(name))
        try:
            found: RequestAnswer = await handle.execute_update(
                "answer", dict(words), result_type=RequestAnswer, rpc_timeout=timedelta(seconds=patience)
            )
        except WorkflowUpdateFailedError as error:
            raise Refusal(f"{name} could not be answered: {type(error.cause).__name__}", "", Exit.NO) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise Refusal(
                    f"no request called {name} waits for an answer", "`tidegate request list` shows all.",
                    Exit.NO_SUCH_THING,
                ) from None  # fmt: skip
            raise
        return found

    return server.on(say, patience)


def every(server: Server, *, waiting: bool) -> list[RequestStanding]:
    """Return the requests that wait, or all that the server still knows, as each was last; what is due first."""

    async def ask(client: Client) -> list[RequestStanding]:
        found: dict[str, RequestStanding] = {}
        async for one in client.list_workflows(_OPEN if waiting else _ALL):
            with suppress(ValidationError):
                stands = RequestStanding.model_validate((await one.memo()).get("request"), strict=False)
                # The server lists the youngest first: of a request that was made again the last life counts.
                found.setdefault(stands.name, stands)
        return sorted(found.values(), key=lambda each: (each.given is not None, each.due, each.name))

    return server.on(ask, 30.0)
