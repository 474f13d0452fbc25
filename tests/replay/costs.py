"""Where the events of a rollout's history go, counted in what Temporal recorded.

python -m tests.replay.costs       writes docs/history.md anew
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from tests.replay.record import read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"
WAVE, MESSAGE, ROUND = 84, 12, 13
"""What a wave may cost, and on top of it each message and each round of readings. On a busy machine answers come apart,
and each that does wakes the workflow by itself: four tasks of a wave are for that."""

_HEAD = """\
# What a rollout writes into Temporal's history

Made by `python -m tests.replay.costs` from the recorded story of a whole life; do not edit. A run is a wave: it ends
where the next one begins. A run may cost {wave} events, {message} more for each message and {round} more for each
round of readings; `tests/workflows/test_rollout.py` holds a live server to that.

| run | events | messages | readings | may cost | workflow tasks | activities | timers | messages heard | shown | rest |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""
_TAIL = """
**Workflow tasks** are three events for every time the workflow is woken. **Activities** are three events each: changing
exposure, looking at it, storing evidence, reading figures, telling people. **Timers** are the one standing timer, armed
anew when the next deadline moves. **Shown** is the memo, which is written when the status line or what waits for people
is otherwise, and in a step that asks for nothing else (`workflows/steps.py` says why), and the search attributes; the
page of the UI costs nothing. The **rest** is the beginning and the end of the run.
"""


def counts(run: WorkflowHistory) -> Counter[str]:
    """Return how many events of each sort a run has."""
    return Counter(sort for event in run.events for sort in _sorts(EventType.Name(event.event_type)))


def _sorts(kind: str) -> Iterator[str]:
    name = kind.removeprefix("EVENT_TYPE_")
    yield "events"
    if name in {"WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "WORKFLOW_EXECUTION_SIGNALED"}:
        yield "messages"
    if name.startswith("WORKFLOW_TASK"):
        yield "tasks"
    elif name.startswith("ACTIVITY_TASK"):
        yield "activities"
    elif name.startswith("TIMER"):
        yield "timers"
    elif "UPDATE" in name or "SIGNALED" in name:
        yield "heard"
    elif name in ("WORKFLOW_PROPERTIES_MODIFIED", "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"):
        yield "shown"
    else:
        yield "rest"


def rounds(run: WorkflowHistory) -> int:
    """Return how many rounds of readings a run has: of machines or of people, by the clock or for another reason."""
    timers = {
        event.event_id: event.user_metadata.summary.data.decode().strip('"')
        for event in run.events
        if event.HasField("timer_started_event_attributes")
    }
    found, by_the_clock = 0, False
    for event in run.events:
        if event.HasField("timer_fired_event_attributes"):
            by_the_clock = timers[event.timer_fired_event_attributes.started_event_id].startswith("reading due")
            found += by_the_clock
        elif event.activity_task_scheduled_event_attributes.activity_type.name == "read":
            found += not by_the_clock
            by_the_clock = False
    return found


def allowed(run: WorkflowHistory) -> int:
    """Return how many events a run may have."""
    return WAVE + MESSAGE * counts(run)["messages"] + ROUND * rounds(run)


def page() -> str:
    """Return the page."""
    rows = []
    for number, run in enumerate(read("whole_life"), start=1):
        sorts = counts(run)
        figures = (number, sorts["events"], sorts["messages"], rounds(run), allowed(run))
        parts = (sorts[name] for name in ("tasks", "activities", "timers", "heard", "shown", "rest"))
        rows.append("| " + " | ".join(str(figure) for figure in (*figures, *parts)) + " |\n")
    return _HEAD.format(wave=WAVE, message=MESSAGE, round=ROUND) + "".join(rows) + _TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")
