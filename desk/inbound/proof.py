"""Who sends it: a bearer token, or a signature over id, time and body as the Standard Webhooks have it.

    webhook-id: any id of up to 100 characters         webhook-timestamp: seconds since 1970
    webhook-signature: v1,BASE64 [v1,BASE64 ...]       HMAC-SHA256 over `id.timestamp.body`

It knows neither what was sent nor what follows from it. A secret is fetched anew for each use and compared in constant
time; an answer says that it did not fit, and never how.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from activities.drivers.contract import Unusable
from activities.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tidegate.models.sender import Sender

WINDOW = 300
"""Seconds that a signature is good for, before and after the moment that it names."""
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,100}")
_TIME = re.compile(r"\d{1,12}")
_MOST = 5
"""Signatures of one delivery: more than one while a key is replaced."""
_LEAST = 16
"""Characters of a secret: a shorter one can be guessed."""
_PREFIX = "whsec_"


class Unproven(Exception):  # noqa: N818  # it is how things are
    """It is not known who sends it."""


def secret(name: str, sender: Sender, root: Path) -> bytes:
    """Return a sender's secret; raise Unusable if there is none that could protect anything."""
    found = Secret(f"senders.{name}.secret", sender.secret, root).reveal()
    if len(found) < _LEAST:
        raise Unusable(f"the secret of sender {name} has fewer than {_LEAST} characters; draw a longer one")
    if not sender.signs or not found.startswith(_PREFIX):
        return found.encode()
    try:
        return base64.b64decode(found.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise Unusable(f"the secret of sender {name} begins with {_PREFIX} and is no base64") from None


def bearer(headers: Mapping[str, str], known: bytes) -> None:
    """Raise Unproven unless the token is the sender's."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    # Digests are compared, so that nothing can be learned from how long it takes: not even how long the secret is.
    mine, theirs = (hashlib.sha256(one).digest() for one in (known, token.strip().encode("utf-8", "replace")))
    if not hmac.compare_digest(mine, theirs) or kind.lower() != "bearer":
        raise Unproven


def timely(headers: Mapping[str, str], now: float) -> str:
    """Return the id of a signed delivery that comes in time; raise Unproven before its body is even read."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(name) or not _TIME.fullmatch(at) or not headers.get("webhook-signature"):
        raise Unproven
    if abs(now - int(at)) > WINDOW:
        raise Unproven
    return name


def signed(headers: Mapping[str, str], body: bytes, known: bytes) -> None:
    """Raise Unproven unless one of the signatures is the sender's over exactly this."""
    head = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode()
    mine = hmac.new(known, head + body, hashlib.sha256).digest()
    fits = False
    for one in headers.get("webhook-signature", "").split()[:_MOST]:
        version, _, spelled = one.partition(",")
        try:
            theirs = base64.b64decode(spelled, validate=True)
        except (binascii.Error, ValueError):
            continue
        fits |= version == "v1" and hmac.compare_digest(mine, theirs)
    if not fits:
        raise Unproven
