"""The desk put together: settings in, one application out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli import home
from desk import coming_in, deciding, reading, reducing
from desk.guard import Guard
from desk.line import Line
from desk.pages import HERE, Pages
from desk.register import Register
from desk.room import Room
from desk.sealing import Seal, key_at
from desk.visitors import Visitors

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from desk.settings import Settings

_ROUTES = [
    Route("/", reading.inbox),
    Route("/sign-in", coming_in.ask),
    Route("/sign-in", coming_in.sign_in, methods=["POST"]),
    Route("/sign-out", coming_in.sign_out, methods=["POST"]),
    Route("/enrol/{token}", coming_in.invited),
    Route("/enrol/{token}", coming_in.enrol, methods=["POST"]),
    Route("/rollout/{use_case}", reading.rollout),
    Route("/rollout/{use_case}/reduce", reducing.reduce, methods=["POST"]),
    Route("/review/{use_case}/{gate}", reading.gate),
    Route("/review/{use_case}/{gate}/sign", deciding.sign, methods=["POST"]),
    Route("/review/{use_case}/{gate}/statement", deciding.words, methods=["POST"]),
    Route("/review/{use_case}/{gate}/send", deciding.send, methods=["POST"]),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def build(settings: Settings, line: Line | None = None) -> Starlette:
    """Return a desk."""
    seal = Seal(key_at(home.home() / "desk" / "key"))
    visitors = Visitors(seal, settings)
    pages = Pages(visitors)

    async def nowhere(request: Request, _: Exception) -> Response:
        return pages.excuse(request, 404, "There is no such page.", "Your inbox leads everywhere.")

    async def otherwise(request: Request, _: Exception) -> Response:
        return pages.excuse(request, 405, "That page cannot be used like that.", "Go back and try its buttons.")

    app = Starlette(
        routes=_ROUTES,
        middleware=[Middleware(Guard, settings=settings, visitors=visitors, excuse=pages.excuse)],
        exception_handlers={404: nowhere, 405: otherwise},
    )
    app.state.room = Room(settings, seal, visitors, Register(settings), line or Line(), pages)
    app.state.used = {}
    return app
