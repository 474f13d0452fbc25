"""The keys that people sign with: what each is called, whose it is, and whether it counts today.

It only reads public keys; what a signature made with one is worth is for `signature` to say. It loads no cryptography,
so that whoever only wants to know who can sign need not wait for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tidegate.models.person import PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.person import Passkey
    from tidegate.models.plan import Member

    Key: TypeAlias = PublicKey | Passkey


class Malformed(ValueError):  # noqa: N818  # it says what the bytes are
    """It is no signature, or no key, that can be read."""


class Known(NamedTuple):
    """A key of a person: its name, and the words about it in the programme."""

    fingerprint: str
    key: Key


def of(member: Member | None) -> Iterator[Known]:
    """Return every key of a person that can be read; none for who is not there."""
    if member is None:
        return
    found: tuple[Key, ...] = (*member.keys, *member.passkeys)
    for key in found:
        try:
            yield Known(_named(key.key) if isinstance(key, PublicKey) else passkey_fingerprint(key), key)
        except ValueError:
            continue


def fingerprints(member: Member | None) -> tuple[str, ...]:
    """Return the names of a person's keys, sorted, but for those that fell into other hands."""
    return tuple(sorted(known.fingerprint for known in of(member) if not known.key.revoked))


def stands(member: Member | None, fingerprint: str) -> bool:
    """Whether what somebody said goes on counting: unsigned words do where they counted, signed ones with their key.

    A key that ran out takes nothing back; one that was revoked or removed does.
    """
    return not fingerprint or fingerprint in fingerprints(member)


def counts(key: Key, now: datetime) -> bool:
    """Whether a key may be signed with now; days are those of UTC."""
    day = now.date()
    return not key.revoked and (key.since is None or key.since <= day) and (key.until is None or day <= key.until)


def can_sign(member: Member | None, now: datetime) -> bool:
    """Whether somebody has a key that counts."""
    return any(counts(known.key, now) for known in of(member))


# -- names ------------------------------------------------------------------------------------------------------------


def fingerprint(key: bytes) -> str:
    """Return the name of an SSH key, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


@lru_cache(maxsize=4096)  # pure cache: a line says for ever the same key, and every yes is asked whether its key stands
def _named(line: str) -> str:
    return fingerprint(blob(line))


def passkey_fingerprint(passkey: Passkey) -> str:
    """Return the name of a passkey: the digest of its public key."""
    return f"passkey:{hashlib.sha256(unpadded(passkey.key)).hexdigest()[:43]}"


# -- bytes ------------------------------------------------------------------------------------------------------------


def blob(line: str) -> bytes:
    """Return the key itself of a public key line, without its comment."""
    parts = line.split()
    try:
        key = base64.b64decode(parts[1], validate=True)
        kind, _ = string(key)
    except (IndexError, binascii.Error, Malformed) as error:
        raise Malformed("it is no public key in OpenSSH's form") from error
    if kind != parts[0].encode():
        raise Malformed("it says another kind of key than it holds")
    return key


def string(data: bytes) -> tuple[bytes, bytes]:
    """Split off the first of the strings that OpenSSH's bytes are made of."""
    if len(data) < 4:  # noqa: PLR2004  # a length is four bytes
        raise Malformed("it ends too soon")
    length = int.from_bytes(data[:4])
    if len(data) < 4 + length:
        raise Malformed("it ends too soon")
    return data[4 : 4 + length], data[4 + length :]


def unpadded(text: str) -> bytes:
    """Read base64url, as browsers write it."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Malformed("it is not base64url") from error
