"""How payloads are encrypted before Temporal keeps them, and read again: AES-256-GCM, each under the key that it names.

It knows keys and bytes. Where keys lie is `activities.cipher`'s affair; it stands beside the converter, so that whoever
only talks to a rollout need not load all that one is made of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from tidegate.models.ring import NAME, Ring

ENCODING = b"binary/encrypted"
_NONCE = 12
_LEAST = _NONCE + 16
_ABOUT = b"tidegate payload "


class Unknown(RuntimeError):  # noqa: N818  # it says how the key is
    """Something was encrypted with a key that is not here."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"it is encrypted with the key '{name}', which is not in the file that TIDEGATE_CODEC_KEYS names here"
        )


class Cipher(PayloadCodec):
    """Encrypts what goes out, and decrypts what comes in.

    What comes in plain is taken as it is: a person may say `pause` in the Temporal UI, and that must be heard. What a
    key of ours did not make, though it says so, is handed on unread, for one forged message must not wedge a rollout;
    the net records it. So is what names a key that there can never be. What names another key that is not here is
    refused until the key is: it may be a word of ours.
    """

    def __init__(self, ring: Ring) -> None:
        """Know the keys."""
        self._current = ring.current
        self._keys = {name: AESGCM(key) for name, key in ring.keys.items()}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt."""
        return [self._closed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt. Raises Unknown."""
        return [self._opened(payload) for payload in payloads]

    def _closed(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        name = self._current
        data = self._keys[name].encrypt(nonce, payload.SerializeToString(), _ABOUT + name.encode())
        return Payload(metadata={"encoding": ENCODING, "encryption-key-id": name.encode()}, data=nonce + data)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = named(payload)
        if name not in self._keys and NAME.fullmatch(name):
            raise Unknown(name)
        if name not in self._keys or len(payload.data) < _LEAST:
            return payload
        nonce, data = payload.data[:_NONCE], payload.data[_NONCE:]
        try:
            return Payload.FromString(self._keys[name].decrypt(nonce, data, _ABOUT + name.encode()))
        except InvalidTag:
            return payload


def named(payload: Payload) -> str:
    """Return the name of the key with which something says to be encrypted, as far as it can be shown."""
    said = payload.metadata.get("encryption-key-id", b"").decode("ascii", "replace")
    return said if said.isprintable() and said else "?"


def closed(payload: Payload) -> bool:
    """Whether something is still encrypted."""
    return payload.metadata.get("encoding") == ENCODING
