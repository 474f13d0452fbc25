"""Every rollout under way survives a change of the code: recorded histories play again, command for command."""

from __future__ import annotations

import asyncio
import json

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.replay import costs
from tests.replay.fingerprint import fingerprint
from tests.replay.record import KEPT, MARKS, read
from tests.workflows.sandbox import sandbox
from tests.workflows.stories import STORIES
from workflows.plugin import plugin

KEPT_STORIES = sorted(file.name.removesuffix(".json.gz") for file in KEPT.glob("*.json.gz"))


async def replay(history: WorkflowHistory) -> None:
    """Play one run with the very plugin that the worker has, and again in the sandbox."""
    for runner in (None, sandbox()):
        await Replayer(workflows=[], plugins=[plugin(runner=runner)]).replay_workflow(history)


def test_every_story_is_kept() -> None:
    """There is a history of every story that is told, the ones that the design names among them."""
    assert set(STORIES) <= set(KEPT_STORIES)
    assert set(STORIES) >= {"whole_life", "rejection", "narrow_and_resume", "rollback_by_itself", "amendment"}


@pytest.mark.parametrize("name", KEPT_STORIES)
def test_a_recorded_history_plays_again(name: str) -> None:
    """Today's code issues the same commands for every run of a story that was recorded."""
    runs = read(name)
    assert runs
    for run in runs:
        asyncio.run(replay(run))


def test_a_history_continues_as_new() -> None:
    """Among what is kept there are runs that ended by beginning the next one, and such that began so."""
    runs = read("whole_life")
    ends = [run.events[-1].event_type for run in runs]
    assert ends.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW) == len(runs) - 1
    assert all(run.events[0].workflow_execution_started_event_attributes.continued_execution_run_id for run in runs[1:])


def test_a_history_that_is_not_ours_does_not_play() -> None:
    """The check can fail: with one activity renamed, the same history is refused."""
    run = read("first_wave")[0]
    for event in run.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            event.activity_task_scheduled_event_attributes.activity_type.name = "another"
            break
    with pytest.raises(NondeterminismError):
        asyncio.run(replay(run))


@pytest.mark.parametrize("name", KEPT_STORIES)
def test_a_recorded_history_has_its_fingerprint(name: str) -> None:
    """The kinds of command that a history holds are those that people looked at when they kept it."""
    assert fingerprint(read(name)) == json.loads(MARKS.read_text("utf-8"))[name]


def test_the_page_of_costs_is_what_was_recorded() -> None:
    """docs/history.md says of every run of the recorded story what it cost, and each kept to its limit."""
    assert costs.PAGE.read_text("utf-8") == costs.page()
    for run in read("whole_life"):
        assert costs.counts(run)["events"] <= costs.allowed(run)
