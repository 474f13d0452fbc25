"""The server on which time is skipped: where it is, how it is started, and that it ends whatever happens."""

from __future__ import annotations

import shutil
import sysconfig
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from workflows.converter import CONVERTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAME = "temporal-test-server"
_ATTEMPTS = 5


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
    where, runtime = _quiet(), Runtime(telemetry=TelemetryConfig(logging=None), worker_heartbeat_interval=None)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            env = await WorkflowEnvironment.start_time_skipping(
                data_converter=CONVERTER, test_server_existing_path=str(where), runtime=runtime
            )
            break
        except RuntimeError as error:
            # The SDK gives it five seconds, which a busy machine may not have the first time.
            if attempt == _ATTEMPTS:
                raise Unavailable(f"the time-skipping server does not start: {error}") from None
    try:
        yield env
    finally:
        await env.shutdown()


def _quiet() -> Path:
    return binary()
