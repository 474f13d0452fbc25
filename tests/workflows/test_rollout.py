"""The workflow on the real time-skipping server, with the real worker and a real flag file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests.replay import costs
from tests.workflows.rig import Rig, needs_test_server, virtual
from tests.workflows.stories import STORIES, Tale, whole_life

pytestmark = needs_test_server


def play(tale: Tale) -> None:
    """Tell a story on a server of its own."""

    async def whole() -> None:
        async with virtual() as rig:
            await tale(rig)

    asyncio.run(asyncio.wait_for(whole(), 120))


@pytest.mark.parametrize("tale", STORIES.values(), ids=STORIES)
def test_a_story_ends_well(tale: Tale) -> None:
    """Each story of a rollout comes to its end, with exactly the right people served."""

    async def checked(rig: Rig) -> None:
        await tale(rig)
        assert_one_line_each(rig.home / "ledger" / "claims-triage.jsonl")

    play(checked)


def assert_one_line_each(ledger: Path) -> None:
    """Every number of the evidence is kept once in each life of the use case, and none is missing."""
    streams: dict[str, list[int]] = {}
    for line in ledger.read_text("utf-8").splitlines():
        kept = json.loads(line)
        streams.setdefault(kept["stream"], []).append(kept["number"])
    for numbers in streams.values():
        assert numbers == list(range(1, len(numbers) + 1))


def test_history_is_thrifty() -> None:
    """A wave costs at most 70 events, beside 11 for each message and 12 for each round of readings."""

    async def counted(rig: Rig) -> None:
        await whole_life(rig)
        runs = await rig.runs()
        assert len(runs) > 8
        for events in runs:
            run = WorkflowHistory("run", events)
            assert costs.counts(run)["events"] <= costs.allowed(run), costs.counts(run)

    play(counted)
