"""What the library says when something went wrong, in words that people understand; the rest is for nobody's eyes."""

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


def unanswerable(use_case: str, error: Exception) -> Refusal:
    """Say that the rollout itself could not answer; what the library says of it is for nobody's eyes."""
    cause = error.cause if isinstance(error, WorkflowUpdateFailedError) else None
    if isinstance(cause, ApplicationError) and cause.type == ABORTED:
        return Refusal(f"{use_case} did not answer: its run ended again and again", "Try again.", Exit.UNREACHABLE)
    said = cause.message if isinstance(cause, ApplicationError) else "it failed to answer"
    return Refusal(f"{use_case}: {said}", f"`tidegate status {use_case}` shows where it stands.", Exit.NO)


def elsewhere(where: Target) -> str:
    """Say that it may run somewhere else, to whoever stands in a directory from which nothing was started."""
    return "" if where.expected else " Nothing was started from this directory: TIDEGATE_HOME names another home."
