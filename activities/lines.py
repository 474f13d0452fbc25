"""A file of JSON lines that several processes append to: locked, synced, and never torn by whoever dies in between."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_TAIL = 1 << 16


class Lines:
    """One open file of lines, held alone."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open file."""
        self._descriptor = descriptor

    def all(self, about: str = "") -> list[dict[str, Any]]:
        """Return every line that was written whole; or only those in which a text stands, which is much quicker."""
        mark = _text(about)[1:-1]
        whole = self._read(0)
        if mark not in whole:
            return []
        return [json.loads(line) for line in whole.split(b"\n")[:-1] if line and mark in line]

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append lines, and return when they are on the disk."""
        text = b"".join(_text(line) + b"\n" for line in lines)
        end = self._whole()
        os.lseek(self._descriptor, end, os.SEEK_SET)
        os.ftruncate(self._descriptor, end)
        written = 0
        while written < len(text):
            written += os.write(self._descriptor, text[written:])
        os.fsync(self._descriptor)

    def become(self, kept: Iterable[dict[str, Any]]) -> None:
        """Have these lines and no others. Whoever dies amid this has forgotten more, and torn nothing."""
        os.ftruncate(self._descriptor, 0)
        self.add(kept)

    def _whole(self) -> int:
        """Return where the last whole line ends; what stands behind it was being written when its writer died."""
        start = end = os.lseek(self._descriptor, 0, os.SEEK_END)
        while start > 0:
            start = max(0, end - _TAIL)
            found = self._read(start, end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def _read(self, start: int, most: int = -1) -> bytes:
        os.lseek(self._descriptor, start, os.SEEK_SET)
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            return stream.read(most)


def _text(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


@contextmanager
def lines(file: Path) -> Iterator[Lines]:
    """Open a file of lines and keep everybody else out until it is let go."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Lines(descriptor)
    finally:
        os.close(descriptor)
