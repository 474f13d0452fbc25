"""Where the embedded server keeps what is its own, and what it is called. It reads nothing and knows no process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from cli.answers import Exit, Refusal
from cli.home import home

LOCALHOST = "127.0.0.1"
NAMESPACE = "default"
RETENTION_DAYS = 400
"""A rollout lives for a year; its closed runs must still be there when it is audited."""
USUAL_PORT = 7233
USUAL_UI_PORT = 8233
USUAL_DESK_PORT = 8333


class Places(NamedTuple):
    """The files of one home."""

    home: Path

    @classmethod
    def here(cls) -> Places:
        """The home that TIDEGATE_HOME names, seen from anywhere."""
        return cls(home().absolute())

    @property
    def record(self) -> Path:
        return self.home / "up.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops something."""
        return self.home / "up.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server for as long as it lives, so that two never write to one SQLite file."""
        return self.home / "server.lock"

    @property
    def worker_lock(self) -> Path:
        """Held by the worker for as long as it lives."""
        return self.home / "worker.lock"

    @property
    def desk_lock(self) -> Path:
        """Held by the review desk for as long as it lives."""
        return self.home / "desk.lock"

    @property
    def database(self) -> Path:
        return self.home / "temporal.db"

    @property
    def ledger(self) -> Path:
        return self.home / "ledger.db"

    @property
    def flags(self) -> Path:
        return self.home / "flags"

    @property
    def server_log(self) -> Path:
        return self.home / "logs" / "temporal.log"

    @property
    def worker_log(self) -> Path:
        return self.home / "logs" / "worker.log"

    @property
    def desk_log(self) -> Path:
        return self.home / "logs" / "desk.log"

    def prepare(self) -> None:
        """Make the directories; raise Refusal if one cannot be written."""
        for folder in (self.home, self.server_log.parent):
            try:
                # Rollouts carry names and reasons: a new home is for nobody else's eyes.
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise unwritable(folder, error) from None
            if not os.access(folder, os.W_OK | os.X_OK):
                raise unwritable(folder)


def task_queue() -> str:
    """The queue on which this home's worker listens."""
    return os.environ.get("TIDEGATE_TASK_QUEUE") or "tidegate"


def unwritable(place: Path, error: OSError | None = None) -> Refusal:
    """What to say when something under home cannot be written."""
    why = f": {error.strerror}" if error is not None and error.strerror else ""
    return Refusal(
        f"{place} cannot be written{why}", "TIDEGATE_HOME names another home; it must be yours.", Exit.NOT_PERMITTED
    )
