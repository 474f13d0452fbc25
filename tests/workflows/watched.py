"""What stands around a rollout that is watched: Prometheus, Alertmanager, the doors as a process, and wires to cut."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx

from tests.pure.world import seal
from tests.services import ALERTS, METRICS, program
from tests.workflows.siege import LONG, NO_PAUSE, Attacked, dev_server, free_port, quick
from tidegate.models.base import Band
from tidegate.models.signal import Signal
from worker import Settings, build_worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
TOKEN = "the-token-of-alertmanager"  # noqa: S105  # it protects nothing
CASES = ("watched", "stormy", "patient")
PROGRAMME = """
programme: test
governance_owner: governance
people: {governance: {name: Owner of the programme, manager: true}}
senders:
  prometheus: {kind: alertmanager, secret: "env:ALERTS", does: {critical: narrow}}
"""
RULES = """
groups:
  - name: claims
    rules:
      - alert: ClaimsErrors
        expr: claims_errors > 0.5
        labels: {use_case: watched, severity: critical}
        annotations: {summary: Every second claim fails}
"""
SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alerts}"]}}]}}]}}
scrape_configs: [{{job_name: claims, static_configs: [{{targets: ["127.0.0.1:{figures}"]}}]}}]
"""


def receiver(url: str) -> str:
    """Return what the page about signals tells people to write for Alertmanager, for quick tests."""
    page = (ROOT / "docs" / "signals.md").read_text("utf-8")
    config = page.partition("```yaml\n# alertmanager.yml\n")[2].partition("```")[0]
    assert "http://tidegate.example.org:8334/in/prometheus" in config
    config = (
        config.replace("http://tidegate.example.org:8334/in/prometheus", url).replace("30s", "1s").replace("5s", "0s")
    )
    return config.replace("/etc/alertmanager/tidegate.token", "tidegate.token")


class Wire:
    """A wire to a server that can be cut and mended; who comes while it is cut finds nobody."""

    def __init__(self, to: str) -> None:
        self._host, _, port = to.rpartition(":")
        self._to = int(port)
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        """Let everybody through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Let nobody through, and end what goes through now."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            back, onward = await asyncio.open_connection(self._host, self._to)
            self._open |= {writer, onward}
            await asyncio.gather(self._pipe(reader, onward), self._pipe(back, writer))
            self._open -= {writer, onward}

    @staticmethod
    async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(65_536):
                writer.write(part)
                await writer.drain()
        writer.close()


class Figures:
    """A figure that Prometheus scrapes."""

    def __init__(self) -> None:
        self.value = 0
        figures = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/plain")
                self.end_headers()
                with suppress(OSError):  # who asks may have given up on a busy machine
                    self.wfile.write(f"claims_errors {figures.value}\n".encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve it no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


async def begun(stack: AsyncExitStack, words: Sequence[str], env: Mapping[str, str], log: Path) -> None:
    """Run a program until the end of what is under way, and keep what it prints."""
    output = log.open("ab")
    stack.callback(output.close)
    running = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, env=env, stdout=output, stderr=output, stdin=asyncio.subprocess.DEVNULL
    )

    async def end() -> None:
        with suppress(ProcessLookupError):
            running.terminate()
        await running.wait()

    stack.push_async_callback(end)


class Watched:
    """Some rollouts, and all that watches them."""

    cases: tuple[str, ...] = CASES
    programme = PROGRAMME

    def __init__(self, runner: asyncio.Runner) -> None:
        """Nothing is there yet."""
        self.runner = runner
        self.figures = Figures()
        self.home = Path()
        self.door = free_port()
        self.prometheus, self.alerts = free_port(), free_port()
        self.rollouts: dict[str, Attacked] = {}
        self._stack = AsyncExitStack()
        self._worker: Any = None

    async def build(self) -> None:
        """Begin everything, and let each rollout serve its first wave."""
        self._stack.callback(self.figures.close)
        self.home = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        env = await self._stack.enter_async_context(dev_server(NO_PAUSE))
        self._client = env.client
        self.wire = Wire(env.client.service_client.config.target_host)
        await self.wire.mend()
        self._stack.push_async_callback(self.wire.cut)
        self._stack.push_async_callback(self.no_worker)
        await self.worker()
        (self.home / "programme.yaml").write_text(self.programme, "utf-8")
        given = {
            "TIDEGATE_HOME": str(self.home), "TEMPORAL_ADDRESS": f"127.0.0.1:{self.wire.port}", "ALERTS": TOKEN,
            "TIDEGATE_PROGRAMME": str(self.home / "programme.yaml"),
        }  # fmt: skip
        await self.process(sys.executable, "-m", "desk", "--only-inbound", "--port", str(self.door), **given)
        for name in self.cases:
            self.rollouts[name] = Attacked(env, self.home, name)
            plan = quick(name).but(signals={"ClaimsErrors": _SIGNAL})
            self.rollouts[name].plan = seal(plan)
        for one in self.rollouts.values():
            await one.live()  # one after the other: all at once would starve a machine with two cores
        await self.answers(f"http://127.0.0.1:{self.door}/health")

    async def worker(self) -> None:
        """Let a worker work."""
        self._worker = build_worker(self._client, Settings(home=self.home))
        await self._worker.__aenter__()

    async def no_worker(self) -> None:
        """Let nobody work."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.__aexit__(None, None, None)

    async def monitoring(self) -> None:
        """Begin Prometheus and Alertmanager, and wait until they know each other."""
        folder = self.home / "monitoring"
        folder.mkdir()
        (folder / "tidegate.token").write_text(TOKEN, "utf-8")
        (folder / "alertmanager.yml").write_text(receiver(f"http://127.0.0.1:{self.door}/in/prometheus"), "utf-8")
        (folder / "rules.yml").write_text(RULES, "utf-8")
        scrape = SCRAPE.format(alerts=self.alerts, figures=self.figures.port)
        (folder / "prometheus.yml").write_text(scrape, "utf-8")
        await self.process(
            str(program(ALERTS)), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/alerts",
            f"--web.listen-address=127.0.0.1:{self.alerts}", "--cluster.listen-address=",
        )  # fmt: skip
        await self.process(
            str(program(METRICS)), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/metrics",
            f"--web.listen-address=127.0.0.1:{self.prometheus}", "--rules.alert.resend-delay=1s",
        )  # fmt: skip
        await self.answers(f"http://127.0.0.1:{self.alerts}/-/ready")
        # An alert that fires before Alertmanager was found is dropped.
        await self.answers(f"http://127.0.0.1:{self.prometheus}/api/v1/alertmanagers", str(self.alerts))

    async def process(self, *words: str, **env: str) -> None:
        """Run a program until the end."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_"))}
        await begun(self._stack, words, {**kept, **env}, self.home / f"{Path(words[0]).name}.log")

    async def answers(self, url: str, word: str = "") -> None:
        """Wait until something answers, with a word in it."""
        until = asyncio.get_running_loop().time() + LONG
        async with httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.HTTPError):
                    answer = await client.get(url)
                    if answer.status_code == 200 and word in answer.text:
                        return
                assert asyncio.get_running_loop().time() < until, f"{url} never answered: {self.said()}"
                await asyncio.sleep(0.1)

    async def deliver(self, *bodies: bytes, token: str = TOKEN, again: bool = False) -> list[int]:
        """Deliver alerts, many at once, where asked for again while the answer is 503, as Alertmanager does."""
        turns = asyncio.Semaphore(60)
        head = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.door}", timeout=60) as client:

            async def one(body: bytes) -> int:
                until = asyncio.get_running_loop().time() + LONG
                while True:
                    async with turns:
                        status = (await client.post("/in/prometheus", content=body, headers=head)).status_code
                    if status != 503 or not again or asyncio.get_running_loop().time() > until:
                        return status
                    await asyncio.sleep(0.5)

            return list(await asyncio.gather(*(one(body) for body in bodies)))

    def said(self) -> str:
        """What the programs wrote."""
        return "\n".join(file.read_text("utf-8", "replace")[-2_000:] for file in self.home.glob("*.log"))

    def codes(self, name: str) -> list[str]:
        """The reasons of all that is on record of a rollout."""
        return [line["reason"]["code"] for line in self.rollouts[name].lines()]

    async def close(self) -> None:
        """End everything."""
        await self._stack.aclose()


_SIGNAL = Signal(
    does=Band.NARROW, first_response="See which rule the last runs hit.", runbook="docs/runbooks/claims.md"
)


def firing(use_case: str, number: int = 0, severity: str = "critical") -> bytes:
    """A delivery of one alert."""
    labels = {"alertname": "ClaimsErrors", "use_case": use_case, "severity": severity, "pod": str(number)}
    one = {"status": "firing", "labels": labels, "startsAt": "2026-11-30T12:00:00Z", "fingerprint": f"{number:016x}"}
    return json.dumps({"version": "4", "alerts": [one]}).encode()
