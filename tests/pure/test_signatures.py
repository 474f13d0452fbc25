"""Which signatures verify: each kind of key and of security key, unaltered, over these bytes and no others."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.pure.keys import public, sign, wire
from tidegate import keys, passkey, sshsig
from tidegate.keys import Malformed, blob
from tidegate.models.person import Passkey
from tidegate.sshsig import Signed

SPACE, WORDS = "tidegate-decision", b"these words"
EDWARDS = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a key of a test").digest())
SMALL, LARGE = derive_private_key(11, SECP256R1()), derive_private_key(12, SECP384R1())
APPLICATION = b"ssh:"


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key; they take a moment to make."""
    return rsa.generate_private_key(65537, bits)


def line(key: Any) -> bytes:
    """Return a public key as it lies in a public key line."""
    return blob(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())


def numbers(der: bytes) -> bytes:
    """Return a signature of a curve as OpenSSH writes it: two numbers, neither ever negative."""
    return b"".join(wire(each.to_bytes(49).lstrip(b"\0").rjust(33, b"\0")) for each in decode_dss_signature(der))


def covered(namespace: str = SPACE, words: bytes = WORDS, digest: str = "sha512") -> bytes:
    """Return what a signature is made over."""
    parts = (namespace.encode(), b"", digest.encode(), hashlib.new(digest, words).digest())
    return b"SSHSIG" + b"".join(wire(part) for part in parts)


def made(key: bytes, algorithm: bytes, signature: bytes, after: bytes = b"", digest: bytes = b"sha512") -> Signed:
    """Return a signature as it is read out of its armour."""
    return Signed(key, SPACE.encode(), b"", digest, wire(algorithm) + wire(signature) + after)


def by_curve(key: EllipticCurvePrivateKey, name: str, how: Any, end: bytes = b"") -> Signed:
    """Return what a key on a curve signs."""
    return made(line(key), f"ecdsa-sha2-{name}".encode(), numbers(key.sign(covered(), ECDSA(how))) + end)


def touched(kind: str, *, flags: int = 1, application: bytes = APPLICATION, end: bytes = b"", **other: Any) -> Signed:
    """Return what a key that lives in a security key signs, once somebody has touched it."""
    name = f"sk-{kind}@openssh.com".encode()
    plain = line(EDWARDS if kind == "ssh-ed25519" else SMALL)
    _, parts = keys.string(plain)
    key = wire(name) + parts + wire(application) + end
    saw = bytes([flags]) + (7).to_bytes(4)
    said = hashlib.sha256(other.get("signs_for", APPLICATION)).digest() + saw + hashlib.sha256(covered()).digest()
    proof = EDWARDS.sign(said) if kind == "ssh-ed25519" else numbers(SMALL.sign(said, ECDSA(SHA256())))
    return made(key, other.get("algorithm", name), proof, other.get("after", saw))


GOOD: dict[str, Any] = {
    "ed25519": lambda: made(line(EDWARDS), b"ssh-ed25519", EDWARDS.sign(covered())),
    "ed25519 over sha256": lambda: made(
        line(EDWARDS), b"ssh-ed25519", EDWARDS.sign(covered(digest="sha256")), digest=b"sha256"
    ),
    "rsa, sha512": lambda: made(
        line(rsa_key(2048)), b"rsa-sha2-512", rsa_key(2048).sign(covered(), PKCS1v15(), SHA512())
    ),
    "rsa, sha256": lambda: made(
        line(rsa_key(2048)), b"rsa-sha2-256", rsa_key(2048).sign(covered(), PKCS1v15(), SHA256())
    ),
    "a small curve": lambda: by_curve(SMALL, "nistp256", SHA256()),
    "a large curve": lambda: by_curve(LARGE, "nistp384", SHA384()),
    "touched ed25519": lambda: touched("ssh-ed25519"),
    "touched curve": lambda: touched("ecdsa-sha2-nistp256"),
    "touched and known": lambda: touched("ssh-ed25519", flags=5),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_each_kind_of_key_signs_these_words_for_this_purpose(make: Any) -> None:
    """A signature of every kind verifies, and not over other words, for another purpose, or altered in any part."""
    signed: Signed = make()
    assert sshsig.verifies(signed, SPACE, WORDS)
    assert not sshsig.verifies(signed, SPACE, b"other words")
    assert not sshsig.verifies(signed, "git", WORDS)
    assert not sshsig.verifies(signed._replace(namespace=b"git"), "git", WORDS)
    assert not sshsig.verifies(signed._replace(reserved=b"x"), SPACE, WORDS)
    assert not sshsig.verifies(signed._replace(digest=b"md5"), SPACE, WORDS)
    assert not sshsig.verifies(signed._replace(signature=signed.signature + b"x"), SPACE, WORDS)


BAD: dict[str, Any] = {
    "another key": lambda: made(line(SMALL), b"ssh-ed25519", EDWARDS.sign(covered())),
    "another algorithm": lambda: made(line(EDWARDS), b"rsa-sha2-512", EDWARDS.sign(covered())),
    "a short rsa key": lambda: made(
        line(rsa_key(1024)), b"rsa-sha2-512", rsa_key(1024).sign(covered(), PKCS1v15(), SHA512())
    ),
    "an old rsa digest": lambda: made(
        line(rsa_key(2048)), b"ssh-rsa", rsa_key(2048).sign(covered(), PKCS1v15(), SHA512())
    ),
    "another digest of rsa": lambda: made(
        line(rsa_key(2048)), b"rsa-sha2-256", rsa_key(2048).sign(covered(), PKCS1v15(), SHA512())
    ),
    "a curve of no such name": lambda: by_curve(SMALL, "nistp999", SHA256()),
    "something after the numbers": lambda: by_curve(SMALL, "nistp256", SHA256(), end=b"x"),
    "something after the signature": lambda: made(line(EDWARDS), b"ssh-ed25519", EDWARDS.sign(covered()), b"x"),
    "untouched": lambda: touched("ssh-ed25519", flags=0),
    "known and untouched": lambda: touched("ssh-ed25519", flags=4),
    "signed for another application": lambda: touched("ssh-ed25519", signs_for=b"ssh:other"),
    "of another application": lambda: touched("ecdsa-sha2-nistp256", application=b"ssh:other"),
    "touched by no algorithm": lambda: touched("ssh-ed25519", algorithm=b"ssh-ed25519"),
    "another count": lambda: touched("ssh-ed25519", after=bytes([1]) + (8).to_bytes(4)),
    "no count": lambda: touched("ssh-ed25519", after=b""),
    "a byte of a count too few": lambda: touched("ssh-ed25519", after=bytes([1]) + bytes(3)),
    "a byte of a count too many": lambda: touched("ssh-ed25519", after=bytes([1]) + bytes(5)),
    "something after the key": lambda: touched("ssh-ed25519", end=b"x"),
    "something after the key of a curve": lambda: touched("ecdsa-sha2-nistp256", end=wire(b"x")),
    "no key": lambda: made(wire(b"ssh-ed25519"), b"ssh-ed25519", EDWARDS.sign(covered())),
    "no signature": lambda: Signed(line(EDWARDS), SPACE.encode(), b"", b"sha512", b""),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_what_is_anything_else_proves_nothing(make: Any) -> None:
    """A signature that is not of its own key, algorithm and touch is no proof, and breaks nothing."""
    assert not sshsig.verifies(make(), SPACE, WORDS)


def armour(data: bytes) -> str:
    """Return bytes in the armour of a signature."""
    return f"{sshsig.BEGIN}\n{base64.b64encode(data).decode()}\n{sshsig.END}"


BODY = b"".join(wire(part) for part in (b"key", b"space", b"", b"sha512", b"proof"))
READ: dict[str, tuple[str, str]] = {
    "no beginning": (armour(BODY)[5:], "it is no SSH signature"),
    "no end": (armour(BODY)[:-5], "it is no SSH signature"),
    "no base64": (f"{sshsig.BEGIN}\n?\n{sshsig.END}", "its armour is broken"),
    "no magic": (armour(b"SSHSIX" + (1).to_bytes(4) + BODY), "it is no SSH signature of version 1"),
    "another version": (armour(b"SSHSIG" + (2).to_bytes(4) + BODY), "it is no SSH signature of version 1"),
    "too much": (armour(b"SSHSIG" + (1).to_bytes(4) + BODY + b"x"), "there is something after its end"),
    "too little": (armour(b"SSHSIG" + (1).to_bytes(4) + BODY[:-1]), "it ends too soon"),
}


@pytest.mark.parametrize(("text", "why"), READ.values(), ids=READ)
def test_what_is_no_signature_is_not_read(text: str, why: str) -> None:
    """What lacks is said; the whole of it is read part by part, with any blanks around it."""
    with pytest.raises(Malformed) as wrong:
        sshsig.read(text)
    assert str(wrong.value) == why
    whole = armour(b"SSHSIG" + (1).to_bytes(4) + BODY)
    assert sshsig.read(f"\n {whole}\n") == Signed(b"key", b"space", b"", b"sha512", b"proof")
    assert sshsig.verifies(sshsig.read(sign("risk-a", WORDS)), SPACE, WORDS)
    assert sshsig.read(sign("risk-a", WORDS)).key == blob(public("risk-a"))


# -- passkeys ---------------------------------------------------------------------------------------------------------

PASSKEYS: dict[str, Any] = {
    "curve": (lambda: SMALL, lambda said: SMALL.sign(said, ECDSA(SHA256()))),
    "edwards": (lambda: EDWARDS, EDWARDS.sign),
    "rsa": (lambda: rsa_key(2048), lambda said: rsa_key(2048).sign(said, PKCS1v15(), SHA256())),
}


def b64(data: bytes) -> str:
    """Return base64url as browsers write it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def held(key: Any, site: str = "desk.example") -> Passkey:
    """Return a passkey as the programme knows it."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Passkey(id="cred-0123456789abcdef", key=b64(spki), site=site)


def asserted(by: Any, site: str = "desk.example", origin: str = "https://desk.example", **other: Any) -> str:
    """Return what a browser says when somebody signs the words with a passkey; anything about it can be other."""
    client = {"type": "webauthn.get", "challenge": b64(passkey.challenge(WORDS)), "origin": origin}
    told = other.get("client", json.dumps(client).encode())
    data = hashlib.sha256(site.encode()).digest() + bytes([other.get("flags", 5)]) + other.get("count", bytes(4))
    parts = {"client": told, "authenticator": data, "signature": by(data + hashlib.sha256(told).digest())}
    return json.dumps({"id": "cred-0123456789abcdef", **{name: b64(part) for name, part in parts.items()}})


@pytest.mark.parametrize("kind", PASSKEYS)
def test_each_kind_of_passkey_signs_its_own_words(kind: str) -> None:
    """A curve, an Edwards key and RSA each verify under the key that signed, under no other and over no other words."""
    key, by = PASSKEYS[kind]
    proof = asserted(by)
    assert passkey.verifies(proof, held(key()), WORDS)
    assert not passkey.verifies(proof, held(key()), b"other words")
    others = [other for name, (other, _) in PASSKEYS.items() if name != kind]
    assert not any(passkey.verifies(proof, held(other()), WORDS) for other in others)


@pytest.mark.parametrize(
    ("site", "origin", "good"),
    [
        ("localhost", "http://localhost:8080", True),
        ("localhost", "https://localhost", True),
        ("desk.example", "https://desk.example:8443", True),
        ("desk.example", "https://eu.desk.example", True),
        ("desk.example", "http://desk.example", False),
        ("desk.example", "https://desk.example/page", False),
        ("desk.example", "https://evildesk.example", False),
        ("desk.example", "https://example", False),
        ("desk.example", "ftp://desk.example", False),
    ],
)
def test_a_passkey_signs_at_its_site_or_below_it(site: str, origin: str, good: bool) -> None:
    """At its own host or one below it, at any port, and in the clear only on the machine itself."""
    assert passkey.verifies(asserted(EDWARDS.sign, site, origin), held(EDWARDS, site), WORDS) is good


ODD: dict[str, dict[str, Any]] = {
    "a client that is no object": {"client": b"[1]"},
    "a client that is no JSON": {"client": b"{"},
    "no count": {"count": b""},
    "a byte of a count too few": {"count": bytes(3)},
    "nobody there": {"flags": 4},
    "nobody known": {"flags": 1},
}


@pytest.mark.parametrize("other", ODD.values(), ids=ODD)
def test_an_assertion_that_lacks_something_proves_nothing(other: dict[str, Any]) -> None:
    """Whatever is missing from what a browser says, it is no signature; with all of it, and more, it is one."""
    assert not passkey.verifies(asserted(EDWARDS.sign, **other), held(EDWARDS), WORDS)
    assert passkey.verifies(asserted(EDWARDS.sign, count=bytes(4) + b"extension"), held(EDWARDS), WORDS)


def test_a_key_that_cannot_sign_proves_nothing() -> None:
    """A passkey whose public key is of a kind that signs nothing is refused, and so is what is no key."""
    other = X25519PrivateKey.from_private_bytes(bytes(32))
    assert not passkey.verifies(asserted(EDWARDS.sign), held(other), WORDS)
    assert not passkey.verifies(asserted(EDWARDS.sign), held(EDWARDS).model_copy(update={"key": b64(b"k" * 40)}), WORDS)


@pytest.mark.parametrize(("proof", "name"), [("{}", ""), ('{"id": "cred-7"}', "cred-7")])
def test_an_assertion_says_which_passkey_made_it(proof: str, name: str) -> None:
    """It names its key, or none; what is no assertion says so."""
    assert passkey.credential(proof) == name
    with pytest.raises(ValueError, match=r"^it is no assertion$"):
        passkey.credential("[1]")
