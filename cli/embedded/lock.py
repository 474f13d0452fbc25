"""Locks that the kernel drops when their holder is gone, whether it fell or was pushed."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cli.answers import Exit, Refusal
from cli.embedded.places import unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Busy(Exception):  # noqa: N818  # a state of the lock, which most callers wait out
    """Somebody else holds the lock."""


@contextmanager
def held(file: Path) -> Iterator[int]:
    """Hold a lock, or raise Busy at once; the file itself stays."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        except OSError as error:
            # Some network file systems know no locks, and a database has no business there either.
            raise unwritable(file, error) from None
        yield handle
    finally:
        os.close(handle)


@contextmanager
def locked(file: Path, until: Callable[[Callable[[], bool], float], bool], patience: float) -> Iterator[None]:
    """Hold the lock of a home, waiting for whoever has it; raise Refusal when that takes too long."""
    with ExitStack() as stack:

        def take() -> bool:
            try:
                stack.enter_context(held(file))
            except Busy:
                return False
            return True

        if not until(take, patience):
            raise Refusal(
                f"another `tidegate up` or `tidegate down` is at work here and holds {file}",
                f"Wait for it, or see who it is: `fuser -v {file}`.",
                Exit.UNREACHABLE,
            )
        yield


def holders(file: Path) -> list[int]:
    """Return who has the file of a lock open, as far as this system shows it and as far as we may look."""
    found = []
    with suppress(OSError):
        wanted = file.stat()
        for folder in Path("/proc").glob("[0-9]*/fd"):
            with suppress(OSError):
                if any(_same(link, wanted) for link in folder.iterdir()) and int(folder.parent.name) != os.getpid():
                    found.append(int(folder.parent.name))
    return found


def _same(link: Path, wanted: os.stat_result) -> bool:
    try:
        seen = link.stat()
    except OSError:
        return False
    return (seen.st_dev, seen.st_ino) == (wanted.st_dev, wanted.st_ino)
