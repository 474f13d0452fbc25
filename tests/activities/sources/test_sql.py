"""SQL on the real databases: one row is a figure, and whatever would write or takes too long is refused by them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from store import engine as database
from tests.activities.sources.told import NOW, judged, told
from tests.store.postgres import Cluster, Lacking, cluster
from tidegate.models.base import Span
from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tidegate.models.reading import Reading

DSN = "WAREHOUSE_FOR_TESTS"
BOTH = ("sqlite", "postgresql")
TABLES = (
    "CREATE TABLE claims (id integer, policy text, amount numeric, seen timestamp, loaded_at timestamp)",
    "INSERT INTO claims VALUES (1, 'P1', 10, '2026-11-23 07:30:00', '2026-11-23 08:30:00')",
    "INSERT INTO claims VALUES (2, 'P2', 20, '2026-11-23 08:20:00', '2026-11-23 08:30:00')",
    "INSERT INTO claims VALUES (3, NULL, -5, '2026-11-22 08:20:00', '2026-11-22 08:30:00')",
    "CREATE VIEW mean_amount AS SELECT avg(amount) AS value, count(*) AS n, max(loaded_at) AS taken_at FROM claims",
)
MEAN = (
    "SELECT avg(amount) AS value, count(*) AS n, max(loaded_at) AS taken_at FROM claims"
    " WHERE seen >= :since AND seen < :as_of"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A PostgreSQL."""
    try:
        with cluster() as running:
            yield running
    except Lacking as why:
        pytest.skip(str(why))


class Warehouse:
    """A database of somebody else, and who asks it."""

    def __init__(self, root: Path, url: str, run: Callable[[str], Sequence[Any]]) -> None:
        self.root = root
        self.url = url
        self.run = run

    def say(self, query: str, kind: str = "sql", **metric: Any) -> Reading:
        """Ask it as the worker does."""
        settings = {"dsn": f"env:{DSN}", **metric.pop("settings", {})}
        return told(self.root, kind, settings, query, **metric)


@pytest.fixture(params=BOTH)
def warehouse(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """Three claims, in either database."""
    if request.param == "sqlite":
        file = tmp_path / "warehouse.db"
        url = f"sqlite:///{file}"

        def run(words: str) -> Sequence[Any]:
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                return connection.execute(words).fetchall()
    else:
        import psycopg  # noqa: PLC0415  # only where there is a server to speak to

        url = request.getfixturevalue("server").fresh()

        def run(words: str) -> Sequence[Any]:
            with psycopg.connect(url, autocommit=True) as connection:
                found = connection.execute(words)
                return found.fetchall() if found.description else ()

    for words in TABLES:
        run(words)
    monkeypatch.setenv(DSN, url)
    return Warehouse(tmp_path, url, run)


def test_one_row_is_a_figure(warehouse: Warehouse) -> None:
    """Value, cases, window and age are what the row says; only what lies in the window is asked for."""
    found = warehouse.say(MEAN, window=Span.of("2h"), max_age=Span.of("2h"), min_samples=2)
    assert (found.status, found.value, found.n) == ("value", Decimal(15), 2)
    assert (found.age, found.since) == (timedelta(minutes=30), NOW - timedelta(hours=2))
    assert judged(found, min_samples=2) == (Verdict.PASSED, Code.READ)
    late = warehouse.say(MEAN, window=Span.of("1h"), settings={"lag": "1h"})
    assert (late.value, late.n, late.since) == (Decimal(10), 1, NOW - timedelta(hours=2))


def test_a_view_may_be_named(warehouse: Warehouse) -> None:
    """A query that is only a name is all of that view."""
    assert warehouse.say("mean_amount").n == 3


@pytest.mark.parametrize(
    ("query", "metric", "status", "code"),
    [
        (f"{MEAN} AND amount > 99", {}, "no_data", Code.NO_DATA),
        (f"{MEAN} GROUP BY id HAVING count(*) > 9", {}, "no_data", Code.NO_DATA),
        (MEAN, {"window": Span.of("2h"), "max_age": Span.of("20m")}, "stale", Code.STALE),
        (MEAN, {"window": Span.of("2h"), "min_samples": 3}, "insufficient_sample", Code.FEW_SAMPLES),
        ("SELECT CAST('NaN' AS float) AS value, :as_of AS taken_at", {}, "error", Code.NOT_A_NUMBER),
        ("SELECT * FROM nowhere", {}, "error", Code.SOURCE_ERROR),
    ],
)
def test_each_kind_of_nothing_is_its_own(
    warehouse: Warehouse, query: str, metric: dict[str, Any], status: str, code: Code
) -> None:
    """No rows, old rows, too few of them, no number and no table are different answers, and none of them passes."""
    if code is Code.NOT_A_NUMBER and warehouse.url.startswith("sqlite"):
        query = "SELECT 9e999 AS value, :as_of AS taken_at"  # it knows no NaN, only what is infinite
    found = warehouse.say(query, **metric)
    verdict, said = judged(found, **metric)
    assert (found.status, said) == (status, code)
    assert verdict is not Verdict.PASSED


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT 1 AS value", "it does not say when that was taken"),
        ("SELECT amount AS value, loaded_at AS taken_at FROM claims", "more than one row. Which one?"),
        ("SELECT 1 AS valeu, :as_of AS taken_at", "it has a column valeu"),
        ("SELECT :as_of AS taken_at", "it has no column `value`"),
        ("SELECT 'many' AS value, :as_of AS taken_at", "the value is no number"),
        ("SELECT 1 AS value, -1 AS n, :as_of AS taken_at", "`n` is no number of cases"),
        ("SELECT 1 AS value, 'soon' AS taken_at", "`taken_at` is no time"),
        ("SELECT :nobody AS value, :as_of AS taken_at", "nobody fills in :nobody"),
        ("SELEC 1", "no SELECT and no name of a view"),
        ("SELECT 1 1", "it cannot be read as SQL"),
        ("SELECT lost AS value FROM claims", "lost is not there"),
    ],
)
def test_what_is_odd_is_an_error_that_says_what(warehouse: Warehouse, query: str, why: str) -> None:
    """Whatever is not one row with a number and its time is told as what it is, without a value of any row."""
    found = warehouse.say(query)
    assert found.status == "error"
    assert why in str(found.note)


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM claims RETURNING id) SELECT count(*) AS value, :as_of AS taken_at FROM gone",
        "SELECT 1 AS value, :as_of AS taken_at; DELETE FROM claims",
        "SELECT 1; COMMIT; BEGIN; DELETE FROM claims; COMMIT",
        "WITH a AS (SELECT 1) DELETE FROM claims",
        "WITH a AS (SELECT 1) INSERT INTO claims (id) SELECT 9 FROM a",
        "SELECT sly() AS value, :as_of AS taken_at",
        "SELECT nextval('numbers') AS value, :as_of AS taken_at",
    ],
)
def test_nothing_is_written(warehouse: Warehouse, query: str) -> None:
    """Whatever would write is refused by the database, by whatever detour, and nothing has changed."""
    if warehouse.url.startswith("postgresql"):
        warehouse.run(
            "CREATE FUNCTION sly() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM claims; RETURN 1; END $$"
        )
        warehouse.run("CREATE SEQUENCE numbers")
    found = warehouse.say(query)
    assert found.status == "error"
    assert warehouse.run("SELECT count(*) FROM claims")[0][0] == 3
    assert warehouse.say("mean_amount").status == "value"


def test_what_takes_too_long_is_cut(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database ends a question that takes too long, and answers the next one."""
    monkeypatch.setattr(database, "STATEMENT", 1)
    count = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
    found = warehouse.say(f"{count} SELECT count(*) AS value, :as_of AS taken_at FROM r")  # noqa: S608  # our own words
    assert (found.status, found.note) == ("error", "it took too long and was cut")
    assert warehouse.say("mean_amount").status == "value"


def test_a_database_that_is_down_is_an_error(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be reached, no secret is repeated, and the reference that leads nowhere is named."""
    monkeypatch.setenv(DSN, f"postgresql://reader:hunter2@/x?host={tmp_path}")
    found = warehouse.say(MEAN)
    assert found.status == "error"
    assert "hunter2" not in str(found)
    monkeypatch.setenv(DSN, f"sqlite:///{tmp_path}/nowhere.db")
    assert warehouse.say(MEAN).status == "error"
    assert not (tmp_path / "nowhere.db").exists()
    monkeypatch.delenv(DSN)
    assert f"env:{DSN}" in str(warehouse.say(MEAN).note)
    monkeypatch.setenv(DSN, "mysql://x/y")
    assert "it cannot be mysql" in str(warehouse.say(MEAN).note)


CHECKS = """taken_at: SELECT max(loaded_at) FROM claims
schema: columns of claims: id, policy, amount, seen, loaded_at
missing policy: SELECT count(*) FROM claims
  WHERE policy IS NULL AND seen >= :since
strange amounts: SELECT count(*) FROM claims WHERE amount <= 0 AND seen >= :since
readers: SELECT count(*) FROM claims WHERE policy = 'not allowed'
"""


def test_checks_of_data_are_counted_and_named(warehouse: Warehouse) -> None:
    """All pass within the window; over a longer one two fail, and the note says which and how often."""
    fine = warehouse.say(CHECKS, "data-check", window=Span.of("2h"))
    assert (fine.status, fine.value, fine.n, fine.note) == ("value", Decimal(0), 4, "none of 4 checks failed")
    found = warehouse.say(CHECKS, "data-check", window=Span.of("2d"))
    assert (found.value, found.n) == (Decimal(2), 4)
    assert found.note == "2 of 4 checks failed: missing policy (1); strange amounts (1)"
    assert found.raw_digest != fine.raw_digest


def test_drift_is_seen_and_ends_no_other_check(warehouse: Warehouse) -> None:
    """A column that was renamed fails the check of the schema and each check that asks for it, and no other."""
    warehouse.run("DROP VIEW mean_amount")
    warehouse.run("ALTER TABLE claims RENAME COLUMN policy TO policy_id")
    found = warehouse.say(CHECKS, "data-check", window=Span.of("2h"))
    assert (found.value, found.n) == (Decimal(3), 4)
    assert "schema (lacks policy and has policy_id)" in str(found.note)
    assert "missing policy (policy is not there)" in str(found.note)
    warehouse.run("ALTER TABLE claims RENAME COLUMN policy_id TO policy")
    assert warehouse.say(CHECKS, "data-check", window=Span.of("2h")).value == 0


def test_checks_of_old_data_say_nothing(warehouse: Warehouse) -> None:
    """Data that were loaded long ago pass every check, and that is stale; no data at all is no data."""
    assert warehouse.say(CHECKS, "data-check", window=Span.of("2h"), max_age=Span.of("20m")).status == "stale"
    warehouse.run("DELETE FROM claims")
    assert warehouse.say(CHECKS, "data-check").status == "no_data"
    warehouse.run("DROP VIEW mean_amount")
    warehouse.run("ALTER TABLE claims RENAME COLUMN policy TO policy_id")
    assert warehouse.say(CHECKS, "data-check").value == 3


def test_a_check_that_answers_nothing_has_not_passed(warehouse: Warehouse) -> None:
    """Where a check gives no number the whole is an error: what was not checked has not passed."""
    odd = "taken_at: SELECT max(loaded_at) FROM claims\nodd: SELECT {} FROM claims"
    assert warehouse.say(odd.format("max(policy)"), "data-check").status == "error"
    assert warehouse.say(odd.format("NULL"), "data-check").status == "error"
    assert warehouse.say(odd.format("count(*) - 3"), "data-check").value == 0
