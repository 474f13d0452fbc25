"""The server on which time is skipped: where it is, how it is started, and that it ends whatever happens."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sysconfig
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from workflows.converter import CONVERTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NAME = "temporal-test-server"
_ATTEMPTS = 5
BOUND = 20
"""Seconds after which whatever does not end by itself is ended."""
_PID = "pid"


class Unavailable(Exception):  # noqa: N818  # it says what is so
    """There is no time-skipping server on this machine, or it does not do."""


def binary() -> Path:
    """Return where the time-skipping server is."""
    beside = Path(sysconfig.get_path("scripts")) / NAME
    found = str(beside) if beside.is_file() else shutil.which(NAME)
    if found is None:
        raise Unavailable(
            f"the time-skipping server is not installed: its package, {NAME}-bin, serves 64-bit x86 Linux"
        )
    return Path(found)


@asynccontextmanager
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Start a server, and end it whatever happens."""
    runtime = Runtime(telemetry=TelemetryConfig(logging=None), worker_heartbeat_interval=None)
    with _quiet(binary()) as where:
        env = await _started(str(where), runtime)
        try:
            yield env
        finally:
            try:
                async with asyncio.timeout(BOUND):
                    await env.shutdown()
            except TimeoutError:
                _end(where)


async def _started(where: str, runtime: Runtime) -> WorkflowEnvironment:
    for attempt in range(_ATTEMPTS):
        try:
            return await WorkflowEnvironment.start_time_skipping(
                data_converter=CONVERTER, test_server_existing_path=where, runtime=runtime
            )
        except RuntimeError as error:
            # The SDK gives it five seconds, which a busy machine may not have the first time.
            if attempt == _ATTEMPTS - 1:
                raise Unavailable(f"the time-skipping server does not start: {error}") from None
    raise AssertionError


@contextmanager
def _quiet(server: Path) -> Iterator[Path]:
    """Return what starts the server without what it says as it ends: pages of traces, and nothing is wrong."""
    with TemporaryDirectory(prefix="tidegate-rehearsal-") as place:
        if os.statvfs(place).f_flag & os.ST_NOEXEC:
            yield server
            return
        script = Path(place) / NAME
        # It takes the place of the script, so that a signal to the one is a signal to the other.
        script.write_text(
            f"#!/bin/sh\necho $$ > {shlex.quote(str(Path(place) / _PID))}\n"
            f'exec {shlex.quote(str(server))} "$@" >/dev/null 2>&1\n',
            "utf-8",
        )
        script.chmod(0o700)
        yield script


def _end(where: Path) -> None:
    """End a server that was asked to and does not; its number is known where it was started by our script."""
    with suppress(OSError, ValueError):
        os.kill(int(where.with_name(_PID).read_text("utf-8")), signal.SIGKILL)
