"""What one process answers: the desk for people, the doors for signals, or the doors alone.

Where payloads are encrypted, the desk also reads them for the Temporal UI, by rules of its own (`desk.codec`).

The doors lie outside the guard of the desk: nobody's browser and nobody's cookie has anything to do with them, and what
comes there proves itself word by word.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from cli import sealing
from desk.app import build
from desk.codec import PATH as CODEC
from desk.codec import Codec, origins
from desk.inbound.aside import Aside
from desk.inbound.doors import PATH, Doors
from desk.line import Line

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from desk.settings import Settings
    from tidegate.models.ring import Ring

log = logging.getLogger("tidegate.desk")


def front(settings: Settings, line: Line | None = None) -> ASGIApp:
    """Return everything that is to be answered."""
    line = line or Line()
    doors = Doors(settings, line, Aside()).app()
    rest = _bare() if settings.only_inbound else build(settings, line)
    rooms: dict[str, ASGIApp] = {PATH: doors}
    ring = None if settings.only_inbound else _ring()
    if ring is not None:
        pages = origins(os.environ.get("TIDEGATE_UI_ORIGIN"))
        rooms[CODEC] = Codec(ring, settings, rest.state.room.visitors, pages).app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        room = next((room for start, room in rooms.items() if path.startswith(start)), rest)
        await room(scope, receive, send)

    return app


def _ring() -> Ring | None:
    """Return the keys; what cannot be used shuts no door through which it is made safer, and is read at each page."""
    try:
        return sealing.ring()
    except sealing.BadKeys as bad:
        log.critical("%s", bad.message)
        return None


def _bare() -> Starlette:
    """Return what is there where only signals are taken in: a word for whoever watches over it."""

    async def well(_: Request) -> Response:
        return Response(json.dumps({"ready": True}), media_type="application/json")

    return Starlette(routes=[Route("/health", well)])
