"""A real Prometheus with what it was told of the past, and the settings that lead to it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from activities.http import Deadline, Question, ask
from tests.services import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _pytest.mark.structures import MarkDecorator

_STARTS = 120
"""Seconds after which a server that does not answer never will."""


def needs_prometheus() -> MarkDecorator:
    """Skip where Prometheus cannot be had."""
    return pytest.mark.skipif(
        program("prometheus") is None or program("promtool") is None,
        reason="Prometheus is not installed; `make services` installs it where it can",
    )


class Server:
    """One running Prometheus, which scrapes nothing: it knows what it was told when it was made."""

    def __init__(self, root: Path, samples: Mapping[str, Mapping[float, float]]) -> None:
        """Keep samples, each series with its values by the second, and start."""
        self._root = root
        self._told(samples)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _told(self, samples: Mapping[str, Mapping[float, float]]) -> None:
        lines = []
        for name in dict.fromkeys(series.partition("{")[0] for series in samples):
            lines.append(f"# TYPE {name} gauge")
            for series, values in samples.items():
                if series.partition("{")[0] == name:
                    lines += [f"{series} {value} {at}" for at, value in sorted(values.items())]
        (self._root / "told.txt").write_text("\n".join([*lines, "# EOF", ""]), "utf-8")
        (self._root / "prometheus.yml").write_text("global: {scrape_interval: 1d}\n", "utf-8")
        command = ["tsdb", "create-blocks-from", "openmetrics", "told.txt", "data"]
        subprocess.run(
            [str(program("promtool")), *command], cwd=self._root, check=True, capture_output=True, timeout=_STARTS
        )

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self._root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(program("prometheus")),
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=data",
                    "--storage.tsdb.retention.time=100y",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    "--log.level=error",
                ],
                cwd=self._root,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _STARTS
        while True:
            with contextlib.suppress(OSError):
                if ask(Question("GET", f"{self.url}/-/ready", {}), Deadline(5)).well:
                    return
            if self._process.poll() is not None or time.monotonic() > end:
                said = (self._root / "log").read_text("utf-8", "replace")
                raise AssertionError(f"Prometheus does not start: {said[-500:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it: nobody listens at its address any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def prometheus(samples: Mapping[str, Mapping[float, float]]) -> Iterator[Server]:
    """Run one for a while."""
    root = Path(tempfile.mkdtemp(prefix="tidegate-prometheus-"))
    server = None
    try:
        server = Server(root, samples)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)


def every(step: float, since: datetime, until: datetime, value: float, *, grows: float = 0.0) -> dict[float, float]:
    """Return the samples of a series that has one value, or grows, from one time to another."""
    begun, ended = since.timestamp(), until.timestamp()
    return {begun + step * at: value + grows * at for at in range(int((ended - begun) // step) + 1)}


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
