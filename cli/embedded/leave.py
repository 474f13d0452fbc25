"""How a process ends that has spoken to Temporal.

The SDK's threads outlive the interpreter's last moments, and now and then (once in two dozen runs) the process crashes
there with a signal instead of its exit code. So such a process ends itself, after saying everything it had to say.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_SPOKEN: set[str] = set()
_LAST: list[Callable[[], None]] = []


def before(what: Callable[[], None]) -> None:
    """Have something done when all was said; it must not take long, and must not fail."""
    _LAST.append(what)


def mark() -> None:
    """Say that this process is about to speak to Temporal."""
    _SPOKEN.add("temporal")


def end(code: int) -> NoReturn:
    """End this process with a code; nothing that was printed is lost."""
    if not _SPOKEN:
        raise SystemExit(code)
    for stream in (sys.stdout, sys.stderr):
        # Nobody may be reading any more; that is no reason to end otherwise.
        with suppress(OSError, ValueError):
            stream.flush()
    for what in _LAST:
        # All was said, and how it ends stands fast.
        with suppress(Exception):
            what()
    os._exit(code)
