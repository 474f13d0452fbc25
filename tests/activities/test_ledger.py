"""The ledger's activity: evidence is kept in order and once, and a second truth is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ledger import FileLedger, LedgerActivities
from tests.pure.world import Story
from tidegate.models.decision import Entry
from tidegate.models.task import StoreRequest

ENTRIES = tuple(Story().live().entries)


def store(root: Path, entries: tuple[Entry, ...], stream: str = "first") -> int:
    """Store entries as the worker does."""
    hands = LedgerActivities(FileLedger(root))
    number: int = ActivityEnvironment().run(
        hands.store, StoreRequest(use_case="claims-triage", stream=stream, entries=entries)
    )
    return number


def kept(root: Path) -> list[str]:
    """Return the lines that are kept."""
    return (root / "claims-triage.jsonl").read_text("utf-8").splitlines()


def test_a_retry_adds_nothing(tmp_path: Path) -> None:
    """The same entries again, or some of them with new ones, are kept once, and the answer is the last number."""
    assert store(tmp_path, ENTRIES[:3]) == 3
    assert store(tmp_path, ENTRIES[:3]) == 3
    assert store(tmp_path, ENTRIES[1:5]) == 5
    assert store(tmp_path, ENTRIES[:2]) == 5
    assert len(kept(tmp_path)) == 5


def test_a_second_truth_is_refused(tmp_path: Path) -> None:
    """Other words under a number that is kept are refused for good, and nothing is written."""
    store(tmp_path, ENTRIES[:3])
    other = (ENTRIES[3], ENTRIES[2].but(actor="somebody-else"))
    with pytest.raises(ApplicationError) as refused:
        store(tmp_path, other)
    assert (refused.value.type, refused.value.non_retryable) == ("SecondTruth", True)
    assert len(kept(tmp_path)) == 3
    assert store(tmp_path, ENTRIES[2:4]) == 4


def test_a_gap_is_refused(tmp_path: Path) -> None:
    """A number whose predecessor is missing is not kept."""
    store(tmp_path, ENTRIES[:1])
    with pytest.raises(ApplicationError):
        store(tmp_path, ENTRIES[2:3])
    assert store(tmp_path, ENTRIES[1:2]) == 2


def test_a_use_case_that_begins_anew_begins_a_new_stream(tmp_path: Path) -> None:
    """The first entry of another life is not the second truth of the life before."""
    store(tmp_path, ENTRIES[:2])
    assert store(tmp_path, (ENTRIES[0].but(actor="somebody-else"),), stream="second") == 1
    assert len(kept(tmp_path)) == 3
