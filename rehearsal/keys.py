"""Keys that are made for one rehearsal, and a plan in which they stand for everybody's own.

So the same rules verify real signatures, and nobody's key is needed. They live in memory and nowhere else; a plan with
them never leaves the rehearsal, and what is reported is the plan as it would be started.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tidegate import keys, sshsig, statement
from tidegate.models.person import PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.plan import Plan

_GOOD_FOR = timedelta(days=2)


class Keys:
    """The keys of everybody in a rehearsal."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._public: dict[str, str] = {}

    def exchanged(self, plan: Plan) -> Plan:
        """Return a plan in which everybody who signs has a key of this rehearsal, and no other."""
        roster = {
            name: member.but(keys=(PublicKey(key=self.public(name)),), passkeys=())
            if member.organisation == "internal"
            else member
            for name, member in plan.roster.items()
        }
        return plan.but(roster=roster)

    def public(self, name: str) -> str:
        """Return somebody's public key, as it stands in a programme."""
        if name not in self._private:
            made = self._private[name] = Ed25519PrivateKey.generate()
            self._public[name] = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        return self._public[name]

    def signed(self, plan: Plan, nonce: str, verb: str, words: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Return words with the signature of whoever says them, as `tidegate` sends them."""
        said: dict[str, Any] = {**words, "not_after": (now + _GOOD_FOR).replace(microsecond=0).isoformat()}
        said["signature"] = {"method": "ssh", "proof": "none yet", "salt": secrets.token_hex(32)}
        text = statement.statement(plan, nonce, verb, said)
        said["signature"]["proof"] = self._sign(str(words["as"]), text)
        return said

    def _sign(self, name: str, said: bytes) -> str:
        head = b"".join(_wire(part) for part in (statement.NAMESPACE.encode(), b"", b"sha512"))
        made = self._private[name].sign(b"SSHSIG" + head + _wire(hashlib.sha512(said).digest()))
        body = _wire(keys.blob(self.public(name))) + head + _wire(_wire(b"ssh-ed25519") + _wire(made))
        text = base64.b64encode(b"SSHSIG" + (1).to_bytes(4) + body).decode()
        return f"{sshsig.BEGIN}\n{text}\n{sshsig.END}\n"


def _wire(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
