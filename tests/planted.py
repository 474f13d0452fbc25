"""Looks for planted secrets, in whatever form they may have come to lie somewhere."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def forms(secret: bytes) -> dict[str, bytes]:
    """Return how a secret may be spelled: as it is, in hex, in an address, in JSON, and within anything in base64."""
    found = {
        "as it is": secret,
        "in hex": secret.hex().encode(),
        "in an address": quote(secret, safe="").encode(),
        "in JSON": json.dumps(secret.decode("latin-1")).strip('"').encode(),
    }
    for before in range(3):
        # Only what depends on nothing but the secret; the first and last signs share bits with their neighbours.
        spelled = base64.b64encode(bytes(before) + secret)[4 if before else 0 : -4]
        found[f"in base64, after {before}"] = spelled
        found[f"in base64 of addresses, after {before}"] = spelled.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def hits(places: Mapping[str, bytes], secrets: Mapping[str, bytes]) -> list[str]:
    """Return which secret lies where, and how it is spelled there; never the secret itself."""
    return sorted(
        {
            f"{name}, {how}: {place}"
            for name, secret in secrets.items()
            for how, spelled in forms(secret).items()
            for place, content in places.items()
            if spelled in content
        }
    )


def files(folder: Path, *but: str) -> dict[str, bytes]:
    """Return every file under a directory, but for those that lie under names."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.relative_to(folder).parts[0] not in but
    }


def cells(file: Path) -> Iterator[bytes]:
    """Return every value of an SQLite file: what is long lies in pages apart, where nobody would find it as a whole."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as opened:
        opened.text_factory = bytes
        for (table,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in opened.execute(f'SELECT * FROM "{table.decode()}"'):  # noqa: S608  # its own names
                yield from (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
