"""How a storm of alerts fares: 10,000 in a minute about 50 rollouts in flight, forged ones among them.

    python bench/storm.py [ALERTS] [ROLLOUTS]

Server, worker, rollouts, flags and doors are the real ones, the doors in a process of their own. Beside it, as a floor:
the same deliveries to a server that answers at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cli.embedded.ports import any_free  # noqa: E402  # the repository is found first
from desk.patience import Impatient  # noqa: E402  # the same
from tests.workflows.siege import soon  # noqa: E402  # the same
from tests.workflows.watched import PROGRAMME, TOKEN, Watched  # noqa: E402  # the same

EACH = 10
_AGAIN, _FORGED = 503, 9


class Storm(Watched):
    """As many rollouts as are asked for, and a sender that may say much."""

    programme = PROGRAMME.replace("critical: narrow}", "critical: narrow}, per_minute: 60000")

    def __init__(self, runner: asyncio.Runner, cases: int) -> None:
        super().__init__(runner)
        self.cases = tuple(f"case-{number}" for number in range(cases))


def body(number: int, cases: int) -> bytes:
    """Return a delivery of ten new alerts of one use case, as a group of Alertmanager's grows."""
    alerts = []
    for pod in range(EACH):
        labels = {"alertname": "Storm", "use_case": f"case-{number % cases}", "severity": "critical", "pod": str(pod)}
        mark = f"{number * EACH + pod:016x}"
        alerts.append({"status": "firing", "labels": labels, "startsAt": "2026-11-30T12:00:00Z", "fingerprint": mark})
    return json.dumps({"version": "4", "alerts": alerts}).encode()


async def blow(port: int, alerts: int, cases: int, *, forged: bool) -> tuple[float, Counter[int], list[float]]:
    """Deliver them; send again what is answered 503."""
    turns, answers, took = asyncio.Semaphore(100), Counter[int](), []
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120, limits=limits) as client:

        async def one(number: int) -> None:
            false = forged and number % _FORGED == 0
            head = {"authorization": f"Bearer {'guess' if false else TOKEN}"}
            while True:
                async with turns:
                    begun = time.monotonic()
                    said = await client.post("/in/prometheus", content=body(number, cases), headers=head)
                    took.append(time.monotonic() - begun)
                answers[said.status_code] += 1
                if said.status_code != _AGAIN:
                    return
                await asyncio.sleep(1)

        begun = time.monotonic()
        await asyncio.gather(*(one(number) for number in range(alerts // EACH)))
        return time.monotonic() - begun, answers, sorted(took)


def serve(app: Any) -> tuple[int, uvicorn.Server]:
    """Serve something in a thread of its own."""
    [port] = any_free(1)
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=Impatient, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return port, server


async def felt(storm: Storm) -> tuple[Counter[int], list[int], list[int]]:
    """Wait until every rollout has heard of it; return how often each narrowed, how many it serves, and its history."""
    await soon(lambda: all("alerts_too" in storm.codes(name) for name in storm.cases), "all have it on record")
    narrowed = Counter(storm.codes(name).count("narrowed") for name in storm.cases)
    described = [await one.handle.describe() for one in storm.rollouts.values()]
    return narrowed, [one.people for one in storm.rollouts.values()], [one.history_length for one in described]


def main() -> None:
    """Blow, and count."""
    alerts, cases = (int(word) for word in (sys.argv[1:] or ("10000", "50")))
    logging.disable(logging.WARNING)
    with asyncio.Runner() as runner:
        storm = Storm(runner, cases)
        try:
            runner.run(storm.build())
            seconds, answers, took = runner.run(blow(storm.door, alerts, cases, forged=True))
            narrowed, people, events = runner.run(felt(storm))
        finally:
            runner.run(storm.close())

    async def at_once(request: Any) -> JSONResponse:
        await request.body()
        return JSONResponse({})

    floor_port, floor = serve(Starlette(routes=[Route("/in/prometheus", at_once, methods=["POST"])]))
    floor_seconds, _, _ = asyncio.run(blow(floor_port, alerts, cases, forged=False))
    floor.should_exit = True
    half, slow = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"{alerts:,} alerts about {cases} rollouts, ten in a delivery, every ninth delivery forged")
    print(f"  taken in {seconds:.1f} s, {alerts / seconds:,.0f} a second; the floor is {floor_seconds:.1f} s")
    print(f"  answers: {dict(answers)}; half within {half:.2f} s, 99 of 100 within {slow:.2f} s")
    print(f"  how often a rollout narrowed: {dict(narrowed)} (times: rollouts); served then: {sorted(set(people))}")
    print(f"  events in the history of a rollout, its start included: {min(events)} to {max(events)}")


if __name__ == "__main__":
    main()
