"""Everything that is on record is decided again, and comes out the same; what was altered does not."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.pure.ledgered import Ledgered, ledgered
from tests.pure.lives import revisions
from tests.pure.stories import STORIES
from tests.pure.world import Story
from tidegate import recompute, reconcile
from tidegate.models.event import Amend, Reduction
from tidegate.rules import RULES


@pytest.fixture(scope="module")
def kept() -> Ledgered:
    """Return the ledger of a rollout that came to its second wave."""
    return ledgered(Story().climb(2))


def found(rows: list[dict[str, Any]], kept: Ledgered) -> list[recompute.Difference]:
    """Return every difference."""
    return list(recompute.check(rows, kept.paper))


@pytest.mark.parametrize("name", list(STORIES))
def test_every_story_is_decided_again_as_it_was(name: str) -> None:
    """Each of the stories leaves a record from which each of its decisions comes out the same."""
    kept = ledgered(STORIES[name]())
    assert len(kept.rows) > 3
    assert found(kept.rows, kept) == []


def test_a_second_life_is_decided_again_beside_the_first() -> None:
    """Two lives of one use case lie in one stream, and neither is taken for the other."""
    one, two = ledgered(STORIES["vetoes"](), "life-1"), ledgered(STORIES["first_wave"](), "life-2")
    both = Ledgered([*one.rows, *two.rows], one.papers | two.papers)
    assert found(both.rows, both) == []
    assert len({row["life"] for row in both.rows}) == 2


def altered(kept: Ledgered, place: int, **words: Any) -> list[dict[str, Any]]:
    """Return the rows with some words of one of them replaced."""
    rows = copy.deepcopy(kept.rows)
    rows[place].update(words)
    return rows


def test_an_altered_line_is_found_and_no_other_is_named(kept: Ledgered) -> None:
    """Whatever is altered in any line, by whoever could mend the hashes too, that line is named, and only it."""
    for place, row in list(enumerate(kept.rows))[::5]:
        if row["number"] is None:
            continue
        other = "refused" if row["outcome"] == "done" else "done"
        for words in ({"outcome": other}, {"actor": {**row["actor"], "subject": "somebody-else"}}, {"wave": "w9"}):
            assert [one.seq for one in found(altered(kept, place, **words), kept)] == [row["seq"]]


def test_an_altered_event_is_found(kept: Ledgered) -> None:
    """Who said something, what they said, and when: none of it can be changed without being found."""
    votes = [place for place, row in enumerate(kept.rows) if row.get("heard", {}).get("kind") == "vote"]
    assert len(votes) > 3
    for place in votes[:3]:
        heard = kept.rows[place]["heard"]
        for event in (
            {**heard, "choice": "reject"},
            {**heard, "actor": {**heard["actor"], "subject": "comp-a"}},
            {**heard, "id": "another"},
        ):
            assert kept.rows[place]["seq"] in [one.seq for one in found(altered(kept, place, heard=event), kept)]
        assert found(altered(kept, place, occurred_at="2020-01-01T00:00:00Z"), kept)


def test_an_altered_state_is_found(kept: Ledgered) -> None:
    """What a decision changed in the state is bound to the state that it names."""
    for place, row in list(enumerate(kept.rows))[::6]:
        if "then" in row:
            then = {**row["then"], "change": {**row["then"]["change"], "counter": 99}}
            assert row["seq"] in [one.seq for one in found(altered(kept, place, then=then), kept)]


def test_a_line_that_was_taken_out_is_missed(kept: Ledgered) -> None:
    """A record without one of its lines, or with one more, is found."""
    places = [place for place, row in enumerate(kept.rows) if row["number"] is not None]
    for place in places[::9]:
        less = [row for at, row in enumerate(kept.rows) if at != place]
        more = [*kept.rows[: place + 1], {**kept.rows[place]}, *kept.rows[place + 1 :]]
        assert found(less, kept)
        assert found(more, kept)


def test_what_is_safer_was_decided_first() -> None:
    """A reduction that was decided after what arrived with it is out of order."""
    story = Story().climb(1)
    story.auto = False
    story.reduce(Reduction.PAUSE, "ops-a")
    story.batch -= 1
    story.reduce(Reduction.ROLLBACK, "ops-a")
    kept = ledgered(story)
    assert [one.kind for one in found(kept.rows, kept)] == ["out_of_order"]


def test_another_rule_names_the_decisions_it_would_change_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one constant changed, exactly the decisions that it enters are named; by their version they are older."""
    kept = ledgered(STORIES["stop_not_confirmed"]())
    retried = {
        row["seq"] for row in kept.rows if (row.get("then") or {}).get("change", {}).get("exposure", {}).get("retry_at")
    }
    assert retried
    monkeypatch.setattr(reconcile, "RETRIES", (timedelta(minutes=2),))
    differences = found(kept.rows, kept)
    assert {one.kind for one in differences} == {"differs"}
    named = {one.seq for one in differences}
    records = {row["record"] for row in kept.rows if row["seq"] in named}
    assert records == {row["record"] for row in kept.rows if row["seq"] in retried}
    monkeypatch.setattr(recompute, "RULES", RULES + 1)
    assert {one.kind for one in found(kept.rows, kept)} == {"older_rules"}
    monkeypatch.undo()
    monkeypatch.setattr(recompute, "RULES", RULES + 1)
    assert found(kept.rows, kept) == []


def test_nobody_says_that_other_rules_made_it(kept: Ledgered) -> None:
    """Rules that never were, that are yet to come, or that were left behind already, excuse nothing."""
    for rules in (0, RULES + 1, 99):
        assert {one.seq for one in found(altered(kept, 9, rules=rules), kept)} >= {kept.rows[9]["seq"]}


def test_records_are_missed_and_moved(kept: Ledgered) -> None:
    """A record that is not there, one in another place, and one that came with another batch are found."""
    records = [row["record"] for row in kept.rows]
    middle = records[len(records) // 2]
    assert found([row for row in kept.rows if row["record"] != middle], kept)
    assert found(altered(kept, 20, batch=0), kept)
    bare = {"record": None, "batch": None, "rules": None, "kind": "line"}
    stripped = [
        {**{name: value for name, value in row.items() if name not in ("heard", "then")}, **bare}
        for row in kept.rows[-6:]
        if row["number"] is not None
    ]
    assert {one.kind for one in found([*kept.rows[:-6], *stripped], kept)} == {"not_kept"}


def test_a_gap_is_closed_by_the_state_it_names() -> None:
    """A gap that says it lost more than it did, or whose state is another, is found."""
    story = Story().climb(1)
    story.began = (story.plan, story.state.but(outbox=(), written=0, stored=0), story.now)
    story.state = story.began[1]
    story.heard.clear()
    story.reduce(Reduction.HOLD)
    kept = ledgered(story)
    assert [one.kind for one in found(kept.rows, kept)] == ["not_kept"]
    digest = kept.rows[0]["then"]["state"]
    other = Ledgered(kept.rows, {**kept.papers, digest: {**kept.papers[digest], "counter": 99}})
    assert "differs" in [one.kind for one in found(kept.rows, other)]


def test_a_revision_that_was_proposed_in_a_gap_is_known_when_it_comes_in_force() -> None:
    """The state that closes the gap brings the plan that waits for votes: what is agreed to later is decided by it."""
    story = Story().climb(2)
    story.message(Amend, "owner", plan=revisions(story.plan)[0])
    proposed = story.state.proposal
    assert proposed is not None
    story.began = (story.plan, story.state.but(outbox=(), written=0, stored=0), story.now)
    story.state = story.began[1]
    story.heard.clear()
    story.agree()
    assert story.plan.digest == proposed.plan.digest
    story.reduce(Reduction.HOLD)
    kept = ledgered(story)
    assert [one.kind for one in found(kept.rows, kept)] == ["not_kept"]


def test_what_is_not_known_is_said_to_be_so(kept: Ledgered) -> None:
    """Without its beginning, its papers or its form a record is not passed as good."""
    assert {one.kind for one in found(kept.rows[7:], kept)} <= {"not_kept", "unreadable"}
    nothing = Ledgered(kept.rows, {})
    assert {one.kind for one in found(kept.rows, nothing)} == {"unreadable", "not_kept"}
    assert found(altered(kept, 3, heard={"kind": "nonsense"}), kept)[0].kind == "unreadable"


def test_what_the_ledger_does_itself_is_no_decision(kept: Ledgered) -> None:
    """An act of the ledger stands in the chain between decisions, and is not decided again."""
    act = {"life": None, "seq": 3, "kind": "erasure"}
    assert found([*kept.rows[:3], act, *kept.rows[3:]], kept) == []
