"""Exposure enforced by a flag in a flagd file, which applications read with OpenFeature.

Several flags, and several rollouts, may share a file: of all it says, only our flag is touched. A file cannot compare
and set by itself, so every writer holds a lock beside it around read, compare and replace. Whoever edits by hand holds
none, and is noticed by what is served then (see `flagd_flag`). What an application has loaded cannot be seen from here:
it looks for a new time of change, about twice a second.
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

from activities.drivers import flagd_flag
from activities.drivers.contract import (
    Actual,
    Capabilities,
    Protection,
    Stale,
    Unreadable,
    Unusable,
    Unwritten,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.models.exposure import Exposure

PATIENCE = 5.0
"""Seconds to wait for another writer, who needs some milliseconds."""
_PAUSE = 0.02
_TICK = 1_000_000
"""A millisecond, in the nanoseconds in which files count time."""
_READ_BY_ALL = 0o644


class Flagd:
    """One flag in one file. Settings: `file`, under the root unless it is absolute, and `flag`."""

    capabilities = Capabilities(fences=True, protection=Protection.FLAG)

    def __init__(self, settings: Mapping[str, str], root: Path) -> None:
        missing = [name for name in ("file", "flag") if not settings.get(name)]
        if missing:
            raise Unusable(f"a flagd target needs the setting {' and '.join(missing)}")
        named = Path(settings["file"])
        if ".." in named.parts:
            raise Unusable("the file of a flagd target leads out of its directory by '..'")
        self._base = named.parent if named.is_absolute() else root
        # The file itself is replaced, and not a link to it.
        self._file = (root / named).resolve()
        self._flag = settings["flag"]

    def observe(self) -> Actual:
        """Say what the file really serves."""
        return self._served(self._document())

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Replace our flag, unless what is there is newer."""
        wanted = flagd_flag.written(self._flag, Actual(desired, epoch), key, redirect_to)
        with self._locked():
            try:
                document = self._document()
            except Unreadable:
                self._keep_aside()
                document = {}
            flags = document.setdefault("flags", {})
            found = flags.get(self._flag)
            if flagd_flag.same(found, wanted):
                return
            self._fence(found, epoch)
            flags[self._flag] = wanted
            self._replace(document)

    def _fence(self, found: Any, epoch: int) -> None:
        try:
            actual = flagd_flag.served(self._flag, found)
        except Unreadable as error:
            if error.epoch >= epoch:
                raise
        else:
            if actual.epoch >= epoch:
                raise Stale(actual)

    def _served(self, document: dict[str, Any]) -> Actual:
        actual = flagd_flag.served(self._flag, document.get("flags", {}).get(self._flag))
        broken = flagd_flag.unloadable(document)
        if broken is not None:
            raise Unreadable(broken, actual.epoch)
        return actual

    def _document(self) -> dict[str, Any]:
        """Return all that the file says; nothing if there is none yet."""
        if not self._base.is_dir():
            # A disk that is not there is no proof that nobody is served.
            raise FileNotFoundError("the directory of the flag files is not there")
        try:
            document = json.loads(self._file.read_bytes().decode())
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError) as error:
            raise Unreadable("the flag file is not JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get("flags", {}), dict):
            raise Unreadable("the flag file does not hold flags by name")
        return document

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep every other writer of this file out; the kernel drops the lock of one that dies."""
        if not self._base.is_dir():
            raise Unwritten("the directory of the flag files is not there")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = self._file.with_name(f"{self._file.name}.lock").open("ab")
        except OSError as error:
            raise Unwritten(f"the flag file cannot be locked: {error.strerror}") from error
        with lock:
            until = time.monotonic() + PATIENCE
            while not _taken(lock.fileno()):
                if time.monotonic() > until:
                    raise Unwritten(f"another writer has held the lock of the flag file for {PATIENCE:.0f} s")
                time.sleep(_PAUSE)
            yield

    def _replace(self, document: dict[str, Any]) -> None:
        """Write a whole file or nothing, so that it outlives a loss of power, and read it back."""
        data = json.dumps(document, indent=2).encode("ascii") + b"\n"
        # One name for every draft: what a crash leaves behind is written over by the next writer.
        draft = self._file.with_name(f".{self._file.name}.draft")
        try:
            old = self._file.stat() if self._file.exists() else None
            with draft.open("wb") as stream:
                os.fchmod(stream.fileno(), old.st_mode & 0o777 if old else _READ_BY_ALL)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if old is not None:
                _date_after(draft, old.st_mtime_ns)
            draft.replace(self._file)
        except OSError as error:
            raise Unwritten(f"the flag file cannot be written: {error.strerror}") from error
        _settle(self._file.parent)
        if self._file.read_bytes() != data:
            raise OSError("the flag file was changed by somebody else in the same moment")

    def _keep_aside(self) -> None:
        """Keep what nobody could read: a reduction writes over it, and the other flags in it are somebody's work."""
        with suppress(OSError):
            data = self._file.read_bytes()
            name = f"{self._file.name}.unreadable-{hashlib.sha256(data).hexdigest()[:8]}"
            self._file.with_name(name).write_bytes(data)


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
