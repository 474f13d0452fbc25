"""The database behind a URL: SQLite or PostgreSQL, opened so that what is written is written, and nothing hangs.

Every trouble with it is one exception, `Unreachable`, which says which database and why, and never a password.

The address of a PostgreSQL may name the file that its password lies in, `?password_file=/run/secrets/ledger`. It is
read for each connection, so that a password which is changed is in force without a restart, and no setting holds it.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import quote

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from psycopg.waiting import Ready, Wait
    from sqlalchemy import Connection, CursorResult, Engine, TextClause
    from sqlalchemy.pool import ConnectionPoolEntry

RV = TypeVar("RV")
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
_NAMED_FILE = "password_file"
"""What an address calls the file that its password lies in. (libpq's own `passfile` must be hidden from everybody else,
which a secret that a container is given seldom is.)"""
_LONGEST = 1_024
_IDLE = 1
"""Seconds after which a connection is asked whether it still works."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_TURN = "tidegate_turn"
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
        return _sqlite(place, read_only=read_only, patient=patient)
    return _postgres(place, read_only=read_only, patient=patient)


# -- SQLite -----------------------------------------------------------------------------------------------------------


def _sqlite(place: URL, *, read_only: bool, patient: bool) -> Engine:
    file = Path(str(place.database))
    target = place
    if read_only:
        target = place.set(database=f"file:{quote(str(file.absolute()))}", query={"mode": "ro", "uri": "true"})
        if not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists():
            # Whoever may not write beside it can read it only as a file that nobody writes to.
            target = target.update_query_dict({"immutable": "1"})
    arguments = {"timeout": LONG // 2 if patient else LOCK, "isolation_level": None, "check_same_thread": False}
    made = create_engine(target, connect_args=arguments, pool_timeout=CONNECT, paramstyle="named")

    @event.listens_for(made, "do_connect")
    def before(*_: Any) -> None:
        if not read_only:
            # Made by us so that only its owner may read it; what SQLite puts beside it is made alike.
            with suppress(OSError):
                os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))

    @event.listens_for(made, "connect")
    def opened(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
            # A byte that is no UTF-8 is somebody's doing: it must be seen, and not stop the reading.
            connection.text_factory = lambda spelled: spelled.decode("utf-8", "backslashreplace")
        else:
            _write_ahead(cursor)
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        # Who will write says so at once: a reader who becomes a writer later may find that it is too late.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return made


def _write_ahead(cursor: Any) -> None:
    """Switch to the write-ahead log; SQLite does not wait for its turn there, so we do."""
    for left in range(20, -1, -1):
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            return
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except cursor.connection.OperationalError:
            if not left:
                raise
            time.sleep(0.1)


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


class _Impatient(psycopg.Connection[Any]):
    """A connection that gives up when nothing at all comes back; the server's own limits need a server that lives."""

    silence: float = SILENCE

    def wait(self, gen: Generator[Wait, Ready | int, RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        end = time.monotonic() + self.silence
        try:
            return super().wait(gen, interval, self.silence if timeout is None else timeout)
        except psycopg.OperationalError:
            if time.monotonic() < end:
                raise
            self.pgconn.finish()  # an answer that comes later would be taken for that to another question
            raise psycopg.OperationalError(f"no answer within {self.silence} seconds") from None


class _Patient(_Impatient):
    """A connection for work that may take long."""

    silence = LONG


def _postgres(place: URL, *, read_only: bool, patient: bool) -> Engine:
    lock, statement = (LONG // 2, LONG) if patient else (LOCK, STATEMENT)
    limits = f"-c lock_timeout={lock}s -c statement_timeout={statement}s -c timezone=UTC"
    if read_only:
        limits += " -c default_transaction_read_only=on"
    else:
        limits += f" -c synchronous_commit=on -c idle_in_transaction_session_timeout={2 * SILENCE}s"
        # A table of which nothing is known yet would be read whole and sorted, to find what an index has at its end.
        limits += " -c enable_sort=off"
    secret = place.query.get(_NAMED_FILE)
    place = place.difference_update_query([_NAMED_FILE])
    arguments = {"connect_timeout": CONNECT, "options": limits, "application_name": "tidegate"}
    # A transaction begins with our own words, so that it can wait for its turn in the same breath. What is read after
    # waiting must be what is there then, so it sees what others have committed.
    made = create_engine(place, connect_args=arguments, pool_timeout=CONNECT, isolation_level="AUTOCOMMIT")

    @event.listens_for(made, "do_connect")
    def connect(_: Any, __: Any, given: Any, named_: Any) -> psycopg.Connection[Any]:
        word = {} if secret is None else {"password": _password(place, str(secret))}
        return (_Patient if patient else _Impatient).connect(*given, **{**named_, **word})

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        if read_only:
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        turn = connection.get_execution_options().get(_TURN)
        connection.exec_driver_sql(_BEGIN if turn is None else f"{_BEGIN}; SELECT pg_advisory_xact_lock({turn:d})")

    @event.listens_for(made, "checkin")
    def idle(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["idle"] = time.monotonic()

    @event.listens_for(made, "checkout")
    def still_there(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, _: Any) -> None:
        # Asked only of a connection that lay idle: one that was just used is known to work.
        if time.monotonic() - record.info.get("idle", time.monotonic()) > _IDLE:
            try:
                connection.execute("SELECT 1")
            except psycopg.Error:
                raise DisconnectionError from None

    return made


def _password(place: URL, file: str) -> str:
    """Return what lies in the file; the file is named where it cannot be read, and never repeated."""
    why = "nothing is in it"
    try:
        # Whoever opens a pipe waits for its other end, and nobody waits here.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as opened:  # noqa: PTH123  # a handle has no path
            word = opened.read(_LONGEST + 1).decode("utf-8").strip()
    except OSError as error:
        word, why = "", str(error.strerror)
    except UnicodeDecodeError:
        word, why = "", "it is not UTF-8"
    if not word or len(word) > _LONGEST:
        raise Unreachable(f"{named(place)}: the file of its password, {file}: {why if not word else 'it is too long'}")
    return word


# -- speaking to it ---------------------------------------------------------------------------------------------------


@contextmanager
def transaction(opened: Engine, turn: str | None = None) -> Iterator[Connection]:
    """Do something whole or not at all; what goes wrong outside ourselves is `Unreachable`.

    Who takes a turn is alone with what it names. SQLite lets in one writer at a time anyway, from the first word on.
    """
    with plainly(opened), opened.connect() as connection:
        if turn is not None:
            number = int.from_bytes(hashlib.sha256(turn.encode()).digest()[:8], "big", signed=True)
            connection = connection.execution_options(**{_TURN: number})  # noqa: PLW2901  # the same, with its turn
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
