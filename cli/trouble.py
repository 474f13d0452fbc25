"""What went wrong between a verb and the server, in words; what the library says of it is for nobody's eyes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from cli.embedded.inquiry import Target

ABORTED = "AcceptedUpdateCompletedWorkflow"
"""An update was taken in, and its run ended before it was answered: the next run hears it again."""


def plainly(said: str) -> str:
    """Return what a person understands of what the library says: `Connection refused`."""
    found = re.search(r'message: "([^"]+)"', said)
    return found[1] if found else said.splitlines()[0]


def mend(where: Target) -> str:
    """Return what to do about a server that cannot be reached."""
    if where.elsewhere is None:
        return "`tidegate up` starts the embedded one."
    return f"Start it, or correct {where.set_by}; `tidegate doctor` says more."


def unanswerable(use_case: str, error: Exception) -> Refusal:
    """Say that the rollout itself could not answer."""
    cause = error.cause if isinstance(error, WorkflowUpdateFailedError) else None
    if isinstance(cause, ApplicationError) and cause.type == ABORTED:
        return Refusal(f"{use_case} did not answer: its run ended again and again", "Try again.", Exit.UNREACHABLE)
    said = cause.message if isinstance(cause, ApplicationError) else "it failed to answer"
    return Refusal(f"{use_case}: {said}", f"`tidegate status {use_case}` shows where it stands.", Exit.NO)
