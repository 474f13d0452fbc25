"""Which day it is in a rehearsal: the server's clock only ever goes on from today, and a rehearsal begins on any date.

What a rollout knows of time comes to it with each activation, so that is where it is moved. Time is told in whole
seconds, downwards: what the machine needs for its own work is no part of a rehearsal, and two lives of the same
scenario have the same dates. It knows no rollout and decides nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

STEP = timedelta(seconds=1)
AFTER = timedelta(milliseconds=500)
"""Deadlines lie on whole seconds, and people are woken half a second after: the server loses a task that puts off a
timer in the very moment in which that goes off (temporalio/sdk-java#3088)."""


class Clock:
    """How far a rehearsal is from the server's own time."""

    def __init__(self, starts: datetime, server: datetime) -> None:
        """Begin on a date, at a moment of the server."""
        self._starts = starts.replace(microsecond=0)
        self._server = server
        self.now = self._starts
        """The last moment that was lived through."""

    def lived(self, server: datetime) -> datetime:
        """Return what the clock of the rehearsal shows at a moment of the server; it never goes back."""
        passed = max(server - self._server, timedelta())
        self.now = max(self.now, self._starts + passed // STEP * STEP)
        return self.now

    def until(self, moment: datetime, server: datetime) -> timedelta:
        """Return how long the server has to wait until people are woken at a moment of the rehearsal."""
        return max(moment + AFTER - self._starts - (server - self._server), timedelta(milliseconds=1))

    def move(self, stamp: Timestamp) -> datetime:
        """Put the moment of the rehearsal into a stamp of the server, and return the server's."""
        server = stamp.ToDatetime(UTC)
        stamp.FromDatetime(self.lived(server))
        return server
