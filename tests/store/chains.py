"""Small chains to verify, and what may be done to them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tidegate.digest import canonical
from tidegate.envelope import FIRST, seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.envelope import Sealed

STREAM = "claims-triage"
AT = "2026-11-23T09:00:00Z"
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a key of tests").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another key of tests").digest())


def public(key: Ed25519PrivateKey = KEY) -> str:
    """Return a public key as it is written."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def row(seq: int, prev: str, **more: Any) -> Sealed:
    """Return one row."""
    body = {"schema": "tidegate/evidence@1", "stream": STREAM, "id": f"life/{seq}.0", "number": seq, **more}
    return seal(body, {"recorded_at": AT, "run": "run", "tool": "0"}, seq, prev)


def rows(count: int, **more: Any) -> list[Sealed]:
    """Return a chain."""
    made: list[Sealed] = []
    for seq in range(1, count + 1):
        made.append(row(seq, made[-1].hash if made else FIRST, **more))
    return made


def again(old: Sealed, prev: str | None = None, **changes: Any) -> Sealed:
    """Return a row with other words and the hash that belongs to them."""
    words = {**json.loads(old.body), **changes}
    return seal(words, {}, words["seq"], prev if prev is not None else old.prev)


def head(seq: int, hashed: str, key: Ed25519PrivateKey = KEY, at: str = AT) -> dict[str, Any]:
    """Return a signed head."""
    words = {"stream": STREAM, "seq": seq, "hash": hashed, "at": at}
    signature = key.sign(canonical({"schema": "tidegate/head@1", **words}))
    return {**words, "key": public(key), "signature": base64.b64encode(signature).decode()}


def flipped(text: str, at: int = 0) -> str:
    """Return a text with one bit of one letter turned."""
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def but(words: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return words with changes."""
    return {**words, **changes}
