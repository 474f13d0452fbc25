"""Words are erased for good, who did it and why is kept, and the chain is whole."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from store.erasing import erase, of_person, older
from store.ledger import Ledger
from store.migrate import upgrade
from store.reading import reading
from tests.store.rows import Kept, stumbling
from tidegate.envelope import FIRST

if TYPE_CHECKING:
    from store.erasing import Erased

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STREAM = "claims-triage"


@pytest.fixture
def story(url: str) -> Kept:
    """A story that is kept."""
    return keep(url)


def keep(url: str) -> Kept:
    """Play a story, and keep it."""
    played = Kept()
    stumbling(played)
    ledger = Ledger(url)
    for request in played.requests:
        ledger.append(request, "run", "0.1.0", NOW)
    ledger.close()
    return played


def gone(url: str, *tokens: str) -> Erased:
    """Erase texts."""
    return erase(url, STREAM, tokens, by="privacy", why="somebody asked for it", now=NOW, tool="0.1.0")


def test_what_is_erased_is_gone_and_said_to_be(url: str, story: Kept) -> None:
    """Salt and words are gone, who and when and why is there, and every other text still stands."""
    mark, *others = story.texts
    erased = gone(url, mark, mark, "text-" + "0" * 64)
    with reading(url) as view:
        texts = {one.token: one for one in view.texts_of(STREAM)}
        row = view.row(STREAM, erased.seq or 0)
    assert erased.tokens == (mark,)
    assert texts[mark] == (mark, None, None, "2026-11-30T12:00:00.000000Z", "privacy", "somebody asked for it")
    assert all(texts[other].text == story.texts[other].text for other in others)
    assert row is not None
    body = json.loads(row.body)
    assert (body["kind"], body["action"], body["outcome"]) == ("erasure", "texts erased", "done")
    assert (body["actor"]["subject"], body["life"], body["heard"]["texts"]) == ("privacy", None, [mark])
    assert texts[body["heard"]["reason"]].text == "somebody asked for it"
    assert b"somebody asked" not in row.body


def test_the_chain_is_whole_afterwards(url: str, story: Kept) -> None:
    """The row about it is bound like every other, and the rollout goes on after it."""
    mark, *_ = story.texts
    gone(url, mark)
    story.requests.clear()
    story.climb(4)
    ledger = Ledger(url)
    for request in story.requests:
        ledger.append(request, "run", "0.1.0", NOW)
    ledger.close()
    prev = FIRST
    with reading(url) as view:
        rows = list(view.rows(STREAM))
        assert next(view.texts([mark])).text is None
    for seq, row in enumerate(rows, start=1):
        assert (row.seq, row.prev, row.hash) == (seq, prev, hashlib.sha256(row.body).hexdigest())
        prev = row.hash


def test_what_is_erased_already_is_no_deed(url: str, story: Kept) -> None:
    """Erasing nothing adds nothing."""
    mark, *_ = story.texts
    first = gone(url, mark)
    assert first.seq is not None
    assert gone(url, mark) == gone(url, "text-" + "0" * 64) == gone(url) == ((), None)
    with reading(url) as view:
        assert view.streams()[0].last == first.seq


def test_texts_of_another_stream_are_left_alone(url: str, story: Kept) -> None:
    """Only texts of the stream that is named are erased."""
    assert erase(url, "another", list(story.texts), by="privacy", why="no", now=NOW, tool="0.1.0") == ((), None)


def test_all_words_of_a_person_are_found(url: str, story: Kept) -> None:
    """What somebody said is found by their name in any spelling, until it is erased."""
    found = of_person(url, STREAM, " Business ")
    words = {story.texts[said.token].text for said in found}
    assert words == {"the queue is worked off", "as agreed by telephone"}
    gone(url, *(said.token for said in found))
    assert of_person(url, STREAM, "business") == []
    assert of_person(url, STREAM, "ops-a") != []
    assert [said.token for said in of_person(url, STREAM, "privacy")] != []


def test_what_is_older_than_a_span_is_named(url: str, story: Kept) -> None:
    """Texts said before a moment, oldest first, and none of those after it."""
    everything = older(url, STREAM, NOW + timedelta(days=3_650))
    assert {said.token for said in everything} == set(story.texts)
    moments = [datetime.fromisoformat(said.at) for said in everything]
    assert moments == sorted(moments)
    middle = moments[len(moments) // 2]
    assert older(url, STREAM, middle) == [said for said, at in zip(everything, moments, strict=True) if at < middle]
    assert older(url, STREAM, moments[0]) == []


def test_no_byte_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    """Neither SQLite's file nor what lies beside it has the words any more."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    story = keep(url)
    (mark,) = [token for token, said in story.texts.items() if "complaints" in said.text]
    assert b"a queue of complaints" in (tmp_path / "ledger.db").read_bytes()
    gone(url, mark)
    left = [file.name for file in tmp_path.iterdir() if b"a queue of complaints" in file.read_bytes()]
    assert left == []
