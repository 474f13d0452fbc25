"""The ledger's activity: evidence is kept once, a second truth is refused for good, and an outage is tried again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ledger import TOOL, LedgerActivities
from tests import evidence
from tests.pure import ledgered
from tests.pure.world import Story
from tidegate.models.decision import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.task import StoreRequest


def store(url: str, task: StoreRequest) -> int:
    """Run the activity once."""
    ledger = LedgerActivities(url)
    number: int = ActivityEnvironment().run(ledger.store, task)
    ledger.close()
    return number


def test_evidence_is_kept_once(tmp_path: Path) -> None:
    """However often it is sent, each line is there once, with the run that sent it and the version that kept it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    story = Story().live()
    (request,), _ = ledgered.sent(story)
    assert store(url, request) == store(url, request) == story.state.written
    lines = evidence.lines(tmp_path, "claims-triage")
    assert [line["number"] for line in lines] == list(range(1, story.state.written + 1))
    assert {line["tool"] for line in lines} == {TOOL}
    assert all(line["run"] for line in lines)


def test_a_second_truth_is_not_tried_again(tmp_path: Path) -> None:
    """Other words under a number that is kept are refused for good, and change nothing."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    (request,), _ = ledgered.sent(Story().live())
    store(url, request)
    before = evidence.rows(tmp_path, "claims-triage")
    row = next(row for row in request.rows if row.entries)
    other = row.but(entries=(row.entries[0].but(outcome=Outcome.EXPIRED), *row.entries[1:]))
    rows = tuple(other if one is row else one for one in request.rows)
    with pytest.raises(ApplicationError) as caught:
        store(url, request.but(rows=rows))
    assert (caught.value.type, caught.value.non_retryable) == ("SecondTruth", True)
    assert evidence.rows(tmp_path, "claims-triage") == before


def test_an_outage_is_tried_again_and_tells_no_secret() -> None:
    """A database that nobody reaches is worth another try, and the password is in no word of it."""
    (request,), _ = ledgered.sent(Story().live())
    with pytest.raises(ApplicationError) as caught:
        store("postgresql://tidegate:open-sesame@127.0.0.1:1/ledger", request)
    assert (caught.value.type, caught.value.non_retryable) == ("Unreachable", False)
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_ledger_that_is_ahead_is_left_alone(tmp_path: Path) -> None:
    """Where a newer Tidegate wrote, nothing is written, and it is tried again until somebody mends that."""
    (request,), _ = ledgered.sent(Story().live())
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    store(url, request)
    before = evidence.rows(tmp_path, "claims-triage")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    with pytest.raises(ApplicationError) as caught:
        store(url, request)
    assert (caught.value.type, caught.value.non_retryable) == ("Unreachable", False)
    assert "newer" in str(caught.value)
    assert evidence.rows(tmp_path, "claims-triage") == before
