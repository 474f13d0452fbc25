"""`up.json`: what is running under a home, as far as anybody wrote down. It may be stale; `processes` knows better."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cli.answers import Exit, Refusal
from cli.home import write

FORMAT = 1


class Keeper(NamedTuple):
    """The `tidegate up` that starts the others or watches over them."""

    pid: int
    started: str
    """What the kernel says about its birth: a recycled pid has another."""


class Server(NamedTuple):
    """The Temporal server."""

    pid: int
    started: str
    address: str
    """Where clients and workers find it."""
    ui: str
    """Where people find it."""
    api: str
    """Where we ask over HTTP how it is."""
    metrics: str
    version: str


class Worker(NamedTuple):
    """The worker."""

    pid: int
    started: str
    address: str
    """The server it works for."""
    health: str
    metrics: str


class Desk(NamedTuple):
    """The review desk."""

    pid: int
    started: str
    address: str
    """What people type to come to it."""
    health: str


class Record(NamedTuple):
    """Everything that was written down; nothing of it is sure to be alive."""

    keeper: Keeper | None = None
    server: Server | None = None
    worker: Worker | None = None
    desk: Desk | None = None


_Part = TypeVar("_Part", Keeper, Server, Worker, Desk)


def load(file: Path) -> Record:
    """Return what is written down; what is not there or makes no sense counts as nothing."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except PermissionError:
        raise Refusal(
            f"{file} cannot be read: it belongs to somebody else", "TIDEGATE_HOME names another.", Exit.NOT_PERMITTED
        ) from None
    except (OSError, ValueError):
        return Record()
    if not isinstance(raw, dict):
        return Record()
    return Record(
        keeper=_part(Keeper, raw.get("keeper")),
        server=_part(Server, raw.get("server")),
        worker=_part(Worker, raw.get("worker")),
        desk=_part(Desk, raw.get("desk")),
    )


def save(file: Path, record: Record) -> None:
    """Write it down, whole or not at all."""
    parts = {name: part and part._asdict() for name, part in record._asdict().items()}
    write(file, json.dumps({"format": FORMAT, **parts}, indent=2) + "\n")


def forget(file: Path) -> None:
    """Remove what was written down."""
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            file.unlink()
    except OSError as error:
        raise Refusal(f"{file} cannot be removed: {error.strerror}", "Remove it by hand.") from None


def _part(kind: type[_Part], raw: Any) -> _Part | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("pid"), int):
        return None
    known = {name: raw[name] for name in kind._fields if isinstance(raw.get(name), str | int)}
    return kind(**known) if len(known) == len(kind._fields) else None
