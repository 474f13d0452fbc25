"""Where the keys lie with which payloads are encrypted: a file that TIDEGATE_CODEC_KEYS names, a key in each line.

    2026-11 wJ0...=      the first is the one with which is encrypted now
    2026-05 9fQ...=      the others only decrypt what was encrypted with them

A new key goes to the end and to every machine first, and to the top afterwards; so nobody ever meets one that is not
known there. No message here repeats a key.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.models.ring import NAME, Ring

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTING = "TIDEGATE_CODEC_KEYS"
_LONGEST = 65_536
_BYTES = 32


class BadRing(Exception):  # noqa: N818  # it says how the file is
    """The file of keys cannot be used; the words name no key."""


def ring(environment: Mapping[str, str]) -> Ring | None:
    """Return the keys that the environment names; none if nothing is to be encrypted. Raises BadRing."""
    named = environment.get(SETTING)
    return read(Path(named)) if named else None


def read(file: Path) -> Ring:
    """Read a file of keys. Raises BadRing."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LONGEST + 1).decode("ascii", "replace")
    except OSError as error:
        raise BadRing(f"{SETTING} names {file}: {error.strerror}") from None
    if len(text) > _LONGEST:
        raise BadRing(f"{SETTING} names {file}, which is far too large for a file of keys")
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        name, key = _key(file, number, words)
        if name in keys:
            raise BadRing(f"{file}, line {number}: there are two keys called {name}")
        keys[name] = key
    if not keys:
        raise BadRing(f"{SETTING} names {file}, and there is no key in it; `tidegate keys payload {file}` makes one")
    return Ring(next(iter(keys)), keys)


def _key(file: Path, number: int, words: list[str]) -> tuple[str, bytes]:
    place = f"{file}, line {number}"
    if len(words) != 2:  # noqa: PLR2004  # a name and a key
        raise BadRing(f"{place}: a line is a name and a key")
    if not NAME.fullmatch(words[0]):
        raise BadRing(f"{place}: a name is made of small letters, digits, dots and dashes, at most 40")
    try:
        key = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise BadRing(f"{place}: the key is no base64") from None
    if len(key) != _BYTES:
        raise BadRing(f"{place}: the key has {len(key)} bytes, and {_BYTES} are needed")
    return words[0], key


def add(file: Path, name: str) -> Ring:
    """Make a key and put it last, the first one first; whoever else may write to the machine cannot read the file."""
    if not NAME.fullmatch(name):
        raise BadRing(f"'{name:.60}': a name is made of small letters, digits, dots and dashes, at most 40")
    before = read(file).keys if file.exists() else {}
    if name in before:
        raise BadRing(f"there is a key called {name} in {file} already")
    _write(file, {**before, name: secrets.token_bytes(_BYTES)})
    return read(file)


def use(file: Path, name: str) -> Ring:
    """Put a key first, so that everything is encrypted with it from now on."""
    keys = read(file).keys
    if name not in keys:
        raise BadRing(f"there is no key called {name} in {file}; there is {', '.join(keys)}")
    _write(file, {name: keys[name], **keys})
    return read(file)


def _write(file: Path, keys: Mapping[str, bytes]) -> None:
    text = "".join(f"{name} {base64.b64encode(key).decode()}\n" for name, key in keys.items())
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as opened:  # noqa: PTH123  # a handle has no path
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadRing(f"{file} cannot be written: {error.strerror}") from None
