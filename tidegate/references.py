"""Secrets by reference: how one is named, and what looks like one that was written out.

A plan travels through histories, ledgers and receipts that many people read, so a setting holds `env:NAME` or
`file:PATH`, and never the secret. To fetch what a reference names is for the rooms that touch the world.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from tidegate.models.base import Key, Line

if TYPE_CHECKING:
    from collections.abc import Mapping

HOW = "write env:NAME or file:PATH, which name where it is"
"""What mends a secret that was written out."""

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,98}|file:[^\r\n]{1,190}")
_NAMED = re.compile(
    r"(^|[._/:-])(api[._-]?key|apikey|auth|authorization|bearer|credentials?|key|pass(phrase|word|wd)?|pat|secret|token)$"
)
_FINGERPRINT = re.compile(r"(^|[._/:-])(digest|fingerprint|sha256|checksum)$")
_SHAPED = re.compile(
    # what issuers put before or within what they hand out
    r"-----BEGIN |\b(AKIA|ASIA)[A-Z0-9]{12}|\bAIza[\w-]{20}|\bgh[opsur]_\w{16}|\bgithub_pat_\w{16}|\bglpat-[\w-]{12}"
    r"|\bsk-[\w-]{8}|\bxox[abeoprs]-[\w-]{8}|\beyJ[\w-]{6,}\.[\w-]+|[\w*-]+:[\w*-]+\.[0-9a-f]{16}"
    # a name and a password, or a credential, in an address
    r"|//[^/?#@\s]*:[^/?#@\s]+@|[?&;](access_token|api_?key|auth|key|pass(word|wd)?|secret|sig|signature|token)=[^&]"
    r"|^(basic|bearer|digest|token)\s+\S",
    re.IGNORECASE,
)
_DRAWN = re.compile(r"[A-Za-z0-9+=]{24,}")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")


def is_reference(value: object) -> bool:
    """Whether it names a secret and is none."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def written_out(name: str, value: object) -> bool:
    """Whether a setting looks like a secret itself: by what it is called, or by how it is made."""
    if is_reference(value) or not value:
        return False
    if _NAMED.search(name):
        return True
    if not isinstance(value, str):
        return False
    return _SHAPED.search(value) is not None or (_FINGERPRINT.search(name) is None and _drawn(value))


def exposed(settings: Mapping[str, object]) -> tuple[str, ...]:
    """Name the settings that look like a secret written out."""
    return tuple(name for name, value in settings.items() if written_out(name, value))


def _by_reference(settings: Any) -> Any:
    # Before anything else is judged: whatever else is wrong with a value is told with the value.
    if isinstance(settings, dict) and (found := exposed({str(name): value for name, value in settings.items()})):
        raise ValueError(
            f"a secret seems to be written out under {', '.join(f'`{name:.60}`' for name in found)}; {HOW}"
        )
    return settings


Settings = Annotated[dict[Key, Line], BeforeValidator(_by_reference)]
"""What a system outside must be told so that it can be reached; a secret is named there, and never written."""


def _drawn(value: str) -> bool:
    """Whether a part of it looks drawn at random: long, without a break, and of mixed letters and digits."""
    return any(
        _HEX.fullmatch(part)
        or (any(map(str.isdigit, part)) and any(map(str.isupper, part)) and any(map(str.islower, part)))
        for part in _DRAWN.findall(value)
    )
