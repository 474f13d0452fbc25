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


class Lines:
    """One open file of lines, held alone."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open file."""
        self._descriptor = descriptor

    def all(self) -> list[dict[str, Any]]:
        """Return every line that was written whole."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            whole = stream.read()
        return [json.loads(line) for line in whole.split(b"\n")[:-1] if line]

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append lines, and return when they are on the disk."""
        text = b"".join(json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n" for line in lines)
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
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            return stream.read().rfind(b"\n") + 1


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
