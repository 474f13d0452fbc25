"""Exposure enforced by whatever else there is: a signed request to a receiver that somebody wrote, and a read-back.

What the receiver promises is in docs/drivers.md: it compares the epoch and sets in one step (409 where it has something
newer, or the same with other content), takes the same request again for the same, and answers what it really serves.
Whether it keeps that cannot be seen from here, except by what it reads back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from email.utils import parsedate_to_datetime
from errno import EACCES, EIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from activities.drivers.contract import (
    Actual,
    Capabilities,
    Protection,
    Stale,
    Trouble,
    Unreadable,
    Unusable,
    Unwritten,
    genuine,
)
from activities.drivers.settings import address, only
from activities.http import Answer, Deadline, NotSent, Question, ask
from activities.secrets import secret
from tidegate.digest import digest
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WITHIN = 8.0
"""Seconds for all questions of one call together, and the waiting between them."""
TIMESTAMP = "tidegate-timestamp"
SIGNATURE = "tidegate-signature"
IDEMPOTENCY = "idempotency-key"
VERSION = "v1"
_LEAST = 1.0
"""Seconds that must be left for one more attempt after a wait."""
_STALE, _BUSY = 409, 429
_REFUSED = range(400, 500)
_UNSURE = (408, 499)
"""Refusals that do not say what became of what was asked."""
_PLACES = {protection.name.lower(): protection for protection in Protection}


class Webhook:
    """One target of a receiver. Settings: `url`, `read_back`, `name` (what it is called there), `secret` by reference.

    And `protection`: what is safe once it has obeyed (redirect, flag, gateway or switch; flag if nothing is said).
    """

    def __init__(self, settings: Mapping[str, str], root: Path) -> None:
        only(settings, "webhook", needed=("url", "read_back", "name", "secret"), more=("protection",))
        self._url = address(settings, "url")
        self._read_back = address(settings, "read_back")
        self._name = settings["name"]
        self._secret = secret(settings, "secret", root)
        place = settings.get("protection", "flag")
        if place not in _PLACES:
            raise Unusable(f"the setting 'protection' is one of {', '.join(_PLACES)}")
        self.capabilities = Capabilities(fences=True, protection=_PLACES[place])

    def observe(self) -> Actual:
        """Say what the receiver says that it really serves."""
        return self._observed(Deadline(WITHIN))

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Send it, signed; wait and send it again where the receiver asks for that and there is time."""
        deadline = Deadline(WITHIN)
        body = _spelt(
            {
                "name": self._name,
                "epoch": epoch,
                "key": key,
                "exposure": desired.model_dump(mode="json"),
                "digest": digest(desired),
                "redirect_to": redirect_to,
            }
        )
        # One attempt may be made twice with other content: what is written is met with what is there by then.
        once = f"{key}:{hashlib.sha256(body).hexdigest()[:16]}"
        while True:
            answer = self._send(body, once, deadline)
            if answer.status != _BUSY:
                break
            wait = _wanted(answer)
            if wait > deadline.left - _LEAST:
                raise Unwritten(f"the receiver is busy, and asks to wait for longer than {WITHIN:.0f} s")
            time.sleep(wait)
        if answer.status == _STALE:
            raise self._lost(epoch, deadline)
        if answer.status in _REFUSED and answer.status not in _UNSURE:
            raise Unwritten(f"the receiver refuses it: {answer.status}")
        if not answer.well:
            raise _unanswered(answer)

    def _send(self, body: bytes, once: str, deadline: Deadline) -> Answer:
        try:
            headers = {"content-type": "application/json", IDEMPOTENCY: once, **self._signed(body)}
            return ask(Question("POST", self._url, headers, body), deadline)
        except NotSent as error:
            raise Unwritten(f"the receiver was not reached: {error.strerror}") from error
        except Unusable as error:
            raise Unwritten(str(error)) from error

    def _lost(self, epoch: int, deadline: Deadline) -> Exception:
        """Return what it means that the receiver has something newer, as far as it can say what."""
        try:
            actual = self._observed(deadline)
        except (Trouble, OSError):
            return Unwritten("the receiver has something newer, and does not say what")
        if actual.epoch < epoch:
            return Unwritten("the receiver says that it has something newer, and reads back something older")
        return Stale(actual)

    def _observed(self, deadline: Deadline) -> Actual:
        query = urlencode({"name": self._name})
        headers = {"accept": "application/json", "cache-control": "no-cache", **self._signed(query.encode("ascii"))}
        answer = ask(Question("GET", f"{self._read_back}?{query}", headers), deadline)
        if not answer.well:
            raise _unanswered(answer)
        try:
            said = answer.json()
        except ValueError as error:
            # A page that says "we are working on it": out of sight, and no sign that anybody is served.
            raise OSError(EIO, "what the receiver reads back is no JSON") from error
        return _actual(said, self._name)

    def _signed(self, text: bytes) -> dict[str, str]:
        moment = str(int(time.time()))
        return {
            TIMESTAMP: moment,
            SIGNATURE: signature(self._secret.reveal(), moment, text),
            "user-agent": "tidegate",
        }


def signature(key: str, moment: str, text: bytes) -> str:
    """Return how a text of a moment is signed: the body of a request, or the query of a read-back."""
    return f"{VERSION}={hmac.new(key.encode(), moment.encode() + b'.' + text, hashlib.sha256).hexdigest()}"


def _spelt(words: Mapping[str, Any]) -> bytes:
    return json.dumps(words, sort_keys=True, separators=(",", ":")).encode("ascii")


def _actual(said: Any, name: str) -> Actual:
    """Read what is served; what is not exactly of the form is Unreadable, for whom it serves is then a guess."""
    if not isinstance(said, dict):
        raise Unreadable("what the receiver reads back is no object")
    epoch = said.get("epoch")
    if not genuine(epoch) and not (type(epoch) is int and epoch == 0):
        raise Unreadable("what the receiver reads back has no epoch")
    if said.get("name") != name:
        # The epoch of something else fences nothing here.
        raise Unreadable("the receiver reads back something else")
    exposure = said.get("exposure")
    if exposure is None and epoch == 0:
        return Actual(NOTHING, 0)
    # A word that is not known could be a cohort in a place where it does not count.
    if (
        not isinstance(exposure, dict)
        or "cohorts" not in exposure
        or not exposure.keys() <= Exposure.model_fields.keys()
    ):
        raise Unreadable("what the receiver reads back is no exposure", epoch)
    try:
        return Actual(Exposure.model_validate_json(json.dumps(exposure)), epoch)
    except ValueError as error:
        raise Unreadable("what the receiver reads back is no exposure", epoch) from error


def _wanted(answer: Answer) -> float:
    """Return how many seconds a busy receiver asks to wait; one if it does not say."""
    said = answer.headers.get("retry-after", "1").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return 1.0


def _unanswered(answer: Answer) -> OSError:
    code = EACCES if answer.status in (401, 403) else EIO
    return OSError(code, f"the receiver gives no answer: {answer.status}")
