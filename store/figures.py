"""One figure, asked of somebody else's database, which keeps nothing of it: the database itself sees to that.

A transaction that only reads, one statement, a limit of time on the other side. Nobody here looks for words that write:
PostgreSQL refuses them by `READ ONLY`, SQLite by opening the file so, and by asking of each step whether it reads.
"""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError

from store import engine as database
from store.engine import Unreachable, engine, named, plainly, speaks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

_STEP = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""
_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, 33})
"""What a question does: 33 is a recursion, for which Python 3.11 has no name."""
_SAYS = {
    "22012": "it divides by zero",
    "25006": "it would write, and here it may only read",
    "26000": "it is more than one statement",
    "55P03": "somebody else holds what it needs",
    "57014": "it took too long and was cut",
}
_MISSING = ("42703", "42P01", "3F000")
_NAMED = re.compile(r'(?:column|relation|table|schema):? "?([\w.]{1,60})"?')


class Refused(Exception):  # noqa: N818  # it says what is so, as people would
    """The database was reached and does not answer this question; the words hold no value of it."""

    def __init__(self, says: str, *, missing: str | None = None) -> None:
        super().__init__(says)
        self.missing = missing
        """The table or column that is not there, if that is why."""


class Row(NamedTuple):
    """The first rows of an answer."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Asking:
    """A connection that asks and keeps nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def row(self, question: str, given: Mapping[str, Any]) -> Row:
        """Return at most two rows: whoever wants one must see that there are more."""
        spelled = text(question).compile(dialect=self._connection.dialect)
        lacking = [name for name in spelled.params if name not in given]
        if lacking:
            raise Refused(f"nobody fills in :{lacking[0]:.40}")
        filled = {name: given[name] for name in spelled.params}
        raw: Any = self._connection.connection.dbapi_connection
        # Prepared, PostgreSQL takes one statement and no second one behind a semicolon.
        more = {"prepare": True} if speaks(self._connection, "postgresql") else {}
        with _plainly(self._connection), closing(raw.cursor()) as cursor:
            cursor.execute(str(spelled), filled, **more)
            if cursor.description is None:
                raise Refused("it is no question: it answers with no rows")
            columns = tuple(str(column[0]).lower() for column in cursor.description)
            return Row(columns, tuple(tuple(row) for row in cursor.fetchmany(2)))

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns, in small letters."""
        schema, _, name = table.rpartition(".")
        with _plainly(self._connection):
            try:
                found = inspect(self._connection).get_columns(name, schema=schema or None)
            except NoSuchTableError:
                raise Refused(f"there is no table {table:.60}", missing=table) from None
        return frozenset(str(column["name"]).lower() for column in found)


@contextmanager
def asking(url: str) -> Iterator[Asking]:
    """Open a database to ask it. Raises Unreachable if it cannot be reached, Refused if it does not answer."""
    opened = engine(url, read_only=True)
    try:
        with plainly(opened), opened.connect() as connection, connection.begin() as kept:
            if speaks(connection, "sqlite"):
                _guard(connection)
            try:
                yield Asking(connection)
            finally:
                if speaks(connection, "sqlite"):
                    _unguard(connection)
                # What PostgreSQL lets through even so, a large object before its version 16, is not kept either.
                kept.rollback()
    except SQLAlchemyError as error:
        raise Unreachable(f"{named(opened.url)} cannot be asked ({type(error).__name__})") from None
    finally:
        opened.dispose()


def _guard(connection: Connection) -> None:
    """Have SQLite ask of each step whether it only reads, and end what takes too long, as a server does by itself."""
    raw: Any = connection.connection.dbapi_connection
    until = time.monotonic() + database.STATEMENT
    raw.set_progress_handler(lambda: int(time.monotonic() > until), _STEP)
    raw.set_authorizer(_may)


def _may(action: int, first: str | None, *_: object) -> int:
    # What SQLAlchemy asks to compare columns: it looks at a table, and a value that could be set is denied.
    looks = action == sqlite3.SQLITE_PRAGMA and str(first).startswith("table_") and _[0] is not None
    return sqlite3.SQLITE_OK if action in _READS or looks else sqlite3.SQLITE_DENY


def _unguard(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    if raw is not None:
        raw.set_authorizer(None)
        raw.set_progress_handler(None, 0)


@contextmanager
def _plainly(connection: Connection) -> Iterator[None]:
    """Say in our own words what a database says of a question; its words may hold values of its rows."""
    driver = connection.dialect.loaded_dbapi
    try:
        yield
    except Refused:
        raise
    except (DBAPIError, driver.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            raise _by_sqlite(cause) from None
        state = getattr(cause, "sqlstate", None)
        if isinstance(cause, driver.ProgrammingError) and state is None:
            connection.invalidate(cause)  # the conversation is out of step, as after a COPY that nobody takes
            raise Refused("it is no question: it answers with no rows") from None
        if state is None or state[:2] in ("08", "53") or state in ("57P01", "57P02", "57P03"):
            raise  # the connection is gone: that is no answer, and `plainly` says so
        raise _by_postgres(state, str(cause)) from None


def _by_postgres(state: str, words: str) -> Refused:
    if state in _MISSING:
        found = _NAMED.search(words)
        what = found[1] if found else "a table or a column"
        return Refused(f"{what} is not there", missing=what)
    if state == "42501":
        return Refused("its user may not read that")
    if state == "42601":
        more = "cannot insert multiple commands" in words
        return Refused("it is more than one statement" if more else "it cannot be read as SQL")
    return Refused(_SAYS.get(state) or f"the database refuses it (SQLSTATE {state})")


def _by_sqlite(error: sqlite3.Error) -> Refused | Unreachable:
    words = str(error)
    if (found := re.search(r"no such (?:table|column): ([\w.]{1,60})", words)) is not None:
        return Refused(f"{found[1]} is not there", missing=found[1])
    for sign, says in (
        ("interrupted", "it took too long and was cut"),
        ("not authorized", "it would do more than read, and here it may only read"),
        ("readonly", "it would write, and here it may only read"),
        ("one statement at a time", "it is more than one statement"),
        ("syntax error", "it cannot be read as SQL"),
        ("incomplete input", "it cannot be read as SQL"),
    ):
        if sign in words:
            return Refused(says)
    if isinstance(error, sqlite3.OperationalError) and ("unable to open" in words or "locked" in words):
        return Unreachable(f"it cannot be opened: {words}")
    return Refused(f"the database refuses it ({type(error).__name__})")
