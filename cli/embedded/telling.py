"""What `up` and `down` say while they work: plain lines, so that a log reads like the screen."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from cli import render


class Tell:
    """Says each step with the time it came after, and goes on when nobody listens any more."""

    def __init__(self, *, err: bool = False) -> None:
        self.err = err
        self._began = time.monotonic()
        self._deaf = False
        self.watching = False
        """Seconds since the beginning say little after a night; then steps are told with the time of day."""

    def step(self, text: str) -> None:
        """Say what has just become true, and when."""
        seconds = f"{time.monotonic() - self._began:5.1f} s"
        self.line(f"{time.strftime('%Y-%m-%d %H:%M:%S') if self.watching else seconds}  {text}")

    def line(self, text: str = "") -> None:
        """Say a line."""
        if self._deaf:
            return
        try:
            render.say(render.clean(text), err=self.err)
        except OSError:
            # The terminal or the pipe is gone. The servers are not, and must still be kept and ended in order.
            self._deaf = True
            self._hush()

    def _hush(self) -> None:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, (sys.stderr if self.err else sys.stdout).fileno())
            os.close(nowhere)
