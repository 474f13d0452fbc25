"""Ending what runs in a home: the watcher first, then the desk, the worker, the server. Nothing that is not ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli.answers import Exit, Refusal
from cli.embedded.lock import Busy, held, holders
from cli.embedded.processes import alive, birth, stop
from cli.embedded.record import Keeper, Record, forget, load

if TYPE_CHECKING:
    from pathlib import Path

    from cli.embedded.ground import Ground
    from cli.embedded.processes import Running

WORKER_PATIENCE = 35
"""Seconds; the worker itself takes up to thirty to end what it has begun."""
SERVER_PATIENCE = 20
DESK_PATIENCE = 10
_KEEPER_PATIENCE = WORKER_PATIENCE + SERVER_PATIENCE + DESK_PATIENCE + 10


def bring_down(ground: Ground) -> list[str]:
    """End everything that runs in this home; return the names of what was ended."""
    ended: list[str] = []
    places = ground.places
    if not places.home.is_dir():
        return ended
    while True:
        keeper = load(places.record).keeper
        if keeper is not None and alive(keeper):
            # It ends its own in order, and must not find them ended behind its back.
            record = load(places.record)
            parts = (("desk", record.desk), ("worker", record.worker), ("server", record.server))
            ended += [name for name, part in parts if alive(part)]
            end(ground, f"`tidegate up` (process {keeper.pid})", keeper, _KEEPER_PATIENCE)
        with ground.turn():
            record = load(places.record)
            if record.keeper is not None and alive(record.keeper):
                continue
            ended += [name for name in end_parts(ground, record) if name not in ended]
            forget(places.record)
            return ended


def end_parts(ground: Ground, record: Record) -> list[str]:
    """End the desk, the worker, then the server, written down or not; return the names of those that were running."""
    ended = []
    places = ground.places
    for name, part, lock, patience in (
        ("desk", record.desk, places.desk_lock, DESK_PATIENCE),
        ("worker", record.worker, places.worker_lock, WORKER_PATIENCE),
        ("server", record.server, places.server_lock, SERVER_PATIENCE),
    ):
        was = alive(part)
        if part is not None and was:
            end(ground, name, part, patience)
        if end_strays(ground, name, lock, patience) or was:
            ended.append(name)
    return ended


def end_strays(ground: Ground, name: str, lock: Path, patience: float) -> bool:
    """End those that hold the lock of a part and are not written down; return whether there were any."""
    if not lock.exists():
        return False
    try:
        with held(lock):
            return False
    except Busy:
        strays = [Keeper(pid, began) for pid in holders(lock) if (began := birth(pid)) is not None]
    for stray in strays:
        end(ground, f"{name} that was not written down", stray, patience)
    return bool(strays)


def end(ground: Ground, name: str, process: Running, patience: float) -> None:
    """End one process and say how it went."""
    began = time.monotonic()
    try:
        by_itself = stop(process, patience, ground.bell.until)
    except PermissionError:
        raise Refusal(
            f"the {name} (process {process.pid}) belongs to somebody else and was not ended",
            "Whoever started it can end it: `tidegate down`.",
            Exit.NOT_PERMITTED,
        ) from None
    took = f"{time.monotonic() - began:.1f} s"
    how = f"has ended, after {took}" if by_itself else f"did not end by itself within {took} and was killed"
    ground.tell.step(f"{name} (process {process.pid}) {how}" if "(process" not in name else f"{name} {how}")
