"""Where a worker says over HTTP whether it takes work: for those who start it anew, and for whoever looks on."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


async def answer(address: str, state: Mapping[str, Any]) -> asyncio.Server:
    """Answer GET /health on an address: 200 while it takes work, 503 before and after."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            body = json.dumps(state).encode()
            status = b"200 OK" if state["ready"] else b"503 Service Unavailable"
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(body))
            )
            writer.write(b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    host, _, port = address.rpartition(":")
    return await asyncio.start_server(one, host or "127.0.0.1", int(port))
