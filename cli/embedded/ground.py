"""What every step of starting, watching and stopping stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cli.embedded.bell import Bell, Stopped
from cli.embedded.lock import locked
from cli.embedded.places import Places
from cli.embedded.telling import Tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_TURN = 180
"""Seconds that one `up` waits for its turn: as long as another may take to start or to stop everything."""


class Ground(NamedTuple):
    """Where it happens, who hears of it, and who may interrupt it."""

    places: Places
    tell: Tell
    bell: Bell

    def wait(self, check: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; raise Stopped if somebody asks for the end meanwhile."""
        so = self.bell.until(check, seconds)
        self.heed()
        return so

    def heed(self) -> None:
        """Raise Stopped if somebody asked for the end."""
        if self.bell.rings:
            raise Stopped

    def turn(self) -> AbstractContextManager[None]:
        """Hold the lock of this home: only one process at a time starts or stops something."""
        return locked(self.places.lock, self._patiently, _TURN)

    def _patiently(self, check: Callable[[], bool], seconds: float) -> bool:
        if check():
            return True
        self.tell.step("waiting: another `tidegate up` or `tidegate down` is at work in this home")
        so = self.bell.until(check, seconds)
        if not so:
            self.heed()
        return so
