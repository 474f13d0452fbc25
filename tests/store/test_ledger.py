"""Evidence is kept in order and once, with what it refers to, and a second truth is refused."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from store import chain
from store.engine import engine, transaction
from store.ledger import Ledger, SecondTruth
from tests.store.rows import LIFE, Kept, held, sent, singly, stumbling, width
from tidegate.digest import canonical
from tidegate.envelope import FIRST
from tidegate.models.event import Reduction
from tidegate.models.task import StoreRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A ledger without evidence."""
    opened = Ledger(url)
    yield opened
    opened.close()


def keep(ledger: Ledger, *requests: StoreRequest) -> list[int]:
    """Keep what is sent; return each answer."""
    return [ledger.append(request, "run-1", "0.1.0", NOW) for request in requests]


def rows(url: str, query: str = "SELECT seq, id, prev, hash, body FROM evidence ORDER BY stream, seq") -> list[Any]:
    """Return what is in the database."""
    opened = engine(url, read_only=True)
    with transaction(opened) as connection:
        found = list(connection.execute(text(query)))
    opened.dispose()
    return found


def linked(found: Iterable[Any]) -> bool:
    """Whether rows are one chain from its beginning, and each says what its columns say."""
    prev = FIRST
    for seq, row in enumerate(found, start=1):
        body = json.loads(row.body)
        said = (body["seq"], body["id"], body["prev"], hashlib.sha256(row.body).hexdigest())
        if (row.seq, row.id, row.prev, row.hash) != said or (row.seq, row.prev) != (seq, prev):
            return False
        prev = row.hash
    return True


def test_a_story_is_kept_in_one_chain(url: str, ledger: Ledger) -> None:
    """Every row is there in order, bound to the one before, with the number of its line and who kept it."""
    requests = sent(stumbling)
    answers = keep(ledger, *requests)
    found = rows(url)
    assert len(found) == sum(map(width, requests))
    assert linked(found)
    bodies = [json.loads(row.body) for row in found]
    numbers = [body["number"] for body in bodies if body["number"] is not None]
    assert numbers == list(range(1, answers[-1] + 1))
    assert [body["record"] for body in bodies if "heard" in body] == list(range(bodies[-1]["record"] + 1))
    assert {(body["run"], body["tool"], body["recorded_at"]) for body in bodies} == {
        ("run-1", "0.1.0", "2026-11-30T12:00:00.000000Z")
    }


def test_a_retry_adds_nothing(url: str, ledger: Ledger) -> None:
    """The same rows again, alone or with new ones, are kept once, and the answer is the last number of the life."""
    requests = sent()
    whole = requests[0].but(rows=tuple(row for request in requests for row in request.rows))
    first, *_, last = keep(ledger, *requests)
    before = rows(url)
    assert keep(ledger, requests[0], whole, requests[-1]) == [last] * 3
    assert rows(url) == before
    assert 0 < first < last


def test_a_retry_with_more_adds_what_is_more(url: str, ledger: Ledger) -> None:
    """A batch whose first rows are kept already adds the others."""
    requests = sent()
    whole = requests[0].but(rows=tuple(row for request in requests for row in request.rows))
    keep(ledger, requests[0])
    keep(ledger, whole)
    assert len(rows(url)) == width(whole)
    assert linked(rows(url))


def test_a_second_truth_is_refused(url: str, ledger: Ledger) -> None:
    """Other words under an id that is kept are refused, and of the whole batch nothing is written."""
    requests = sent()
    keep(ledger, requests[0])
    row = requests[0].rows[-1]
    other = row.but(entries=(row.entries[0].but(actor="somebody-else"), *row.entries[1:]))
    before = rows(url)
    with pytest.raises(SecondTruth, match="is kept with other words"):
        keep(ledger, requests[1].but(rows=(*requests[1].rows, other)))
    assert rows(url) == before


def test_what_follows_nothing_is_refused(url: str, ledger: Ledger) -> None:
    """A line or an event whose predecessor is missing is not kept."""
    first, second, third, *_ = sent()
    with pytest.raises(SecondTruth, match="follows"):
        keep(ledger, second)
    keep(ledger, first)
    with pytest.raises(SecondTruth, match="follows"):
        keep(ledger, third)
    without_record = third.but(rows=tuple(row.but(record=None) for row in third.rows if row.entries))
    with pytest.raises(SecondTruth, match=r"number .* follows"):
        keep(ledger, without_record)
    assert len(rows(url)) == width(first)


def test_a_use_case_that_begins_anew_goes_on_in_the_same_stream(url: str, ledger: Ledger) -> None:
    """Another life counts anew and is bound to the life before; a late retry of the old one adds nothing."""
    old, new = sent(), sent(stumbling, life="second")
    keep(ledger, *old)
    last = keep(ledger, *new)[-1]
    before = rows(url)
    assert linked(before)
    assert keep(ledger, old[0], old[-1], new[0])[2] == last
    assert rows(url) == before


def test_lives_that_take_turns_are_each_kept_in_order(url: str, ledger: Ledger) -> None:
    """Rows of two lives in one stream, one after the other, stay in the order of each."""
    requests = {life: list(singly(sent(life=life))) for life in ("one", "two")}
    for pair in zip(*requests.values(), strict=True):
        keep(ledger, *pair)
    found = rows(url)
    assert linked(found)
    ids = [row.id for row in found if row.id.startswith("one/")]
    assert [one.replace("one", "two") for one in ids] == [row.id for row in found if row.id.startswith("two/")]


def test_the_newest_row_of_a_life_is_looked_for_from_the_end(url: str, ledger: Ledger) -> None:
    """However little the database knows of its tables yet, it reads backwards, and neither all of them nor sorts."""
    keep(ledger, *held(100))
    said = "EXPLAIN QUERY PLAN" if url.startswith("sqlite") else "EXPLAIN"
    with transaction(ledger.engine) as connection:
        looked = text(f"{said} {chain._OF_LIFE}")
        plan = str(connection.execute(looked, {"stream": "claims-triage", "life": f"{LIFE}/"}).all()).lower()
    assert "index" in plan
    assert not re.search("sort|temp|seq scan|bitmap", plan), plan


def test_an_id_belongs_to_one_stream(ledger: Ledger) -> None:
    """The same life under another use case is a second truth."""
    first, *_ = sent()
    keep(ledger, first)
    with pytest.raises(SecondTruth):
        keep(ledger, first.but(use_case="another-one"))


def test_a_fork_is_refused_by_the_database(url: str, ledger: Ledger) -> None:
    """Where another row follows the last one already, nothing is added beside it."""
    requests = sent()
    keep(ledger, *requests)
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(
            text("UPDATE evidence SET prev = (SELECT hash FROM evidence ORDER BY seq DESC LIMIT 1) WHERE seq = 1")
        )
    opened.dispose()
    before = rows(url)
    with pytest.raises(SecondTruth, match="does not wait their turn"):
        keep(ledger, *sent(life="second"))
    assert rows(url) == before


def test_what_was_only_counted_leaves_a_gap_that_says_so(url: str, ledger: Ledger) -> None:
    """Lines without their events, and then the count of those, are kept; without the count they are refused."""

    def outage(story: Kept) -> None:
        story.live()
        story.auto = False
        for _ in range(150):
            story.reduce(Reduction.HOLD, reason="a long reason " * 60)
        story.auto = True
        story.answer()
        story.reduce(Reduction.PAUSE)

    requests = sent(outage)
    keep(ledger, *requests)
    bodies = [json.loads(row.body) for row in rows(url)]
    (gap,) = [body for body in bodies if body["kind"] == "missed"]
    assert [body["record"] for body in bodies].count(None) > 1
    before = [body["record"] for body in bodies[: bodies.index(gap)] if body["record"] is not None]
    assert gap["record"] == before[-1] + 1 + gap["heard"]["count"]
    numbers = [body["number"] for body in bodies if body["number"] is not None]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "state" in {row.kind for row in rows(url, "SELECT kind FROM papers")}


def test_papers_and_texts_are_kept_beside(url: str, ledger: Ledger) -> None:
    """Plans and briefings have the digest of their bytes, and every text that was said stands under its token."""
    story = Kept()
    stumbling(story)
    keep(ledger, *story.requests)
    papers = rows(url, "SELECT digest, kind, body FROM papers")
    assert {paper.kind for paper in papers} == {"plan", "briefing"}
    assert all(hashlib.sha256(paper.body).hexdigest() == paper.digest for paper in papers)
    texts = {row.token: row for row in rows(url, "SELECT token, salt, text, stream FROM texts")}
    assert {token: (one.salt, one.text) for token, one in texts.items()} == {
        token: (one.salt, one.text) for token, one in story.texts.items()
    }
    assert all(text.text.encode() not in row.body for text in texts.values() for row in rows(url))


def test_an_erased_text_stays_erased(url: str, ledger: Ledger) -> None:
    """A retry that brings a text again does not bring it back."""
    requests = sent(stumbling)
    keep(ledger, *requests)
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text("UPDATE texts SET salt = NULL, text = NULL, erased_at = 'now'"))
    opened.dispose()
    keep(ledger, *requests)
    assert {row.text for row in rows(url, "SELECT text FROM texts")} == {None}


def test_readings_are_listed(url: str, ledger: Ledger) -> None:
    """Every value of every round of readings has a row that points to its evidence."""
    keep(ledger, *sent(stumbling))
    found = rows(url, "SELECT r.*, e.body FROM readings r JOIN evidence e ON e.stream = r.stream AND e.seq = r.seq")
    said = [json.loads(row.body)["heard"]["items"][row.metric] for row in found]
    assert [(row.status, row.value, row.n, row.taken_at) for row in found] == [
        (one["status"], one.get("value"), one.get("n", 0), one["taken_at"]) for one in said
    ]
    every = [json.loads(row.body).get("heard", {}) for row in rows(url)]
    assert len(found) == sum(len(heard["items"]) for heard in every if heard.get("kind") == "readings") > 5


def test_the_inventory_never_goes_back(url: str, ledger: Ledger) -> None:
    """Only a newer standing replaces the one that is known."""
    requests = sent(stumbling)
    keep(ledger, *requests)
    (last,) = rows(url, "SELECT * FROM inventory")
    assert last.standing == requests[-1].standing.model_dump_json() if requests[-1].standing else False
    keep(ledger, requests[0])
    assert rows(url, "SELECT * FROM inventory") == [last]
    standing = requests[-1].standing
    assert standing is not None
    later = standing.but(at=standing.at + timedelta(milliseconds=1), line="later")
    keep(ledger, requests[-1].but(rows=(), papers=(), texts={}, standing=later))
    (newer,) = rows(url, "SELECT * FROM inventory")
    assert (newer.number, json.loads(newer.standing)["line"]) == (last.number, "later")


def test_bytes_are_canonical(url: str, ledger: Ledger) -> None:
    """What is stored is the one spelling of what it says."""
    keep(ledger, *sent(stumbling))
    assert all(canonical(json.loads(row.body)) == row.body for row in rows(url))
