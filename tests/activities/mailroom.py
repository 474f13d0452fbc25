"""A mail server and a webhook sink that really take messages, each on a port of its own."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Takes mail for everybody but for whoever has left."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802  # the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whoever has left."""
        del server, session, options
        if address.startswith("gone"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        """Keep a letter."""
        del server, session
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def said(self, number: int = -1, kind: str = "plain") -> str:
        """Return the words of a letter."""
        body = self.letters[number].get_body((kind,))
        assert body is not None
        return str(body.get_content())


class Sink:
    """Takes what is posted; what is asked to fail fails, and what is asked to hang hangs until it is let go."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.free = Event()
        self.free.set()
        self.taken = Event()
        self.port = 0


class Room(NamedTuple):
    """Both."""

    mail: Mailbox
    sink: Sink


@contextmanager
def mailroom() -> Iterator[Room]:
    """Run both while somebody needs them."""
    mail, sink = Mailbox(), Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the server calls it so
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sink.free.wait(120)
            sink.posts.append((self.path, said))
            sink.taken.set()
            self.send_response(sink.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        mail.port = free.getsockname()[1]
    post = Controller(mail, hostname="127.0.0.1", port=mail.port)
    post.start()
    sink.port = server.server_address[1]
    try:
        yield Room(mail, sink)
    finally:
        sink.free.set()
        post.stop()
        server.shutdown()
        server.server_close()
        thread.join()
