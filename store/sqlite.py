"""A ledger in a file: how SQLite is opened so that what is written is written, and only its owner reads it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import create_engine, event

from store import engine as database

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL


def sqlite(place: URL, *, read_only: bool, patient: bool) -> Engine:
    """Return the way to a file."""
    file = Path(str(place.database))
    target = place
    if read_only:
        target = place.set(database=f"file:{quote(str(file.absolute()))}", query={"mode": "ro", "uri": "true"})
        if not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists():
            # Whoever may not write beside it can read it only as a file that nobody writes to.
            target = target.update_query_dict({"immutable": "1"})
    wait = database.LONG // 2 if patient else database.LOCK
    arguments = {"timeout": wait, "isolation_level": None, "check_same_thread": False}
    made = create_engine(target, connect_args=arguments, pool_timeout=database.CONNECT, paramstyle="named")

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
