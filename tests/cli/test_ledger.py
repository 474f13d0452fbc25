"""`ledger upgrade`: the tables brought forward, and why they are not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from store.migrate import revisions
from tests.cli.run import Here

HEAD = revisions()[-1]


def test_the_tables_are_made_and_then_left_as_they_are(tidegate: Here) -> None:
    """The first time says from nothing to where, the second that they are current; both end well."""
    assert f"from nothing to {HEAD}." in tidegate("ledger", "upgrade").out
    assert f"its tables are current, at {HEAD}." in tidegate("ledger", "upgrade").out
    said = json.loads(tidegate("ledger", "upgrade", "--json").out)
    assert (said["was"], said["at"], said["changed"]) == (HEAD, HEAD, False)


def test_tables_of_a_newer_tidegate_are_left_alone(tidegate: Here, tmp_path: Path) -> None:
    """What a newer one has written to is refused as a no, and stays at its revision."""
    tidegate("ledger", "upgrade")
    with closing(sqlite3.connect(tmp_path / ".tidegate" / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    answer = tidegate("ledger", "upgrade")
    assert answer.code == 1
    assert "which this Tidegate does not know" in answer.err


def test_a_ledger_that_cannot_be_reached_is_one(tidegate: Here, tmp_path: Path) -> None:
    """A database that does not answer ends with 4, and its password is not said."""
    tidegate.patch.setenv("TIDEGATE_LEDGER", f"postgresql://somebody:hidden@/ledger?host={tmp_path}")
    answer = tidegate("ledger", "upgrade")
    assert answer.code == 4
    assert "PostgreSQL database ledger" in answer.err
    assert "hidden" not in answer.err
