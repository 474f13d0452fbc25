"""The page about performance is made from what was measured, and every measurement can be run."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bench import decide
from bench.figures import Row, found, number, spelled
from bench.page import BENCHES, PAGE, bench, known, page
from tests.docs.readme import ROOT

_NO_BENCH = {"__init__", "__main__", "around", "bare", "figures", "page", "profiled"}


def test_the_page_says_what_was_measured() -> None:
    """The page is what is written from the kept results, so that no figure in it is anybody's own."""
    assert PAGE.read_text("utf-8") == page(known())


def test_another_figure_makes_another_page() -> None:
    """A result that differs in one figure cannot leave the page as it is."""
    results = copy.deepcopy(known())
    results["signatures"]["tables"][0]["rows"][0]["value"] *= 2
    assert page(results) != page(known())


def test_every_bench_is_run_by_make() -> None:
    """Each measurement in bench/ is one of those that `make bench` runs."""
    assert {path.stem for path in (ROOT / "bench").glob("*.py")} - _NO_BENCH == set(BENCHES)


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_says_what_stands_beside_what(name: str) -> None:
    """Each has a title, words, and a tiny and a full size for no option that it does not have."""
    one = bench(name)
    assert one.title
    assert one.what.endswith(".")
    assert set(one.tiny) == set(one.usual) >= set(one.full)
    assert known()[name]["sizes"].keys() == one.usual.keys()


def test_what_a_bench_finds_can_be_written_down() -> None:
    """A run in tiny sizes has rows beside floors, and makes a page and words in a terminal."""
    one = found("decide", decide.BENCH, decide.BENCH.tiny)
    rows = [row for table in one["tables"] for row in table["rows"]]
    assert all(row["floor"] and row["ratio"] for row in rows)
    assert rows[-1]["kept"] in {True, False}
    assert rows[0]["what"] in page({"decide": one})
    assert rows[0]["what"] in spelled(decide.BENCH.title, one)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (Row("a", 2.5, "s", 1.0, "<= 2.5"), True),
        (Row("a", 2.6, "s", 1.0, "<= 2.5"), False),
        (Row("a", 5.0, "/s", 10.0, ">= 0.5"), True),
        (Row("a", 4.9, "/s", 10.0, ">= 0.5"), False),
        (Row("a", 2.0, "ms", 0.1, "= <= 2"), True),
        (Row("a", 2.1, "ms", 9.0, "= <= 2"), False),
        (Row("a", 2.1, "ms", 9.0), None),
    ],
)
def test_an_aim_is_kept_or_missed(row: Row, kept: Any) -> None:
    """An aim is about the ratio to the floor, or about the figure itself where it says so."""
    assert row.kept is kept


@pytest.mark.parametrize(
    ("value", "words"), [(1234567.8, "1,234,568"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.01")]
)
def test_a_figure_has_three_digits_that_mean_something(value: float, words: str) -> None:
    """No figure pretends to be more exact than it is."""
    assert number(value) == words
