"""A device that makes passkeys and signs with them, as a browser hands it on; what it does can be done wrong, too."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn.helpers import encode_cbor

from desk.passkeys import spelled
from tidegate.keys import unpadded
from tidegate.models.person import Passkey

_THERE, _KNOWN, _MADE = 0x01, 0x04, 0x40


class Device:
    """One passkey."""

    def __init__(self, name: str, site: str = "localhost", *, knows: bool = True) -> None:
        """Make a key; a device that does not know its owner signs for whoever holds it."""
        self._private: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self._raw = hashlib.sha256(name.encode()).digest()
        self.id = spelled(self._raw)
        self.site = site
        self._flags = _THERE | (_KNOWN if knows else 0)

    @property
    def passkey(self) -> Passkey:
        """What the programme knows of it."""
        public = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Passkey(id=self.id, key=spelled(public), site=self.site)

    def make(self, options: dict[str, Any], origin: str) -> str:
        """Answer `navigator.credentials.create`."""
        point = self._private.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        held = bytes(16) + len(self._raw).to_bytes(2) + self._raw + encode_cbor(key)
        data = self._data(options["rp"]["id"], self._flags | _MADE) + held
        return json.dumps(
            {
                "id": self.id,
                "rawId": self.id,
                "type": "public-key",
                "response": {
                    "clientDataJSON": spelled(_client("webauthn.create", options["challenge"], origin)),
                    "attestationObject": spelled(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})),
                },
            }
        )

    def sign(self, options: dict[str, Any], origin: str) -> str:
        """Answer `navigator.credentials.get`."""
        client = _client("webauthn.get", options["challenge"], origin)
        data = self._data(options["rpId"], self._flags)
        made = self._private.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        parts = {"client": client, "authenticator": data, "signature": made}
        return json.dumps({"id": self.id, **{name: spelled(part) for name, part in parts.items()}})

    @staticmethod
    def _data(site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + (1).to_bytes(4)


def _client(kind: str, challenge: str, origin: str) -> bytes:
    assert unpadded(challenge)
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()
