"""What every request passes before any page is asked: its host, where it comes from, how large and how often it is.

What makes it safer has turns of its own, so that nobody's flood of readings can hold it up.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from desk.limits import Limits, Rate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from desk.settings import Settings
    from desk.visitors import Visitors

    Excuse = Callable[[Request, int, str, str], Response]

log = logging.getLogger("tidegate.desk")

LARGEST = 64 * 1024
"""Bytes of a form: twenty answers of the length that the rules take, and room for a signature."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: a browser would then hide from us, too, where a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
_SLOWEST = 30.0
"""Seconds in which a form must have come."""
_ANYBODY = Rate(240, 240)
_STRANGERS_FORMS = Rate(30, 30)
_FORMS = Rate(40, 40)
_SAFER = Rate(60, 60)
REDUCE = "/reduce"
"""How the path of a form ends that makes something safer."""


class Guard:
    """The door of the desk."""

    def __init__(self, app: ASGIApp, settings: Settings, visitors: Visitors, excuse: Excuse) -> None:
        """Stand before an app; `excuse` is the page that says why somebody cannot come in."""
        self._app = app
        self._settings = settings
        self._visitors = visitors
        self._excuse = excuse
        self._limits = Limits()
        self._secure = {**_HEADERS}
        if settings.secure:
            self._secure["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._secure)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["path"] == "/health":
            await _well(dressed)
            return
        refused = self._refused(request)
        if refused is None and request.method == "POST":
            try:
                async with asyncio.timeout(_SLOWEST):
                    body = await _body(request, receive)
            except TimeoutError:
                body, refused = b"", (408, "That came too slowly.", "Send it again. Nothing was sent.")
            if body is None:
                refused = (413, "That is too much.", f"A form may have {LARGEST // 1024} kB. Nothing was sent.")
            else:
                receive = _again(body)
        if refused is None:
            await self._app(scope, receive, dressed)
            return
        log.warning("refused %s %s: %s", request.method, refused[0], refused[1])
        await self._excuse(request, *refused)(scope, receive, dressed)

    def _refused(self, request: Request) -> tuple[int, str, str] | None:
        """Return why a request is not heard, as a status and words for people; nothing if it is."""
        origin = self._settings.origin
        if request.headers.getlist("host") != [self._settings.netloc]:
            return 421, "This is not the address of the desk.", f"It answers at {origin}, and nowhere else."
        if request.method not in ("GET", "HEAD", "POST"):
            return 405, "That cannot be done here.", "Pages are read and forms are sent; there is nothing else."
        if request.method == "POST" and request.headers.get("origin") != origin:
            return 403, "That form does not come from this desk.", f"Open {origin} and send it from there."
        if not self._has_turn(request):
            return 429, "That was too often.", "Wait a minute. What makes it safer has turns of its own."
        return None

    def _has_turn(self, request: Request) -> bool:
        session = self._visitors.session(request, datetime.now(UTC))
        address = request.client.host if request.client is not None else "?"
        if session is not None and request.method == "POST" and request.url.path.endswith(REDUCE):
            return self._limits.takes(f"safer {session.person}", _SAFER)
        who = f"session {session.person}" if session is not None else f"address {address}"
        if request.method == "POST":
            return self._limits.takes(f"forms {who}", _FORMS if session is not None else _STRANGERS_FORMS)
        return self._limits.takes(who, _ANYBODY)


async def _body(request: Request, receive: Receive) -> bytes | None:
    """Return what was sent; nothing if it is too much."""
    said = request.headers.get("content-length", "")
    if said and (not said.isdecimal() or int(said) > LARGEST):
        return None
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(found)
        found += message.get("body", b"")
        if len(found) > LARGEST:
            return None
        if not message.get("more_body"):
            return bytes(found)


def _again(body: bytes) -> Callable[[], Awaitable[Message]]:
    left = [body]

    async def receive() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    return receive


async def _well(send: Send) -> None:
    """Say that the desk answers: whoever watches over it asks by the address, and is told nothing else."""
    body = json.dumps({"ready": True}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
