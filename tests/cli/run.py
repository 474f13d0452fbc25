"""Runs `tidegate` as a person does: in a process of its own, or in this one where that is enough and faster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.embedded import leave
from cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SUMMARISER = "playbooks/minutes-summariser.yaml"
DAY = "2026-12-01"


class Answer(NamedTuple):
    """What a verb said and how it ended."""

    code: int
    out: str
    err: str


def process(*words: str, cwd: Path = ROOT, **env: str) -> Answer:
    """Run it as a process, away from whatever the environment of the tests says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=cwd,
        env={**kept, "COLUMNS": "100", **env},
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def verb(*words: str) -> None:
    """Be `tidegate`, in a process that is for this alone (see `Forked`)."""
    sys.argv = ["tidegate", *words]
    main()


class Deaf(set[str]):
    """A set that nothing gets into."""

    def add(self, name: str) -> None:
        """Take no notice."""


class Here:
    """Runs it in this process, in a directory of its own."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str], folder: Path) -> None:
        self.patch = patch
        self.capture = capture
        self.folder = folder

    def __call__(self, *words: str) -> Answer:
        """Run one verb."""
        self.patch.setattr(sys, "argv", ["tidegate", *words])
        # Having spoken to Temporal, a process ends at once; this one goes on with the next test.
        self.patch.setattr(leave, "_SPOKEN", Deaf())
        self.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = self.capture.readouterr()
        return Answer(int(end.value.code or 0), said.out, said.err)

    def write(self, name: str, text: str) -> Path:
        """Write a file beside it."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def sample(self, change: tuple[str, str] = ("", "")) -> None:
        """Lay the sample programme and the summariser here, with one change to the playbook."""
        for name in ("programme.yaml", "minutes-summariser.yaml"):
            text = (ROOT / "playbooks" / name).read_text(encoding="utf-8")
            if name != "programme.yaml":
                assert change[0] in text
                text = text.replace(*change)
            self.write(name, text)
