"""Signs what a person sends, with the SSH key that they have: a key file, or whatever their agent holds.

The key never comes into this process: `ssh-keygen` signs, asks for a passphrase at the keyboard where there is one, and
knows security keys. Which key it is follows from the programme in force: one that stands there under the person's name.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import clock, home
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cli.message import Message
    from tidegate.models.messages import RolloutInput
    from tidegate.models.person import PublicKey

TOOL = "ssh-keygen"
_PATIENCE = 60
"""Seconds: somebody may have to find their security key."""
_OWN = (".ssh/id_ed25519", ".ssh/id_ecdsa", ".ssh/id_rsa", ".ssh/id_ed25519_sk", ".ssh/id_ecdsa_sk")


class Signer(NamedTuple):
    """A key that can sign here."""

    public: str
    """Its public line."""
    file: Path | None
    """Where the private key lies; none if the agent holds it."""


def within_reach() -> bool:
    """Whether there is any key here at all; it is asked before anybody is bothered."""
    return bool(_named() or os.environ.get("SSH_AUTH_SOCK") or any(_own()))


def endorsed(said: Message, given: RolloutInput, spelled: Callable[[dict[str, Any]], bytes] | None = None) -> Message:
    """Return a message with its sender's signature, if they have a key here that the programme in force knows.

    What is signed is what the rollout would hear, unless it is for somebody else, who says how it is spelled.
    """
    from tidegate.decide import begin
    from tidegate.statement import statement

    person = str(said.words["as"]).strip().lower()
    member = given.plan.roster.get(person)
    signer = find(person, member.keys) if member is not None else None
    if signer is None:
        return said
    now = clock.now(said.use_case)
    nonce = (given.state or begin(given.plan, now)).nonce
    words = {**said.words, "not_after": said.words.get("not_after") or _far(now)}
    words["signature"] = {"method": "ssh", "proof": "none yet", "salt": _salt(said.id)}
    try:
        text = spelled(words) if spelled else statement(given.plan, nonce, said.verb, words)
    except ValueError:
        # The rollout says what is wrong with it, in its own words and on record.
        return said
    words["signature"]["proof"] = sign(signer, text)
    return said._replace(words=words)


def find(person: str, keys: Iterable[PublicKey]) -> Signer | None:
    """Return the key to sign with: the one that was named, else any here that is known as this person's."""
    from tidegate.keys import blob, fingerprint

    known = {blob(line.key) for line in keys if not line.revoked}
    named = _named()
    if named is not None:
        public = _public(named)
        if known and blob(public) not in known:
            raise Refusal(
                f"{named}: {fingerprint(blob(public))} is not one of {person}'s keys in the plan in force",
                f"`tidegate keys list {person}` shows which are; `tidegate keys add {person}` adds one.",
                Exit.NOT_PERMITTED,
            )
        return Signer(public, named) if known else None
    if not known or shutil.which(TOOL) is None:
        return None
    return next((one for one in candidates() if blob(one.public) in known), None)


def candidates() -> Iterator[Signer]:
    """Return every key that can sign here: what the agent holds, then the files that OpenSSH looks for by itself."""
    from tidegate.keys import blob

    for line in [*_agent(), *(Signer(_public(file), file) for file in _own())]:
        try:
            blob(line.public)
        except ValueError:
            continue
        yield line


def sign(signer: Signer, text: bytes) -> str:
    """Return a signature under some bytes, in OpenSSH's armour."""
    from tempfile import NamedTemporaryFile

    from tidegate.statement import NAMESPACE

    with NamedTemporaryFile("w", prefix="tidegate-", suffix=".pub") as public:
        public.write(f"{signer.public}\n")
        public.flush()
        where = str(signer.file or public.name)
        done = _run("-Y", "sign", "-q", "-n", NAMESPACE, "-f", where, said=text)
    if done.returncode != 0:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refusal(
            f"{signer.file or 'the SSH agent'}: it does not sign: {why[-1] if why else 'it gave no reason'}",
            f"`{TOOL} -Y sign -n {NAMESPACE} -f KEY FILE` shows the same.",
            Exit.NOT_PERMITTED,
        )
    return done.stdout.decode()


def _named() -> Path | None:
    """Return the key that somebody named for this keyboard."""
    named = os.environ.get("TIDEGATE_KEY") or home.key()
    return Path(named).expanduser() if named else None


def _own() -> list[Path]:
    return [file for name in _OWN if (file := Path.home() / name).is_file() and _beside(file).is_file()]


def _beside(file: Path) -> Path:
    return file if file.suffix == ".pub" else file.with_name(f"{file.name}.pub")


def _public(file: Path) -> str:
    """Return the public half of a key file."""
    try:
        if _beside(file).is_file():
            return _beside(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{_beside(file)}: it cannot be read: {error}", "It is a line of text beside the key.") from None
    if not file.is_file():
        raise Refusal(f"{file}: there is no such key", "`tidegate me ID --key FILE` or TIDEGATE_KEY names another.")
    done = _run("-y", "-f", str(file))
    if done.returncode != 0:
        raise Refusal(f"{file}: it is no SSH key that can be read here", f"`{TOOL} -y -f {file}` shows the same.")
    return done.stdout.decode().strip()


def _agent() -> list[Signer]:
    if not os.environ.get("SSH_AUTH_SOCK") or shutil.which("ssh-add") is None:
        return []
    try:
        done = subprocess.run(
            ["ssh-add", "-L"],  # noqa: S607  # OpenSSH's own, wherever this system keeps it
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return []
    lines = done.stdout.decode(errors="replace").splitlines() if done.returncode == 0 else []
    return [Signer(line, None) for line in lines]


def _run(*words: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    if shutil.which(TOOL) is None:
        raise Refusal(f"{TOOL} is not on the PATH", "It comes with OpenSSH: install openssh-client.")
    try:
        return subprocess.run(  # noqa: S603  # our own words, and the name of a key file
            [TOOL, *words], input=said, capture_output=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"{TOOL} did not sign within {_PATIENCE} s", "Is a security key waiting for a touch?") from None


def _salt(message: str) -> str:
    """Return what free words are salted with: the same when the same message is sent again, and known to nobody."""
    import hashlib
    import hmac

    file = home.home() / "salt"
    if not file.is_file():
        home.write(file, f"{secrets.token_hex(32)}\n")
        file.chmod(0o600)
    return hmac.new(file.read_bytes().strip(), message.encode(), hashlib.sha256).hexdigest()


def _far(now: Any) -> str:
    """Return the latest moment that a signature may be good until, and a little less."""
    from datetime import timedelta

    at: str = (now + timedelta(days=6, hours=23)).replace(microsecond=0).isoformat()
    return at
