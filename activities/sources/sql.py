"""One figure from a database, PostgreSQL or SQLite, that is asked with one SELECT and keeps nothing of it.

    sources:
      warehouse: {kind: sql, settings: {dsn: env:WAREHOUSE, lag: 1h}}
    metrics:
      misrouted_per_100: {source: warehouse, window: 7d, every: 1d, query: "SELECT 100.0 * count(*) FILTER (WHERE moved)
        / count(*) AS value, count(*) AS n, max(loaded_at) AS taken_at FROM claims WHERE at >= :since AND at < :as_of"}

The answer is one row with the columns value, n, taken_at, and since if it likes; `query` may also name a view that has
such a row. It may leave open :since and :as_of (the window), :use_case and :metric. That it only reads, and how long
it may take, is for the database to see to.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from activities.secrets import secret
from activities.sources.contract import Odd, answered, one_line
from store.engine import Clash, Unreachable
from store.figures import Refused, asking
from tidegate import sources
from tidegate.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from activities.sources.contract import Asked
    from store.figures import Asking, Row
    from tidegate.models.reading import Reading

_COLUMNS = ("value", "n", "taken_at", "since")


class Sql:
    """Reads one row of one answer."""

    def __init__(self, root: Path) -> None:
        """Look for secrets under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return what the row says; no row, or no value in it, is no data."""
        question = sources.question(asked.metric.query or "")
        if question is None:
            raise Odd("it is not told what to read: `query` is no SELECT and no name of a view")
        with opened(settings, self._root) as (database, dialect):
            given = filled(settings, asked, dialect)
            row = only(database, question, given)
        if row is None:
            return answered(asked, None, asked.until(settings))
        if unknown := sorted(row.keys() - {*_COLUMNS}):
            raise Odd(f"it has a column {unknown[0]:.40}; there is {', '.join(_COLUMNS)}")
        if "value" not in row:
            raise Odd("it has no column `value`")
        taken = asked.until(settings) if row["value"] is None and row.get("taken_at") is None else row.get("taken_at")
        since = row.get("since") or (asked.since(settings) if ":since" in question else None)
        return answered(asked, row["value"], taken, n=row.get("n"), since=since, raw=spelled(row))


@contextmanager
def opened(settings: Mapping[str, str], root: Path) -> Iterator[tuple[Asking, str]]:
    """Open the database that a setting names by reference, and say how it speaks. Raises Odd for all that is wrong."""
    url = secret(settings, "dsn", root).reveal()
    dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
    try:
        with asking(url) as database:
            yield database, dialect
    except (Refused, Clash) as error:
        raise Odd(str(error)) from None
    except Unreachable as error:
        raise Odd(str(error).replace("the ledger's URL", "the URL").replace("the ledger", "it")) from None


def filled(settings: Mapping[str, str], asked: Asked, dialect: str) -> dict[str, Any]:
    """Return what a question may leave open."""
    window: dict[str, Any] = {"as_of": asked.until(settings), "since": asked.since(settings)}
    if dialect == "sqlite":
        # It has no times, only words: these sort with what its own functions write.
        window = {name: f"{at:%Y-%m-%d %H:%M:%S}" for name, at in window.items()}
    return {**window, "use_case": asked.use_case, "metric": asked.name}


def only(database: Asking, question: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the one row of an answer by its columns, or none."""
    found: Row = database.row(question, given)
    if len(found.rows) > 1:
        raise Odd("it answers with more than one row. Which one?")
    if len(set(found.columns)) < len(found.columns):
        raise Odd("two columns of its answer have one name")
    return dict(zip(found.columns, found.rows[0], strict=True)) if found.rows else None


def spelled(row: Mapping[str, Any]) -> bytes:
    """Return a row as bytes that are the same for the same row."""
    return digest({name: one_line(value) for name, value in row.items()}).encode()
