"""What benches of a running server stand on: workers as processes of their own, and what a process has used.

Reads /proc, as the wheels of the servers serve Linux only.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bench.figures import ROOT

_TICK, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_AT_ONCE = 16
AROUND = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as they are wherever nobody forbids it: those of libraries always are."""


@asynccontextmanager
async def process(module: str, *words: str, log: Path, **environment: str) -> AsyncIterator[int]:
    """Run a module of ours until it is no longer needed; yield its process id."""
    with log.open("ab") as out:
        one = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words, cwd=ROOT, env={**AROUND, **environment}, stdout=out, stderr=out
        )
        try:
            yield one.pid
        finally:
            with suppress(ProcessLookupError):
                one.terminate()
            await one.wait()


@asynccontextmanager
async def tidegate(address: str, home: Path, **more: str) -> AsyncIterator[int]:
    """Run a worker as people do."""
    around = {"TEMPORAL_ADDRESS": address, "TIDEGATE_HOME": str(home), **more}
    async with process("worker", log=home / "worker.log", **around) as pid:
        yield pid


@asynccontextmanager
async def bare(address: str, home: Path, *words: str) -> AsyncIterator[int]:
    """Run a worker for bare workflows."""
    async with process("bench.bare", address, *words, log=home / "bare.log") as pid:
        yield pid


def server() -> int:
    """Return the process id of the server that this process has started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"start-dev" in stat.with_name("cmdline").read_bytes():
                return int(stat.parent.name)
    raise SystemExit("there is no server")


def spent(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICK


def resident(pid: int) -> int:
    """Return how much memory of its own a process holds, in bytes."""
    words = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(words[1]) - int(words[2])) * _PAGE


async def each(things: Iterable[Any], do: Callable[[Any], Awaitable[object]], at_once: int = _AT_ONCE) -> None:
    """Do something with each, a few at a time."""
    few = asyncio.Semaphore(at_once)

    async def one(thing: Any) -> None:
        async with few:
            await do(thing)

    await asyncio.gather(*(one(thing) for thing in things))
