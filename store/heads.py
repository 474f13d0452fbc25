"""Signed heads: how far each stream had come, said in a way that nobody can take back by cutting off its tail.

A head is kept in the database and in a file outside it. Whoever cuts the rows and the heads in the database is found
out by the file; so copies of the file belong where whoever runs the database cannot reach them.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from sqlalchemy import text

from store.engine import engine, run, transaction
from store.ledger import SecondTruth, instant
from tidegate.digest import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

SCHEMA = "tidegate/head@1"
_OTHERS = 0o007
_FEW = 4_096
_LOOK = "`tidegate evidence verify"
_STREAMS = text("SELECT DISTINCT stream FROM evidence ORDER BY stream")
_TAIL = text("SELECT seq, hash FROM evidence WHERE stream = :stream ORDER BY seq DESC LIMIT 1")
_ROW = text("SELECT hash FROM evidence WHERE stream = :stream AND seq = :seq")
_LAST = text(
    "SELECT seq, hash, at, signature FROM heads WHERE stream = :stream AND key = :key ORDER BY seq DESC LIMIT 1"
)
_ADD = text(
    "INSERT INTO heads (stream, seq, key, hash, at, signature) VALUES (:stream, :seq, :key, :hash, :at, :signature)"
    " ON CONFLICT DO NOTHING"
)


class BadKey(Exception):  # noqa: N818  # it says what was found, as people would
    """A file is no key that heads can be signed with."""


# -- the key ----------------------------------------------------------------------------------------------------------


def key_at(path: Path, *, make: bool = False) -> Ed25519PrivateKey:
    """Return the key in a file: OpenSSH's own form or PEM; make one that only its owner can read if there is none."""
    if make and not path.exists():
        _make(path)
    try:
        if path.stat().st_mode & _OTHERS:
            raise BadKey(f"{path}: everybody can read it; `chmod 600` it, or better, make a new one")
        spelled = path.read_bytes()
    except OSError as error:
        raise BadKey(f"{path}: the key cannot be read: {error.strerror}") from None
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in spelled else load_pem_private_key
    try:
        key = load(spelled, password=None)
    except TypeError:
        raise BadKey(f"{path}: the key has a passphrase, and nobody is here to type it") from None
    except (ValueError, UnsupportedAlgorithm):
        # What the parser says may repeat what it read, so it is not passed on.
        raise BadKey(f"{path}: it holds no private key in OpenSSH's form or in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path}: heads are signed with Ed25519, and this is another kind of key")
    return key


def _make(path: Path) -> None:
    """Write a new key beside its place and put it there, unless somebody else was faster."""
    key = Ed25519PrivateKey.generate()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its owner's alone
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a renaming, it never takes the place of what is there
        except FileExistsError:
            return
        finally:
            Path(draft).unlink()
        spelled = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        path.with_name(f"{path.name}.pub").write_bytes(spelled + b" tidegate-ledger\n")
    except OSError as error:
        raise BadKey(f"{path}: a key cannot be made there: {error.strerror}") from None


def public(key: Ed25519PrivateKey) -> str:
    """Return what everybody may know of a key: base64 of its 32 bytes."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signed(head: Mapping[str, Any]) -> bytes:
    """Return the bytes of a head that are signed."""
    return canonical({"schema": SCHEMA, **{name: head[name] for name in ("stream", "seq", "hash", "at")}})


# -- signing ----------------------------------------------------------------------------------------------------------


class Heads:
    """Who signs heads, with which key, and where they are written outside the database."""

    def __init__(self, url: str, key: Ed25519PrivateKey, folder: Path) -> None:
        """Know the ledger, the key and the folder of files; nothing is opened yet."""
        self._engine = engine(url)
        self._key = key
        self._folder = folder

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def sign(self, stream: str, now: datetime) -> dict[str, Any] | None:
        """Sign how far a stream has come; return nothing where that is signed already, or there is nothing."""
        return self._sign(stream, now, timedelta(0))

    def sign_due(self, every: timedelta, now: datetime) -> list[dict[str, Any]]:
        """Sign each stream that went on since its last head, if that head is old enough."""
        with transaction(self._engine) as connection:
            streams = [row[0] for row in run(connection, _STREAMS, {})]
        return [head for stream in streams if (head := self._sign(stream, now, every)) is not None]

    def _sign(self, stream: str, now: datetime, every: timedelta) -> dict[str, Any] | None:
        with transaction(self._engine, turn=f"heads/{stream}") as connection:
            last = self._last(connection, stream)
            head = self._next(connection, stream, last, now, every)
            if head is not None:
                run(connection, _ADD, head)
        # The database first: a head that is only outside would say that somebody took it out of the database. Whoever
        # dies in between finds it next time.
        for one in (last, head):
            if one is not None and one not in newest(self._folder, stream):
                append(self._folder, one)
        return head

    def _last(self, connection: Connection, stream: str) -> dict[str, Any] | None:
        """Return the last head that was signed with our key, once it is sure that it was."""
        row = run(connection, _LAST, {"stream": stream, "key": public(self._key)}).first()
        if row is None:
            return None
        head = {"stream": stream, "seq": row.seq, "hash": row.hash, "at": row.at}
        try:
            self._key.public_key().verify(base64.b64decode(row.signature), signed(head))
        except (InvalidSignature, ValueError):
            raise SecondTruth(f"{stream}: its last head is not what was signed; {_LOOK} {stream}`") from None
        return {**head, "key": public(self._key), "signature": row.signature}

    def _next(
        self, connection: Connection, stream: str, last: dict[str, Any] | None, now: datetime, every: timedelta
    ) -> dict[str, Any] | None:
        tail = run(connection, _TAIL, {"stream": stream}).first()
        if last is not None:
            there = run(connection, _ROW, {"stream": stream, "seq": last["seq"]}).first()
            if there is None or there.hash != last["hash"]:
                # A new head over what was cut or altered would make it look whole from here on.
                raise SecondTruth(f"{stream}: row {last['seq']} is not what was signed; {_LOOK} {stream}`")
            if tail is None or tail.seq == last["seq"] or now < datetime.fromisoformat(last["at"]) + every:
                return None
        if tail is None:
            return None
        head = {"stream": stream, "seq": tail.seq, "hash": tail.hash, "at": instant(now)}
        signature = base64.b64encode(self._key.sign(signed(head))).decode()
        return {**head, "key": public(self._key), "signature": signature}


def append(folder: Path, head: dict[str, Any]) -> None:
    """Write a head to the file of its stream, and return when it is on the disk."""
    file = file_of(folder, head["stream"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        end = os.pread(descriptor, _FEW, max(size - _FEW, 0))
        # What somebody was writing when they died is no head, and nobody was told that it is.
        os.ftruncate(descriptor, size - len(end) + end.rfind(b"\n") + 1)
        os.write(descriptor, canonical(head) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def file_of(folder: Path, stream: str) -> Path:
    """Return where the heads of a stream are written outside the database."""
    return folder / f"{quote(stream, safe='')}.jsonl"


def filed(folder: Path, stream: str) -> list[dict[str, Any]]:
    """Return the heads of a stream that were written outside the database; half a line is none."""
    try:
        return _heads(file_of(folder, stream).read_bytes())
    except FileNotFoundError:
        return []


def newest(folder: Path, stream: str) -> list[dict[str, Any]]:
    """Return the last few of them, however long the file is."""
    try:
        with file_of(folder, stream).open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _FEW, 0))
            return _heads(file.read())
    except FileNotFoundError:
        return []


def _heads(lines: bytes) -> list[dict[str, Any]]:
    heads = []
    for line in lines.splitlines():
        with suppress(ValueError):
            heads.append(json.loads(line))
    return [head for head in heads if isinstance(head, dict)]
