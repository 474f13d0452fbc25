"""The workflow on the real time-skipping server, with the real worker and a real flag file."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from tests import evidence
from tests.evidence import lines, rows
from tests.replay import costs
from tests.replay.fingerprint import fingerprint
from tests.replay.record import MARKS, read
from tests.workflows.rig import needs_test_server, relived, virtual
from tests.workflows.stories import STORIES
from tidegate import recompute

pytestmark = needs_test_server

_BRINGS = frozenset(
    f"ACTIVITY_TASK_{how}" for how in ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELED")
) | {"TIMER_FIRED", "WORKFLOW_EXECUTION_SIGNALED"}  # fmt: skip
"""What a step of a rollout can be brought, beside what asks for an answer."""


@cache
def told(name: str) -> tuple[WorkflowHistory, ...]:
    """Tell a story once on a server of its own, see that it ends well, and return its runs, the newest first."""

    async def whole() -> tuple[WorkflowHistory, ...]:
        async with virtual() as rig:
            await STORIES[name](rig)
            assert_one_line_each(rig.home)
            assert_decided_again(rig.home)
            return tuple(WorkflowHistory(rig.handle.id, events) for events in await rig.runs())

    return relived(lambda: asyncio.run(asyncio.wait_for(whole(), 400)))


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_well(name: str) -> None:
    """Each story of a rollout comes to its end, with exactly the right people served."""
    assert told(name)


def assert_one_line_each(home: Path) -> None:
    """Every number of the evidence is kept once in each life of the use case, and none is missing."""
    streams: dict[str, list[int]] = {}
    for kept in lines(home, "claims-triage"):
        streams.setdefault(kept["life"], []).append(kept["number"])
    assert streams
    for numbers in streams.values():
        assert numbers == list(range(1, len(numbers) + 1))


def assert_decided_again(home: Path) -> None:
    """From what the ledger has, every decision comes out as it was."""
    known, papers = rows(home, "claims-triage"), evidence.papers(home)
    assert len({row["record"] for row in known if "heard" in row}) > 10
    assert list(recompute.check(known, papers.__getitem__)) == []


def test_history_is_thrifty() -> None:
    """A wave costs at most 84 events, beside 12 for each message and 13 for each round of readings."""
    runs = told("whole_life")
    assert len(runs) > 8
    for run in runs:
        assert costs.counts(run)["events"] <= costs.allowed(run), costs.counts(run)


@pytest.mark.parametrize("name", STORIES)
def test_whatever_wakes_a_rollout_it_asks_for_something(name: str) -> None:
    """No step that brings something ends in nothing: such a one is played together with the next, and then apart."""
    assert [event for run in told(name) for event in silent(run)] == []


def test_that_a_step_asked_for_nothing_is_seen() -> None:
    """A life that was recorded when steps could be silent has such steps."""
    assert any(silent(run) for run in read("whole_life_when_steps_were_silent"))


def silent(run: WorkflowHistory) -> list[int]:
    """Return the events that end a step which was brought something, asked for nothing, and was followed at once."""
    found, brought = [], False
    for event, after in pairwise(run.events):
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        brought = brought or kind in _BRINGS
        if kind == "WORKFLOW_TASK_COMPLETED":
            if brought and after.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
                found.append(event.event_id)
            brought = False
    return found


def test_a_story_told_today_has_the_same_fingerprint() -> None:
    """New rollouts issue the kinds of command, with the time-outs and attempts, that the recorded ones did."""
    assert fingerprint(told("narrow_and_resume")) == json.loads(MARKS.read_text("utf-8"))["narrow_and_resume"]
