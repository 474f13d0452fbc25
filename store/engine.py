"""The database behind a URL: SQLite or PostgreSQL, opened so that what is written is written, and nothing hangs.

Every trouble with it is one exception, `Unreachable`, which says which database and why, and never a password.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, CursorResult, Engine, TextClause

Write: TypeAlias = "tuple[TextClause, list[dict[str, Any]]]"
"""A statement, and the rows that it is said of."""
CONNECT = 5
"""Seconds to wait for a connection."""
LOCK = 4
"""Seconds to wait for whoever else is writing."""
STATEMENT = 6
"""Seconds that the server may think about one statement."""
SILENCE = 8
"""Seconds until a server that says nothing at all is given up: it may be frozen, or the wire cut."""
LONG = 300
"""Seconds for what may take long: bringing tables forward."""
TURN = "tidegate_turn"
"""How a transaction says that it wants to be alone with something."""
_WORDS: dict[str, dict[TextClause, str]] = {}
_NOT_READY = {"42P01": "it has no tables yet", "42703": "its tables are older", "42501": "its user may not do this"}


class Unreachable(Exception):  # noqa: N818  # it says what is so, as people would
    """The database cannot be reached or cannot take what it is given; it may be tried again."""


class Clash(Exception):  # noqa: N818  # it says what is so, as people would
    """A row is there already, or another in its place."""


def parsed(url: str) -> URL:
    """Return a URL of a kind that we know, with the driver that we use."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        # The words themselves are not repeated: there may be a password in them.
        raise Unreachable("the ledger's URL cannot be read; it is sqlite:///FILE or postgresql://HOST/NAME") from None
    kind = found.get_backend_name()
    if kind == "sqlite" and found.database not in (None, "", ":memory:"):
        return found.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        return found.set(drivername="postgresql+psycopg")
    raise Unreachable(f"the ledger cannot be {kind}; it is sqlite:///FILE or postgresql://HOST/NAME")


def named(url: URL) -> str:
    """Return a database as people say it, without who logs in and how."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite file {url.database}"
    host = url.host or url.query.get("host") or os.environ.get("PGHOST") or "this machine"
    return f"PostgreSQL database {url.database or 'by default'} on {host if isinstance(host, str) else ', '.join(host)}"


def engine(url: str, *, read_only: bool = False, patient: bool = False) -> Engine:
    """Return the way to a database; nothing is opened yet. Who may wait long says so."""
    place = parsed(url)
    if place.get_backend_name() == "sqlite":
        from store.sqlite import sqlite  # noqa: PLC0415  # each builds on what stands here

        return sqlite(place, read_only=read_only, patient=patient)
    from store.postgres import postgres  # noqa: PLC0415  # its driver takes long to load, and most ledgers are a file

    return postgres(place, read_only=read_only, patient=patient)


@contextmanager
def transaction(opened: Engine, turn: str | None = None) -> Iterator[Connection]:
    """Do something whole or not at all; what goes wrong outside ourselves is `Unreachable`.

    Who takes a turn is alone with what it names. SQLite lets in one writer at a time anyway, from the first word on.
    """
    with plainly(opened), opened.connect() as connection:
        if turn is not None:
            number = int.from_bytes(hashlib.sha256(turn.encode()).digest()[:8], "big", signed=True)
            connection = connection.execution_options(**{TURN: number})  # noqa: PLW2901  # the same, with its turn
        with connection.begin():
            yield connection


def run(connection: Connection, statement: TextClause, given: Any = None) -> CursorResult[Any]:
    """Say the same statement again and again without working out its words anew."""
    return connection.exec_driver_sql(_words(connection, statement), given)


def write(connection: Connection, *writes: Write) -> None:
    """Write many rows by many statements in one breath, past everything that is slower than that."""
    raw: Any = connection.connection.dbapi_connection
    try:
        with closing(raw.cursor()) as cursor, raw.pipeline() if speaks(connection, "postgresql") else nullcontext():
            for statement, rows in writes:
                if len(rows) == 1:
                    cursor.execute(_words(connection, statement), rows[0])
                elif rows:
                    cursor.executemany(_words(connection, statement), rows)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, raw, None):
            connection.invalidate(error)
        raise


def _words(connection: Connection, statement: TextClause) -> str:
    known = _WORDS.setdefault(connection.dialect.name, {})
    if statement not in known:
        known[statement] = str(statement.compile(dialect=connection.dialect))
    return known[statement]


@contextmanager
def plainly(opened: Engine) -> Iterator[None]:
    """Say in one sentence what is wrong with a database."""
    database = opened.dialect.loaded_dbapi
    try:
        yield
    except PoolTimeout:
        raise Unreachable(f"{named(opened.url)}: too many ask it at once") from None
    except (DBAPIError, database.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(cause, "sqlstate", None)
        said = _NOT_READY.get(str(state)) or _first_line(str(cause))
        if isinstance(cause, database.IntegrityError):
            raise Clash(said) from None
        if isinstance(cause, database.DataError | database.ProgrammingError) and state not in _NOT_READY:
            raise
        raise Unreachable(_without(opened.url.password, f"{named(opened.url)}: {said}")) from None


def _first_line(words: str) -> str:
    return next((line.strip() for line in words.splitlines() if line.strip()), "it gives no reason")


def _without(password: object, words: str) -> str:
    secrets = (str(password) if password else "", os.environ.get("PGPASSWORD", ""))
    for secret in filter(None, secrets):
        words = words.replace(secret, "***")
    return words


def speaks(one: Connection | Engine, kind: str) -> bool:
    """Whether a database is of a kind."""
    return one.dialect.name == kind


def tidied(opened: Engine, words: str) -> None:
    """Say something outside of any transaction that only tidies up; where it cannot be done now, it is left."""
    with suppress(Unreachable, opened.dialect.loaded_dbapi.Error), plainly(opened):
        connection = opened.raw_connection()
        try:
            connection.cursor().execute(words)
        finally:
            connection.close()
