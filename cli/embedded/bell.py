"""Waiting, and being asked to stop waiting: Ctrl-C, a closed terminal, or `tidegate down` from elsewhere."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_STEP = 0.1


class Stopped(Exception):  # noqa: N818  # somebody's wish, and no error
    """Somebody asked this process to end."""


class Bell:
    """Counts how often this process was asked to end, and waits without missing it."""

    def __init__(self) -> None:
        self.rings = 0
        self._heard, self._pull = os.pipe()
        os.set_blocking(self._pull, False)

    def hang(self) -> None:
        """Answer the signals that ask a process to end."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` asked for silence about the terminal, and gets it.
            if sign is not signal.SIGHUP or signal.getsignal(sign) is not signal.SIG_IGN:
                signal.signal(sign, self._ring)

    def pause(self, seconds: float) -> None:
        """Wait, less long if it rings."""
        if select.select([self._heard], [], [], max(0.0, seconds))[0]:
            os.read(self._heard, 1)

    def until(self, check: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; return whether it is, or give up when time is over or it rings."""
        before, end = self.rings, time.monotonic() + seconds
        while not check():
            if self.rings != before or time.monotonic() >= end:
                return False
            self.pause(_STEP)
        return True

    def _ring(self, _sign: int, _frame: FrameType | None) -> None:
        self.rings += 1
        with suppress(BlockingIOError):
            os.write(self._pull, b".")
