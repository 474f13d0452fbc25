"""How fast evidence is kept and verified, beside what the same database and the same hash take without any thinking.

    python -m bench.ledger

Appending: rows of a real story, each in a batch of its own, beside bare commits of the same bytes: into a table with
the same columns and constraints, and into one of a number and bytes. Batches are what a rollout sends. Verifying: so
many entries as they come from SQLite, beside SHA-256 of the same bytes.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from bench.figures import Bench, Result, Row, Table, main, middle, said
from store.ledger import Ledger
from store.migrate import upgrade
from store.reading import reading
from store.verifier import walk
from tests.store.postgres import Lacking, cluster
from tests.store.rows import held, singly, width
from tidegate.envelope import FIRST, Sealed, bodies, seal
from tidegate.models.task import StoreRequest

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROUNDS = 5
STREAM = "claims-triage"
ADDED = {"recorded_at": "2026-11-30T12:00:00.000000Z", "run": "run", "tool": "0.1.0"}
SAME = (
    "CREATE TABLE same (stream TEXT, seq BIGINT, id TEXT NOT NULL UNIQUE, prev TEXT NOT NULL, hash TEXT NOT NULL,"
    " body {bytes} NOT NULL, PRIMARY KEY (stream, seq), UNIQUE (stream, prev))"
)
PLAIN = "CREATE TABLE plain (seq BIGINT PRIMARY KEY, body {bytes})"
INTO_SAME = "INSERT INTO same VALUES (?, ?, ?, ?, ?, ?)"
INTO_PLAIN = "INSERT INTO plain VALUES (?, ?)"


def sealed(count: int) -> Iterator[Sealed]:
    """Return one chain of real rows without texts, made quickly: each spelled once, and then with other numbers."""
    patterns = [
        seal({**body, "id": "@id@"}, ADDED, 123_456_789, "@prev@").body
        for body in itertools.chain.from_iterable(bodies(STREAM, "@", one.rows) for one in held(20))
        if body["kind"] not in ("begun", "reduce", "ready")
    ]
    prev = FIRST
    for seq, pattern in zip(range(1, count + 1), itertools.cycle(patterns), strict=False):
        name = f"life/{seq}.0"
        spelled = pattern.replace(b"@id@", name.encode()).replace(b"@prev@", prev.encode())
        spelled = spelled.replace(b"123456789", str(seq).encode())
        digest = hashlib.sha256(spelled).hexdigest()
        yield Sealed(seq, name, prev, digest, spelled)
        prev = digest


# -- keeping ----------------------------------------------------------------------------------------------------------


class Bare:
    """A database without anything in between."""

    def __init__(self, url: str) -> None:
        """Open it as safely as the ledger does, with two tables for comparison."""
        place = make_url(url)
        self.slot = "?"
        self.open: Any
        if place.get_backend_name() == "sqlite":
            self.open = sqlite3.connect(str(place.database), isolation_level=None)
            self.open.execute("PRAGMA synchronous = FULL")
        else:
            self.slot = "%s"
            self.open = psycopg.connect(url, autocommit=True)
        for table in (SAME, PLAIN):
            self.open.execute(table.format(bytes="BLOB" if self.slot == "?" else "BYTEA"))

    def commit(self, words: str, row: Sequence[Any]) -> None:
        """Keep one row for good."""
        self.open.execute("BEGIN")
        self.open.execute(words.replace("?", self.slot), row)
        self.open.execute("COMMIT")


def paced(what: Callable[[Any], object], rows: Sequence[Any]) -> float:
    """Return how many a second."""
    start = time.perf_counter()
    for row in rows:
        what(row)
    return len(rows) / (time.perf_counter() - start)


def lives() -> Iterator[StoreRequest]:
    """Return batches for ever: the same story, life after life."""
    story = held(40)
    for life in itertools.count():
        yield from (request.but(stream=f"life-{life}") for request in story)


def together(rows: Iterator[StoreRequest], count: int) -> StoreRequest:
    """Put some batches of a life into one."""
    few = list(itertools.islice(rows, count))
    papers = tuple(paper for one in few for paper in one.papers)
    texts = {mark: text for one in few for mark, text in one.texts.items()}
    return few[-1].but(rows=tuple(row for one in few for row in one.rows), papers=papers, texts=texts)


def keeping(name: str, url: str, count: int) -> Table:
    """Measure one database, in turns, so that a busy machine is as unkind to each."""
    upgrade(url)
    ledger, bare = Ledger(url), Bare(url)
    each = count // ROUNDS
    chain = list(sealed(count))
    found: dict[str, list[float]] = {"appends": [], "same": [], "plain": []}

    def keep(request: StoreRequest) -> None:
        ledger.append(request, "run", "0.1.0", NOW)

    everything = list(itertools.islice(singly(lives()), count))
    for turn in range(ROUNDS):
        mine = everything[turn * each : (turn + 1) * each]
        part = chain[turn * each : (turn + 1) * each]
        found["appends"].append(paced(keep, mine))
        found["same"].append(paced(lambda row: bare.commit(INTO_SAME, (STREAM, *row)), part))
        found["plain"].append(paced(lambda row: bare.commit(INTO_PLAIN, (row.seq, row.body)), part))
    story = held(40)
    batches = []
    for life in range(10):
        rest = iter([one.but(stream=f"batched-{life}") for one in singly(story)])
        batches += [together(rest, size) for size in (50, 50)]
    start = time.perf_counter()
    for batch in batches:
        keep(batch)
    taken = time.perf_counter() - start
    ledger.close()
    bare.open.close()
    appends, same, plain = (middle(found[one]) for one in ("appends", "same", "plain"))
    rate = sum(map(width, batches)) / taken
    rows = [
        Row("appended one by one", appends, "rows/s", same),
        Row("appended in batches of about 50", rate, "rows/s", same),
        Row("bare commits of a number and bytes", plain, "rows/s", same),
    ]
    return Table(
        f"{name}, median of {ROUNDS} rounds of {each} in turns", "bare commits, same columns and constraints", rows
    )


# -- verifying --------------------------------------------------------------------------------------------------------


def verifying(folder: Path, count: int) -> Table:
    """Measure the verification of many entries."""
    url = f"sqlite:///{folder}/many.db"
    upgrade(url)
    with sqlite3.connect(folder / "many.db", isolation_level=None) as bare:
        bare.execute("BEGIN")
        bare.executemany("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?)", ((STREAM, *row) for row in sealed(count)))
        bare.execute("COMMIT")
    bare.close()
    hashing = size = 0.0
    with reading(url) as view:
        start = time.perf_counter()
        rows = view.rows(STREAM)
        while page := [row.body for row in itertools.islice(rows, 10_000)]:
            before = time.perf_counter()
            for body in page:
                hashlib.sha256(body).digest()
            hashing += time.perf_counter() - before
            size += sum(map(len, page))
        fetching = time.perf_counter() - start - hashing
    with reading(url) as view:
        start = time.perf_counter()
        findings = list(walk(STREAM, view.rows(STREAM)))
        verified = time.perf_counter() - start
    if findings:
        raise SystemExit(f"the chain is not whole: {findings[:3]}")
    each = 1e6 / count
    rows = [
        Row("reading them", each * fetching, "us each", each * hashing),
        Row("verified, read and all", each * verified, "us each", each * hashing),
        Row(f"verified, {count:,} entries", verified, "s"),
    ]
    return Table(f"Verifying {count:,} entries of {size / count:,.0f} bytes", "SHA-256 of the same bytes", rows)


def measure(appends: int, entries: int) -> Result:
    """Measure both databases, if both can be had."""
    notes = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        said("SQLite")
        tables = [keeping("SQLite", f"sqlite:///{folder}/ledger.db", appends)]
        said("PostgreSQL")
        try:
            server = stack.enter_context(cluster())
        except Lacking as why:
            notes.append(f"PostgreSQL was not measured: {why}")
        else:
            tables.append(keeping("PostgreSQL", server.fresh(), appends))
        said("verifying")
        tables.append(verifying(folder, entries))
    return Result(tables, notes)


BENCH = Bench(
    "The ledger",
    "Rows of a real story are appended, each in a batch of its own and in batches as a rollout sends them, beside bare"
    " commits of the same bytes into the same columns, as safely. Then many entries are verified as they come from"
    " SQLite.",
    measure,
    usual={"appends": 2_000, "entries": 100_000},
    tiny={"appends": 20, "entries": 50},
    full={"entries": 1_000_000},
)

if __name__ == "__main__":
    main(BENCH)
