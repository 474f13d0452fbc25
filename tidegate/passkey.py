"""Passkeys: an assertion as a browser makes it (WebAuthn), checked against the public key that it was enrolled with.

A pure function of bytes, as for SSH signatures: whoever passes an assertion on can alter nothing in it. What is signed
is the challenge, and the challenge is the digest of the very statement; where it was signed must be the site of the
key, and whoever signed was present and known to their device.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tidegate.keys import unpadded

if TYPE_CHECKING:
    from tidegate.models.person import Passkey

_PRESENT, _KNOWN = 0x01, 0x04
"""The flags by which a device says that somebody was there, and that it knew them."""
_FLAGS_AT = 32
_SHORTEST = 37
_ORIGIN = re.compile(r"^(https?)://([a-z0-9.-]+)(:\d{1,5})?$")
_PARTS = ("client", "authenticator", "signature")


def credential(proof: str) -> str:
    """Return which passkey an assertion says that it was made with."""
    words = _words(proof)
    return str(words.get("id", ""))


def challenge(statement: bytes) -> bytes:
    """Return what a browser is asked to sign for a statement."""
    return hashlib.sha256(statement).digest()


def verifies(proof: str, passkey: Passkey, statement: bytes) -> bool:
    """Whether somebody has signed this statement with this passkey, at its own site, known to their device."""
    try:
        words = _words(proof)
        client, data, made = (unpadded(str(words[part])) for part in _PARTS)
        said = json.loads(client)
        if not isinstance(said, dict) or words.get("id") != passkey.id or not _here(said, passkey.site):
            return False
        if said.get("type") != "webauthn.get" or unpadded(str(said.get("challenge"))) != challenge(statement):
            return False
        if len(data) < _SHORTEST or data[:_FLAGS_AT] != hashlib.sha256(passkey.site.encode()).digest():
            return False
        if not (data[_FLAGS_AT] & _PRESENT and data[_FLAGS_AT] & _KNOWN):
            return False
        return _verifies(unpadded(passkey.key), made, data + hashlib.sha256(client).digest())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, RecursionError):
        return False


def _words(proof: str) -> dict[str, Any]:
    words = json.loads(proof)
    if not isinstance(words, dict):
        raise ValueError("it is no assertion")  # noqa: TRY004  # a wrong word, whoever sent it
    return words


def _here(said: dict[str, Any], site: str) -> bool:
    """Whether it was signed at the site of the key, or below it; in the clear only on the machine itself."""
    found = _ORIGIN.match(str(said.get("origin")))
    if found is None or said.get("crossOrigin"):
        return False
    scheme, host = found[1], found[2]
    return (host == site or host.endswith(f".{site}")) and (scheme == "https" or host == "localhost")


def _verifies(key: bytes, made: bytes, covered: bytes) -> bool:
    match load_der_public_key(key):
        case EllipticCurvePublicKey() as curve:
            curve.verify(made, covered, ECDSA(SHA256()))
        case Ed25519PublicKey() as edwards:
            edwards.verify(made, covered)
        case RSAPublicKey() as rsa:
            rsa.verify(made, covered, PKCS1v15(), SHA256())
        case _:
            return False
    return True
