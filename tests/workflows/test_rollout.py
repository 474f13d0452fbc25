"""The workflow on the real time-skipping server, with the real worker and a real flag file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests import evidence
from tests.evidence import lines, rows
from tests.replay import costs
from tests.workflows.rig import Rig, needs_test_server, relived, virtual
from tests.workflows.stories import STORIES, Tale, whole_life
from tidegate import recompute

pytestmark = needs_test_server


def play(tale: Tale) -> None:
    """Tell a story on a server of its own."""

    async def whole() -> None:
        async with virtual() as rig:
            await tale(rig)

    relived(lambda: asyncio.run(asyncio.wait_for(whole(), 400)))


@pytest.mark.parametrize("tale", STORIES.values(), ids=STORIES)
def test_a_story_ends_well(tale: Tale) -> None:
    """Each story of a rollout comes to its end, with exactly the right people served."""

    async def checked(rig: Rig) -> None:
        await tale(rig)
        assert_one_line_each(rig.home)
        assert_decided_again(rig.home)

    play(checked)


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
    """A wave costs at most 82 events, beside 11 for each message and 12 for each round of readings."""

    async def counted(rig: Rig) -> None:
        await whole_life(rig)
        runs = await rig.runs()
        assert len(runs) > 8
        for events in runs:
            run = WorkflowHistory("run", events)
            assert costs.counts(run)["events"] <= costs.allowed(run), costs.counts(run)

    play(counted)
