"""Words are erased for good and the chain still verifies: it only ever knew what stands for them.

What was done is a row of the chain itself. Why it was done is somebody's words too, so it has a token of its own.
Copies of the database that were made before still have the words; whoever keeps copies has to let them go.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from sqlalchemy import bindparam, text

from store import chain
from store.engine import engine, speaks, tidied, transaction, write
from store.ledger import instant
from store.reading import reading
from tidegate.envelope import deed
from tidegate.seal import token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime


_THERE = text("SELECT token FROM texts WHERE stream = :stream AND token IN :tokens AND erased_at IS NULL").bindparams(
    bindparam("tokens", expanding=True)
)
_ERASE = text(
    "UPDATE texts SET salt = NULL, text = NULL, erased_at = :at, erased_by = :by, why = :why WHERE token = :token"
)
_WHY = text("INSERT INTO texts (token, stream, salt, text) VALUES (:token, :stream, :salt, :text)")


class Erased(NamedTuple):
    """What was erased, and the row of the chain that says so."""

    tokens: tuple[str, ...]
    seq: int | None
    """None where there was nothing to erase."""


class Said(NamedTuple):
    """A text that is still there: where it was said, and when."""

    token: str
    seq: int
    at: str


def erase(url: str, stream: str, which: Sequence[str], *, by: str, why: str, now: datetime, tool: str) -> Erased:
    """Erase texts of a stream that are still there, and add to its chain that it was done, all or nothing."""
    asked = list(dict.fromkeys(which))
    if not asked:
        return Erased((), None)
    opened = engine(url)
    try:
        with transaction(opened, turn=stream) as connection:
            there = {row[0] for row in connection.execute(_THERE, {"stream": stream, "tokens": asked})}
            gone = tuple(one for one in asked if one in there)
            if not gone:
                return Erased((), None)
            salt = secrets.token_hex(32)
            reason = token(salt, why)
            at = instant(now)
            what = {"kind": "erasure", "texts": list(gone), "reason": reason}
            body = deed(stream, str(uuid4()), "texts erased", by, at, what)
            end = chain.tail(connection, stream)
            (row,), added = chain.extend(stream, end, [body], {"recorded_at": at, "run": None, "tool": tool})
            write(
                connection,
                (_WHY, [{"token": reason, "stream": stream, "salt": salt, "text": why}]),
                (_ERASE, [{"token": one, "at": at, "by": by, "why": reason} for one in gone]),
                added,
            )
        # What the database itself keeps of old words: rows that are no more, and pages of its log.
        tidied(opened, "VACUUM texts" if speaks(opened, "postgresql") else "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        opened.dispose()
    return Erased(gone, row.seq)


def of_person(url: str, stream: str, person: str) -> list[Said]:
    """Return every text that is still there of what a person said in a stream."""
    subject = person.strip().lower()
    return [said for said, event in _said(url, stream) if event.get("actor", {}).get("subject") == subject]


def older(url: str, stream: str, before: datetime) -> list[Said]:
    """Return every text of a stream that is still there and was said before a moment: what retention is about."""
    limit = instant(before)
    return [said for said, _ in _said(url, stream) if _sortable(said.at) < limit]


def _sortable(at: str) -> str:
    """Return a moment with its fraction, as `instant` spells it."""
    whole, _, fraction = at.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<6}Z"


def _said(url: str, stream: str) -> Iterator[tuple[Said, dict[str, Any]]]:
    """Return every text that is still there, in the order in which it was said, with the event that brought it."""
    with reading(url) as view:
        left = {one.token for one in view.texts_of(stream) if one.erased_at is None}
        for row in view.rows(stream):
            if b'"text-' not in row.body:
                continue
            body = json.loads(row.body)
            event = body.get("heard") or {}
            for mark in tokens(json.dumps(event)):
                if mark in left:
                    left.discard(mark)
                    yield Said(mark, row.seq, body["occurred_at"]), event
