"""What the ledger has, for those who look: one moment of it, however long they look and whoever writes meanwhile.

    with reading(url) as view:
        for row in view.rows("claims-triage"): ...

Nothing is judged here, not even whether a row is what it says; `store.verifier` does that.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, text

from store.engine import engine, plainly, speaks
from tidegate.envelope import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, CursorResult, TextClause

_PAGE = 500


class Stream(NamedTuple):
    """One chain: all of a use case."""

    stream: str
    entries: int
    first: int
    last: int


class Paper(NamedTuple):
    """Something that evidence refers to by its digest."""

    digest: str
    kind: str
    body: bytes


class Text(NamedTuple):
    """What somebody wrote; without salt and text once it was erased, and then with the reason why."""

    token: str
    salt: str | None
    text: str | None
    erased_at: str | None
    erased_by: str | None
    why: str | None


class Head(NamedTuple):
    """How far a stream had come at a moment, signed."""

    stream: str
    seq: int
    hash: str
    at: str
    key: str
    signature: str


class Stood(NamedTuple):
    """Where a rollout stood when it said so last."""

    stream: str
    life: str
    number: int
    at: str
    standing: dict[str, Any]


class Value(NamedTuple):
    """What a metric said, and in which row of the chain."""

    seq: int
    metric: str
    taken_at: str | None
    status: str
    value: str | None
    n: int | None


class View:
    """One moment of the ledger."""

    def __init__(self, connection: Connection) -> None:
        """Look through an open connection."""
        self._connection = connection
        self._open: set[CursorResult[Any]] = set()
        self._row = "seq, id, prev, hash, " + ("CAST(body AS BLOB)" if speaks(connection, "sqlite") else "body")

    def streams(self) -> list[Stream]:
        """Return every stream that has a row."""
        grouped = "SELECT stream, count(*), min(seq), max(seq) FROM evidence GROUP BY stream ORDER BY stream"
        return [Stream(*row) for row in self._all(text(grouped))]

    def rows(
        self, stream: str, after: int | None = None, limit: int | None = None, *, newest: bool = False
    ) -> Iterator[Sealed]:
        """Return rows in the order of their numbers, or the newest first, without holding them all."""
        words = f"SELECT {self._row} FROM evidence WHERE stream = :stream"  # noqa: S608  # no word of it is from outside
        if after is not None:
            words += " AND seq > :after"
        words += " ORDER BY seq DESC, id DESC" if newest else " ORDER BY seq, id"
        if limit is not None:
            words += " LIMIT :limit"
        given = {"stream": stream, "after": after, "limit": limit}
        for row in self._all(text(words), **{name: one for name, one in given.items() if one is not None}):
            yield _sealed(row)

    def row(self, stream: str, which: int | str) -> Sealed | None:
        """Return one row by its number or by its id."""
        column = "seq" if isinstance(which, int) else "id"
        words = f"SELECT {self._row} FROM evidence WHERE stream = :stream AND {column} = :which"  # noqa: S608  # as above
        found = list(self._all(text(words), stream=stream, which=which))
        return _sealed(found[0]) if found else None

    def papers(self, digests: Iterable[str] | None = None) -> Iterator[Paper]:
        """Return papers by their digests, or all."""
        words = "SELECT digest, kind, body FROM papers"
        for row in self._some(words, "digest", digests):
            yield Paper(row[0], row[1], _bytes(row[2]))

    def texts(self, tokens: Iterable[str] | None = None) -> Iterator[Text]:
        """Return texts by their tokens, or all."""
        # Why something was erased is somebody's words too, and has a token of its own.
        words = (
            "SELECT t.token, t.salt, t.text, t.erased_at, t.erased_by, coalesce(w.text, t.why)"
            " FROM texts t LEFT JOIN texts w ON w.token = t.why"
        )
        for row in self._some(words, "t.token", tokens):
            yield Text(*row)

    def texts_of(self, stream: str) -> Iterator[Text]:
        """Return every text of a stream."""
        tokens = (row[0] for row in self._all(text("SELECT token FROM texts WHERE stream = :stream"), stream=stream))
        yield from self.texts(list(tokens))

    def heads(self, stream: str | None = None) -> Iterator[Head]:
        """Return the signed heads of a stream or of all, oldest first."""
        words = "SELECT stream, seq, hash, at, key, signature FROM heads"
        words += " ORDER BY stream, seq, at" if stream is None else " WHERE stream = :stream ORDER BY seq, at"
        for row in self._all(text(words), **({} if stream is None else {"stream": stream})):
            yield Head(*row)

    def inventory(self) -> Iterator[Stood]:
        """Return where each rollout stood when it said so last."""
        for row in self._all(text("SELECT stream, life, number, at, standing FROM inventory ORDER BY stream")):
            yield Stood(row[0], row[1], row[2], row[3], json.loads(row[4]))

    def readings(self, stream: str, metric: str | None = None) -> Iterator[Value]:
        """Return what the metrics of a use case said, oldest first."""
        words = "SELECT seq, metric, taken_at, status, value, n FROM readings WHERE stream = :stream"
        given = {"stream": stream}
        if metric is not None:
            words, given = f"{words} AND metric = :metric", {**given, "metric": metric}
        for row in self._all(text(f"{words} ORDER BY seq, metric"), **given):
            yield Value(*row)

    def said(self, statement: TextClause) -> Iterator[Any]:
        """Return the rows of somebody else's question."""
        yield from self._all(statement)

    def _some(self, words: str, column: str, which: Iterable[str] | None) -> Iterator[Any]:
        """Return the rows that are asked for, a page at a time; all without a question."""
        if which is None:
            yield from self._all(text(f"{words} ORDER BY {column}"))
            return
        asked = iter(dict.fromkeys(which))
        chosen = text(f"{words} WHERE {column} IN :which ORDER BY {column}")
        while page := list(islice(asked, _PAGE)):
            yield from self._all(chosen.bindparams(bindparam("which", expanding=True)), which=page)

    def _all(self, statement: TextClause, **given: Any) -> Iterator[Any]:
        with plainly(self._connection.engine):
            found = self._connection.execute(statement, given, execution_options={"yield_per": _PAGE})
            self._open.add(found)
            try:
                yield from found
            finally:
                self.close(found)

    def close(self, *found: CursorResult[Any]) -> None:
        """Let go of what was found, or of everything that somebody did not look at to its end."""
        for one in found or tuple(self._open):
            self._open.discard(one)
            one.close()


@contextmanager
def reading(url: str) -> Iterator[View]:
    """Open a ledger for reading alone; all that is read is of one moment."""
    opened = engine(url, read_only=True)
    try:
        with plainly(opened), opened.begin() as connection:
            view = View(connection)
            try:
                yield view
            finally:
                view.close()
    finally:
        opened.dispose()


def _sealed(row: Any) -> Sealed:
    return Sealed(row[0], row[1], row[2], row[3], _bytes(row[4]))


def _bytes(found: Any) -> bytes:
    """Return what was found where bytes should be; whoever altered it may have left something else."""
    return found if isinstance(found, bytes) else str(found if found is not None else "").encode("utf-8", "replace")
