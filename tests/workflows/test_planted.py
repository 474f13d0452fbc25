"""One whole run in which every secret is planted: none lies where it should not, though everything fails that can."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities import cipher
from tests.planted import cells, files, forms, hits
from tests.pure.world import seal
from tests.store.postgres import Cluster, Lacking, cluster
from tests.workflows.rig import DEV_SERVER, needs_dev_server, started
from tests.workflows.siege import Attacked, free_port, quick, soon
from tests.workflows.watched import begun, firing
from tidegate.models.base import Span
from tidegate.models.plan import Backend
from workflows.converter import encrypting
from workflows.plugin import plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporalio.converter import DataConverter

    from tidegate.models.plan import Plan

ROOT = Path(__file__).parents[2]
CASE, AWAY = "planted-claims", "planted-away"
WORDS = "planted-words-of-a-person-90c2"
SECRETS = {
    name: f"planted-{name}-7f3a91".encode()
    for name in (
        "hook-secret", "source-token", "source-password", "channel-password", "alert-token", "another-alert-token",
        "ledger-password", "mistyped-ledger-password", "collector-token", "unleash-token", "gateway-token",
    )
}  # fmt: skip
PAYLOAD_KEY = b"planted-payload-key-of-32-bytes!"
PROGRAMME = """
programme: test
governance_owner: governance
people: {governance: {name: Owner of the programme, manager: true}}
senders:
  monitoring: {kind: alertmanager, secret: "env:ALERTS", does: {critical: narrow}}
"""


def said(name: str) -> str:
    """Return a secret as it is typed."""
    return SECRETS[name].decode()


class Outside:
    """Whatever is asked over HTTP: it obeys, or refuses with all that it was asked with; and collects traces."""

    def __init__(self) -> None:
        """Obey."""
        self.refuses = False
        self.refused: set[str] = set()
        self.spans: list[bytes] = []
        self.heard: set[str] = set()
        """With what it was asked."""
        self._served: dict[str, Any] = {}
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.answer(self, b"")

            def do_POST(self) -> None:
                outside.answer(self, self.rfile.read(int(self.headers.get("content-length") or 0)))

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def answer(self, asked: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer one question."""
        self.heard.add(str(asked.headers.get("authorization")))
        what = asked.path.strip("/").partition("?")[0].partition("/")[0]
        if what == "v1" and not self.refuses:
            self.spans.append(body)
            return self._say(asked, 200, b"")
        if what in ("source", "unleash", "gateway") or (self.refuses and what not in self.refused):
            self.refused.add(what)
            # As servers do that mean well: it says what it was asked with, and even what it knows.
            return self._say(asked, 401, f"no: {asked.headers}\n{[said(name) for name in SECRETS]}".encode())
        if what != "hook":
            return self._say(asked, 200, str(asked.headers).encode())
        if asked.command == "GET":
            return self._say(asked, 200, json.dumps(self._served or {"epoch": 0, "exposure": None}).encode())
        self._served = json.loads(body)
        return self._say(asked, 204, b"")

    @staticmethod
    def _say(asked: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        with suppress(OSError):
            asked.send_response(status, "OK" if status < 300 else f"no, {asked.headers.get('authorization')}")
            asked.send_header("content-length", str(len(body)))
            asked.end_headers()
            asked.wfile.write(body)

    def close(self) -> None:
        """Answer nobody."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Site:
    """A server with its file, a worker and a desk as processes, a PostgreSQL that asks for passwords."""

    def __init__(self, folder: Path, database: Cluster, stack: AsyncExitStack) -> None:
        """Write the files that secrets lie in; they are beside the home."""
        self.folder, self.database, self._stack = folder, database, stack
        self.home, self.secrets = folder / "home", folder / "secrets"
        self.home.mkdir()
        self.secrets.mkdir()
        self.outside = Outside()
        stack.callback(self.outside.close)
        host = f"postgres?host={database.root}"
        (self.secrets / "ledger").write_text(said("ledger-password"))
        (self.secrets / "warehouse").write_text(f"postgresql://tidegate:{said('source-password')}@/{host}")
        (self.secrets / "payload").write_text(f"first {base64.b64encode(PAYLOAD_KEY).decode()}\n")
        (folder / "programme.yaml").write_text(PROGRAMME, "utf-8")
        self.metrics, self.health, self.door = (f"127.0.0.1:{free_port()}" for _ in range(3))
        self.pages: dict[str, bytes] = {}
        kept = {
            name: one for name, one in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_", "OTEL"))
        }
        self.env = {
            **kept,
            "TIDEGATE_HOME": str(self.home),
            "TIDEGATE_LEDGER": f"postgresql://tidegate@/{host}&password_file={self.secrets / 'ledger'}",
            "TIDEGATE_CODEC_KEYS": str(self.secrets / "payload"),
            "TIDEGATE_PROGRAMME": str(folder / "programme.yaml"),
            "TIDEGATE_TRACES": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.outside.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{said('collector-token')}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "HOOK": said("hook-secret"),
            "ROOM": f"{self.outside.url.replace('http', 'json', 1)}/room".replace(
                "//", f"//tidegate:{said('channel-password')}@", 1
            ),
            "SOURCE": said("source-token"),
            "ALERTS": said("alert-token"),
            "UNLEASH": said("unleash-token"),
            "GATEWAY": said("gateway-token"),
        }

    async def build(self) -> None:
        """Begin everything."""
        ring = cipher.read(self.secrets / "payload")
        self.converter = encrypting(ring)
        env = await started(
            lambda: WorkflowEnvironment.start_local(
                plugins=[plugin(self.converter)],
                dev_server_existing_path=str(DEV_SERVER),
                dev_server_database_filename=str(self.folder / "temporal.db"),
            )
        )
        await self._stack.enter_async_context(env)
        self.env["TEMPORAL_ADDRESS"] = env.client.service_client.config.target_host
        self.rollout, self.away = (Attacked(env, self.home, name) for name in (CASE, AWAY))
        more = {"TIDEGATE_METRICS": self.metrics, "TIDEGATE_HEALTH": self.health, "TIDEGATE_WATCH": "1"}
        await self._process("worker", [sys.executable, "-m", "worker"], more)
        port = self.door.rpartition(":")[2]
        await self._process("desk", [sys.executable, "-m", "desk", "--only-inbound", "--port", port], {})
        for address in (self.health, self.door):
            await self._answers(f"http://{address}/health")

    async def _process(self, name: str, words: list[str], more: dict[str, str]) -> None:
        await begun(self._stack, words, {**self.env, **more}, self.folder / f"{name}.log")

    async def _answers(self, url: str) -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(900):
                with suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise AssertionError(f"{url}: {(self.folder / 'worker.log').read_text()[-2000:]}")

    async def type(self, *words: str, codes: tuple[int, ...] = (0,), **more: str) -> None:
        """Say a verb in a process of its own, and keep all that it prints."""
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", *words, cwd=ROOT, env={**self.env, **more},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        printed, _ = await running.communicate()
        self.pages[f"tidegate {' '.join(words[:2])}"] = printed
        assert running.returncode in codes, printed.decode()

    async def alert(self, token: str) -> int:
        """Deliver an alert of nothing that we know."""
        async with httpx.AsyncClient(timeout=60) as client:
            head = {"authorization": f"Bearer {token}"}
            answer = await client.post(f"http://{self.door}/in/monitoring", content=firing("nobody"), headers=head)
        self.pages[f"answer of the door, {answer.status_code}"] = answer.content + str(answer.headers).encode()
        return answer.status_code

    def plan(self) -> Plan:
        """Return a plan with a target, sources and a channel that need secrets."""
        base = quick(CASE)
        errors = base.metrics["errors"].but(every=Span.of("1m"), blind_limit=None, source="warehouse", query="SELECT 1")
        hook = {"url": f"{self.outside.url}/hook", "read_back": f"{self.outside.url}/hook", "name": "claims"}
        return seal(
            base.but(
                targets=("flags/claims", "hooks/claims"),
                drivers={
                    **base.drivers,
                    "hooks/claims": Backend(kind="webhook", settings={**hook, "secret": "env:HOOK"}),
                },
                sources={
                    "warehouse": Backend(kind="sql", settings={"dsn": f"file:{self.secrets / 'warehouse'}"}),
                    "api": Backend(
                        kind="http-json", settings={"url": f"{self.outside.url}/source", "token": "env:SOURCE"}
                    ),
                },
                metrics={"errors": errors, "drift": errors.but(source="api", query="value", guardrail=False)},
                channels={"room": Backend(kind="apprise", settings={"url": "env:ROOM"})},
                notices=(base.notices[0].but(channel="room"),),
            )
        )

    def unreached(self) -> Plan:
        """Return a plan whose targets let nobody in, whoever asks."""
        flag = {"url": f"{self.outside.url}/unleash", "feature": AWAY, "environment": "production"}
        team = {"url": f"{self.outside.url}/gateway", "team": AWAY, "token": "env:GATEWAY"}
        return seal(
            quick(AWAY).but(
                targets=("flags/away", "gateways/away"),
                drivers={
                    "flags/away": Backend(kind="unleash", settings={**flag, "token": "env:UNLEASH"}),
                    "gateways/away": Backend(kind="litellm", settings=team),
                },
            )
        )

    async def gathered(self) -> dict[str, bytes]:
        """Return everything that the run has left anywhere, by where it lies."""
        raw: list[HistoryEvent] = [
            event for one in (self.rollout, self.away) for run in await one.runs() for event in run
        ]
        opened = [HistoryEvent.FromString(event.SerializeToString()) for event in raw]
        await open_payloads(opened, self.converter)
        async with httpx.AsyncClient() as client:
            page = (await client.get(f"http://{self.metrics}/metrics")).content
        return {
            "history, as it is kept": written(raw),
            "history, decrypted": written(opened),
            "file of the server": b"\n".join(cells(self.folder / "temporal.db")),
            "page of figures": page,
            "ledger": self._ledger(),
            "log of the database": (self.database.root / "log").read_bytes(),
            "traces": b"\n".join(self.outside.spans),
            **{f"log of the {name}": (self.folder / f"{name}.log").read_bytes() for name in ("worker", "desk")},
            **{f"home, {name}": content for name, content in files(self.home, "keys").items()},
            **self.pages,
        }

    def _ledger(self) -> bytes:
        with psycopg.connect(
            f"host={self.database.root} user=tidegate dbname=postgres", password=said("ledger-password")
        ) as asked:
            tables = asked.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [asked.execute(f'SELECT * FROM "{table}"').fetchall() for (table,) in tables]  # noqa: S608  # its own names
        cells = [cell for each in rows for row in each for cell in row]
        return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def written(events: list[HistoryEvent]) -> bytes:
    """Return a history as it is sent and as it is shown."""
    shown = WorkflowHistory(CASE, events).to_json().encode()
    return b"\n".join([*(event.SerializeToString() for event in events), shown])


async def open_payloads(events: list[HistoryEvent], converter: DataConverter) -> None:
    """Decrypt every payload of a history, wherever it lies."""
    codec = converter.payload_codec
    assert codec is not None

    async def walk(message: Any) -> None:
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            if field.message_type.GetOptions().map_entry:
                parts = [one for one in value.values() if hasattr(one, "ListFields")]
            else:
                parts = list(value) if field.is_repeated else [value]
            for part in parts:
                if isinstance(part, Payload):
                    part.CopyFrom((await codec.decode([part]))[0])
                else:
                    await walk(part)

    for event in events:
        await walk(event)


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    """A PostgreSQL that asks for the planted password."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        password = Path(folder) / "password"
        password.write_text(said("ledger-password"))
        password.chmod(0o644)
        made = ("--username=tidegate", "--auth=scram-sha-256", f"--pwfile={password}")
        try:
            with cluster(made) as running:
                yield running
        except Lacking as error:
            pytest.skip(str(error))


async def knocked(away: Attacked, plan: Plan) -> None:
    """Agree to what no target lets happen, wait until it was tried, and take it back, which none of them confirms."""
    await away.almost(plan)
    gate = await away.gate()
    await away.insist("approve", "ops-a", gate=gate.id, subject=gate.subject, reason=WORDS)
    for _ in range(1_200):
        stands = await away.standing()
        if stands.epoch and stands.phase != "widening":
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError(f"it is never known that it was refused: {stands.line}")
    await away.insist("pause", "ops-a", reason=WORDS)
    assert not (await away.standing()).confirmed


@needs_dev_server
def test_no_planted_secret_lies_anywhere(tmp_path: Path, database: Cluster) -> None:
    """While all outside repeats what it was asked with, one is served and paused, one is never let in: none lies."""

    # Searched: histories raw and decrypted, logs, databases, figures, traces, printed words, files of the home. What
    # people wrote is where it belongs and nowhere else, so the search does find what is there.
    async def story() -> dict[str, bytes]:
        async with AsyncExitStack() as stack:
            site = Site(tmp_path, database, stack)
            await site.build()
            rollout = site.rollout
            await rollout.almost(site.plan())
            gate = await rollout.gate()
            await rollout.insist("approve", "ops-a", gate=gate.id, subject=gate.subject, reason=WORDS)
            await rollout.serves(10)
            await soon(lambda: "source" in site.outside.refused, "the source was asked")
            await knocked(site.away, site.unreached())
            site.outside.refuses = True
            log = site.folder / "worker.log"
            await soon(lambda: CASE in log.read_text("utf-8"), "the worker has named it: a target is out of its sight")
            await site.type("hold", CASE, "--as", "ops-a", "--reason", WORDS, codes=(0, 4))  # a busy worker may be late
            await rollout.insist("pause", "ops-a", reason=WORDS)
            await rollout.serves(0)
            await soon(lambda: {"hook", "room", "v1"} <= site.outside.refused, "everything has refused")
            site.outside.refuses = False
            await site.type("pause", CASE, "--as", "ops-a", "--reason", WORDS, codes=(0, 4))
            bad = f"postgresql://tidegate:{said('mistyped-ledger-password')}@/postgres?host={database.root}"
            for words in (["evidence", "verify"], ["ledger", "upgrade"]):
                await site.type(*words, codes=(4,), TIDEGATE_LEDGER=bad)
            assert await site.alert(said("alert-token")) < 300
            assert await site.alert(said("another-alert-token")) == 401
            for name in (b"say pause", b"hear pause"):  # of the verb, and of the worker
                await soon(lambda name=name: name in b"".join(site.outside.spans), f"{name!r} has arrived")  # type: ignore[misc]  # it is bound now
            used = {"heard": "\n".join(site.outside.heard).encode()}
            told = ("source-token", "channel-password", "collector-token", "unleash-token", "gateway-token")
            planted = {name: SECRETS[name] for name in told}
            assert {
                one.partition(",")[0] for one in hits(used, planted)
            } == planted.keys()  # they were there to be said
            return await site.gathered()

    places = asyncio.run(asyncio.wait_for(story(), 500))
    key = b"".join(
        line
        for file in (tmp_path / "home" / "keys").iterdir()
        for line in file.read_bytes().splitlines()
        if re.fullmatch(rb"[A-Za-z0-9+/=]{40,}", line)
    )
    secrets = {**SECRETS, "payload-key": PAYLOAD_KEY, "signing-key": key}
    assert all(len(one) > 12 for one in secrets.values())
    assert hits(places, secrets) == []
    assert b"password authentication failed" in places["log of the database"]

    found = {one.rpartition(": ")[2] for one in hits(places, {"the case": CASE.encode()})}
    everywhere = {
        "history, decrypted",
        "file of the server",
        "page of figures",
        "ledger",
        "traces",
        "log of the worker",
    }
    assert everywhere <= found
    words = {one.rpartition(": ")[2] for one in hits(places, {"words": WORDS.encode()})}
    assert "history, decrypted" in words  # they are carried there, encrypted
    assert "ledger" in words  # beside the chain
    assert not words & {"history, as it is kept", "file of the server", "page of figures", "traces"}
    assert not [place for place in words if place.startswith("log of")]


@pytest.mark.parametrize("form", forms(b"planted-x-7f3a91"))
def test_a_secret_that_lies_somewhere_is_found(form: str) -> None:
    """However it is spelled, one secret in one place is found and named, and its twin beside it is not."""
    secrets = {"x": b"planted-x-7f3a91", "y": b"planted-y-7f3a91"}
    places = {"log": b"before " + forms(secrets["x"])[form] + b" after", "page": b"nothing"}
    assert {one.partition(",")[0] for one in hits(places, secrets)} == {"x"}
    assert {one.rpartition(": ")[2] for one in hits(places, secrets)} == {"log"}
