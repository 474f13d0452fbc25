"""A real server on a real port: who opens a connection and says nothing is sent away, and who asks is answered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cli.embedded.ports import any_free
from desk import patience

LONG = 60.0
"""Seconds that nothing here takes; waiting ends as soon as it is so."""
ASK = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that waits for a head no longer than an instant."""
    [free] = any_free(1)
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(patience, "HEAD", 0.3)
        server = uvicorn.Server(
            uvicorn.Config(app, port=free, http=patience.Impatient, log_level="error", timeout_keep_alive=120)
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield free
        server.should_exit = True
        thread.join()


def ends(line: socket.socket) -> bytes:
    """Return what comes until the other end closes it; a test that waits for ever fails."""
    found = b""
    while part := line.recv(65_536):
        found += part
    return found


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: local"])
def test_who_says_nothing_or_half_of_it_is_sent_away(port: int, said: bytes) -> None:
    """No word, half a line and half a head end alike, and without an answer."""
    with closing(socket.create_connection(("127.0.0.1", port), LONG)) as line:
        line.sendall(said)
        assert ends(line) == b""


def test_who_asks_is_answered_and_may_not_dawdle_over_the_next_head(port: int) -> None:
    """A whole request is answered, and a second one that never ends is given up all the same."""
    with closing(socket.create_connection(("127.0.0.1", port), LONG)) as line:
        line.sendall(ASK)
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")
        line.sendall(ASK[:10])
        assert b"400" not in ends(line)
