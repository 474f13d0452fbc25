"""What things are called in Temporal."""

from __future__ import annotations

import hashlib

WORKFLOW = "Rollout"
TASK_QUEUE = "tidegate"
FORGET = "forget"
"""The signal that takes words away that were erased from the ledger."""
LOOK = "look"
"""The signal that has a rollout look at what is really exposed; anybody may send it, and it can cause nothing else."""
LINE = "StopTheLine"
"""The workflow that stops whatever uses something shared."""
REQUEST = "Request"
"""The workflow of a request to the programme."""
STOP = "stop"
"""The signal by which somebody says so."""
PREFIX = "rollout-"
_LINE = "line-"
_REQUEST = "request-"


def errands(queue: str) -> str:
    """Return the queue of what nobody's safety waits for: reading, telling, storing."""
    return f"{queue}-errands"


def workflow_id(use_case: str) -> str:
    """Return the id of a use case's one workflow."""
    return f"{PREFIX}{use_case}"


def line_id(key: str) -> str:
    """Return the id of the one stop of a scope, as rollouts call it: said twice, it is the same stop."""
    kind, _, name = key.partition("/")
    plain = name.replace("/", ".")
    # Two names that differ only in what an id may not hold are two.
    own = "" if plain == name else f".{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{_LINE}{kind}-{plain}{own}" if name else f"{_LINE}{kind}"


def request_id(name: str) -> str:
    """Return the id of a request: made twice by the same person, it is the same."""
    return f"{_REQUEST}{name}"


def request(workflow: str) -> str | None:
    """Return the name of a request by its workflow; none if it is no request."""
    return workflow.removeprefix(_REQUEST) if workflow.startswith(_REQUEST) else None


def use_case(workflow: str) -> str:
    """Return whose workflow it is."""
    return workflow.removeprefix(PREFIX)
