"""What leaves a rollout for the ledger: bounded while that is away, whole when it is back, without anybody's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.ledgered import SECRET, backlog, ledgered, stored
from tests.pure.stories import STORIES
from tests.pure.world import Story
from tidegate import envelope, recompute, recording, seal
from tidegate.digest import canonical, digest
from tidegate.models.base import GateKind
from tidegate.models.event import Choice, Override, Promise, Question, Reduction, Resume, Sample
from tidegate.models.messages import Backlog
from tidegate.models.sample import Found, Weakness
from tidegate.turn import BATCH

WORDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abcde"), WORDS, max_size=5)


@given(OBJECTS, OBJECTS)
def test_a_change_makes_one_of_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whatever two objects are, the change between them makes the second of the first; none is needed for the same."""
    assert recording.changed(before, recording.change(before, after)) == after
    assert recording.change(before, before) == {}


def test_what_changes_nothing_leaves_no_record() -> None:
    """A message that was heard already is in the record once."""
    story = Story().climb(1)
    hold = story.envelope("ops-a")
    story.auto = False
    story.reduce(Reduction.HOLD, id=hold["id"])
    once = backlog(story).number
    story.reduce(Reduction.HOLD, id=hold["id"])
    assert story.heard[-1].decision.entries == ()
    assert backlog(story).number == once


def test_a_batch_is_whole_records_in_order() -> None:
    """Batches together hold each record and each line once, in order, and none is cut."""
    story = STORIES["ways_down"]()
    kept, lines = backlog(story), list(story.entries)
    numbers: list[int] = []
    records: list[int] = []
    while kept.records or lines:
        rows = recording.batch(kept, lines)
        assert 0 < sum(max(len(row.entries), 1) for row in rows) <= BATCH
        numbers += [entry.number for row in rows for entry in row.entries]
        records += [row.record.number for row in rows if row.record is not None]
        lines = [line for line in lines if line.number > numbers[-1]] if numbers else lines
        kept = recording.stored(kept, rows, story.plan, story.state, story.now)
    assert numbers == [entry.number for entry in story.entries]
    assert records == list(range(records[-1] + 1))


def test_a_long_outage_is_bounded_and_closed_by_the_whole_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be kept is counted; every line is there all the same, and what follows is decided again."""
    monkeypatch.setattr(recording, "KEPT", 20_000)
    story = Story().climb(1)
    kept = backlog(story)
    assert kept.missed > 0
    assert kept.weight <= recording.KEPT
    sent = list(recording.batch(kept, story.entries))
    lines = {entry.number for row in sent for entry in row.entries}
    left = [entry for entry in story.entries if entry.number not in lines]
    kept = recording.stored(kept, sent, story.plan, story.state, story.now)
    assert (kept.missed, [record.event["kind"] for record in kept.records]) == (0, ["missed"])
    papers = {paper.digest: paper.words for paper in (*backlog(story).papers, *kept.papers)}
    before, spelled = len(story.heard), recording.spell(story.state)
    story.reduce(Reduction.HOLD)
    for one in story.heard[before:]:
        kept, spelled = recording.heard(kept, spelled, one.event, {}, one.decision, one.now)
    sent += recording.batch(kept, [*left, *(entry for entry in story.entries if entry.number > len(lines) + len(left))])
    rows = list(stored("claims-triage", "life-1", sent))
    assert [row["number"] for row in rows if row["number"]] == [entry.number for entry in story.entries]
    kinds = [one.kind for one in recompute.check(rows, papers.__getitem__)]
    assert "differs" not in kinds
    assert "not_kept" in kinds
    after = [row for row in rows if (row["record"] or 0) > kept.records[0].number]
    assert after


def test_no_words_of_anybody_reach_the_chain() -> None:
    """Reasons, answers, promises, causes and incidents are tokens in every row and every state."""
    words = "the words of somebody"
    story = Story().climb(2).review()
    sealed = seal.sealed(
        story.ballot(
            "risk-a",
            Choice.APPROVE_WITH_CONDITIONS,
            reason=f"{words} 1",
            answers={f"{words} ?": f"{words} 2"},
            promises=(Promise(what=f"{words} 3", owner="business", due=story.now),),
        ),
        SECRET,
    )
    assert len(sealed[1]) == 4  # and a question that the plan does not ask
    for event, texts in (
        sealed,
        seal.sealed(Resume(**story.envelope("business", cause=f"{words} 4", reason=f"{words} 5")), SECRET),
        seal.sealed(Question(**story.envelope("ops-a", what=f"{words} 6")), SECRET),
        seal.sealed(Question(**story.envelope("owner", answers="question-1", answer=f"{words} 7")), SECRET),
        seal.sealed(Sample(**story.envelope("ops-a", runs=1, evidence=f"{words} 8", found=found(words))), SECRET),
    ):
        assert words not in event.model_dump_json()
        assert {text.text[: len(words)] for text in texts.values()} == {words}
        assert all(seal.token(text.salt, text.text) == mark for mark, text in texts.items())
        assert seal.opened(event, texts).model_dump_json().count(words) == len(texts)


def found(words: str) -> tuple[Found, ...]:
    """Return two things that somebody found."""
    return tuple(Found(cause=cause, what=f"{words} {cause.value}") for cause in tuple(Weakness)[:2])


def test_the_same_message_is_sealed_the_same_and_another_is_not() -> None:
    """Said again under its id it has the same tokens; under another id, or in another rollout, nobody can tell."""
    story = Story()
    one = story.envelope("ops-a", reason="because")
    marks = [
        set(seal.sealed(Resume(**{**one, "id": name}, cause="because"), secret)[1])
        for name, secret in (("m1", "s"), ("m1", "s"), ("m2", "s"), ("m1", "t"))
    ]
    assert marks[0] == marks[1]
    assert marks[0].isdisjoint(marks[2])
    assert marks[0].isdisjoint(marks[3])
    assert len(marks[0]) == 2


def test_two_people_who_name_one_incident_speak_of_the_same() -> None:
    """An override completes another by its incident, so the same words have one token there, whoever says them."""
    story = Story()
    marks = []
    for who, incident in (("exec", "INC-7"), ("ops-a", "INC-7"), ("ops-a", "INC-8")):
        event, _ = seal.sealed(Override(**story.envelope(who, to="pilot/w2", incident=incident)), SECRET)
        assert isinstance(event, Override)
        marks.append(event.incident)
    assert marks[0] == marks[1] != marks[2]


def test_opening_is_safe_for_any_words() -> None:
    """Words with quotes, breaks and tokens in them come back as they were, and nothing else is touched."""
    hostile = 'a "quote" \\ and\na break\t' + "text-" + "0" * 64
    event, texts = seal.sealed(Resume(**Story().envelope("ops-a"), cause=hostile), SECRET)
    assert isinstance(event, Resume)
    assert seal.opened(event, texts).cause == hostile
    assert seal.opened(event, {}).cause == event.cause
    assert seal.read(f"<{event.cause}>", texts) == f"<{hostile}>"
    assert seal.tokens(event.cause) == (event.cause,)


def test_texts_are_carried_for_as_long_as_somebody_needs_them() -> None:
    """What waits for the ledger is kept, what the state still speaks of is kept, and the rest is forgotten."""
    story = Story().climb(2).review()
    gate = story.gate
    promise = Promise(what="train the floor", owner="business", due=story.now)
    vote, texts = seal.sealed(
        story.ballot("risk-a", Choice.APPROVE_WITH_CONDITIONS, gate, reason="fine", promises=(promise,)), SECRET
    )
    before = recording.spell(story.state)
    decision = story.say(vote)
    kept, _ = recording.heard(Backlog(secret=SECRET), before, vote, texts, decision, story.now)
    assert set(recording.carried(kept, story.state, ()).texts) == set(texts)
    rows = recording.batch(kept, decision.entries)
    gone = recording.stored(kept, rows, story.plan, story.state, story.now)
    (mark,) = recording.carried(gone, story.state, ()).texts
    assert gone.texts[mark].text == "train the floor"
    assert gate.kind is GateKind.CHECKPOINT
    assert set(recording.forgotten(gone, (mark,)).texts) == set(texts) - {mark}
    assert set(recording.forgotten(kept, (mark,)).texts) == set(texts)


def test_rows_are_bound_to_each_other_and_say_when_they_are_the_same() -> None:
    """A row's hash covers the one before it; sent again it is the same truth, and with other words it is not."""
    kept = ledgered(STORIES["first_wave"]())
    prev = envelope.FIRST
    for row in kept.rows:
        assert row["prev"] == prev
        prev = digest(row)
        body = {name: value for name, value in row.items() if name not in envelope.ADDED}
        assert envelope.same(row, body)
        assert not envelope.same(row, {**body, "action": "another"})
        assert json.loads(canonical(row)) == row
    assert len({row["id"] for row in kept.rows}) == len(kept.rows)
