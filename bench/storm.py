"""How a storm of alerts fares: thousands in a minute about dozens of rollouts in flight, forged ones among them.

    python -m bench.storm

Server, worker, rollouts, flags and doors are the real ones, the doors in a process of their own. Beside it, as a floor:
the same deliveries to a server that answers at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import Counter
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.figures import Bench, Result, Row, Table, main
from cli.embedded.ports import any_free
from desk.patience import Impatient
from tests.workflows.siege import soon
from tests.workflows.watched import PROGRAMME, TOKEN, Watched

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


def measure(alerts: int, rollouts: int) -> Result:
    """Blow, and count."""
    logging.disable(logging.WARNING)
    with asyncio.Runner() as runner:
        storm = Storm(runner, rollouts)
        try:
            runner.run(storm.build())
            seconds, answers, took = runner.run(blow(storm.door, alerts, rollouts, forged=True))
            narrowed, people, events = runner.run(felt(storm))
        finally:
            runner.run(storm.close())

    async def at_once(request: Any) -> JSONResponse:
        await request.body()
        return JSONResponse({})

    floor_port, floor = serve(Starlette(routes=[Route("/in/prometheus", at_once, methods=["POST"])]))
    floor_seconds, _, _ = asyncio.run(blow(floor_port, alerts, rollouts, forged=False))
    floor.should_exit = True
    half, slow = took[len(took) // 2], took[len(took) * 99 // 100]
    rows = [
        Row("alerts taken", alerts / seconds, "a second", alerts / floor_seconds),
        Row("half of the answers within", half, "s"),
        Row("99 of 100 within", slow, "s"),
        Row("events in the longest history", max(events), "events"),
    ]
    given = ", ".join(f"{number:,} times {status}" for status, number in sorted(answers.items()))
    once = ", ".join(f"{count} rollouts {times} times" for times, count in sorted(narrowed.items()))
    notes = [f"Answers: {given}.", f"Narrowed: {once}; then served: {', '.join(map(str, sorted(set(people))))} people."]
    return Result([Table(f"{alerts:,} alerts about {rollouts} rollouts", "a server that answers at once", rows)], notes)


BENCH = Bench(
    "A storm of alerts",
    "Alerts about rollouts in flight, ten in a delivery as a group of Alertmanager's grows, every ninth delivery"
    " forged. Server, worker, rollouts, flags and doors are the real ones, the doors in a process of their own. The"
    " floor: the same deliveries to a server that answers at once.",
    measure,
    usual={"alerts": 5_000, "rollouts": 20},
    tiny={"alerts": 40, "rollouts": 2},
    full={"alerts": 10_000, "rollouts": 50},
)

if __name__ == "__main__":
    main(BENCH)
