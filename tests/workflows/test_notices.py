"""A real channel that fails or hangs: nothing widens before people are told, and nothing that makes it safer waits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.activities.mailroom import mailroom
from tests.pure.world import standard_plan
from tests.workflows.rig import enforced, relived, virtual
from tidegate.models.base import Span
from tidegate.models.plan import Backend


def test_a_channel_that_fails_keeps_the_gate_shut_and_holds_up_no_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the webhook refuses nobody is served; once it takes it they are; amid one that hangs it is rolled back."""

    async def story() -> None:
        with mailroom() as room:
            monkeypatch.setenv("TIDEGATE_TEST_ROOM", f"json://127.0.0.1:{room.sink.port}/")
            notice = standard_plan().notices[0].but(channel="room", lead=Span.of("0s"))
            channels = {"room": Backend(kind="apprise", settings={"url": "env:TIDEGATE_TEST_ROOM"})}
            async with virtual() as rig:
                room.sink.status = 500
                await rig.begin(enforced(notices=(notice,), channels=channels))
                await rig.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")
                await rig.agree()
                await rig.env.sleep(timedelta(hours=4))
                stands = await rig.standing()
                assert (stands.phase, rig.people) == ("scheduled", 0)
                given = await rig.whole()
                assert given.state is not None
                (said,) = given.state.announcements.values()
                assert (said.result, said.why) == ("failed", "it was refused")
                assert said.tries > 1, "it was sent again"
                room.sink.status = 200
                await rig.until("observing")
                assert rig.people == 10
                assert "the first people are served" in room.sink.posts[-2][1]["title"]
                room.sink.asked.clear()
                room.sink.taken.clear()
                room.sink.free.clear()
                await rig.handle.signal("narrow", {"as": "ops-a", "id": "m-1", "to": "half", "reason": "Too much."})
                assert await asyncio.to_thread(room.sink.asked.wait, 120), "the notice of it hangs from now on"
                await rig.handle.signal("rollback", {"as": "ops-a", "id": "m-2", "reason": "It is wrong."})
                async with asyncio.timeout(120):
                    while rig.people:  # noqa: ASYNC110  # a flag file says nothing when it is written
                        await asyncio.sleep(0.02)
                assert not room.sink.taken.is_set(), "and still does"
                room.sink.free.set()
                assert (await rig.confirmed()).control == "rolled_back"

    relived(lambda: asyncio.run(story()))
