"""One question over HTTP, which ends in time whatever the other side does, and says whether it may have been heard.

A timeout of a socket begins anew with every byte, and the search for an address has none at all. So a question is asked
by a thread of its own, and nobody waits for that longer than the time allows. Redirections are not followed: what is
signed, or carries a token, is for one address. Nothing here repeats an address, a header or a body.
"""

from __future__ import annotations

import json
import logging
import queue
import ssl
import threading
import time
from errno import ECONNREFUSED, EIO, ETIMEDOUT
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 8 * 1024 * 1024
"""Bytes of an answer that are read; more than that is no answer to us."""

_LOOK = 0.25
"""Seconds after which it is looked again whether there is time left."""


class NotSent(OSError):  # noqa: N818  # it says what became of the question
    """It was certainly not heard: there was no connection, or no time left to make one. Any other OSError may be."""


class Deadline:
    """A moment until which something must be over."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; never less than none."""
        return max(0.0, self._until - time.monotonic())


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def well(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.status < 300  # noqa: PLR2004  # what the standard calls success

    def json(self) -> Any:
        """Return what it says; raise ValueError if it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("it is too deep") from error


class Question(NamedTuple):
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


def ask(question: Question, deadline: Deadline) -> Answer:
    """Return the answer. Raises NotSent, or another OSError after which nobody knows whether it was heard."""
    if not deadline.left:
        raise NotSent(ETIMEDOUT, "there was no time left to ask")
    mouth = _Mouth(deadline)
    answers: queue.SimpleQueue[Answer | OSError] = queue.SimpleQueue()
    # A daemon: what hangs must not keep a worker from ending.
    threading.Thread(target=lambda: answers.put(_answered(question, mouth)), name="http", daemon=True).start()
    answer: Answer | OSError | None = None
    while answer is None:
        try:
            answer = answers.get(timeout=min(deadline.left, _LOOK))
        except queue.Empty:
            answer = None if deadline.left else mouth.shut()
    if isinstance(answer, OSError):
        raise answer
    return answer


class _Mouth:
    """Whether a question was begun to be said. Once it is shut nothing is, so that what is called not sent never is."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.begun = False
        self._shut = False
        self._lock = threading.Lock()

    def shut(self) -> OSError:
        """Say no more; return what that means."""
        with self._lock:
            self._shut = True
            if self.begun:
                return TimeoutError(ETIMEDOUT, "there was no answer in time")
            return NotSent(ETIMEDOUT, "there was no connection in time")

    def trace(self, step: str, _: Mapping[str, Any]) -> None:
        """Watch the steps of a question: the last moment before anything is said is the last to say nothing."""
        if step.endswith("send_request_headers.started"):
            with self._lock:
                if self._shut or not self.deadline.left:
                    raise NotSent(ETIMEDOUT, "there was no connection in time")
                self.begun = True


def _answered(question: Question, mouth: _Mouth) -> Answer | OSError:
    import httpx  # noqa: PLC0415  # it loads much that a verb without a question need not know

    _hush()
    try:
        with (
            httpx.Client(verify=_trusted(), timeout=mouth.deadline.left, follow_redirects=False) as client,
            client.stream(
                question.method,
                question.url,
                headers=dict(question.headers),
                content=question.body,
                extensions={"trace": mouth.trace},
            ) as response,
        ):
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    return OSError(EIO, "the answer is too long")
                if not mouth.deadline.left:
                    return TimeoutError(ETIMEDOUT, "the answer did not end in time")
            return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(body))
    except NotSent as error:
        return error
    except Exception as error:  # noqa: BLE001  # whatever goes wrong is an answer, and its words may hold secrets
        return _told(late=isinstance(error, httpx.TimeoutException), begun=mouth.begun)


def _told(*, late: bool, begun: bool) -> OSError:
    if not begun:
        return NotSent(ECONNREFUSED, "there was no connection in time" if late else "there is no connection")
    if late:
        return TimeoutError(ETIMEDOUT, "there was no answer in time")
    return OSError(EIO, "the connection broke before the answer was there")


@cache
def _hush() -> None:
    """Have the library say nothing: it logs each address, and the words with which a server says no."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@cache
def _trusted() -> ssl.SSLContext:
    from httpx import create_ssl_context  # noqa: PLC0415  # the same

    return create_ssl_context()
