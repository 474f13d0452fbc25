"""What a signature costs a decision: verifying one inside `decide`, beside the bare verification by the library.

One signed vote about one open gate is decided again and again, by each kind of key that people sign with; the same vote
without a signature is decided beside it, and what lies between the two is what the signature costs. The floor is the
one call that any answer must pay: the public key verifies the very bytes, read and at hand. All of it is processor
time, so that a busy machine slows none of it.

    python -m bench.signatures
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.figures import Bench, Result, Row, Table, main, middle
from tests.pure.beginnings import asking, opened
from tests.pure.keys import wire
from tests.pure.world import Story, with_member
from tidegate import passkey, sshsig, statement
from tidegate.decide import decide
from tidegate.keys import blob
from tidegate.models.event import Vote
from tidegate.models.person import Passkey, PublicKey
from tidegate.models.proof import Signature
from tidegate.models.reasons import Code

SITE = "desk.example"
WHO = "risk-a"
HEAD = wire(statement.NAMESPACE.encode()) + wire(b"") + wire(b"sha512")


class Key(NamedTuple):
    """A key that a person has, and how it signs and is verified."""

    name: str
    known: dict[str, Any]
    """How it stands in the plan."""
    sign: Callable[[bytes], tuple[Signature, Callable[[], object]]]
    """Return a signature under a statement, and the bare verification of it."""


def ssh(name: str, private: Any, algorithm: bytes, made: Callable[[bytes], bytes], bare: Callable[..., object]) -> Key:
    """Return a key that signs as `ssh-keygen -Y sign` does."""
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(said: bytes) -> tuple[Signature, Callable[[], object]]:
        covered = b"SSHSIG" + HEAD + wire(hashlib.sha512(said).digest())
        signature = made(covered)
        spelled = ecdsa_as_ssh(signature) if algorithm.startswith(b"ecdsa") else signature
        body = wire(blob(public)) + HEAD + wire(wire(algorithm) + wire(spelled))
        text = base64.b64encode(b"SSHSIG" + (1).to_bytes(4) + body).decode()
        proof = f"{sshsig.BEGIN}\n{text}\n{sshsig.END}\n"
        return Signature(method="ssh", proof=proof), lambda: bare(signature, covered)

    return Key(name, {"keys": (PublicKey(key=public),)}, sign)


def ecdsa_as_ssh(signature: bytes) -> bytes:
    """Spell a signature as OpenSSH does."""
    parts = decode_dss_signature(signature)
    return b"".join(wire(part.to_bytes(part.bit_length() // 8 + 1)) for part in parts)


def browser() -> Key:
    """Return a passkey, which signs as a browser does."""
    private = generate_private_key(SECP256R1())
    public = private.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    one = Passkey(id="abcdefghijklmnopqrstuv", key=plain(der), site=SITE)

    def sign(said: bytes) -> tuple[Signature, Callable[[], object]]:
        words = {
            "type": "webauthn.get",
            "challenge": plain(passkey.challenge(said)),
            "origin": f"https://{SITE}",
            "crossOrigin": False,
        }
        client = json.dumps(words).encode()
        data = hashlib.sha256(SITE.encode()).digest() + b"\x05" + bytes(4)
        covered = data + hashlib.sha256(client).digest()
        made = private.sign(covered, ECDSA(SHA256()))
        parts = {"client": plain(client), "authenticator": plain(data), "signature": plain(made)}
        proof = json.dumps({"id": one.id, **parts})
        return Signature(method="passkey", proof=proof), lambda: public.verify(made, covered, ECDSA(SHA256()))

    return Key("passkey (p-256)", {"passkeys": (one,)}, sign)


def plain(data: bytes) -> str:
    """Spell bytes as browsers do."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def keys() -> list[Key]:
    """Return one key of each kind."""
    edwards, curve, rsa = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1()), generate_rsa(65_537, 3_072)
    return [
        ssh("ed25519", edwards, b"ssh-ed25519", edwards.sign, edwards.public_key().verify),
        ssh(
            "ecdsa-p256",
            curve,
            b"ecdsa-sha2-nistp256",
            lambda said: curve.sign(said, ECDSA(SHA256())),
            lambda made, said: curve.public_key().verify(made, said, ECDSA(SHA256())),
        ),
        ssh(
            "rsa-3072",
            rsa,
            b"rsa-sha2-512",
            lambda said: rsa.sign(said, PKCS1v15(), SHA512()),
            lambda made, said: rsa.public_key().verify(made, said, PKCS1v15(), SHA512()),
        ),
        browser(),
    ]


def votes(key: Key) -> tuple[Story, Vote, Vote, Callable[[], object]]:
    """Return a story with an open gate, a yes without a signature and with one, and the bare verification."""
    story = opened(with_member(asking(signed=True), WHO, **key.known))
    yes = story.ballot(WHO, not_after=story.now + timedelta(days=1), reason="it was tried")
    # What is said of the signature itself is not covered; that it is there is.
    empty = yes.model_copy(update={"signature": Signature(method="ssh", proof="none yet")})
    signature, bare = key.sign(statement.document(story.state.use_case, story.state.nonce, empty))
    return story, yes, yes.model_copy(update={"signature": signature}), bare


def measure(times: int) -> Result:
    """Decide, for each kind of key."""
    costs, whole = [], []
    for key in keys():
        story, unsigned, signed, bare = votes(key)
        taken: dict[str, list[float]] = {"unsigned": [], "signed": [], "floor": []}
        work = {
            "unsigned": lambda story=story, vote=unsigned: decide(story.plan, story.state, vote, story.now),
            "signed": lambda story=story, vote=signed: decide(story.plan, story.state, vote, story.now),
            "floor": bare,
        }
        receipt = decide(story.plan, story.state, signed, story.now).receipt
        if receipt is None or receipt.reason.code is not Code.APPROVED:
            raise SystemExit(f"{key.name} does not sign: {receipt}")
        for _ in range(times):
            for name, one in work.items():
                start = time.thread_time()
                one()
                taken[name].append(1e3 * (time.thread_time() - start))
        half = {name: middle(each) for name, each in taken.items()}
        costs.append(Row(key.name, half["signed"] - half["unsigned"], "ms", half["floor"]))
        whole.append(Row(key.name, half["signed"], "ms", half["unsigned"], "= <= 2"))
    return Result(
        [
            Table("What a signature adds", "the bare verification of the same bytes by the library", costs),
            Table("A signed vote, decided", "the same vote without a signature", whole),
        ]
    )


BENCH = Bench(
    "Signatures",
    "One vote about one open gate is decided again and again, signed by each kind of key that people sign with and"
    " unsigned, in turns, in processor time.",
    measure,
    usual={"times": 400},
    tiny={"times": 2},
)

if __name__ == "__main__":
    main(BENCH)
