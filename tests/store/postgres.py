"""A throwaway PostgreSQL of Debian's, on a socket in a directory of its own, which can be stopped like a real one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.services import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOBODY = 65534
_TRUSTING = ("--username=tidegate", "--auth=trust")


class Lacking(Exception):  # noqa: N818  # it says what is so, as people would
    """PostgreSQL cannot be had here; the words say why."""


class Cluster:
    """One running PostgreSQL with as many databases as anybody wants."""

    def __init__(self, root: Path, made: Sequence[str] = _TRUSTING) -> None:
        """Make a cluster under a directory and start it; unless said otherwise it trusts whoever reaches its socket."""
        self.root = root
        self.data = root / "data"
        self._databases = 0
        os.chmod(root, 0o755)  # noqa: S103, PTH101  # another user looks for the socket in it
        if os.geteuid() == 0:
            os.chown(root, NOBODY, NOBODY)
        self._run(["initdb", "--pgdata", str(self.data), *made, "--no-sync", "--locale=C", "-E", "UTF8"])
        self.start()

    def _run(self, command: Sequence[str]) -> None:
        found = program(command[0])
        if found is None:
            raise Lacking(f"{command[0]} is not installed; `make services` installs it where it can")
        more: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        log = self.root / "commands.log"
        with log.open("ab") as told:
            done = subprocess.run(
                [found, *command[1:]],
                cwd=self.root,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                check=False,
                timeout=180,
                **more,
            )
        if done.returncode:
            raise Lacking(f"{command[0]} failed: {log.read_text('utf-8', 'replace')[-300:]}")

    def start(self) -> None:
        """Start it, and return when it answers."""
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.root} -c max_connections=60"
        self._run(
            ["pg_ctl", "start", "--wait", "--pgdata", str(self.data), "--log", str(self.root / "log"), "-o", settings]
        )

    def stop(self, how: str = "immediate") -> None:
        """Stop it: `immediate` is what a power cut would do."""
        self._run(["pg_ctl", "stop", "--wait", "--pgdata", str(self.data), "--mode", how])

    def processes(self) -> list[int]:
        """Return the ids of all its processes, the first one first."""
        first = int((self.data / "postmaster.pid").read_text("utf-8").split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text("utf-8").split()
        return [first, *map(int, children)]

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://tidegate@/{name}?host={self.root}"

    def fresh(self) -> str:
        """Make an empty database, and return its address."""
        import psycopg  # noqa: PLC0415  # only where there is a server to speak to

        self._databases += 1
        name = f"ledger_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextlib.contextmanager
def cluster(made: Sequence[str] = _TRUSTING) -> Iterator[Cluster]:
    """Run a cluster for a while; raise `Lacking` where it cannot be had."""
    root = Path(tempfile.mkdtemp(prefix="tidegate-pg-"))
    try:
        if os.name != "posix":
            raise Lacking("this machine has no sockets in directories")
        running = Cluster(root, made)
        try:
            yield running
        finally:
            with contextlib.suppress(Lacking):
                running.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)
