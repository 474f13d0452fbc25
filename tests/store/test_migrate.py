"""The tables come forward from wherever they are, once, and never from a future that this code does not know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from store import migrations
from store.engine import engine, transaction
from store.migrate import Ahead, revisions, standing, upgrade
from store.models import Table

REVISIONS = revisions()
SCRIPTS = Path(migrations.__file__).parent
TABLES = {
    "evidence", "papers", "texts", "heads", "inventory", "readings", "rolls", "memberships", "embargoes", "quarantine"
}  # fmt: skip


def tables(url: str) -> set[str]:
    """Return the names of all tables."""
    opened = engine(url, read_only=True)
    with opened.connect() as connection:
        names = set(inspect(connection).get_table_names())
    opened.dispose()
    return names


def test_every_revision_is_known_by_its_file() -> None:
    """What the files are called is what Alembic finds in them, each after the one before."""
    assert [script.revision for script in ScriptDirectory(SCRIPTS).walk_revisions()][::-1] == list(REVISIONS)


def test_an_empty_database_comes_forward(empty: str) -> None:
    """From nothing to everything, and once more without a change."""
    assert standing(empty) == ("empty", None, REVISIONS[-1])
    assert upgrade(empty) == upgrade(empty) == standing(empty) == ("current", REVISIONS[-1], REVISIONS[-1])
    assert tables(empty) == TABLES | {"alembic_version"}


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_committed_revision_comes_forward(empty: str, revision: str) -> None:
    """A database that stopped at any revision comes forward to the newest one."""
    there = upgrade(empty, revision)
    assert there.stands == ("current" if revision == REVISIONS[-1] else "behind")
    assert upgrade(empty).stands == "current"


def test_models_and_migrations_agree(url: str) -> None:
    """What the revisions made is what the models say."""
    opened = engine(url)
    with opened.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    opened.dispose()


def test_workers_who_start_together_migrate_once(empty: str) -> None:
    """Four at once all find the tables as they should be."""
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(upgrade, [empty] * 4))
    assert {end.stands for end in ends} == {"current"}


def test_a_newer_ledger_is_refused(url: str) -> None:
    """A revision that this code does not know is named, and nothing is touched."""
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.dispose()
    assert standing(url).stands == "ahead"
    with pytest.raises(Ahead, match="revision 9999, which this Tidegate does not know"):
        upgrade(url)
    assert standing(url).at == "9999"
