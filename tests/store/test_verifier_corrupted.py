"""A thousand corruptions of a stored ledger: each is found, called by its name, and its place is said."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from store.checking import check, check_rest, streams
from store.heads import filed
from store.reading import View, reading
from tests.store.chains import OTHER, again, head, public
from tests.store.sealed import STREAM, ledger
from tidegate.envelope import FIRST, Sealed
from tidegate.seal import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

TABLES = ("evidence", "papers", "texts", "heads")
TIMES = 1_000
Place = tuple[str, int | str | None]
"""A kind of finding, and the entry, paper, text or head that it is about."""


class Done(NamedTuple):
    """What was done, and what must be said of it; `also` may be said besides."""

    what: str
    must: set[Place]
    also: frozenset[Place] | set[Place] = frozenset()


class Copy:
    """A copy of a ledger in memory, without the constraints that keep it whole; whatever is done to it is undone."""

    def __init__(self, file: Path, home: Path) -> None:
        raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        raw.text_factory = lambda spelled: spelled.decode("utf-8", "backslashreplace")
        raw.execute("ATTACH ? AS kept", (str(file),))
        for table in TABLES:
            raw.execute(f"CREATE TABLE {table} AS SELECT * FROM kept.{table}")  # noqa: S608  # names of ours
        raw.execute("DETACH kept")
        self.raw = raw
        self.outside = list(filed(home / "heads", STREAM))
        self.engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
        self.connection: Connection = self.engine.connect()
        self.last: int = raw.execute("SELECT max(seq) FROM evidence").fetchone()[0]

    def findings(self) -> list[Place]:
        """Return what is found in all of it."""
        view = View(self.connection)
        found = list(check_rest(view, streams(view), {public()}))
        for stream in {STREAM, *streams(view)}:
            found += check(view, stream, self.outside if stream == STREAM else (), {public()})
        return [(one.kind, one.seq if one.place in ("entries", "heads") else one.place) for one in found]

    def one(self, table: str, rng: random.Random) -> dict[str, Any]:
        """Return any row."""
        cursor = self.raw.execute(f"SELECT rowid AS row, * FROM {table}")  # noqa: S608  # names of ours
        names = [name for name, *_ in cursor.description]
        return dict(zip(names, rng.choice(cursor.fetchall()), strict=True))

    def put(self, table: str, row: int, **values: Any) -> None:
        """Write values into a row; text may be any bytes."""
        for name, value in values.items():
            text = name != "body" and isinstance(value, bytes)
            given = "CAST(? AS TEXT)" if text else "?"
            self.raw.execute(f"UPDATE {table} SET {name} = {given} WHERE rowid = ?", (value, row))  # noqa: S608  # names of ours

    def add(self, table: str, **values: Any) -> None:
        """Insert a row."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self.raw.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608  # names of ours


def turned(value: Any, rng: random.Random) -> Any:
    """Return a value with one bit turned."""
    if isinstance(value, int):
        return value ^ 1 << rng.randrange(12)
    raw = bytearray(value if isinstance(value, bytes) else value.encode())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def place_of(table: str, row: dict[str, Any]) -> int | str:
    """Return how findings name a row."""
    return {"papers": f"paper {row.get('digest')}", "texts": f"text {row.get('token')}"}.get(table) or int(row["seq"])


def missing(copy: Copy, table: str, row: dict[str, Any]) -> Place:
    """Return what is said where a row is no longer there."""
    return ("truncated" if table == "evidence" and row["seq"] == copy.last else "gap", place_of(table, row))


# -- what can be done -------------------------------------------------------------------------------------------------


def bit(copy: Copy, rng: random.Random) -> Done:
    """Turn one bit of one cell."""
    table = rng.choice(TABLES)
    row = copy.one(table, rng)
    name = rng.choice([name for name, value in row.items() if name != "row" and value not in (None, "", b"")])
    value = turned(row[name], rng)
    copy.put(table, row["row"], **{name: value})
    place, what = place_of(table, row), f"{table}.{name}"
    if table == "heads":
        at = value if name == "seq" else row["seq"]
        return Done(what, {("unknown_signature", at)}, {("gap", row["seq"])})
    if (table, name) in {("texts", "stream"), ("evidence", "stream")}:
        return Done(
            what,
            {missing(copy, table, row)},
            {("content_altered", place), ("gap", 1), *_unheard(row), *_reason_of(copy, row)},
        )
    if (table, name) in {("papers", "digest"), ("texts", "token")}:
        spelled = value.decode("utf-8", "backslashreplace")
        other = place_of(table, {name: spelled})
        return Done(what, {("gap", place)}, {("content_altered", other), *_reason_of(copy, row)})
    if name == "body" and table == "evidence" and not _is_object(value):
        return Done(what, {("unreadable", place)}, _unheard(row))
    return Done(what, {("content_altered", place)}, _unheard(row))


def _unheard(row: dict[str, Any]) -> set[Place]:
    """Return what an entry alone speaks of: elsewhere, its texts are missing, and nobody says that they were erased."""
    marks = tokens(row["body"].decode()) if "body" in row and "seq" in row else ()
    return {(kind, f"text {mark}") for kind in ("content_altered", "gap") for mark in marks}


def _reason_of(copy: Copy, row: dict[str, Any]) -> set[Place]:
    """Return what may be said of texts that were erased for a reason that is this text."""
    erased = copy.raw.execute("SELECT token FROM texts WHERE why = ?", (row.get("token"),)).fetchall()
    return {(kind, f"text {mark}") for kind in ("fork", "content_altered") for (mark,) in erased}


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body.decode()), dict)
    except ValueError:
        return False


def deleted(copy: Copy, rng: random.Random) -> Done:
    """Delete a row; of entries, now and then the last one."""
    table = rng.choice(TABLES)
    row = copy.one(table, rng)
    while table == "evidence" and rng.random() < 0.2 and row["seq"] != copy.last:
        row = next(one for one in iter(lambda: copy.one(table, rng), None) if one["seq"] == copy.last)
    copy.raw.execute(f"DELETE FROM {table} WHERE rowid = ?", (row["row"],))  # noqa: S608  # names of ours
    return Done(f"{table} deleted", {missing(copy, table, row)}, _unheard(row))


def duplicated(copy: Copy, rng: random.Random) -> Done:
    """Double a row."""
    table = rng.choice(TABLES)
    row = copy.one(table, rng)
    copy.add(table, **{name: value for name, value in row.items() if name != "row"})
    return Done(f"{table} duplicated", {("fork", place_of(table, row))}, _reason_of(copy, row))


def swapped(copy: Copy, rng: random.Random) -> Done:
    """Exchange what two rows say, or the numbers of two entries."""
    table = rng.choice(TABLES)
    name = {"evidence": rng.choice(("seq", "body", "hash")), "papers": "body", "texts": "salt", "heads": "signature"}[
        table
    ]
    one: dict[str, Any] = {name: None}
    other = one
    while one[name] is None or other[name] in (None, one[name]):
        one, other = copy.one(table, rng), copy.one(table, rng)
    for row, value in ((one, other[name]), (other, one[name])):
        copy.put(table, row["row"], **{name: value})
    kind = "unknown_signature" if table == "heads" else "content_altered"
    return Done(
        f"{table}.{name} swapped",
        {(kind, place_of(table, row)) for row in (one, other)},
        _unheard(one) | _unheard(other),
    )


def inserted(copy: Copy, rng: random.Random) -> Done:
    """Insert a row that was never there, with hashes that fit by themselves."""
    table = rng.choice(TABLES)
    if table == "papers":
        copy.add("papers", digest="ab" * 32, kind="plan", body=b"{}")
        return Done("paper inserted", {("content_altered", f"paper {'ab' * 32}")})
    if table == "texts":
        copy.add("texts", token=f"text-{'ab' * 32}", stream=STREAM, salt="salt", text="words")
        return Done("text inserted", {("content_altered", f"text text-{'ab' * 32}")})
    if table == "heads":
        row = copy.one("evidence", rng)
        copy.add("heads", **head(row["seq"], row["hash"], OTHER))
        return Done("head inserted", {("unknown_signature", row["seq"])})
    row = copy.one("evidence", rng)
    old = Sealed(row["seq"], row["id"], row["prev"], row["hash"], row["body"])
    if rng.random() < 0.5:
        new = again(old, id="life/another")
        copy.add("evidence", stream=STREAM, **new._asdict())
        return Done("entry inserted", {("fork", row["seq"])})
    follows, kind = rng.choice([(row["prev"], "fork"), (FIRST, "fork"), ("ab" * 32, "link_broken")])
    new = again(old, follows, seq=copy.last + 1, id="life/another")
    copy.add("evidence", stream=STREAM, **new._asdict())
    return Done("entry appended", {(kind, copy.last + 1)})


# -- what is found ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of a ledger that can be corrupted."""
    home = tmp_path_factory.mktemp("home")
    ledger(home)
    made = Copy(home / "ledger.db", home)
    yield made
    made.connection.close()
    made.engine.dispose()
    made.raw.close()


def test_the_untouched_twin_is_intact(copy: Copy) -> None:
    """What nobody touched passes, with everything in it that can be corrupted."""
    assert copy.findings() == []
    counts = [copy.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]  # noqa: S608  # names of ours
    evidence, papers, *others = counts
    assert (evidence > 100, papers >= 5, others) == (True, True, [5, 2])


def test_a_thousand_corruptions_are_found(copy: Copy) -> None:
    """Each corruption is found and called by its name at its place, and nothing else is said of anything else."""
    rng = random.Random(20270115)  # noqa: S311  # a seed makes the test the same each time
    kinds: set[str] = set()
    for time in range(TIMES):
        copy.raw.execute("BEGIN")
        do = rng.choices((bit, deleted, duplicated, swapped, inserted), (60, 10, 10, 10, 10))[0]
        done = do(copy, rng)
        found = set(copy.findings())
        copy.raw.execute("ROLLBACK")
        assert done.must <= found, (time, done, found)
        assert found <= done.must | done.also, (time, done, found)
        kinds |= {kind for kind, _ in found}
    assert kinds == {
        "content_altered", "link_broken", "fork", "gap", "truncated", "unreadable", "unknown_signature",
    }  # fmt: skip
    assert copy.findings() == []


def test_a_real_database_is_judged_alike(tmp_path: Path) -> None:
    """A ledger in its file is verified as its copy in memory is, before and after a letter was changed in it."""
    url = ledger(tmp_path)
    outside = list(filed(tmp_path / "heads", STREAM))
    with reading(url) as view:
        assert list(check(view, STREAM, outside, {public()})) == []
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as opened, opened:
        opened.execute("UPDATE evidence SET body = replace(CAST(body AS TEXT), 'claims', 'cleims') WHERE seq = 40")
    with reading(url) as view:
        (finding,) = check(view, STREAM, outside, {public()})
    assert (finding.kind, finding.seq) == ("content_altered", 40)


def test_a_tail_that_was_cut_with_its_heads_is_noticed_outside(copy: Copy) -> None:
    """Entries and heads cut off together are missed by the heads that were written beside the database."""
    copy.raw.execute("BEGIN")
    copy.raw.execute("DELETE FROM evidence WHERE seq > 100")
    copy.raw.execute("DELETE FROM heads WHERE seq > 100")
    found = copy.findings()
    copy.raw.execute("ROLLBACK")
    assert {("truncated", 101), ("gap", copy.last)} <= set(found)
