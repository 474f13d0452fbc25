"""The chain inside a write transaction: whose turn it is, where it ends, and how it grows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, text

from store.engine import run
from tidegate.envelope import FIRST, seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from store.engine import Write
    from tidegate.envelope import Sealed

_TAIL = text("SELECT seq, hash, body FROM evidence WHERE stream = :stream ORDER BY seq DESC LIMIT 1")
# An id begins with its life. Looked for from the end backwards, where the rows of a life that goes on are near.
_OF_LIFE = text(
    "SELECT body FROM evidence WHERE stream = :stream AND substr(id, 1, length(:life)) = :life"
    " ORDER BY seq DESC LIMIT 1"
)
_KNOWN = text("SELECT stream, id, body FROM evidence WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
_ADD = text("INSERT INTO evidence (stream, seq, id, prev, hash, body) VALUES (:stream, :seq, :id, :prev, :hash, :body)")


class Tail(NamedTuple):
    """The last row of a stream, or what stands before its first one."""

    seq: int
    hash: str
    body: Mapping[str, Any]


def tail(connection: Connection, stream: str) -> Tail:
    """Return where a stream ends; whoever wants to add to it has taken their turn."""
    row = run(connection, _TAIL, {"stream": stream}).first()
    if row is None:
        return Tail(0, FIRST, {})
    return Tail(row.seq, row.hash, json.loads(row.body))


def newest(connection: Connection, stream: str, life: str) -> Mapping[str, Any]:
    """Return what the newest row of a life says; nothing if it has none."""
    row = connection.execute(_OF_LIFE, {"stream": stream, "life": f"{life}/"}).first()
    return {} if row is None else json.loads(row[0])


def known(connection: Connection, ids: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the rows that are kept already under these ids: their streams and what they say."""
    if not ids:
        return {}
    return {row.id: (row.stream, json.loads(row.body)) for row in connection.execute(_KNOWN, {"ids": ids})}


def extend(
    stream: str, end: Tail, bodies: Iterable[Mapping[str, Any]], added: Mapping[str, Any]
) -> tuple[list[Sealed], Write]:
    """Return rows that come after the last one, and how they are written."""
    made: list[Sealed] = []
    seq, prev = end.seq, end.hash
    for body in bodies:
        seq += 1
        made.append(seal(body, added, seq, prev))
        prev = made[-1].hash
    return made, (_ADD, [{"stream": stream, **row._asdict()} for row in made])
