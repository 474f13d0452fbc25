"""A browser without a screen: it keeps cookies, fills in forms, and speaks to the desk without any network."""

from __future__ import annotations

import asyncio
import html
import json
import re
from http.cookies import Morsel, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette

from tests.desk.device import Device


class Seen(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str | None:
        """Return a header, if it is there exactly once."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    def field(self, name: str, place: int = 0) -> str:
        """Return what a hidden field says."""
        found = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', self.text)
        assert len(found) > place, self.text
        return html.unescape(found[place])

    @property
    def options(self) -> dict[str, Any]:
        """What the page asks the device for."""
        found = re.search(r'data-options="([^"]*)"', self.text)
        assert found is not None, self.text
        options: dict[str, Any] = json.loads(html.unescape(found[1]))
        return options

    @property
    def words(self) -> str:
        """What a person reads of it."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.text)).split())


class Browser:
    """One browser on one machine."""

    def __init__(self, app: Starlette, origin: str = "http://localhost:8333", address: str = "192.0.2.1") -> None:
        """Open it, with no cookies."""
        self._app = app
        self.origin = origin
        self.address = address
        self.cookies: dict[str, str] = {}
        self.given: dict[str, Morsel[str]] = {}
        """The cookies as they were given."""

    def get(self, path: str, **headers: str) -> Seen:
        """Open a page."""
        return asyncio.run(self._ask("GET", path, b"", headers))

    def follow(self, path: str) -> Seen:
        """Open a page, and go where it leads."""
        seen = self.get(path)
        while seen.status in (302, 303):
            seen = self.get(seen.header("location") or "")
        return seen

    def post(
        self, path: str, fields: dict[str, str], *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Seen:
        """Send a form."""
        given = {"origin": self.origin, "content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return asyncio.run(self._ask("POST", path, urlencode(fields).encode() if body is None else body, given))

    def sign_in(self, device: Device) -> Seen:
        """Sign in with a passkey."""
        page = self.get("/sign-in")
        fields = {name: page.field(name) for name in ("csrf", "begun", "next")}
        return self.post("/sign-in", {**fields, "proof": device.sign(page.options, self.origin)})

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Seen:
        parts = urlsplit(path)
        host = urlsplit(self.origin).netloc
        sent = {"host": host, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": urlsplit(self.origin).scheme,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
            "client": (self.address, 4_711),
            "server": ("127.0.0.1", 8_333),
        }
        chunks = [body[at : at + 16_384] for at in range(0, len(body), 16_384)] or [b""]
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not chunks:
                return {"type": "http.disconnect"}
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: Any) -> None:
            told.append(message)

        await self._app(scope, receive, send)
        start = told[0]
        given = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
        for name, value in given:
            if name == "set-cookie":
                self._keep(value)
        text = b"".join(message.get("body", b"") for message in told[1:]).decode()
        return Seen(start["status"], given, text)

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            self.given[name] = morsel
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
