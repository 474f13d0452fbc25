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
    try:
        spelled = _WRITER.encode(data)
    except (TypeError, ValueError):
        return rfc8785.dumps(data)  # it says what is wrong
    # The standard library spells the same where what it wrote reads as what was meant: sooner seen than by looking.
    if _READER.decode(spelled) == data and (spelled.isascii() or max(spelled) < _PLAIN):
        return spelled.encode()
    return rfc8785.dumps(data)


def _whole(spelled: str) -> int | None:
    """Return a number that every machine reads alike; none for one that is too large."""
    number = int(spelled)
    return number if -_LARGEST <= number <= _LARGEST else None


def _refused(spelled: str) -> None:
    raise TypeError(f"{spelled} is a float; write it as a decimal")  # two machines may spell it in two ways


_WRITER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_READER = json.JSONDecoder(parse_float=_refused, parse_int=_whole, parse_constant=_refused)


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
