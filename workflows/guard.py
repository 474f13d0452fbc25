"""The last net: a message that cannot even be handed to its door is recorded, and never wedges a rollout.

And the page: it is put into what the Temporal UI asks for, so that a rollout writes it only when somebody looks.

A signal with too many or too few arguments fails before any of our code sees it, and the server would then try the same
task for ever, and every reduction behind it would wait.
"""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.worker import (
    ExecuteWorkflowInput,
    HandleQueryInput,
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

_LOOK = "__temporal_workflow_metadata"
"""By this query the Temporal UI asks what there is to say, and to whom."""


class Guard(Interceptor):
    """Puts the net under every rollout."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  # the SDK names it so
        """Return the net."""
        del input
        return _Net


class _Net(WorkflowInboundInterceptor):
    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002  # the SDK names it so
        input.headers = workflow.info().headers  # a part of the message that began the run keeps all of it in memory
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002  # the SDK names it so
        try:
            await super().handle_signal(input)
        except Exception as error:  # noqa: BLE001  # whatever it is, the rollout goes on
            rollout: Any = workflow.instance()
            rollout.malformed(input.signal, f"it could not be taken in: {type(error).__name__}")

    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002  # the SDK names it so
        found = await super().handle_query(input)
        page = getattr(workflow.instance(), "page", None) if input.query == _LOOK else None
        if page is not None:
            found.current_details = page()
        return found
