"""Whoever looks sees one moment of the ledger, in order, and changes nothing."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from store.engine import Unreachable, engine, transaction
from store.ledger import Ledger
from store.migrate import upgrade
from store.reading import reading
from tests.store.rows import Kept, sent, stumbling, width

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def story(url: str) -> Kept:
    """A story that is kept."""
    played = Kept()
    stumbling(played)
    ledger = Ledger(url)
    for request in played.requests:
        ledger.append(request, "run", "0.1.0", NOW)
    ledger.close()
    return played


def test_rows_come_in_order_from_both_ends(url: str, story: Kept) -> None:
    """All, a part, the newest, one by its number and one by its id."""
    count = sum(map(width, story.requests))
    with reading(url) as view:
        rows = list(view.rows("claims-triage"))
        assert [row.seq for row in rows] == list(range(1, count + 1))
        assert list(view.rows("claims-triage", after=10, limit=5)) == rows[10:15]
        assert list(view.rows("claims-triage", limit=3, newest=True)) == rows[:-4:-1]
        assert view.row("claims-triage", 7) == view.row("claims-triage", rows[6].id) == rows[6]
        assert view.row("claims-triage", count + 1) is view.row("another", 7) is None
        assert list(view.rows("another")) == []
        assert view.streams() == [("claims-triage", count, 1, count)]


def test_what_rows_refer_to_is_found(url: str, story: Kept) -> None:
    """Papers by digest, texts by token, readings by metric, and where it stands."""
    with reading(url) as view:
        paper, *_ = view.papers([story.plan.digest, "0" * 64])
        assert json.loads(paper.body) == story.plan.model_dump(mode="json", exclude={"digest"})
        assert len(list(view.papers())) > 1
        token, said = next(iter(story.texts.items()))
        assert [(one.token, one.salt, one.text, one.erased_at) for one in view.texts([token])] == [
            (token, said.salt, said.text, None)
        ]
        assert {one.token for one in view.texts_of("claims-triage")} == set(story.texts)
        assert {one.token for one in view.texts()} == set(story.texts)
        (stood,) = view.inventory()
        assert (stood.stream, stood.life, stood.standing["use_case"]) == ("claims-triage", story.life, "claims-triage")
        assert {one.metric for one in view.readings("claims-triage", "errors")} == {"errors"}
        assert list(view.heads()) == list(view.heads("claims-triage")) == []


def test_more_than_one_page_is_asked_for(url: str, story: Kept) -> None:
    """A thousand tokens, most of them unknown, give those that are known."""
    with reading(url) as view:
        asked = [*(f"text-{number:064}" for number in range(1_000)), *story.texts]
        assert {one.token for one in view.texts(asked)} == set(story.texts)


def test_one_moment_is_seen(url: str, story: Kept) -> None:
    """What is written while somebody looks is not seen until they look again."""
    count = sum(map(width, story.requests))
    more = sent(life="another")
    ledger = Ledger(url)
    with reading(url) as view:
        rows: Iterator[object] = view.rows("claims-triage")
        next(rows)
        for request in more:
            ledger.append(request, "run", "0.1.0", NOW)
        assert len(list(rows)) == count - 1
        assert view.streams()[0].entries == count
    ledger.close()
    with reading(url) as view:
        assert view.streams()[0].entries == count + sum(map(width, more))


def test_a_reader_cannot_write(url: str) -> None:
    """The database itself refuses."""
    opened = engine(url, read_only=True)
    with pytest.raises(Unreachable, match=r"read.?only"), transaction(opened) as connection:
        connection.execute(text("DELETE FROM evidence"))
    opened.dispose()


def test_bytes_that_are_no_text_are_seen(tmp_path: Path) -> None:
    """A column of SQLite that somebody made unreadable is handed on as it is, and the rest with it."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    ledger = Ledger(url)
    for request in sent():
        ledger.append(request, "run", "0.1.0", NOW)
    ledger.close()
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text("UPDATE evidence SET id = CAST(x'ff61' AS TEXT), body = 'words' WHERE seq = 2"))
        connection.execute(text("UPDATE evidence SET body = CAST(x'ff62' AS TEXT) WHERE seq = 3"))
    opened.dispose()
    with reading(url) as view:
        rows = list(view.rows("claims-triage"))
    assert (rows[1].id, rows[1].body, rows[2].body) == (r"\xffa", b"words", b"\xffb")


def test_a_file_is_its_owners(tmp_path: Path) -> None:
    """The file and what SQLite puts beside it are readable by nobody else."""
    url = f"sqlite:///{tmp_path}/home/ledger.db"
    upgrade(url)
    ledger = Ledger(url)
    ledger.append(sent()[0], "run", "0.1.0", NOW)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "home").iterdir()}
    ledger.close()
    assert modes == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm"), 0o600)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_can_be_read(tmp_path: Path) -> None:
    """A ledger in a folder where one may not write can still be looked at."""
    folder = tmp_path / "theirs"
    upgrade(f"sqlite:///{folder}/ledger.db")
    folder.chmod(0o500)
    with reading(f"sqlite:///{folder}/ledger.db") as view:
        assert view.streams() == []
    folder.chmod(0o700)
