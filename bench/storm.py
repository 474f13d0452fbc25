"""How a storm of alerts fares at the doors: 10,000 in a minute about 50 use cases, forged ones among them.

    python bench/storm.py [ALERTS]

The doors are the real ones, and so is the wire; behind them stands a server that takes signals and counts them, and the
real rules decide what was taken. Beside it, as a floor: the same deliveries to a server that answers at once. That real
rollouts narrow once in such a storm is a test: tests/workflows/test_signals.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
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
from desk.front import front  # noqa: E402  # the same
from desk.line import Line  # noqa: E402  # the same
from desk.patience import Impatient  # noqa: E402  # the same
from desk.settings import Settings  # noqa: E402  # the same
from tests.pure.world import Story  # noqa: E402  # the same
from tidegate.verbs import heard  # noqa: E402  # the same

EACH = 10
_AGAIN, _FORGED = 503, 9
CASES, TOKEN = 50, "the-token-of-the-storm"
PROGRAMME = """
programme: bench
governance_owner: governance
people: {governance: {name: Owner of the programme, manager: true}}
senders:
  prometheus: {kind: alertmanager, secret: "env:STORM", does: {critical: narrow}, per_minute: 60000}
"""


class Server:
    """Takes signals, as a server does: a little later."""

    def __init__(self) -> None:
        self.left: dict[str, list[dict[str, Any]]] = {}

    def signal(self, said: Any) -> None:
        """Take one."""
        time.sleep(0.004)
        self.left.setdefault(said.use_case, []).append(said.words)


class Wire(Line):
    """Leads there."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server: Any = server

    def _with(self, question: Any) -> Any:
        return question(self._server)


def body(number: int) -> bytes:
    """Return a delivery of ten new alerts of one use case, as a group of Alertmanager's grows."""
    alerts = []
    for pod in range(EACH):
        labels = {"alertname": "Storm", "use_case": f"case-{number % CASES}", "severity": "critical", "pod": str(pod)}
        mark = f"{number * EACH + pod:016x}"
        alerts.append({"status": "firing", "labels": labels, "startsAt": "2026-11-30T12:00:00Z", "fingerprint": mark})
    return json.dumps({"version": "4", "alerts": alerts}).encode()


async def blow(port: int, alerts: int, *, forged: bool) -> tuple[float, Counter[int], list[float]]:
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
                    status = (await client.post("/in/prometheus", content=body(number), headers=head)).status_code
                    took.append(time.monotonic() - begun)
                answers[status] += 1
                if status != _AGAIN:
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


def main() -> None:
    """Blow, and count."""
    alerts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"TIDEGATE_HOME": home, "STORM": TOKEN}
        programme = Path(home) / "programme.yaml"
        programme.write_text(PROGRAMME, "utf-8")
        behind = Server()
        port, running = serve(
            front(Settings("127.0.0.1", 0, "http://localhost", programme, only_inbound=True), Wire(behind))
        )
        seconds, answers, took = asyncio.run(blow(port, alerts, forged=True))
        running.should_exit = True

        async def at_once(request: Any) -> JSONResponse:
            await request.body()
            return JSONResponse({})

        floor_port, floor = serve(Starlette(routes=[Route("/in/prometheus", at_once, methods=["POST"])]))
        floor_seconds, _, _ = asyncio.run(blow(floor_port, alerts, forged=False))
        floor.should_exit = True
    messages = [len(words) for words in behind.left.values()]
    story, reductions = Story().live(), []
    for words in behind.left["case-1"]:
        decided = story.say(heard("alert", json.dumps(words).encode(), "none"))
        reductions += [one for one in decided.entries if one.reason.code.value == "narrowed"]
    half, slow = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"{alerts:,} alerts about {CASES} use cases, ten in a delivery, every ninth delivery forged")
    print(f"  taken in {seconds:.1f} s, {alerts / seconds:,.0f} a second; the floor is {floor_seconds:.1f} s")
    print(f"  answers: {dict(answers)}; half within {half:.2f} s, 99 of 100 within {slow:.2f} s")
    print(f"  messages: {sum(messages)}, at most {max(messages)} to one of {len(behind.left)} rollouts")
    print(f"  one of them, by the rules: narrowed {len(reductions)} times, {len(story.state.alerts)} alerts remembered")


if __name__ == "__main__":
    main()
