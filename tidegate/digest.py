"""Canonical bytes (RFC 8785) and hashes: the same words have the same digest on any machine."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from pydantic import BaseModel


def canonical(words: BaseModel | dict[str, Any] | list[Any]) -> bytes:
    """Return the one spelling of these words; decimals and times are strings, floats are refused."""
    data = words.model_dump(mode="json") if isinstance(words, BaseModel) else words
    refuse_floats(data)
    return rfc8785.dumps(data)


def digest(words: BaseModel | dict[str, Any] | list[Any]) -> str:
    """Return the SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(words)).hexdigest()


def refuse_floats(data: object) -> None:
    """Raise TypeError where a float hides: two machines may spell it differently."""
    if isinstance(data, float):
        raise TypeError(f"{data!r} is a float; write it as a decimal")
    if isinstance(data, dict):
        for value in data.values():
            refuse_floats(value)
    elif isinstance(data, list | tuple):
        for value in data:
            refuse_floats(value)
