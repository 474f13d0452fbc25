"""The worker as a process: it waits for its server, says when it is ready, ends in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from temporalio.activity import _Definition
from temporalio.testing import WorkflowEnvironment

from activities.ledger import LedgerActivities
from activities.line import LineActivities
from tests.workflows.rig import DEV_SERVER, Rig, enforced, needs_dev_server, started
from tests.workflows.siege import free_port
from worker import Settings, errands, exposing
from workflows.options import OPTIONS
from workflows.plugin import plugin

if TYPE_CHECKING:
    from temporalio.client import Client

pytestmark = needs_dev_server


def ask(address: str, path: str) -> tuple[int, str]:
    """Ask over HTTP; nobody there is 0."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=2) as answer:  # our own process
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def soon(what: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


@asynccontextmanager
async def server(port: int | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """A dev server of our own."""
    env = await started(
        lambda: WorkflowEnvironment.start_local(plugins=[plugin()], dev_server_existing_path=str(DEV_SERVER), port=port)
    )
    async with env:
        yield env


def test_no_thread_is_interrupted(tmp_path: Path) -> None:
    """A cancellation that is raised in a thread comes anywhere: amid a write, or with a lock in hand."""
    settings = Settings(home=tmp_path)
    ledger = LedgerActivities(settings.ledger)
    line = LineActivities(cast("Client", None), ledger.engine)
    known: list[Callable[..., Any]] = [
        *exposing(settings),
        *errands(settings, ledger, line),
        line.stop_matching,
        line.may_lift,
    ]
    definitions = [_Definition.must_from_callable(one) for one in known]
    assert {one.name for one in definitions} == set(OPTIONS)
    assert [one.name for one in definitions if not one.is_async and not one.no_thread_cancel_exception] == []


def test_a_worker_waits_is_ready_and_ends(tmp_path: Path) -> None:
    """Before its server is there it says that it waits for it, then that it is ready; told to end, it ends with 0."""
    port, health, metrics = free_port(), f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "TIDEGATE_"))}
    settings = {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{port}", "TIDEGATE_HOME": str(tmp_path), "TIDEGATE_HEALTH": health,
        "TIDEGATE_METRICS": metrics, "TIDEGATE_WATCH": "0.5",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "worker"], env={**kept, **settings}, stderr=subprocess.PIPE)
    try:
        soon(lambda: ask(health, "/health")[0] == 503)
        assert '"waits_for": "the server"' in ask(health, "/health")[1]

        async def there() -> None:
            async with server(port) as env:
                await asyncio.to_thread(soon, lambda: ask(health, "/health")[0] == 200)
                assert "temporal_worker_start" in (await asyncio.to_thread(ask, metrics, "/metrics"))[1]
                await measured(Rig(env, tmp_path), metrics)
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 90) == 0

        asyncio.run(there())
    finally:
        process.kill()
        process.communicate()


async def measured(rig: Rig, address: str) -> None:
    """A wave is agreed to, served and paused; how many there are, how long that took and what waits is said."""
    await rig.begin(enforced(notices=()))
    await rig.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")
    await rig.agree()
    await asyncio.to_thread(soon, lambda: rig.people == 10)
    await rig.tell("pause", "ops-a", reason="a complaint")
    await asyncio.to_thread(soon, lambda: rig.people == 0)

    def said() -> bool:
        text = ask(address, "/metrics")[1]
        lines = [line for line in text.splitlines() if line.startswith("tidegate_")]
        return all(
            any(line.startswith(name) and all(word in line for word in words) for line in lines)
            for name, *words in (
                ("tidegate_rollouts", 'stage="pilot"', 'control="paused"', "} 1"),
                ("tidegate_decision_lag", 'kind="first_exposure"', 'how="consumed"'),
                ("tidegate_time_to_contain", 'verb="pause"'),
                ("tidegate_outbox_depth", 'use_case="claims-triage"'),
            )
        )

    await asyncio.to_thread(soon, said)
