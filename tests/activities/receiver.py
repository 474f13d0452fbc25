"""A receiver of the webhook as docs/drivers.md asks for one: signed, idempotent, fenced by the epoch, read back."""

from __future__ import annotations

import hmac
import json
import time
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from activities.drivers.webhook import IDEMPOTENCY, SIGNATURE, TIMESTAMP, signature
from activities.http import Answer

if TYPE_CHECKING:
    from activities.http import Question

KEY = "a-key-that-only-tests-know"
FRESH = 300
"""Seconds after which a signature is too old."""


class Receiver:
    """What it serves, by name."""

    def __init__(self) -> None:
        self.served: dict[str, Any] = {}
        self.lies: Any = None
        """What it reads back instead of what it serves."""
        self._known: dict[str, bytes] = {}
        self._lock = Lock()

    def answer(self, question: Question) -> Answer:
        """Answer as the contract of the webhook says."""
        query = urlsplit(question.url).query
        if not _signed(question, question.body if question.body is not None else query.encode()):
            return Answer(401, {}, b"")
        with self._lock:
            if question.method == "GET":
                return self._read_back(parse_qs(query)["name"][0])
            return self._set(question)

    def _read_back(self, name: str) -> Answer:
        there = self.served.get(name, {"name": name, "epoch": 0, "exposure": None})
        return Answer(200, {}, json.dumps(there if self.lies is None else self.lies).encode())

    def _set(self, question: Question) -> Answer:
        assert question.body is not None
        once = question.headers[IDEMPOTENCY]
        if self._known.setdefault(once, question.body) != question.body:
            return Answer(422, {}, b"")
        said = json.loads(question.body)
        there = self.served.get(said["name"], {"epoch": 0})
        if there["epoch"] >= said["epoch"] and _content(there) != _content(said):
            return Answer(409, {}, b"")
        self.served[said["name"]] = said
        return Answer(204, {}, b"")


def _content(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "key"}


def _signed(question: Question, text: bytes) -> bool:
    moment = question.headers.get(TIMESTAMP, "0")
    given = question.headers.get(SIGNATURE, "")
    return abs(time.time() - int(moment)) < FRESH and hmac.compare_digest(signature(KEY, moment, text), given)
