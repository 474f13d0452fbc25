"""What is live, what is held back, and whether reality is what was approved: rows A1, A2 and R6 of the requirements.

On one real server, with the real worker and real flag files; the verbs run in this process, beside them.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from cli import follow, outside
from tests.activities.flags import by_hand
from tests.workflows.keyboard import Keyboard
from tests.workflows.rig import needs_dev_server
from tests.workflows.test_watch import doubled, flag, listed
from tests.workflows.wire import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workflows.siege import Attacked

pytestmark = needs_dev_server


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Start a server and a worker once, and stop them whatever happens."""
    with asyncio.Runner() as runner:
        built, stack = World(runner), AsyncExitStack()
        try:
            runner.run(built.build(stack))
            yield built
        finally:
            runner.run(stack.aclose())


@pytest.fixture
def keyboard(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    """Return somebody who types."""
    return Keyboard(world, monkeypatch, capsys)


async def live(world: World) -> Attacked:
    """Bring a rollout with two targets to its first wave."""
    victim = world.victim()
    await victim.almost(doubled(victim))
    gate = await victim.gate()
    await victim.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
    for _ in range(1_200):
        if flag(victim, "two").observe().exposure.people == 10:
            break
        await asyncio.sleep(0.05)
    await listed(victim)
    return victim


def opened(victim: Attacked, which: str) -> None:
    """Let somebody open a flag to everybody by hand."""
    file = victim.home / f"{victim.name}-{which}/flags.json"
    by_hand(file, "ours", lambda found: found.update(defaultVariant="on", targeting={}))


def test_a1_exposure_shows_what_is_live_and_says_0_only_where_it_is_so(world: World, keyboard: Keyboard) -> None:
    """Desired stands beside observed, target by target; the answer is 0 where they are one, and 1 where one differs."""

    async def told() -> None:
        victim = await live(world)
        wanted = victim.plan.exposure(1)
        code, words = await keyboard.words(outside.exposure, victim.name, observed=True)
        assert (code, words["same"], words["confirmed"]) == (0, True, True)
        assert words["desired"] == wanted.model_dump(mode="json")
        assert {"cohorts", "paths", "regions", "models", "data", "grants"} <= words["desired"].keys()
        assert [(one["target"], one["is"], one["people"]) for one in words["targets"]] == [
            ("flags/one", "same", 10),
            ("flags/two", "same", 10),
        ]
        assert [one["serves"] for one in words["targets"]] == [words["desired"]] * 2
        opened(victim, "two")
        code, words = await keyboard.words(outside.exposure, victim.name, observed=True)
        assert (code, words["same"], [one["is"] for one in words["targets"]]) == (1, False, ["same", "wider"])
        code, out = await keyboard.run(outside.exposure, victim.name, observed=True)
        assert (code, "flags/two is WIDER than decided" in out) == (1, True)
        # What the rollout read back last is another question, and is answered as it was.
        code, words = await keyboard.words(outside.exposure, victim.name)
        assert (code, words["same"], {one["became"] for one in words["targets"]}) == (0, None, {"confirmed"})

    world.run(told())


def test_a2_what_is_held_back_is_a_share_of_the_whole_plan(world: World, keyboard: Keyboard) -> None:
    """How many people and which share of the plan are held back is said by `exposure` and by `status` alike."""

    async def told() -> None:
        victim = await live(world)
        whole = victim.plan.exposure(len(victim.plan.ladder))
        _, words = await keyboard.words(outside.exposure, victim.name)
        share = victim.plan.exposure(1).held_back(whole)
        assert words["held_back"] == {"people": whole.people - 10, "share": share, "paths": []}
        assert 0 < share < 10_000
        _, status = await keyboard.words(follow.status, victim.name)
        assert status["held_back"] == share
        await victim.insist("pause", "ops-a", reason="now")
        await listed(victim)
        _, status = await keyboard.words(follow.status, victim.name)
        assert status["held_back"] == 10_000
        _, out = await keyboard.run(outside.exposure, victim.name)
        assert "(100%)" in out

    world.run(told())


def test_r6_drift_compares_every_rollout_with_its_approved_digest(world: World, keyboard: Keyboard) -> None:
    """Over all rollouts under way, or one, what differs from its approved digest is named, and makes the answer a 1."""

    async def told() -> None:
        good, bad, half = await live(world), await live(world), await live(world)
        assert (await keyboard.run(outside.drift, good.name))[0] == 0
        opened(bad, "one")
        flags = half.home / f"{half.name}-two"
        flags.rename(flags.with_suffix(".away"))
        flags.touch()
        code, words = await keyboard.words(outside.drift)
        found = {one["use_case"]: one for one in words["rollouts"]}
        assert code == 1
        assert [found[each.name]["finding"] for each in (good, bad, half)] == ["same", "differs", "unseen"]
        assert [one["same"] for one in found[bad.name]["targets"]] == [False, True]
        assert [one["same"] for one in found[half.name]["targets"]] == [True, None]
        assert (await good.standing()).exposure.startswith(found[good.name]["approved"])
        assert words["well"] is False
        code, words = await keyboard.words(outside.drift, good.name)
        assert (code, words["differ"], words["well"]) == (0, 0, True)
        assert (await keyboard.run(outside.drift, half.name))[0] == 1

    world.run(told())
