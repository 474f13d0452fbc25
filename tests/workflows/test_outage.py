"""The ledger's database is stopped under load: what makes it safer goes on, what widens waits, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from store.reading import reading
from tests.store.postgres import Cluster, Lacking, cluster
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import Attacked, dev_server, insist, soon
from tidegate import recompute
from tidegate.models.decision import Outcome
from worker import Settings, build_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_dev_server

REDUCTIONS = 40
"""Said while the database is away."""
SOON = 20
"""Seconds: far more than a reduction takes on a busy machine; the database is away for longer than it takes."""


@pytest.fixture
def database() -> Iterator[Cluster]:
    """A PostgreSQL of this test alone."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(cluster())
        except Lacking as why:
            pytest.skip(str(why))
        yield running


def test_the_ledger_is_away_for_a_while(database: Cluster) -> None:
    """Reductions happen at once, a quorum widens nothing and says so, and then all of it is on record."""

    async def story() -> None:
        with tempfile.TemporaryDirectory() as home:
            url = database.fresh()
            async with AsyncExitStack() as stack:
                env = await stack.enter_async_context(dev_server())
                settings = Settings(home=Path(home), at=url)
                await stack.enter_async_context(build_worker(env.client, settings))
                served, asking = (Attacked(env, Path(home), name) for name in ("served", "asking"))
                await asyncio.gather(served.live(), asking.almost())
                database.stop()
                await _while_it_is_away(served, asking)
                database.start()
                await asking.serves(10, within=120)
                for rig in (served, asking):
                    await _all_is_there(rig, url)
                    assert await rig.failures() == []

    asyncio.run(asyncio.wait_for(story(), 400))


async def _while_it_is_away(served: Attacked, asking: Attacked) -> None:
    gate = await asking.gate()
    answer = await asking.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
    assert answer.outcome is Outcome.DONE
    begun = time.monotonic()
    await served.insist("pause", "ops-a", reason="it is wrong")
    await soon(lambda: served.people == 0, "nobody is served")
    assert time.monotonic() - begun < SOON
    said = [
        insist(served.handle, "hold", {"as": "ops-a", "id": f"hold-{number}", "reason": f"again {number}"})
        for number in range(REDUCTIONS)
    ]
    assert len({answer.outcome for answer in await asyncio.gather(*said)}) == 1
    assert (await served.standing()).confirmed
    # All that widening needs is there but the ledger: it waits for as long as that is away.
    await asyncio.sleep(3)
    assert asking.people == 0
    stands = await asking.standing()
    assert stands.unstored > 0
    assert (stands.phase, stands.confirmed) == ("widening", False)


async def _all_is_there(rig: Attacked, url: str) -> None:
    last = (await rig.whole()).state
    assert last is not None

    def known() -> list[dict[str, object]]:
        with reading(url) as view:
            return [json.loads(row.body) for row in view.rows(rig.name)]

    def numbers() -> list[object]:
        return [row["number"] for row in known() if row["number"] is not None]

    await soon(lambda: len(numbers()) >= last.written - len(last.outbox), "all is on record", 120)
    assert numbers() == list(range(1, len(numbers()) + 1))
    with reading(url) as view:
        papers = {paper.digest: json.loads(paper.body) for paper in view.papers()}
    assert list(recompute.check(known(), papers.__getitem__)) == []
