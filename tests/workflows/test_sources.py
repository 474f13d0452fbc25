"""A rollout whose figures a real Prometheus gives: it goes on while that answers, and is held where it is gone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.activities.sources.server import every, needs_prometheus, prometheus
from tests.evidence import lines
from tests.workflows.rig import Rig, enforced, needs_test_server, relived, virtual
from tidegate.models.base import Span
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from tests.activities.sources.server import Server
    from tidegate.models.messages import Standing
    from tidegate.models.plan import Plan

pytestmark = [needs_test_server, needs_prometheus()]


def asking(server: Server, at: datetime) -> Plan:
    """Return a plan whose one machine-read figure this server gives.

    The clock of the rollout runs weeks ahead of the server's data, so the query looks at one moment, and `fresh` says
    that this is new.
    """
    plan = enforced(sources={"prometheus": Backend(kind="prometheus", settings={"url": server.url})})
    moment = f"@ {at.timestamp():.0f}"
    errors = plan.metrics["errors"].but(
        query=f"sum(errors {moment})",
        samples=f"sum(runs {moment})",
        fresh="time()",
        max_age=Span.of("1d"),
        blind_limit=None,
    )
    return plan.but(metrics={"errors": errors})


@pytest.mark.parametrize("stopped", [False, True], ids=["it answers", "it is stopped"])
def test_a_source_that_is_gone_at_the_checkpoint_passes_nothing(stopped: bool) -> None:
    """Stopped, the checkpoint is inconclusive and held, people hear why and nobody is added; its twin goes on."""
    now = datetime.now(UTC)
    begun = now - timedelta(hours=1)
    samples = {"errors": every(60, begun, now, 2), "runs": every(60, begun, now, 90)}

    async def tale(server: Server, rig: Rig) -> None:
        await rig.begin(asking(server, now - timedelta(minutes=5)))
        await rig.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        await rig.agree()
        await rig.until("observing")
        if not stopped:
            await rig.until("checkpoint_review")
            await rig.agree()
            await rig.until("observing")
            assert rig.people == 20
            return
        server.stop()
        stands = await held(rig)
        assert (rig.people, stands.awaits) == (10, ())
        assert any("it cannot be reached: there is no connection" in step.why for step in stands.steps)
        told = [json.loads(line) for line in (rig.home / "notices.jsonl").read_text("utf-8").splitlines()]
        assert {"owner", "ops-a"} <= {who for each in told if "HELD" in each["text"] for who in each["to"]}
        kept = {entry["reason"]["code"]: entry["reason"]["facts"] for entry in lines(rig.home, "claims-triage")}
        assert kept["inconclusive"]["why"] == "source_error"
        given = await rig.whole()
        assert given.state is not None
        last = given.state.metrics["errors"].last
        assert last is not None
        assert (last.status, last.note) == ("error", "it cannot be reached: there is no connection")

    async def whole(server: Server) -> None:
        async with virtual() as rig:
            await tale(server, rig)

    def life() -> None:
        with prometheus(samples) as server:
            asyncio.run(asyncio.wait_for(whole(server), 400))

    relived(life)


async def held(rig: Rig) -> Standing:
    """Let days pass until it is held."""
    for _ in range(60):
        stands = await rig.standing()
        if stands.control == "held":
            return stands
        assert stands.phase != "checkpoint_review"
        await rig.env.sleep(timedelta(hours=12))
    raise AssertionError(f"it is never held: {(await rig.standing()).line}")
