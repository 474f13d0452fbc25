"""Reads for the Temporal UI what Temporal keeps encrypted, and encrypts what somebody says there.

The UI's page asks it from the browser of whoever looks on, so what is decrypted goes to them alone and never back to
the server. Only somebody who has signed in to the desk is answered; where the desk is this machine's own, reached by
nobody from outside, whoever sits at it is.
"""

from __future__ import annotations

import ipaddress
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payloads

from workflows.cipher import Cipher, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.settings import Settings
    from desk.visitors import Visitors
    from tidegate.models.ring import Ring

log = logging.getLogger("tidegate.codec")

PATH = "/codec/"
_LARGEST = 8 * 1024 * 1024
"""Bytes: a page of a long history."""
_PREFLIGHT = "600"


class Codec:
    """The two questions of a codec server."""

    def __init__(self, ring: Ring, settings: Settings, visitors: Visitors, origins: Sequence[str]) -> None:
        """Answer pages of these origins, with these keys."""
        self._cipher = Cipher(ring)
        self._settings = settings
        self._visitors = visitors
        self._origins = frozenset(origins)
        self._own = _loopback(settings.host) and not settings.secure
        self._hosts = {settings.netloc, *(f"{name}:{settings.port}" for name in ("localhost", "127.0.0.1"))}

    def app(self) -> Starlette:
        """Return what answers under PATH."""
        return Starlette(
            routes=[
                Route(f"{PATH}decode", self._decode, methods=["POST", "OPTIONS"]),
                Route(f"{PATH}encode", self._encode, methods=["POST", "OPTIONS"]),
            ]
        )

    async def _decode(self, request: Request) -> Response:
        return await self._answer(request, encode=False)

    async def _encode(self, request: Request) -> Response:
        return await self._answer(request, encode=True)

    async def _answer(self, request: Request, *, encode: bool) -> Response:
        refused = self._refused(request)
        if refused is not None:
            log.warning("refused %s: %s", *refused)
            return self._dressed(request, JSONResponse({"message": refused[1]}, refused[0]))
        if request.method == "OPTIONS":
            return self._dressed(request, Response(status_code=204))
        body = await _body(request)
        if body is None:
            return self._dressed(request, JSONResponse({"message": f"at most {_LARGEST} bytes at a time"}, 413))
        try:
            given = json_format.Parse(body, Payloads()).payloads
            found = await (self._cipher.encode(given) if encode else self._cipher.decode(given))
        except (json_format.ParseError, UnicodeDecodeError):
            return self._dressed(request, JSONResponse({"message": "these are no payloads"}, 400))
        except Unknown as error:
            return self._dressed(request, JSONResponse({"message": str(error)}, 404))
        words = json_format.MessageToDict(Payloads(payloads=found))
        return self._dressed(request, JSONResponse(words))

    def _refused(self, request: Request) -> tuple[int, str] | None:
        """Return why nothing is decrypted, as a status and a sentence; nothing if it is."""
        if request.headers.get("host") not in self._hosts:
            return 421, "this is not the address of the desk"
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            return 403, "TIDEGATE_UI_ORIGIN names the pages that may ask, and this is none of them"
        if request.method == "OPTIONS":
            return None
        if not self._own and self._visitors.session(request, datetime.now(UTC)) is None:
            return 401, f"sign in at {self._settings.origin} first, in this browser"
        return None

    def _dressed(self, request: Request, response: Response) -> Response:
        """Let the page that asked read the answer, and nobody keep it."""
        response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Origin"})
        origin = request.headers.get("origin")
        if origin in self._origins:
            response.headers.update(
                {
                    "Access-Control-Allow-Origin": str(origin),
                    "Access-Control-Allow-Credentials": "true",
                    "Access-Control-Allow-Methods": "POST",
                    "Access-Control-Allow-Headers": "content-type,x-namespace,authorization",
                    "Access-Control-Max-Age": _PREFLIGHT,
                }
            )
        return response


def origins(named: str | None) -> tuple[str, ...]:
    """Return the origins that a setting names, apart by commas; `localhost` and its number are the same place."""
    found = [each.strip().rstrip("/") for each in (named or "").split(",") if each.strip()]
    also = [each.replace("//127.0.0.1:", "//localhost:") for each in found if "//127.0.0.1:" in each]
    return (*found, *also)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _body(request: Request) -> bytes | None:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > _LARGEST:
            return None
    return bytes(found)
