"""A home of its own for an embedded server: run the verbs on it, hurt it, and look at what is left."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from cli.answers import Refusal
from cli.embedded import binary
from cli.embedded.lock import holders
from cli.embedded.places import LOCALHOST, Places
from cli.embedded.ports import any_free, taken
from cli.embedded.processes import alive, birth
from cli.embedded.record import Keeper, Record, Server, Worker, load
from tests.cli.run import ROOT, Answer, verb
from tests.forked import Forked

LONG = 90.0
"""Seconds that nothing here takes on an idle machine; a busy one may."""


def command(*words: str, first: str = "") -> list[str]:
    """How a verb is run as a process; some lines of Python may go before it."""
    return [sys.executable, "-c", f"{first}\nfrom cli.main import main\nmain()", *words]


def environment(home: Path, **more: str) -> dict[str, str]:
    """What such a process finds around it: this home, and nothing of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_"))}
    return {**kept, "TIDEGATE_HOME": str(home), "COLUMNS": "100", **more}


def until(check: Callable[[], Any], seconds: float = LONG) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def lacking() -> str:
    """Why there is no server to run these tests with; nothing if there is one."""
    try:
        binary.find()
    except Refusal as refusal:
        return refusal.message
    return ""


NEEDS_SERVER = pytest.mark.skipif(bool(lacking()), reason=f"the Temporal server cannot be started: {lacking()}")


@contextmanager
def usual_ports() -> Iterator[None]:
    """Be alone on this machine with the usual ports: two who look for them at once would find the same ones."""
    with (Path(tempfile.gettempdir()) / f"tidegate-usual-ports-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


class House:
    """One home, its ports, and every process that was ever seen in it."""

    def __init__(self, home: Path) -> None:
        self.places = Places(home)
        self.port, self.ui = any_free(2)
        # Most of these tests hurt the two that a rollout cannot do without; the desk would only take its time.
        self.ports: tuple[str, ...] = ("--port", str(self.port), "--ui-port", str(self.ui), "--no-desk")
        self.output = home.with_name(f"{home.name}.said")
        self._count = itertools.count()
        self._seen: set[Keeper] = set()
        self._ours: list[subprocess.Popen[bytes]] = []

    @property
    def record(self) -> Record:
        """What is written down now."""
        record = load(self.places.record)
        self._seen |= {Keeper(part.pid, part.started) for part in record if part is not None}
        return record

    @property
    def said(self) -> str:
        """What a verb in the foreground has said so far."""
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""

    def run(self, *words: str, **env: str) -> Answer:
        """Run a verb to its end; a desk is opened where the words say so."""
        if words[0] == "up" and not any("desk" in word for word in words):
            words = (*words, "--no-desk")
        number = next(self._count)
        out, err = (self.output.with_name(f"{self.output.name}.{number}.{name}") for name in ("out", "err"))
        around = environment(self.places.home, **env)
        code = Forked(verb, *words, env=around, folder=ROOT, out=out, err=err).join(LONG * 3)
        assert code is not None, f"{words} never ends"
        assert self.record is not None
        return Answer(code, out.read_text("utf-8"), err.read_text("utf-8"))

    def words(self, *words: str, **env: str) -> Any:
        """Run a verb that succeeds, and return its JSON."""
        answer = self.run(*words, "--json", **env)
        assert answer.code == 0, answer
        return json.loads(answer.out)

    def up(self, **env: str) -> Any:
        """Bring both up, so that they go on alone."""
        return self.words("up", "--detach", *self.ports, **env)

    def doctor(self, code: int, **env: str) -> dict[str, dict[str, Any]]:
        """What the doctor says, by subject."""
        answer = self.run("doctor", "--programme", "playbooks/programme.yaml", "--json", **env)
        assert answer.code == code, answer
        return {finding["subject"]: finding for finding in json.loads(answer.out)["findings"]}

    def foreground(self, *words: str, up: bool = True, patience: float = LONG, **env: str) -> subprocess.Popen[bytes]:
        """Start `up` and let it stay; return when it says that both are up."""
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                command("up", *(words or self.ports)),
                cwd=ROOT,
                env=environment(self.places.home, **env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._ours.append(process)
        if up:
            assert until(lambda: "Next:" in self.said or process.poll() is not None, patience), self.said
            assert process.poll() is None, self.said
            assert self.record.keeper is not None
        return process

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Ask the server something through a client."""

        async def asked() -> Any:
            server = self.record.server
            assert server is not None
            return await question(await Client.connect(server.address))

        return asyncio.run(asked())

    def kill(self, *pids: int) -> None:
        """Kill without a word."""
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def quiet(self) -> bool:
        """Whether nothing of it is left: no process that was seen, nobody who holds a lock, no port."""
        locks = (self.places.lock, self.places.server_lock, self.places.worker_lock, self.places.desk_lock)
        return (
            not any(alive(one) for one in self._seen)
            and not any(holders(lock) for lock in locks)
            and not any(taken(port) for port in (self.port, self.ui))
        )

    def close(self) -> None:
        """End whatever a failed test left behind; what is here is ours, for it holds our locks or is our child."""
        for process in self._ours:
            process.kill()
            process.wait()
        for lock in (self.places.desk_lock, self.places.worker_lock, self.places.server_lock):
            for pid in holders(lock):
                os.kill(pid, signal.SIGKILL)


def stale(house: House, pid: int) -> Record:
    """What is written down of processes whose pid has passed to another."""
    house.places.prepare()
    began = f"1{birth(pid)}"
    server = Server(pid, began, f"{LOCALHOST}:{house.port}", f"http://{LOCALHOST}:{house.ui}", "", "", "1.32.0")
    return Record(Keeper(pid, began), server, Worker(pid, began, server.address, "", ""))


def listening() -> Any:
    """A stranger's socket, and its port."""
    stranger = socket.socket()
    stranger.bind((LOCALHOST, 0))
    stranger.listen()
    return stranger
