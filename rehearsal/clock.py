"""Which day it is in a rehearsal: the server's clock only ever goes on from today, and a rehearsal begins on any date.

What a rollout knows of time comes to it with each activation, so that is where it is moved. It is then as late as the
timer said that went off, and no later: how long a machine needs for its own work is no part of a rehearsal, and two
lives of one scenario have the same dates. Only what takes long at the server, such as something that is tried again,
takes time. It knows no rollout and decides nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.timestamp_pb2 import Timestamp

AFTER = timedelta(milliseconds=500)
"""People are woken so long after the moment: the server loses a task that puts off a timer in the very moment in which
that goes off (temporalio/sdk-java#3088), and what is due is due on whole seconds."""
_WORK = timedelta(seconds=15)
"""What comes sooner was only waited for while a machine worked."""


class Clock:
    """How far a rehearsal is from the server's own time."""

    def __init__(self, starts: datetime, server: datetime) -> None:
        """Begin on a date, at a moment of the server."""
        self.now = starts.replace(microsecond=0)
        """What the clock of the rehearsal shows."""
        self.ahead = self.now - server
        """How far it is ahead of the server's."""

    def move(self, stamp: Timestamp, due: Iterable[datetime] = ()) -> datetime:
        """Put the moment of the rehearsal into a stamp of the server; `due` is when timers were to go off that did."""
        server = stamp.ToDatetime(UTC)
        last = max(due, default=None)
        if last is not None:
            self.now = max(self.now, last)
            self.ahead = self.now - server
        elif server + self.ahead - self.now > _WORK:
            self.now = (server + self.ahead).replace(microsecond=0)
        stamp.FromDatetime(self.now)
        return self.now
