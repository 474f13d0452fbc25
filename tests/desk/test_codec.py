"""What is encrypted is read for the Temporal UI: for pages that may ask and people who are signed in, nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from starlette.responses import Response
from temporalio.api.common.v1 import Payload, Payloads

from desk.codec import Codec, origins
from desk.sealing import Seal, key_at
from desk.settings import Settings
from desk.visitors import Visitors
from tidegate.models.ring import Ring
from workflows.cipher import Cipher

UI = "http://127.0.0.1:8233"
DESK = "https://desk.example.org"
RING = Ring("one", {"one": bytes(32)})
SAID = Payload(metadata={"encoding": b"json/plain"}, data=b'"zebra"')


class Around:
    """A codec, and whoever asks it."""

    def __init__(self, folder: Path, settings: Settings, *pages: str) -> None:
        """Put it up."""
        self.settings = settings
        self.visitors = Visitors(Seal(key_at(folder / "key")), settings)
        self._app = Codec(RING, settings, self.visitors, pages).app()

    def session(self) -> str:
        """Return the cookie of somebody who has signed in."""
        response = Response()
        self.visitors.sign_in(response, "risk-officer", "passkey:1", datetime.now(UTC))
        return response.headers["set-cookie"].partition(";")[0]

    def ask(self, what: str, body: bytes, method: str = "POST", **headers: str) -> httpx.Response:
        """Ask it something."""
        dressed = {"host": self.settings.netloc, **headers}

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                return await client.request(method, f"/codec/{what}", content=body, headers=dressed)

        return asyncio.run(sent())


def words(*payloads: Payload) -> bytes:
    """Return payloads as the UI sends them."""
    return json_format.MessageToJson(Payloads(payloads=payloads)).encode()


def sealed() -> Payload:
    """Return what Temporal keeps of it."""
    return asyncio.run(Cipher(RING).encode([SAID]))[0]


def read(answer: httpx.Response) -> Any:
    """Return the payloads of an answer."""
    assert answer.status_code == 200, answer.text
    return list(json_format.Parse(answer.text, Payloads()).payloads)


@pytest.fixture
def own(tmp_path: Path) -> Around:
    """A desk of this machine alone."""
    return Around(tmp_path, Settings("127.0.0.1", 8333, "http://localhost:8333"), *origins(UI))


@pytest.fixture
def public(tmp_path: Path) -> Around:
    """A desk that people come to from elsewhere."""
    return Around(tmp_path, Settings("0.0.0.0", 8333, DESK), *origins("https://ui.example.org"))  # noqa: S104  # as a container listens


def test_the_page_of_the_ui_reads_what_was_encrypted(own: Around) -> None:
    """What cannot be read as it lies there is read by who may, in plain what was in plain, and is kept by nobody."""
    answer = own.ask("decode", words(sealed(), SAID), origin=UI)
    assert read(answer) == [SAID, SAID]
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["cache-control"] == "no-store"
    (again,) = read(own.ask("encode", words(SAID), origin="http://localhost:8233"))
    assert b"zebra" not in again.SerializeToString()
    assert asyncio.run(Cipher(RING).decode([again])) == [SAID]


def test_a_browser_may_ask_whether_it_may(own: Around) -> None:
    """What the UI sends along is allowed beforehand, to its page and to no other."""
    answer = own.ask("decode", b"", "OPTIONS", origin=UI)
    assert answer.status_code == 204
    assert {"content-type", "x-namespace"} <= set(answer.headers["access-control-allow-headers"].split(","))
    foreign = own.ask("decode", b"", "OPTIONS", origin="http://evil.example")
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": UI}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        # A name of somebody else's that was made to lead here.
        ({"origin": UI, "host": "evil.example:8333"}, 421),
    ],
)
def test_no_other_page_is_answered(own: Around, headers: dict[str, str], status: int) -> None:
    """Only a page that the desk was told of learns anything."""
    answer = own.ask("decode", words(sealed()), **headers)
    assert answer.status_code == status
    assert b"zebra" in b"".join(p.data for p in read(answer)) if status == 200 else "emVicmE" not in answer.text


def test_from_elsewhere_only_who_is_signed_in_is_answered(public: Around) -> None:
    """A desk that others can reach decrypts for a session, and for nobody without one."""
    page = "https://ui.example.org"
    assert public.ask("decode", words(sealed()), origin=page).status_code == 401
    assert public.ask("decode", words(sealed()), origin=page, cookie="__Host-tidegate-session=x.y").status_code == 401
    assert read(public.ask("decode", words(sealed()), origin=page, cookie=public.session())) == [SAID]


def test_what_cannot_be_read_is_said(own: Around) -> None:
    """What are no payloads, what is far too much, and what another key encrypted each get an answer."""
    assert own.ask("decode", b"{", origin=UI).status_code == 400
    assert own.ask("decode", b"\xff\xfe", origin=UI).status_code == 400
    assert own.ask("decode", b" " * (8 * 1024 * 1024 + 1), origin=UI).status_code == 413
    other = asyncio.run(Cipher(Ring("two", {"two": bytes(32)})).encode([SAID]))[0]
    answer = own.ask("decode", words(other), origin=UI)
    assert (answer.status_code, "'two'" in answer.text) == (404, True)
