"""How the server, the worker and the desk are started: their words and environment, and what is written down of them.

It starts and does not wait; `starting` and `watching` do that.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cli.answers import Exit, Refusal
from cli.embedded.binary import SETTING, Binary
from cli.embedded.lock import Busy
from cli.embedded.places import LOCALHOST, NAMESPACE, Places, task_queue
from cli.embedded.ports import any_free
from cli.embedded.processes import spawn
from cli.embedded.record import Desk, Server, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.embedded.ports import Ports

_MOMENTS = 50
# `-P`: what runs is the installed worker, not whatever is called worker.py in the directory somebody stands in.
WORKER = (sys.executable, "-P", "-m", "worker")
_PRACTICE = ("frontend.WorkflowTimeSkippingEnabled=true", 'history.timerProcessorMaxTimeShift="5ms"')
"""What lets `tidegate fast-forward` move one rollout at a time; without the second each jump takes a second."""
DESK = (sys.executable, "-P", "-m", "desk")
_CODEC = "TIDEGATE_CODEC_KEYS"


def client_settings(address: str) -> dict[str, str]:
    """What makes a Temporal client speak to the embedded server and to no other."""
    return {
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_NAMESPACE": NAMESPACE,
        # A temporal.toml may carry a key or a certificate that belongs to another server.
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def plain_environment() -> dict[str, str]:
    """Our environment without what it says of another Temporal."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}


def launch_server(places: Places, binary: Binary, ports: Ports, desk: int) -> Server:
    """Start the server; its UI has the desk read for it what is encrypted."""
    words = [
        *(str(binary.path), "server", "start-dev"),
        *("--db-filename", str(places.database)),
        *("--ip", LOCALHOST, "--port", str(ports.port), "--ui-port", str(ports.ui)),
        *("--http-port", str(ports.api), "--metrics-port", str(ports.metrics)),
        *("--namespace", NAMESPACE, "--log-level", "warn"),
        *(part for setting in _PRACTICE for part in ("--dynamic-config-value", setting)),
        *("--disable-config-file", "--disable-config-env", "--ui-disable-news-fetch"),
        *(("--ui-codec-endpoint", f"http://localhost:{desk}/codec") if os.environ.get(_CODEC) else ()),
    ]
    pid, started = _spawn(words, plain_environment(), places.server_log, places.server_lock, places.home)
    return Server(
        pid,
        started,
        address=f"{LOCALHOST}:{ports.port}",
        ui=f"http://{LOCALHOST}:{ports.ui}",
        api=f"{LOCALHOST}:{ports.api}",
        metrics=f"{LOCALHOST}:{ports.metrics}",
        version=binary.server,
    )


def launch_worker(places: Places, server: Server) -> Worker:
    """Start the worker of a server."""
    health, metrics = (f"{LOCALHOST}:{port}" for port in any_free(2))
    env = plain_environment() | client_settings(server.address)
    env |= {
        "TIDEGATE_HOME": str(places.home),
        "TIDEGATE_TASK_QUEUE": task_queue(),
        "TIDEGATE_HEALTH": health,
        "TIDEGATE_METRICS": metrics,
    }
    # It stands where `up` was typed: a programme that lies there is found from there.
    pid, started = _spawn(WORKER, env, places.worker_log, places.worker_lock, Path.cwd())
    return Worker(pid, started, address=server.address, health=health, metrics=metrics)


def launch_desk(places: Places, server: Server, port: int) -> Desk:
    """Start the review desk; where people find it follows from its port, unless somebody said otherwise."""
    env = plain_environment() | client_settings(server.address)
    env |= {"TIDEGATE_HOME": str(places.home), "TIDEGATE_TASK_QUEUE": task_queue(), "TIDEGATE_UI_ORIGIN": server.ui}
    words = (*DESK, "--host", LOCALHOST, "--port", str(port))
    pid, started = _spawn(words, env, places.desk_log, places.desk_lock, Path.cwd())
    origin = os.environ.get("TIDEGATE_DESK_ORIGIN") or f"http://localhost:{port}"
    return Desk(pid, started, address=origin.rstrip("/"), health=f"{LOCALHOST}:{port}")


def last_words(log: Path, lines: int = 3) -> str:
    """Return the end of a log, for whoever must know why a process ended."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - 8_192))
            said = opened.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join([line.strip() for line in said if line.strip()][-lines:])


def _spawn(words: Sequence[str], env: Mapping[str, str], log: Path, lock: Path, cwd: Path) -> tuple[int, str]:
    try:
        for _ in range(_MOMENTS):
            with suppress(Busy):
                return spawn(words, env, log, lock, cwd)
            # The last threads of a process that was killed may hold its lock for a moment after its end.
            time.sleep(0.1)
        raise Refusal(
            f"a process that cannot be seen from here still holds {lock}",
            "It may run in another container or on another machine with this home; end it there.",
            Exit.UNREACHABLE,
        )
    except OSError as error:
        mend = f"{SETTING} names another server." if lock.name.startswith("server") else "`tidegate doctor` says more."
        raise Refusal(f"{words[0]} cannot be started: {error}", mend, Exit.UNREACHABLE) from None
