"""Whatever is wrong with a database is said soon, in one sentence, without a password, and mends by itself."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from store.engine import Unreachable, engine, transaction
from store.ledger import Ledger
from store.migrate import standing, upgrade
from store.reading import reading
from tests.store.postgres import Cluster
from tests.store.rows import sent, stumbling, width

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOON = 20
"""Seconds: what the ledger allows itself, and a little for a busy machine."""


def keep(url: str) -> None:
    """Keep the beginning of a story."""
    with closing(Ledger(url)) as ledger:
        ledger.append(sent()[0], "run", "0.1.0", NOW)


def count(url: str) -> int:
    """Return how many rows are there."""
    with reading(url) as view:
        return sum(stream.entries for stream in view.streams())


def test_a_ledger_in_a_file_loads_neither_the_driver_of_a_server_nor_what_migrates(tmp_path: Path) -> None:
    """Who keeps a ledger that is as it should be waits for nothing else: each command and each worker begins so."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    words = f"import sys; from store import ledger, migrate; migrate.upgrade({url!r}); ledger.Ledger({url!r}).close()"
    asks = "print({'psycopg', 'alembic', 'sqlite3'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", f"{words}; {asks}"], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "{'sqlite3'}"


def test_sqlite_writes_what_it_says_it_wrote(tmp_path: Path) -> None:
    """The write-ahead log, syncing at each commit, foreign keys, and patience with others are all switched on."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    opened = engine(url)
    with transaction(opened) as connection:
        said = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    opened.dispose()
    assert said == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 4_000, "secure_delete": 1
    }  # fmt: skip


@pytest.mark.parametrize("url", ["mysql://somebody:hidden@here/ledger", "sqlite://", "://hidden", "ledger:hidden"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """Only files of SQLite and databases of PostgreSQL are known, and what was typed is not repeated."""
    with pytest.raises(Unreachable, match=r"sqlite:///FILE or postgresql://HOST/NAME") as refused:
        Ledger(url)
    assert "hidden" not in str(refused.value)


def test_a_locked_file_is_said_to_be_locked(tmp_path: Path) -> None:
    """Who holds the file for long is named as the reason soon, and once they let go all is well."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(Unreachable, match=r"ledger.db: database is locked"):
            keep(url)
        assert time.monotonic() - start < SOON
        assert count(url) == 0
    keep(url)
    assert count(url) > 0


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    """What does not fit is not there at all, and fits once there is room."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    requests = sent(stumbling)
    with closing(Ledger(url)) as ledger:

        @event.listens_for(ledger._engine, "connect")
        def small(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA max_page_count = 30")

        with pytest.raises(Unreachable, match="disk is full"):
            all(ledger.append(request, "run", "0.1.0", NOW) >= 0 for request in requests)
    before = count(url)
    assert before < sum(map(width, requests))
    with closing(Ledger(url)) as ledger:
        for request in requests:
            ledger.append(request, "run", "0.1.0", NOW)
    assert count(url) == sum(map(width, requests))


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    """Rubbish is refused by whoever writes, reads or migrates."""
    (tmp_path / "ledger.db").write_text("this is no database, however long it may be" * 100, "utf-8")
    url = f"sqlite:///{tmp_path}/ledger.db"
    for act in (keep, count, upgrade, standing):
        with pytest.raises(Unreachable, match="file is not a database"):
            act(url)


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A reader makes no file, and says which one is missing."""
    url = f"sqlite:///{tmp_path}/nowhere/ledger.db"
    for act in (keep, count):
        with pytest.raises(Unreachable, match=r"nowhere/ledger.db: unable to open database file"):
            act(url)
    (tmp_path / "file").touch()
    with pytest.raises(Unreachable, match="its directory cannot be made"):
        upgrade(f"sqlite:///{tmp_path}/file/ledger.db")
    assert standing(url).stands == "empty"


def test_a_database_without_tables_is_said_to_be_so(empty: str) -> None:
    """Whoever keeps evidence before the tables are made hears that there are none."""
    with pytest.raises(Unreachable, match=r"no such table|it has no tables yet"):
        keep(empty)


@pytest.mark.parametrize(
    ("holds", "why"),
    [(None, "No such file"), (b"  \n", "nothing is in it"), (b"x" * 1_025, "too long"), (b"\xff", "UTF-8")],
)
def test_a_password_that_cannot_be_had_is_said_with_its_file(holds: bytes | None, why: str, tmp_path: Path) -> None:
    """Where the file that an address names holds no password, database and file are named, and nothing in it."""
    word = tmp_path / "word"
    if holds is not None:
        word.write_bytes(holds)
    with pytest.raises(Unreachable, match=why) as refused:
        standing(f"postgresql://somebody@/ledger?host={tmp_path}&password_file={word}")
    assert str(word) in str(refused.value)
    assert "xx" not in str(refused.value)


def test_nobody_there_is_said_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that refuses is named by its host, and neither way of giving a password shows it."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://somebody:hidden@127.0.0.1:{taken.getsockname()[1]}/ledger"
        monkeypatch.setenv("PGPASSWORD", "127.0.0")
        with pytest.raises(Unreachable, match=r"^PostgreSQL database ledger on \*\*\*\.1: ") as refused:
            keep(url)
    assert "hidden" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_server_that_never_answers_is_given_up() -> None:
    """Who takes the call and says nothing is left soon."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        start = time.monotonic()
        with pytest.raises(Unreachable, match="timeout"):
            keep(f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/ledger")
        assert time.monotonic() - start < SOON


def test_whoever_holds_a_stream_for_long_is_not_waited_for(postgres: Cluster) -> None:
    """The same turn, taken by somebody who hangs, makes an append fail soon; another stream goes on."""
    url = postgres.fresh()
    upgrade(url)
    request = sent()[0]
    opened = engine(url)
    with closing(Ledger(url)) as ledger, transaction(opened, turn=request.use_case):
        start = time.monotonic()
        with pytest.raises(Unreachable, match="lock timeout"):
            ledger.append(request, "run", "0.1.0", NOW)
        assert time.monotonic() - start < SOON
        ledger.append(request.but(use_case="another", stream="life"), "run", "0.1.0", NOW)
    opened.dispose()
    keep(url)
    assert count(url) == 2 * width(request)


def test_a_connection_that_lay_idle_and_died_is_replaced(postgres: Cluster) -> None:
    """A server that hung up on an idle connection is called again without a word."""
    url = postgres.fresh()
    upgrade(url)
    first, second, *_ = sent()
    with closing(Ledger(url)) as ledger:
        ledger.append(first, "run", "0.1.0", NOW)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'tidegate' AND datname = current_database()"
            )
        time.sleep(1.1)
        ledger.append(second, "run", "0.1.0", NOW)
    assert count(url) == width(first) + width(second)


def test_what_is_not_allowed_is_said(postgres: Cluster) -> None:
    """A user who may only look hears that they may not write."""
    url = postgres.fresh()
    upgrade(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS looker")
        owner.execute("CREATE ROLE looker LOGIN")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    looker = url.replace("tidegate@", "looker@")
    with pytest.raises(Unreachable, match="its user may not do this"):
        keep(looker)
    assert count(looker) == 0
    assert json.dumps(standing(looker)) == json.dumps(standing(url))
