"""Canonical bytes (RFC 8785) and hashes: the same words have the same digest on any machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785
from pydantic import BaseModel

_LARGEST = 2**53 - 1
_PLAIN = "\ud800"
"""Below it a text sorts by its letters as it does by its UTF-16 units."""


def canonical(words: BaseModel | dict[str, Any] | list[Any]) -> bytes:
    """Return the one spelling of these words; decimals and times are strings, floats are refused."""
    data = words.model_dump(mode="json") if isinstance(words, BaseModel) else words
    if not _easy(data):
        return rfc8785.dumps(data)
    spelled = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if max(spelled) >= _PLAIN:
        return rfc8785.dumps(data)
    return spelled.encode()


def digest(words: BaseModel | dict[str, Any] | list[Any]) -> str:
    """Return the SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(words)).hexdigest()


def digest_of(spelled: bytes) -> str:
    """Return the SHA-256 of words that are spelled already."""
    return hashlib.sha256(spelled).hexdigest()


def sealed_words(word: BaseModel, name: str) -> dict[str, Any]:
    """Return the words of what carries its own digest that this digest is of, without the digest itself.

    Its writer may have known fewer words than we do: then the digest is of what was said, and what was added since and
    is as by default is no part of it. Where it is the digest of neither, all words are returned, and whoever compares
    sees that.
    """
    whole = word.model_dump(mode="json", exclude={"digest"})
    if digest(whole) != name:
        said = word.model_dump(mode="json", exclude={"digest"}, exclude_unset=True)
        if digest(said) == name:
            return said
    return whole


def _easy(data: object) -> bool:
    """Whether the standard library spells it in the same way; a float is refused, for two machines may not."""
    if data is None or isinstance(data, str | bool):
        return True
    if isinstance(data, int):
        return -_LARGEST <= data <= _LARGEST
    if isinstance(data, dict | list | tuple):
        # All are looked at: a float must not hide behind what is not easy.
        inside = [_easy(value) for value in (data.values() if isinstance(data, dict) else data)]
        return False not in inside and (not isinstance(data, dict) or all(isinstance(name, str) for name in data))
    if isinstance(data, float):
        raise TypeError(f"{data!r} is a float; write it as a decimal")
    return False
