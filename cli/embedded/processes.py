"""Processes, each known by its pid and its birth, so that a recycled pid is never taken for one of ours.

Whether a process does its work is for `probe` to say.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cli.embedded.lock import held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DEAD = frozenset("ZXx")
_MOMENTS = 100
"""Tenths of a second: a killed process is gone within moments, unless a disk does not answer it."""
_LAST_THREADS = 10
"""Seconds: on a busy machine a killed process is seen to be dead before its last thread has gone."""
_LARGEST_LOG = 32 * 1024 * 1024
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Those that this process started itself: it must ask after them, or they stay behind as zombies."""


class Running(Protocol):
    """Whatever carries a pid and a birth."""

    @property
    def pid(self) -> int: ...

    @property
    def started(self) -> str: ...


def birth(pid: int) -> str | None:
    """Return what tells this process from every other that had or will have its pid; nothing if it is dead."""
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in _DEAD else f"{fields[19]}@{boot}"
    asked = subprocess.run(  # noqa: S603  # our own words and a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607  # every system keeps its own ps on the path
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = asked.stdout.strip().partition(" ")
    return None if not began or state[0] in _DEAD else began.strip()


def alive(process: Running | None) -> bool:
    """Say whether this very process still lives."""
    if process is None:
        return False
    child = _CHILDREN.get(process.pid)
    if child is not None and child.poll() is not None:
        return False
    return birth(process.pid) == process.started


def exit_code(process: Running) -> int | None:
    """Return how one that has ended did so, if it is a child of ours; its last threads may be on their way yet."""
    child = _CHILDREN.get(process.pid)
    with suppress(subprocess.TimeoutExpired):
        return child.wait(_LAST_THREADS) if child is not None else None
    return None


def spawn(words: Sequence[str], env: Mapping[str, str], log: Path, lock: Path, cwd: Path) -> tuple[int, str]:
    """Start a process that survives us and this terminal, and holds a lock as long as it lives.

    The lock goes over by inheritance: the kernel drops it when the process is gone, however it went. So even a process
    that nobody had time to write down is found, and never gets a twin.
    """
    _turn(log)
    with held(lock) as handle, log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603  # our own words: the binary we found, this interpreter
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=[handle],
        )
    _CHILDREN[child.pid] = child
    return child.pid, birth(child.pid) or "dead at birth"


def stop(process: Running, patience: float, until: Callable[[Callable[[], bool], float], bool]) -> bool:
    """End a process: ask it, wait, then make it. Return whether it went by itself."""
    if not alive(process):
        return True
    _send(process, signal.SIGTERM)
    if until(lambda: not alive(process), patience):
        return True
    _send(process, signal.SIGKILL)
    for _ in range(_MOMENTS):
        if not alive(process):
            break
        time.sleep(0.1)
    return False


def _send(process: Running, sign: signal.Signals) -> None:
    """Signal this very process; if its pid has passed to another meanwhile, nobody."""
    with suppress(ProcessLookupError):
        if sys.platform != "linux":
            if birth(process.pid) == process.started:
                os.kill(process.pid, sign)
            return
        handle = os.pidfd_open(process.pid)
        try:
            # The handle is of one process and never of its successor, so nothing can change after this look.
            if birth(process.pid) == process.started:
                signal.pidfd_send_signal(handle, sign)
        finally:
            os.close(handle)


def _turn(log: Path) -> None:
    """Begin a new log when the old one has grown large; one old one is kept."""
    with suppress(OSError):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_name(f"{log.name}.old"))
