"""What one process answers: the desk for people, the doors for signals, or the doors alone.

The doors lie outside the guard of the desk: nobody's browser and nobody's cookie has anything to do with them, and what
comes there proves itself word by word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from desk.app import build
from desk.inbound.aside import Aside
from desk.inbound.doors import PATH, Doors
from desk.line import Line

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from desk.settings import Settings


def front(settings: Settings, line: Line | None = None) -> ASGIApp:
    """Return everything that is to be answered."""
    line = line or Line()
    doors = Doors(settings, line, Aside()).app()
    rest = _bare() if settings.only_inbound else build(settings, line)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inbound = scope["type"] == "http" and scope["path"].startswith(PATH)
        await (doors if inbound else rest)(scope, receive, send)

    return app


def _bare() -> Starlette:
    """Return what is there where only signals are taken in: a word for whoever watches over it."""

    async def well(_: Request) -> Response:
        return Response(json.dumps({"ready": True}), media_type="application/json")

    return Starlette(routes=[Route("/health", well)])
