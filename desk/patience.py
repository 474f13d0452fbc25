"""Whoever opens a connection and says nothing is sent away: a crowd of them would keep out everybody else.

The server that we build on waits for ever for the first request of a connection, and for the rest of any that began.
Here it waits for a while.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 15.0
"""Seconds in which the head of a request must have come."""


class Impatient(H11Protocol):
    """A connection that ends where no request comes."""

    _left: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above it has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._heard()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait no longer once a request has come, and for no more than that once another one begins."""
        super().data_received(data)
        if self._serving:
            self._heard()
        else:
            self._wait()

    @property
    def _serving(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._left is None:
            self._left = self.loop.call_later(HEAD, self._given_up)

    def _heard(self) -> None:
        if self._left is not None:
            self._left.cancel()
            self._left = None

    def _given_up(self) -> None:
        self._left = None
        if not self._serving and not self.transport.is_closing():
            self.transport.close()
