"""Keys of the people in tests: each name has one, the same on every machine, and signs as `ssh-keygen -Y sign` does."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tidegate import keys, sshsig, statement
from tidegate.models.event import Message
from tidegate.models.proof import Signature

if TYPE_CHECKING:
    from tidegate.models.event import Event
    from tidegate.models.state import State

_WAITS = "to be signed by "


def to_sign(by: str = "themselves") -> Signature:
    """Return what stands in a message until it is said: whose key signs it then, by default its sender's."""
    return Signature(method="ssh", proof=f"{_WAITS}{by}")


TO_SIGN = to_sign()


@cache
def private(name: str) -> Ed25519PrivateKey:
    """Return the key of a person."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"key of {name}".encode()).digest())


@cache
def public(name: str) -> str:
    """Return their public key, as it stands in a programme."""
    return private(name).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def sign(name: str, said: bytes, namespace: str = statement.NAMESPACE) -> str:
    """Return their signature under some bytes."""
    head = b"".join(wire(part) for part in (namespace.encode(), b"", b"sha512"))
    made = private(name).sign(b"SSHSIG" + head + wire(hashlib.sha512(said).digest()))
    body = wire(keys.blob(public(name))) + head + wire(wire(b"ssh-ed25519") + wire(made))
    text = base64.b64encode(b"SSHSIG" + (1).to_bytes(4) + body).decode()
    return f"{sshsig.BEGIN}\n{text}\n{sshsig.END}\n"


def wire(data: bytes) -> bytes:
    """Return bytes after their length."""
    return len(data).to_bytes(4) + data


def signed(event: Event, state: State) -> Event:
    """Return a message that waits for its signature with the one of whoever it says that it comes from."""
    waits = event.signature.proof if isinstance(event, Message) and event.signature is not None else ""
    if not isinstance(event, Message) or not waits.startswith(_WAITS):
        return event
    by = waits.removeprefix(_WAITS)
    name = event.actor.subject if by == "themselves" else by
    proof = sign(name, statement.document(state.use_case, state.nonce, event, state.plan))
    return event.model_copy(update={"signature": Signature(method="ssh", proof=proof)})
