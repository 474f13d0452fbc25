"""Real monitoring, a real server and the real doors: a rule fires, and fewer are served."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.services import ALERTS, METRICS, program
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import soon
from tests.workflows.watched import Watched, firing

pytestmark = needs_dev_server
needs_monitoring = pytest.mark.skipif(
    program(METRICS) is None or program(ALERTS) is None, reason="Prometheus or Alertmanager is not installed"
)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """Begin everything once, and end it whatever happens."""
    with asyncio.Runner() as runner:
        found = Watched(runner)
        try:
            runner.run(found.build())
            yield found
        finally:
            runner.run(found.close())


@needs_monitoring
def test_a_rule_fires_and_the_flag_file_shrinks(watched: Watched, record_property: pytest.FixtureRequest) -> None:
    """From the figure to the flag file by Prometheus, Alertmanager and the doors; its end widens nothing."""
    rollout = watched.rollouts["watched"]

    async def fires() -> float:
        await watched.monitoring()
        begun = time.monotonic()
        watched.figures.value = 1
        await soon(lambda: rollout.people < 10, f"fewer are served; {watched.said()}")
        return time.monotonic() - begun

    seconds = watched.runner.run(fires())
    record_property("seconds", f"{seconds:.1f}")  # type: ignore[operator]  # it is a function
    narrowed = rollout.people

    async def ends() -> None:
        await soon(lambda: "narrowed" in watched.codes("watched"), "that is on record")
        watched.figures.value = 0
        await soon(lambda: "alert_resolved" in watched.codes("watched"), f"its end is noted; {watched.said()}")

    watched.runner.run(ends())
    codes = Counter(watched.codes("watched"))
    assert (codes["alert"], codes["narrowed"], codes["alert_response"]) == (1, 1, 1)
    assert 0 < narrowed == rollout.people


def test_a_storm_is_one_reduction_and_a_short_history(watched: Watched) -> None:
    """A hundred alerts about one rollout, and as many forged ones: narrowed once, and a few events of history."""
    rollout = watched.rollouts["stormy"]

    async def blow() -> tuple[list[int], list[int], int]:
        before = (await rollout.handle.describe()).history_length
        good, forged = await asyncio.gather(
            watched.deliver(*(firing("stormy", number) for number in range(100)), again=True),
            watched.deliver(*(firing("patient", number) for number in range(100)), token="guess"),  # noqa: S106  # it opens nothing
        )
        await soon(lambda: "alerts_too" in watched.codes("stormy"), f"the storm is on record; {watched.said()}")
        return good, forged, (await rollout.handle.describe()).history_length - before

    good, forged, events = watched.runner.run(blow())
    assert set(good) == {200}
    assert set(forged) <= {401, 429}
    codes = Counter(watched.codes("stormy"))
    assert codes["narrowed"] == 1
    assert 0 < rollout.people < 10
    assert events < 100
    assert watched.rollouts["patient"].people == 10
    assert "alert" not in watched.codes("patient")


def test_what_the_server_did_not_have_is_sent_again_and_reduces_once(watched: Watched) -> None:
    """While Temporal is away the answer is 503; the retries, with no worker there, last until one is, and act once."""
    rollout = watched.rollouts["patient"]

    async def live() -> tuple[list[int], list[int]]:
        await watched.wire.cut()
        away = [*await watched.deliver(firing("patient")), *await watched.deliver(firing("patient"))]
        await watched.no_worker()
        await watched.wire.mend()
        back = await watched.deliver(firing("patient"), again=True)
        back += await watched.deliver(firing("patient"), again=True)
        assert rollout.people == 10
        await watched.worker()
        await soon(lambda: "narrowed" in watched.codes("patient"), f"it is narrowed; {watched.said()}")
        return away, back

    away, back = watched.runner.run(live())
    assert away == [503, 503]
    assert back == [200, 200]
    codes = Counter(watched.codes("patient"))
    assert (codes["alert"], codes["narrowed"]) == (1, 1)
