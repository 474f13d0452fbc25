"""What things are called in Temporal."""

from __future__ import annotations

WORKFLOW = "Rollout"
TASK_QUEUE = "tidegate"
FORGET = "forget"
"""The signal that takes words away that were erased from the ledger."""
LOOK = "look"
"""The signal that has a rollout look at what is really exposed; anybody may send it, and it can cause nothing else."""
_PREFIX = "rollout-"


def errands(queue: str) -> str:
    """Return the queue of what nobody's safety waits for: reading, telling, storing."""
    return f"{queue}-errands"


def workflow_id(use_case: str) -> str:
    """Return the id of a use case's one workflow."""
    return f"{_PREFIX}{use_case}"


def use_case(workflow: str) -> str:
    """Return whose workflow it is."""
    return workflow.removeprefix(_PREFIX)
