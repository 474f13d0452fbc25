"""Who is at the other end: a visit, which every browser has, and a session, which somebody who has signed in has.

A session reads, and makes things safer. It never votes: a vote needs a signature of its own.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from desk.sealing import Seal
    from desk.settings import Settings

LASTS = timedelta(hours=1)
"""Nobody stays signed in for longer."""
_VISIT, _SESSION = "tidegate-visit", "tidegate-session"


class Session(NamedTuple):
    """Somebody who has signed in."""

    id: str
    person: str
    key: str
    """The fingerprint of the passkey they signed in with."""
    until: datetime


class Visitors:
    """Gives cookies out and knows them again."""

    def __init__(self, seal: Seal, settings: Settings) -> None:
        """Begin with nobody signed out."""
        self._seal = seal
        self._secure = settings.secure
        # The prefix makes browsers refuse a cookie that another host of the same domain has set.
        self._prefix = "__Host-" if settings.secure else ""
        self._ended: dict[str, datetime] = {}

    def visit(self, request: HTTPConnection) -> str | None:
        """Return which browser it is; nothing if it has not been here."""
        found = _cookie(request, f"{self._prefix}{_VISIT}")
        return found if found is not None and len(found) == 2 * _RANDOM else None

    def recognise(self, request: HTTPConnection) -> str:
        """Return which browser it is, and take it for a new one if it has not been here; `welcome` then says so."""
        known: str | None = getattr(request.state, "visit", None) or self.visit(request)
        if known is None:
            known = request.state.fresh = secrets.token_hex(_RANDOM)
        request.state.visit = known
        return known

    def welcome(self, request: HTTPConnection, response: Response) -> None:
        """Let a new browser be known again."""
        fresh = getattr(request.state, "fresh", None)
        if fresh is not None:
            self._set(response, _VISIT, fresh, None)

    def token(self, visit: str) -> str:
        """Return what a form must carry that this browser sends."""
        return self._seal.mark("csrf", visit.encode())

    def ours(self, visit: str | None, token: str) -> bool:
        """Whether a form came from a page of ours, in the very browser that sends it."""
        return visit is not None and hmac.compare_digest(token.encode(), self.token(visit).encode())

    def sign_in(self, response: Response, person: str, key: str, now: datetime) -> None:
        """Begin a session."""
        until = now + LASTS
        words = {"id": secrets.token_hex(_RANDOM), "person": person, "key": key}
        self._set(response, _SESSION, self._seal.close("session", words, until), until - now)

    def sign_out(self, response: Response, session: Session | None) -> None:
        """End a session, here and in the browser."""
        now = datetime.now(UTC)
        self._ended = {name: until for name, until in self._ended.items() if until > now}
        if session is not None:
            self._ended[session.id] = session.until
        self._set(response, _SESSION, "", timedelta())

    def session(self, request: HTTPConnection, now: datetime) -> Session | None:
        """Return who has signed in, if somebody has and it is not over."""
        words = self._seal.open("session", _cookie(request, f"{self._prefix}{_SESSION}") or "", now)
        if words is None or words["id"] in self._ended:
            return None
        return Session(words["id"], words["person"], words["key"], now + LASTS)

    def _set(self, response: Response, name: str, value: str, age: timedelta | None) -> None:
        response.set_cookie(
            f"{self._prefix}{name}",
            value,
            max_age=None if age is None else int(age.total_seconds()),
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )


_RANDOM = 16


def _cookie(request: HTTPConnection, name: str) -> str | None:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found is not None else None
