"""What the ledger of a home has of a rollout, read past our own code."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def rows(home: Path, stream: str) -> list[dict[str, Any]]:
    """Return every row of a stream; none before there is a ledger."""
    return [
        json.loads(body) for (body,) in _asked(home, "SELECT body FROM evidence WHERE stream = ? ORDER BY seq", stream)
    ]


def papers(home: Path) -> dict[str, Any]:
    """Return what evidence refers to."""
    return {digest: json.loads(body) for digest, body in _asked(home, "SELECT digest, body FROM papers")}


def _asked(home: Path, question: str, *about: str) -> list[Any]:
    file = home / "ledger.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as opened:
        try:
            return opened.execute(question, about).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def lines(home: Path, stream: str) -> list[dict[str, Any]]:
    """Return every line of evidence, without the rows that only say what was heard."""
    return [
        {
            **row,
            **row["after"],
            "actor": row["actor"]["subject"],
            "actor_kind": row["actor"]["kind"],
            **row["authentication"],
        }
        for row in rows(home, stream)
        if row.get("number") is not None
    ]
