"""A JSON file that several targets share and applications read: written whole or not at all, by one writer at a time.

Of all it says, a driver touches only what is its own. A file cannot compare and set by itself, so every writer holds a
lock beside it around read, compare and replace. Whoever edits by hand holds none. What stands in the file, and what it
means, is the affair of the driver.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activities.drivers.contract import Unreadable, Unusable, Unwritten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE = 5.0
"""Seconds to wait for another writer, who needs some milliseconds."""
_PAUSE = 0.02
_TICK = 1_000_000
"""A millisecond, in the nanoseconds in which files count time."""


def needed(settings: Mapping[str, str], kind: str, *names: str) -> tuple[str, ...]:
    """Return settings without which a target of this kind leads nowhere."""
    missing = [name for name in names if not settings.get(name)]
    if missing:
        raise Unusable(f"a {kind} target needs the setting {' and '.join(missing)}")
    return tuple(settings[name] for name in names)


class SharedFile:
    """One file, under the root unless it is absolute. `what` is how people call it."""

    def __init__(self, file: str, root: Path, *, what: str, holds: str, mode: int) -> None:
        """`holds` is the key under which it has what targets own, by name; `mode` the rights of a new file."""
        named = Path(file)
        if ".." in named.parts:
            raise Unusable(f"the {what} of a target leads out of its directory by '..'")
        self._base = named.parent if named.is_absolute() else root
        # The file itself is replaced, and not a link to it.
        self._file = (root / named).resolve()
        self._what, self._holds, self._mode = what, holds, mode

    def document(self) -> dict[str, Any]:
        """Return all that the file says; nothing if there is none yet."""
        if not self._base.is_dir():
            # A disk that is not there is no proof that nobody is served.
            raise FileNotFoundError(f"the directory of the {self._what}s is not there")
        try:
            document = json.loads(self._file.read_bytes().decode())
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"the {self._what} is not JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get(self._holds, {}), dict):
            raise Unreadable(f"the {self._what} does not hold {self._holds} by name")
        return document

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other writer of this file out; the kernel drops the lock of one that dies."""
        if not self._base.is_dir():
            raise Unwritten(f"the directory of the {self._what}s is not there")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = self._file.with_name(f"{self._file.name}.lock").open("ab")
        except OSError as error:
            raise Unwritten(f"the {self._what} cannot be locked: {error.strerror}") from error
        with lock:
            until = time.monotonic() + PATIENCE
            while not _taken(lock.fileno()):
                if time.monotonic() > until:
                    raise Unwritten(f"another writer has held the lock of the {self._what} for {PATIENCE:.0f} s")
                time.sleep(_PAUSE)
            yield

    def replace(self, document: dict[str, Any]) -> None:
        """Write a whole file or nothing, so that it outlives a loss of power, and read it back."""
        data = json.dumps(document, indent=2).encode("ascii") + b"\n"
        # One name for every draft: what a crash leaves behind is written over by the next writer.
        draft = self._file.with_name(f".{self._file.name}.draft")
        try:
            old = self._file.stat() if self._file.exists() else None
            with draft.open("wb") as stream:
                os.fchmod(stream.fileno(), old.st_mode & 0o777 if old else self._mode)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if old is not None:
                _date_after(draft, old.st_mtime_ns)
            draft.replace(self._file)
        except OSError as error:
            raise Unwritten(f"the {self._what} cannot be written: {error.strerror}") from error
        _settle(self._file.parent)
        if self._file.read_bytes() != data:
            raise OSError(f"the {self._what} was changed by somebody else in the same moment")

    def keep_aside(self) -> None:
        """Keep what nobody could read: a reduction writes over it, and the rest of it is somebody's work."""
        with suppress(OSError):
            data = self._file.read_bytes()
            name = f"{self._file.name}.unreadable-{hashlib.sha256(data).hexdigest()[:8]}"
            aside = self._file.with_name(name)
            aside.write_bytes(data)
            aside.chmod(self._file.stat().st_mode & 0o777)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _date_after(draft: Path, old: int) -> None:
    """Make the new file younger than the old one: to a provider, the same time or an earlier one is no change.

    Two writes may fall into one tick of the file system's clock, and clocks are set back.
    """
    new = draft.stat().st_mtime_ns
    if new < old + _TICK:
        os.utime(draft, ns=(old + _TICK, old + _TICK))


def _settle(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
