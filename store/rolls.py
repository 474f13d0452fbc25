"""Who is in a cohort: every list that was read, by its digest, and which of them holds now.

The lists name people, so they stay here: no history, no bundle and no line of evidence has them, only their digests.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from store import engine as database
from store.engine import Unreachable, engine, speaks, transaction
from tidegate.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection, TextClause

_CURRENT = "SELECT digest FROM memberships WHERE cohort = :cohort ORDER BY at DESC, digest LIMIT 1"
_LATEST = text("SELECT max(at) FROM memberships WHERE cohort = :cohort")
_KEEP = text("INSERT INTO rolls (digest, body) VALUES (:digest, :body) ON CONFLICT DO NOTHING")
_HOLDS = text(
    "INSERT INTO memberships (cohort, digest, at) VALUES (:cohort, :digest, :at)"
    " ON CONFLICT (cohort, digest) DO UPDATE SET at = excluded.at"
)
_BODY = "SELECT body FROM rolls WHERE digest = "


_SLOW = timedelta(minutes=5)
"""No list takes so long to be read: what is kept as of later than that was dated by a clock that was wrong."""


class Rolls:
    """The lists in one store."""

    def __init__(self, url: str) -> None:
        """Use the store of this URL; its tables must be there."""
        self._url = url

    def keep(self, cohort: str, body: bytes, at: datetime) -> str:
        """Keep a list as the one that holds for a cohort, and return its digest. The same again changes nothing."""
        digest = digest_of(body)
        opened = engine(self._url)
        try:
            with transaction(opened, turn=f"cohort {cohort}") as connection:
                now = connection.execute(text(_CURRENT), {"cohort": cohort}).scalar()
                if now != digest:
                    connection.execute(_KEEP, {"digest": digest, "body": body})
                    latest = connection.execute(_LATEST, {"cohort": cohort}).scalar()
                    held = {"cohort": cohort, "digest": digest, "at": _dated(at, latest)}
                    connection.execute(_HOLDS, held)
        finally:
            opened.dispose()
        return digest

    def current(self, cohort: str) -> bytes | None:
        """Return the list that holds for a cohort; none if nobody has read one yet."""
        return self._one(text(f"{_BODY}({_CURRENT})"), cohort=cohort)

    def roll(self, digest: str) -> bytes | None:
        """Return a list by its digest; none if it is not kept here."""
        return self._one(text(f"{_BODY}:digest"), digest=digest)

    def ever(self, cohort: str, known: Collection[str] = ()) -> dict[str, bytes]:
        """Return every list that ever held for a cohort, by its digest, except those that are known already."""
        named = text("SELECT digest FROM memberships WHERE cohort = :cohort")
        with self._reading() as connection:
            new = [name for name in connection.execute(named, {"cohort": cohort}).scalars() if name not in known]
            bodies = [(name, connection.execute(text(f"{_BODY}:digest"), {"digest": name}).scalar()) for name in new]
        return {name: bytes(body) for name, body in bodies if body is not None}

    def _one(self, asked: TextClause, **given: str) -> bytes | None:
        with self._reading() as connection:
            found = connection.execute(asked, given).scalar()
        return None if found is None else bytes(found)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        opened = engine(self._url, read_only=True)
        try:
            with transaction(opened) as connection:
                yield connection
        finally:
            opened.dispose()


def _dated(at: datetime, latest: str | None) -> str:
    """Return as of when a list holds, so that none of the future keeps it from holding."""
    if latest is not None and (last := datetime.fromisoformat(latest)) > at + _SLOW:
        at = last + timedelta(microseconds=1)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ask(url: str, query: str, columns: tuple[str, ...], most: int) -> list[tuple[object, ...]]:
    """Return these columns of what a database answers to one question, of which it can keep nothing.

    The transaction is read-only and every statement is limited in time; more rows than `most` are an error. Raises
    LookupError if a column is not in the answer, Unreachable for all else that is wrong.
    """
    opened = engine(url, read_only=True)
    try:
        with transaction(opened) as connection:
            _hurry(connection)
            found = connection.exec_driver_sql(query)
            names = list(found.keys())
            for column in columns:
                if column not in names:
                    raise LookupError(column)
            rows = found.fetchmany(most + 1)
            if len(rows) > most:
                raise Unreachable(f"the answer has more than {most:,} rows")
            places = [names.index(column) for column in columns]
            return [tuple(row[place] for place in places) for row in rows]
    finally:
        opened.dispose()


def _hurry(connection: Connection) -> None:
    """End a question to SQLite after a while, as a server ends it by itself."""
    raw = connection.connection.dbapi_connection
    if speaks(connection, "sqlite") and raw is not None:
        until = time.monotonic() + database.STATEMENT
        raw.set_progress_handler(lambda: int(time.monotonic() > until), _STEP)


_STEP = 100_000
"""Instructions of SQLite's machine between two looks at the clock."""
