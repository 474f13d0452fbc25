"""Processes that have everything imported before they begin: importing takes most of the time of a short life.

Each is a process of its own, with an environment of its own, and may be killed like any other. It is forked from one
that has imported what they all need and in which nothing else ever runs.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NOWHERE = Path(os.devnull)
_READY = multiprocessing.get_context("forkserver")
_READY.set_forkserver_preload(
    [
        *("cli.amending", "cli.around", "cli.decide", "cli.direct", "cli.following", "cli.line", "cli.line_talk"),
        *("cli.main", "cli.onward", "cli.reading", "cli.safer", "cli.starting", "cli.talk", "tidegate.compile"),
        *("tests.store.writer", "worker"),
    ]
)


def _begin(what: Callable[..., None], given: tuple[str, ...], env: dict[str, str], places: tuple[Path, ...]) -> None:
    """Be that process: in an environment and a folder, without a keyboard, and with files for what is said."""
    folder, *said = places
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, file in enumerate((_NOWHERE, *said)):
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(handle, number)
    sys.argv = [what.__module__, *given]
    what(*given)


class Forked:
    """A process that is on its way."""

    def __init__(
        self,
        what: Callable[..., None],
        *given: str,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        out: Path = _NOWHERE,
        err: Path = _NOWHERE,
    ) -> None:
        """Begin to do something; what is given is in `sys.argv`, too. Nothing of it outlives whoever began it."""
        places = (folder or Path.cwd(), out, err)
        self._process = _READY.Process(target=_begin, args=(what, given, dict(env or os.environ), places), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Which process it is."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; none while it has not."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it without a word."""
        self._process.kill()

    def join(self, seconds: float | None = None) -> int | None:
        """Wait until it has ended, and return how; none where that takes longer."""
        self._process.join(seconds)
        return self._process.exitcode

    async def wait(self) -> Any:
        """Wait until it has ended, and return how."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        return self.join()
