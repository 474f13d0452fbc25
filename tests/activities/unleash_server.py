"""A real Unleash with a real PostgreSQL, on a free port, for a while; and the real client that reads it."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
from UnleashClient import UnleashClient  # type: ignore[attr-defined]  # it is there, and not said to be
from UnleashClient.cache import FileCache

from activities.drivers.flagd_flag import EPOCH
from tests.services import unleash
from tests.store.postgres import Lacking, cluster

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ENVIRONMENT = "development"
_CLIENT = f"*:{ENVIRONMENT}.aTokenThatOnlyTestsKnow"
_PATIENCE = 120


class Server:
    """One running Unleash."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = httpx.Client(base_url=url, timeout=60)
        self.token = self._token()
        self.admin.cookies.clear()
        self.admin.headers["authorization"] = self.token

    def _token(self) -> str:
        """Log in as the first person there is, and return a token of that person's."""
        self.admin.post("/auth/simple/login", json={"username": "admin", "password": "unleash4all"}).raise_for_status()
        made = self.admin.post(
            "/api/admin/user/tokens", json={"description": "tests", "expiresAt": "2099-01-01T00:00:00Z"}
        )
        return str(made.raise_for_status().json()["secret"])

    def ask(self, method: str, path: str, said: Any = None) -> Any:
        """Do what a person does by hand."""
        answer = self.admin.request(method, f"/api/admin{path}", json=said).raise_for_status()
        return answer.json() if answer.content else None

    def served(self, feature: str, epoch: int, people: Collection[str], cohorts: str) -> set[str]:
        """Who is on, as the real client answers once the server tells of an epoch."""
        self._wait_for(feature, epoch)
        with TemporaryDirectory() as folder:
            logging.getLogger("UnleashClient").setLevel(logging.CRITICAL)
            client = UnleashClient(
                url=f"{self.url}/api",
                app_name=f"tests-{feature}-{epoch}",
                custom_headers={"Authorization": _CLIENT},
                disable_metrics=True,
                disable_registration=True,
                cache=FileCache("tests", directory=folder),
            )
            client.initialize_client()
            try:
                return {one for one in people if client.is_enabled(feature, {"userId": one, "cohorts": cohorts})}
            finally:
                client.destroy()

    def _wait_for(self, feature: str, epoch: int) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            said = httpx.get(f"{self.url}/api/client/features", headers={"authorization": _CLIENT}, timeout=60).json()
            found = [one for one in said["features"] if one["name"] == feature]
            if found and f'"{EPOCH}": {epoch},' in str(found[0]["strategies"][0]["variants"][0]["payload"]["value"]):
                return
            time.sleep(0.05)
        raise AssertionError(f"clients never hear of epoch {epoch}")


@contextmanager
def server() -> Iterator[Server]:
    """Run an Unleash for a while; raise `Lacking` where it cannot be had."""
    script, node = unleash(), shutil.which("node")
    if script is None or node is None:
        raise Lacking("Unleash is not installed; `make services` installs it where it can")
    with cluster() as database, socket.socket() as free, TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        name = database.fresh().partition("?")[0].rpartition("/")[2]
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_HOST": str(database.root),
            "DATABASE_NAME": name,
            "DATABASE_USERNAME": "tidegate",
            "DATABASE_PASSWORD": "not-asked-for",
            "DATABASE_SSL": "false",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(port),
            "INIT_CLIENT_API_TOKENS": _CLIENT,
            # Else one client may be told what was so a moment ago, after another has been told better.
            "CLIENT_FEATURE_CACHING_ENABLED": "false",
            "CHECK_VERSION": "false",
            "SEND_TELEMETRY": "false",
            "LOG_LEVEL": "error",
        }
        log = Path(folder) / "log"
        with log.open("wb") as told:
            process = subprocess.Popen(
                [node, script],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for_health(url, process, log)
            running = Server(url)
            with closing(running.admin):
                yield running
        finally:
            # What it leaves behind is thrown away, so nobody waits for a tidy end.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Lacking(f"Unleash ended: {log.read_text('utf-8', 'replace')[-300:]}")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        time.sleep(0.2)
    raise Lacking(f"Unleash does not answer: {log.read_text('utf-8', 'replace')[-300:]}")
