"""Every test of the store that asks for `url` runs on both databases."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from store.migrate import upgrade
from tests.store.postgres import Cluster, Lacking, cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def started() -> Iterator[Cluster]:
    """Run a PostgreSQL, or skip where it cannot be had."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(cluster())
        except Lacking as why:
            pytest.skip(str(why))
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL that all tests share."""
    yield from started()


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A PostgreSQL of one test alone, which may do to it what it likes."""
    yield from started()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    running: Cluster = request.getfixturevalue("postgres")
    return running.fresh()


@pytest.fixture
def url(empty: str) -> str:
    """The address of a ledger without evidence."""
    upgrade(empty)
    return empty
