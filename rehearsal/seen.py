"""Which rollout is run at the moment, for whoever looks at it from outside between two steps, and never changes it."""

from __future__ import annotations

import time
from typing import Any

from temporalio import workflow
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

_BORN = "tidegate_rehearsal_born"


class Eyes(Interceptor):
    """Remembers the run that is lived, for one rehearsal."""

    def __init__(self) -> None:
        """See nothing yet."""
        self.rollout: Any = None
        """The rollout that runs; read between two steps, and never changed."""
        self.stirred = time.monotonic()
        """When it last took a step, by this machine's clock."""

    def stir(self) -> None:
        """See that it takes a step."""
        self.stirred = time.monotonic()

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  # the SDK names it so
        """Return what tells of a run as it begins."""
        input.unsafe_extern_functions[_BORN] = self._born
        return _Teller

    def _born(self, rollout: Any) -> None:
        self.rollout = rollout
        # Its page and its labels are for who looks at the server, and how it stands is for the list of all rollouts;
        # here nobody looks at either, and they take half of the time.
        rollout._show = rollout._listed = _unseen  # noqa: SLF001  # see above


def _unseen() -> None:
    """Show nothing."""


class _Teller(WorkflowInboundInterceptor):
    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002  # the SDK names it so
        workflow.extern_functions()[_BORN](workflow.instance())
        return await super().execute_workflow(input)
