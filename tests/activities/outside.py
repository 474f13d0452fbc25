"""A real HTTP server of ours, in front of something that answers questions; it can fail in every way there is."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol

from activities.http import Answer, Deadline, Question

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answering(Protocol):
    """Whatever stands behind the server."""

    def answer(self, question: Question) -> Answer:
        """Do what is asked, and say so."""


class Fault(Enum):
    """What may go wrong with one question."""

    BROKEN = "the connection breaks, and nothing was done"
    LOST = "it is done, and the connection breaks before the answer"
    HANGING = "nothing is done, and there is no answer"
    LATE = "it is done, and there is no answer"
    DRIPPING = "nothing is done, and the answer never ends"
    ERROR = "nothing is done, and the answer is 500"
    ERROR_AFTER = "it is done, and the answer is 502"
    BUSY = "nothing is done, and the answer is 429: once more in a moment"
    BUSY_LONG = "nothing is done, and the answer is 429: once more in an hour"
    REFUSED = "nothing is done, and the answer is 400"
    STALE = "nothing is done, and the answer is 409"
    MOVED = "nothing is done, and the answer is 302"
    GARBAGE = "nothing is done, and the answer is a page"


DONE = (Fault.LOST, Fault.LATE, Fault.ERROR_AFTER)
"""Faults after which it is done."""
SLOW = (Fault.HANGING, Fault.LATE, Fault.DRIPPING)
"""Faults in which nobody is ever told anything."""
PLAIN = {
    Fault.ERROR: Answer(500, {}, b"no"),
    Fault.ERROR_AFTER: Answer(502, {}, b"no"),
    Fault.BUSY: Answer(429, {"retry-after": "0"}, b""),
    Fault.BUSY_LONG: Answer(429, {"retry-after": "3600"}, b""),
    Fault.REFUSED: Answer(400, {}, b'{"name": "BadDataError", "message": "says too much"}'),
    Fault.STALE: Answer(409, {}, b'{"name": "NameExistsError"}'),
    Fault.MOVED: Answer(302, {"location": "http://127.0.0.1:9/elsewhere"}, b""),
    Fault.GARBAGE: Answer(200, {"content-type": "text/html"}, b"<h1>Welcome</h1>"),
}
"""Faults that are an answer."""


class Outside:
    """Something behind a real server, which fails as often as it is told to."""

    def __init__(self, behind: Answering, url: str) -> None:
        self.behind = behind
        self.url = url
        self.faults: deque[Fault | None] = deque()
        """What happens to the next questions, one after the other; nothing goes wrong where none is said."""
        self.heard: list[Question] = []
        self.over = threading.Event()
        self.stuck = threading.Event()
        """Set once somebody is kept waiting."""

    def answer(self, question: Question) -> Answer | None:
        """Answer a question, or have it fail; none where the connection is to break."""
        self.heard.append(question)
        fault = self.faults.popleft() if self.faults else None
        answer = self.behind.answer(question) if fault is None or fault in DONE else None
        if fault in SLOW:
            self.stuck.set()
        if fault in (Fault.HANGING, Fault.LATE):
            self.over.wait(60)
        if fault in PLAIN:
            return PLAIN[fault]
        if fault is Fault.DRIPPING:
            return Answer(200, {"content-length": "100000"}, b"")
        return answer if fault is None else None


class Patience(Deadline):
    """All the time in the world, until somebody is kept waiting: no test is about how fast this machine is."""

    def __init__(self, there: Outside) -> None:
        super().__init__(0)
        self.there = there

    @property
    def left(self) -> float:
        return 0.0 if self.there.stuck.is_set() else 60.0


@contextmanager
def outside(behind: Answering) -> Iterator[Outside]:
    """Serve something on a free port for a while."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = here.answer(Question(self.command, self.path, headers, body))
            self.close_connection = True
            if answer is None:
                return
            with suppress(OSError):
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if "content-length" not in answer.headers:
                    self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                while "content-length" in answer.headers and not here.over.is_set():
                    self.wfile.write(b".")
                    time.sleep(0.02)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Outside(behind, f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield here
        finally:
            here.over.set()
            server.shutdown()
            thread.join()
