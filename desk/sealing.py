"""What the desk hands to browsers and must know again: sealed for one purpose, and good for a while.

A seal says that the desk wrote it; it hides nothing. The key is random, lies at home and is for nobody else's eyes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH = 32
_OTHERS = 0o077


class Seal:
    """Seals with one key."""

    def __init__(self, key: bytes) -> None:
        """Take over the key."""
        self._key = key

    def close(self, purpose: str, words: dict[str, Any], until: datetime) -> str:
        """Return words as a text that `open` knows again, for one purpose and for a while."""
        said = json.dumps({**words, "until": until.astimezone(UTC).isoformat()}, separators=(",", ":")).encode()
        return f"{_spelled(said)}.{self.mark(purpose, said)}"

    def open(self, purpose: str, text: str, now: datetime) -> dict[str, Any] | None:
        """Return the words of what was sealed; nothing if it was altered, meant for another purpose, or is over."""
        body, _, mark = text.partition(".")
        try:
            said = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        except ValueError:
            return None
        if not hmac.compare_digest(mark.encode(), self.mark(purpose, said).encode()):
            return None
        words: dict[str, Any] = json.loads(said)
        return words if now < datetime.fromisoformat(words.pop("until")) else None

    def mark(self, purpose: str, said: bytes) -> str:
        """Return what only the desk could have made of these bytes for this purpose."""
        return _spelled(hmac.digest(self._key, purpose.encode() + b"\0" + said, hashlib.sha256))


def key_at(file: Path) -> bytes:
    """Return the key in a file, and make one where there is none; raise Refusal if others could read it."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(made, "wb") as out:
                out.write(secrets.token_bytes(_LENGTH))
        key = file.read_bytes()
        mode = file.stat().st_mode
    except OSError as error:
        raise Refusal(f"{file}: it cannot be used: {error.strerror}", "TIDEGATE_HOME must be yours.") from None
    if mode & _OTHERS:
        raise Refusal(f"{file} can be read by others", f"`chmod 600 {file}`, and remove it if others have.", Exit.NO)
    if len(key) != _LENGTH:
        raise Refusal(f"{file} is no key", "Remove it: the desk makes a new one, and everybody signs in again.")
    return key


def _spelled(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).decode().rstrip("=")
