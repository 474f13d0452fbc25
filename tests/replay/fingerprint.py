"""Which kinds of command a story makes a rollout issue: what Temporal would hold new code to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_COMMANDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: "answer an update",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continue as new",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "end",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: "cancel an activity",
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: "write the memo",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "write search attributes",
    EventType.EVENT_TYPE_MARKER_RECORDED: "set a marker",
}


def fingerprint(histories: Iterable[WorkflowHistory]) -> list[str]:
    """Return every kind of command once; how often and in which order depends on how quick the world answered."""
    return sorted({command for history in histories for event in history.events for command in _commands(event)})


def _commands(event: HistoryEvent) -> Iterator[str]:
    if event.HasField("activity_task_scheduled_event_attributes"):
        begun = event.activity_task_scheduled_event_attributes
        seconds = begun.start_to_close_timeout.seconds
        yield f"activity {begun.activity_type.name}: {seconds} s, {begun.retry_policy.maximum_attempts} attempts"
    elif event.HasField("timer_started_event_attributes"):
        # Which deadline comes first depends on the hour at which the story was told.
        yield "timer"
    elif event.event_type in _COMMANDS:
        yield _COMMANDS[event.event_type]
