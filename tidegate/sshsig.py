"""Signatures as `ssh-keygen -Y sign` makes them: read, and checked against the one public key that they name.

A pure function of bytes. It knows nothing of people: whose key it is, and whether it counts, is for `signature` to say.
The format is OpenSSH's PROTOCOL.sshsig; what a security key adds is its PROTOCOL.u2f.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from tidegate.keys import Malformed, string

if TYPE_CHECKING:
    from collections.abc import Mapping

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_VERSION = 1
_LEAST_RSA = 2048
_TOUCH = 5
"""Bytes that a security key adds: what it saw, and how often it has signed."""
_PRESENT = 1
"""The flag by which a security key says that somebody touched it."""
_DIGESTS: Mapping[bytes, str] = MappingProxyType({b"sha256": "sha256", b"sha512": "sha512"})
_RSA: Mapping[bytes, type[HashAlgorithm]] = MappingProxyType({b"rsa-sha2-256": SHA256, b"rsa-sha2-512": SHA512})
_CURVES: Mapping[bytes, type[HashAlgorithm]] = MappingProxyType(
    {b"ecdsa-sha2-nistp256": SHA256, b"ecdsa-sha2-nistp384": SHA384, b"ecdsa-sha2-nistp521": SHA512}
)
_TOUCHED: Mapping[bytes, bytes] = MappingProxyType(
    {
        b"sk-ssh-ed25519@openssh.com": b"ssh-ed25519",
        b"sk-ecdsa-sha2-nistp256@openssh.com": b"ecdsa-sha2-nistp256",
    }
)
"""Keys that live in a security key, and what they are without it."""


class Signed(NamedTuple):
    """A signature that was read: the key that it names, as it lies in a public key line, and what it says."""

    key: bytes
    namespace: bytes
    reserved: bytes
    digest: bytes
    signature: bytes


def read(armoured: str) -> Signed:
    """Read a signature in its armour."""
    text = armoured.strip()
    if not (text.startswith(BEGIN) and text.endswith(END)):
        raise Malformed("it is no SSH signature")
    try:
        data = base64.b64decode("".join(text[len(BEGIN) : -len(END)].split()), validate=True)
    except binascii.Error as error:
        raise Malformed("its armour is broken") from error
    if data[:6] != _MAGIC or data[6:10] != _VERSION.to_bytes(4):
        raise Malformed("it is no SSH signature of version 1")
    rest = data[10:]
    found = []
    for _ in range(5):
        part, rest = string(rest)
        found.append(part)
    if rest:
        raise Malformed("there is something after its end")
    return Signed(*found)


def verifies(signed: Signed, namespace: str, message: bytes) -> bool:
    """Whether the key that a signature names has signed this message, for this purpose."""
    if signed.namespace != namespace.encode() or signed.digest not in _DIGESTS:
        return False
    covered = (
        _MAGIC
        + _wire(signed.namespace)
        + _wire(signed.reserved)
        + _wire(signed.digest)
        + _wire(hashlib.new(_DIGESTS[signed.digest], message).digest())
    )
    try:
        return _verifies(signed, covered)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False


def _verifies(signed: Signed, covered: bytes) -> bool:
    kind, _ = string(signed.key)
    algorithm, rest = string(signed.signature)
    made, after = string(rest)
    if kind in _TOUCHED:
        if algorithm != kind or len(after) != _TOUCH or not after[0] & _PRESENT:
            return False
        key, application = _without_touch(signed.key)
        covered = hashlib.sha256(application).digest() + after + hashlib.sha256(covered).digest()
        algorithm, after = _TOUCHED[kind], b""
    else:
        key = load_ssh_public_key(kind + b" " + base64.b64encode(signed.key))
    if after:
        return False
    match key:
        case Ed25519PublicKey() if algorithm == b"ssh-ed25519":
            key.verify(made, covered)
        case RSAPublicKey() if algorithm in _RSA and key.key_size >= _LEAST_RSA:
            key.verify(made, covered, PKCS1v15(), _RSA[algorithm]())
        case EllipticCurvePublicKey() if algorithm in _CURVES:
            first, second = string(made)
            half, end = string(second)
            der = encode_dss_signature(int.from_bytes(first), int.from_bytes(half))
            if end:
                return False
            key.verify(der, covered, ECDSA(_CURVES[algorithm]()))
        case _:
            return False
    return True


def _without_touch(key: bytes) -> tuple[object, bytes]:
    """Return the plain key in one that lives in a security key, and the application that it signs for."""
    kind, rest = string(key)
    plain = _TOUCHED[kind]
    parts = [plain]
    for _ in range(2 if plain.startswith(b"ecdsa") else 1):
        part, rest = string(rest)
        parts.append(part)
    application, end = string(rest)
    if end:
        raise Malformed("there is something after the key")
    inner = b"".join(_wire(part) for part in parts)
    return load_ssh_public_key(plain + b" " + base64.b64encode(inner)), application


def _wire(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
