"""What is stopped across rollouts, as the actuator reads it: said again, nothing changes, whatever came meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from store import embargoes, migrate
from store.engine import engine
from store.reading import reading
from tidegate.models.line import Embargo, Lifted, Scope

if TYPE_CHECKING:
    from pathlib import Path

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIFTED = Lifted(by="risk-officer", at=NINE + timedelta(hours=1))


def stop(life: str, since: datetime, lifted: Lifted | None = None) -> Embargo:
    """A stop of one model."""
    return Embargo(scope=Scope(kind="model", name="small-text"), life=life, since=since, by="anybody", lifted=lifted)


class Shelf:
    """A ledger in which stops are kept."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'ledger.db'}"
        migrate.upgrade(self.url)

    def keep(self, *said: Embargo) -> None:
        """Write them down, one after the other."""
        opened = engine(self.url)
        for one in said:
            embargoes.keep(opened, one)
        opened.dispose()

    def stands(self) -> list[str]:
        """Which of them bar a widening."""
        with reading(self.url) as view:
            return [one.life for one in embargoes.kept(view)]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty one."""
    return Shelf(tmp_path)


def test_a_lift_that_arrives_late_lifts_no_later_stop(shelf: Shelf) -> None:
    """An attempt that hung is made after all, when it has been stopped anew: that one stands."""
    shelf.keep(stop("a", NINE), stop("a", NINE, LIFTED))
    assert shelf.stands() == []
    shelf.keep(stop("b", NINE + timedelta(hours=2)), stop("a", NINE, LIFTED))
    assert shelf.stands() == ["b"]


def test_a_lift_takes_with_it_what_an_earlier_stop_left_behind(shelf: Shelf) -> None:
    """Somebody ended that one from outside, and nobody else would ever lift it."""
    shelf.keep(stop("a", NINE), stop("b", NINE + timedelta(minutes=1)))
    assert shelf.stands() == ["a", "b"]
    shelf.keep(stop("b", NINE + timedelta(minutes=1), LIFTED))
    assert shelf.stands() == []


def test_a_stop_is_lifted_by_its_own_lift_though_the_clock_was_set_back(shelf: Shelf) -> None:
    """When it began is no reason to leave it standing: it is the one that is meant."""
    shelf.keep(stop("a", NINE + timedelta(hours=3), LIFTED))
    assert shelf.stands() == []
