"""A run keeps nothing of the message that began it but what it may ask for.

What the SDK keeps of that message, its memo and its headers, are parts of it, and each part keeps the whole in memory:
the plan in bytes, four times over, for as long as a worker knows the run (docs/decisions/0048). So they are copied,
and `workflows/guard.py` hands the run the copies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message
from temporalio.worker import UnsandboxedWorkflowRunner

if TYPE_CHECKING:
    from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails

M = TypeVar("M", bound=Message)


class Lean(UnsandboxedWorkflowRunner):
    """Runs workflows without a sandbox, each with copies of what it was told about itself."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make a run that lets go of what made it."""
        info = replace(
            det.info,
            raw_memo={name: copied(value) for name, value in det.info.raw_memo.items()},
            headers={name: copied(value) for name, value in det.info.headers.items()},
        )
        return super().create_instance(
            replace(det, info=info, last_completion_result=copied(det.last_completion_result))
        )


def copied(message: M) -> M:
    """Return the same message in memory of its own."""
    alone = type(message)()
    alone.CopyFrom(message)
    return alone
