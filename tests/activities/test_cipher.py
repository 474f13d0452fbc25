"""Keys for payloads lie in a file that says clearly what is wrong with it, and never what is in it."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from activities import cipher

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def test_the_first_key_encrypts_and_all_decrypt(tmp_path: Path) -> None:
    """A file says which key is in use, and keeps those from before; what stands behind a hash is for people."""
    file = tmp_path / "keys"
    file.write_text(f"# of the claims department\n2026-11 {KEY} # since November\n\n2026-05 {OTHER}\n")
    ring = cipher.read(file)
    assert (ring.current, list(ring.keys)) == ("2026-11", ["2026-11", "2026-05"])
    assert cipher.ring({cipher.SETTING: str(file)}) == ring
    assert cipher.ring({}) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no key in it"),
        (f"one {KEY} more\n", "line 1: a line is a name and a key"),
        (f"a {KEY}\nB {OTHER}\n", "line 2: a name is made of"),
        ("a nonsense!\n", "line 1: the key is no base64"),
        ("a c2hvcnQ=\n", "the key has 5 bytes, and 32 are needed"),
        (f"a {KEY}\na {OTHER}\n", "line 2: there are two keys called a"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """Whoever reads the error knows where to look, and learns no key."""
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(cipher.BadRing, match=says) as refused:
        cipher.read(file)
    assert KEY not in str(refused.value)
    assert "nonsense" not in str(refused.value)


def test_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    """A setting that leads nowhere does not mean that nothing is encrypted."""
    with pytest.raises(cipher.BadRing, match="No such file"):
        cipher.ring({cipher.SETTING: str(tmp_path / "none")})


def test_keys_are_made_and_taken_into_use(tmp_path: Path) -> None:
    """The first key is used at once, the next one only when it is said; nobody else may read the file."""
    file = tmp_path / "deep" / "keys"
    assert cipher.add(file, "one").current == "one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = cipher.read(file).keys["one"]
    assert cipher.add(file, "two").current == "one"
    ring = cipher.use(file, "two")
    assert (ring.current, list(ring.keys), ring.keys["one"]) == ("two", ["two", "one"], before)
    assert len(set(ring.keys.values())) == 2
    for change, name, says in ((cipher.add, "two", "called two"), (cipher.use, "x", "no key")):
        with pytest.raises(cipher.BadRing, match=says):
            change(file, name)
    assert cipher.read(file) == ring


def test_a_ring_tells_no_key(tmp_path: Path) -> None:
    """What a log shows of it are names."""
    file = tmp_path / "keys"
    file.write_text(f"2026-11 {KEY}\n")
    assert repr(cipher.read(file)) == "Ring(2026-11, of 2026-11)"
