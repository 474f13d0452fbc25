"""A `tidegate` that runs in this process, in an empty directory, without a keyboard."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.lab import Lab
from tests.cli.run import Here


class _Stream(io.TextIOWrapper):
    """A standard input that is no keyboard and has nothing to say."""


@pytest.fixture
def tidegate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Here:
    """Return a function that runs one verb."""
    for name in [name for name in os.environ if name.startswith("TIDEGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdin", _Stream(io.BytesIO()))
    return Here(monkeypatch, capsys, tmp_path)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server and a worker that are up for all tests of the session."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.server()
        lab.worker()
        yield lab
    finally:
        lab.close()
