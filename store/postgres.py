"""A ledger on PostgreSQL: how it is opened so that nothing hangs, and no setting holds its password.

Its address may name the file that its password lies in, `?password_file=/run/secrets/ledger`. It is read for each
connection, so that a password which is changed is in force without a restart, and no setting holds it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DisconnectionError

from store import engine as database
from store.engine import TURN, Unreachable, named

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg.waiting import Ready, Wait
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import ConnectionPoolEntry

RV = TypeVar("RV")
_NAMED_FILE = "password_file"
"""What an address calls the file that its password lies in. (libpq's own `passfile` must be hidden from everybody else,
which a secret that a container is given seldom is.)"""
_LONGEST = 1_024
_IDLE = 1
"""Seconds after which a connection is asked whether it still works."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


class _Impatient(psycopg.Connection[Any]):
    """A connection that gives up when nothing at all comes back; the server's own limits need a server that lives."""

    silence: float = database.SILENCE

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

    silence = database.LONG


def postgres(place: URL, *, read_only: bool, patient: bool) -> Engine:
    """Return the way to a server."""
    lock, statement = (database.LONG // 2, database.LONG) if patient else (database.LOCK, database.STATEMENT)
    limits = f"-c lock_timeout={lock}s -c statement_timeout={statement}s -c timezone=UTC"
    if read_only:
        limits += " -c default_transaction_read_only=on"
    else:
        limits += f" -c synchronous_commit=on -c idle_in_transaction_session_timeout={2 * database.SILENCE}s"
        # A table of which nothing is known yet would be read whole and sorted, to find what an index has at its end.
        limits += " -c enable_sort=off"
    secret = place.query.get(_NAMED_FILE)
    place = place.difference_update_query([_NAMED_FILE])
    arguments = {"connect_timeout": database.CONNECT, "options": limits, "application_name": "tidegate"}
    # A transaction begins with our own words, so that it can wait for its turn in the same breath. What is read after
    # waiting must be what is there then, so it sees what others have committed.
    made = create_engine(place, connect_args=arguments, pool_timeout=database.CONNECT, isolation_level="AUTOCOMMIT")

    @event.listens_for(made, "do_connect")
    def connect(_: Any, __: Any, given: Any, named_: Any) -> psycopg.Connection[Any]:
        word = {} if secret is None else {"password": _password(place, str(secret))}
        return (_Patient if patient else _Impatient).connect(*given, **{**named_, **word})

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        if read_only:
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        turn = connection.get_execution_options().get(TURN)
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
