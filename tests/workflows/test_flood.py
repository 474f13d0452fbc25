"""However much waits for a rollout, and whatever it is, the word that makes it safer is heard, and at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import Attacked, dev_server, soon
from tidegate import standing
from tidegate.models.decision import Outcome
from worker import Settings, build_worker

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from tidegate.decide import Decision
    from tidegate.models.event import Event
    from tidegate.models.messages import Answer

pytestmark = needs_dev_server

FLOOD = 1_500
"""Signals that wait while no worker is there: with answers that are remembered, and with none."""
_TOO_LARGE = 2**53 + 7


def test_a_flood_that_waited_for_a_worker_drowns_no_pause() -> None:
    """After fifteen hundred messages that nobody heard, one pause is heard as soon as somebody is there."""

    async def story() -> None:
        with tempfile.TemporaryDirectory() as home:
            async with dev_server() as env:
                rig = Attacked(env, Path(home), "flooded")
                async with build_worker(env.client, Settings(home=Path(home))):
                    await rig.live()
                for start in range(0, FLOOD, 50):
                    await asyncio.gather(*(_one(rig, number) for number in range(start, start + 50)))
                await rig.handle.signal("pause", {"as": "ops-a", "reason": "enough"})
                async with build_worker(env.client, Settings(home=Path(home))):
                    await soon(lambda: rig.people == 0, "nobody is served", 60)
                    await soon(lambda: len(rig.lines()) > FLOOD // 4, "it is on record")
                    assert await rig.failures() == []
                    assert await rig.breaths() >= FLOOD // 250, "what one task decides is bounded"

    asyncio.run(asyncio.wait_for(story(), 400))


def test_a_step_that_a_busy_machine_draws_out_is_not_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK gives a step up after two seconds, and may then never hear that rollout again; the worker is patient."""
    answer = standing.answer

    def slowly(event: Event, decision: Decision, now: datetime) -> Answer:
        time.sleep(3)
        return answer(event, decision, now)

    async def story() -> None:
        with tempfile.TemporaryDirectory() as home:
            async with dev_server() as env, build_worker(env.client, Settings(home=Path(home))):
                rig = Attacked(env, Path(home), "drawn-out")
                await rig.live()
                monkeypatch.setattr(standing, "answer", slowly)
                said = await rig.insist("pause", "ops-a", reason="enough")
                assert said.outcome is Outcome.DONE
                await rig.serves(0)
                assert await rig.failures() == []

    asyncio.run(asyncio.wait_for(story(), 300))


async def _one(rig: Attacked, number: int) -> None:
    said = {"as": "ops-a", "id": f"flood-{number}", "reason": f"again {number}"}
    if number % 2:
        await rig.handle.signal("reading", {**said, "items": {"errors": {"status": "no_data", "taken_at": _LONG_AGO}}})
    else:
        await rig.handle.signal("hold", said)


_LONG_AGO = "2020-01-01T00:00:00Z"


def test_what_no_ledger_could_keep_is_refused_and_drowns_no_pause() -> None:
    """Numbers without a canonical spelling are put aside, a sign without one is replaced, and the pause is heard."""

    async def story() -> None:
        with tempfile.TemporaryDirectory() as home:
            async with dev_server() as env, build_worker(env.client, Settings(home=Path(home))):
                rig = Attacked(env, Path(home), "unspeakable")
                await rig.live()
                plan = rig.plan.model_dump(mode="json")
                plan["ladder"][0]["min_samples"] = _TOO_LARGE
                figure = {"status": "no_data", "n": _TOO_LARGE, "taken_at": _LONG_AGO}
                for verb, words in (
                    ("amend", {"plan": plan}),
                    ("reading", {"items": {"errors": figure}}),
                    ("hold", {"reason": "a\x00b"}),
                ):
                    await rig.handle.signal(verb, {"as": "nobody", **words})
                answer = await rig.insist("pause", "ops-a", reason="enough")
                assert answer.outcome is Outcome.DONE
                await rig.serves(0)
                await soon(
                    lambda: len([one for one in rig.lines() if one["action"] == "fault"]) == 2, "all are on record"
                )
                assert "hold" in [one["action"] for one in rig.lines()]
                assert await rig.failures() == []

    asyncio.run(asyncio.wait_for(story(), 300))
