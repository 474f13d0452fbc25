"""Heads are signed with a key that stays private, kept in two places, and never over a tail that was cut."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from sqlalchemy import text

from store.engine import engine, transaction
from store.heads import BadKey, Heads, append, file_of, filed, key_at, public
from store.ledger import Ledger, SecondTruth
from store.reading import reading
from tests.store.rows import sent
from tidegate.digest import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STREAM = "claims-triage"


@pytest.fixture
def heads(url: str, tmp_path: Path) -> Iterator[Heads]:
    """Somebody who signs, with a new key."""
    signer = Heads(url, key_at(tmp_path / "keys" / "ledger", make=True), tmp_path / "heads")
    yield signer
    signer.close()


def keep(url: str, life: str = "first", use_case: str = STREAM) -> None:
    """Keep a story."""
    ledger = Ledger(url)
    for request in sent(life=life):
        ledger.append(request.but(use_case=use_case), "run", "0.1.0", NOW)
    ledger.close()


def test_a_head_says_how_far_a_stream_has_come(url: str, heads: Heads, tmp_path: Path) -> None:
    """The last number and hash are signed, in the database and outside it alike, for anybody to check."""
    keep(url)
    head = heads.sign(STREAM, NOW)
    assert head is not None
    with reading(url) as view:
        (kept,) = view.heads(STREAM)
        last = view.streams()[0].last
        row = view.row(STREAM, last)
    assert row is not None
    assert (head["seq"], head["hash"], head["at"]) == (last, row.hash, "2026-11-30T12:00:00.000000Z")
    assert kept._asdict() == head
    assert list(filed(tmp_path / "heads", STREAM)) == [head]
    said = canonical({"schema": "tidegate/head@1", **{name: head[name] for name in ("stream", "seq", "hash", "at")}})
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(head["key"]))
    key.verify(base64.b64decode(head["signature"]), said)
    assert head["key"] == public(key_at(tmp_path / "keys" / "ledger"))


def test_what_is_signed_is_not_signed_again(url: str, heads: Heads, tmp_path: Path) -> None:
    """A stream that did not go on, or whose head is young, gets no new one; one that has nothing gets none."""
    assert heads.sign_due(HOUR, NOW) == []
    assert heads.sign(STREAM, NOW) is None
    keep(url)
    keep(url, "other", "another")
    assert [head["stream"] for head in heads.sign_due(HOUR, NOW)] == ["another", STREAM]
    assert heads.sign_due(HOUR, NOW + 2 * HOUR) == []
    keep(url, "second")
    assert heads.sign_due(HOUR, NOW + HOUR / 2) == []
    assert [head["stream"] for head in heads.sign_due(HOUR, NOW + HOUR)] == [STREAM]
    assert len(list(filed(tmp_path / "heads", STREAM))) == 2


@pytest.mark.parametrize(
    "harm",
    ["DELETE FROM evidence WHERE seq > 3", "UPDATE evidence SET hash = 'another' WHERE seq > 3"],
)
def test_a_tail_that_was_cut_or_altered_is_not_signed(url: str, heads: Heads, harm: str) -> None:
    """A new head would make it look whole, so there is none."""
    keep(url)
    heads.sign(STREAM, NOW)
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text(harm))
    opened.dispose()
    with pytest.raises(SecondTruth, match="is not what was signed"):
        heads.sign(STREAM, NOW + HOUR)


def test_who_died_between_the_two_places_is_caught_up_with(url: str, heads: Heads, tmp_path: Path) -> None:
    """A head that is in the database alone is written outside at the next chance, once."""
    keep(url)
    head = heads.sign(STREAM, NOW)
    file_of(tmp_path / "heads", STREAM).unlink()
    for _ in range(2):
        assert heads.sign_due(HOUR, NOW) == []
        assert filed(tmp_path / "heads", STREAM) == [head]


def test_a_false_head_is_not_followed(url: str, heads: Heads, tmp_path: Path) -> None:
    """A head that somebody moved back in the database is no head of ours, and nothing is signed on top of it."""
    keep(url)
    heads.sign(STREAM, NOW)
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text("UPDATE heads SET seq = 3, hash = (SELECT hash FROM evidence WHERE seq = 3)"))
    opened.dispose()
    with pytest.raises(SecondTruth, match="its last head is not what was signed"):
        heads.sign(STREAM, NOW + HOUR)
    assert len(filed(tmp_path / "heads", STREAM)) == 1


def test_half_a_line_in_the_file_is_no_head(tmp_path: Path) -> None:
    """What somebody was writing when they died makes way for the next, and every line is whole."""
    heads = [{"stream": "a/b", "seq": seq, "hash": "a" * 5_000} for seq in range(3)]
    for head in heads:
        append(tmp_path, head)
        with file_of(tmp_path, "a/b").open("ab") as file:
            file.write(b'{"stream": "a')
        assert filed(tmp_path, "a/b")[-1] == head
    append(tmp_path, heads[0])
    assert file_of(tmp_path, "a/b").read_bytes() == b"".join(canonical(one) + b"\n" for one in (*heads, heads[0]))
    assert list(filed(tmp_path, "another")) == []


def test_a_new_key_is_its_owners(tmp_path: Path) -> None:
    """It is made once, whoever asks at the same time, and nobody else can read it."""
    path = tmp_path / "keys" / "ledger"
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: public(key_at(path, make=True)), range(4)))
    assert len(made) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == ["ledger", "ledger.pub"]


def test_keys_of_other_hands_are_read(tmp_path: Path) -> None:
    """A key that ssh-keygen made, and one in PEM."""
    ssh, pem = tmp_path / "ssh", tmp_path / "pem"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh], check=True)
    key = Ed25519PrivateKey.generate()
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pem.chmod(0o600)
    assert public(key_at(pem)) == public(key)
    wire = base64.b64decode((tmp_path / "ssh.pub").read_text("utf-8").split()[1])
    assert base64.b64decode(public(key_at(ssh))) == wire[-32:]


def test_what_is_no_key_is_said_to_be_none(tmp_path: Path) -> None:
    """Nothing, rubbish, another kind, a passphrase, or open to everybody: each refused in words without the key's."""
    key = Ed25519PrivateKey.generate()
    spelled = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    cases = {
        "holds no private key": b"-----BEGIN OPENSSH PRIVATE KEY-----\nrubbish\n-----END OPENSSH PRIVATE KEY-----\n",
        "in OpenSSH's form or in PEM": b"rubbish",
        "another kind of key": generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
        "has a passphrase": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
    }
    path = tmp_path / "key"
    for words, content in cases.items():
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(BadKey, match=words) as refused:
            key_at(path)
        assert "rubbish" not in str(refused.value)
    path.write_bytes(spelled)
    path.chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        key_at(path)
    path.unlink()
    with pytest.raises(BadKey, match="cannot be read"):
        key_at(path)


def test_no_private_word_is_written_anywhere(url: str, heads: Heads, tmp_path: Path) -> None:
    """Neither the files beside it nor the head itself have a byte of the private key."""
    keep(url)
    head = heads.sign(STREAM, NOW)
    raw = key_at(tmp_path / "keys" / "ledger").private_bytes_raw()
    seen = [json.dumps(head).encode(), (tmp_path / "keys" / "ledger.pub").read_bytes()]
    assert all(base64.b64encode(raw)[:40] not in one and raw.hex().encode() not in one for one in seen)
