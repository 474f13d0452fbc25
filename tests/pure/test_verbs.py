"""What people send: every verb is heard by its name, and nothing that anybody sends is ever an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.models.event import ActorKind, Choice, Fault, Message, Reduce, Reduction, Vote
from tidegate.verbs import LARGEST, VERBS, heard, line

DIGEST = "a" * 64
VOTE = {"as": "risk-a", "gate": "first-exposure-1", "subject": DIGEST}
RESULT = {
    "use_case": "claims-triage", "plan": DIGEST, "scenarios": {"late-risk": DIGEST}, "verdict": "green", "expected": 2,
    "failed": 0, "stuck": False, "reached": "pilot", "since": "2026-12-01T00:00:00Z", "until": "2027-12-01T00:00:00Z",
    "ran": "2026-11-30T00:00:00Z", "tool": "0.9.0", "rules": 5, "lived": [DIGEST],
}  # fmt: skip
TWINS: dict[str, dict[str, Any]] = {
    "start": {},
    "ready": {"item": "archive", "evidence": "box 4"},
    "delegate": {"to": "risk-b", "function": "risk", "until": "2026-12-24T00:00:00Z"},
    "remind": {"gate": "first-exposure-1"},
    "reassign": {"gate": "first-exposure-1", "function": "risk", "to": "risk-b"},
    "postpone": {"gate": "first-exposure-1", "until": "2026-12-24T00:00:00Z"},
    "let_through": {"gate": "first-exposure-1", "subject": "0" * 64, "freeze": "year-end"},
    "confirm": {"what": "stop", "evidence": "seen"},
    "resume": {"cause": "mended"},
    "override": {"to": "pilot/w1", "incident": "INC-7"},
    "changed": {"what": "model", "name": "small-text", "version": "2026-12-01"},
    "issue": {"what": "Old forms are misread"},
    "exception": {"item": "training", "control": "a colleague sits beside", "until": "2026-12-24T00:00:00Z"},
    "exception_decision": {"name": "exception-4", "accept": True},
    "hand_over": {"artefacts": [{"name": "docs/runbook.md", "digest": "a" * 64, "size": 7}]},
    "retire": {},
    "terminate": {},
    "withdraw": {},
    "reading": {"items": {"errors": {"status": "value", "value": "1.5", "n": 4, "taken_at": "2026-12-01T00:00:00Z"}}},
    "drill": {"way": "rollback", "subjects": "test/claims"},
    "stop_the_line": {"dependency": "small-text"},
    "alert": {"fingerprint": "a", "starts_at": "2026-12-01T00:00:00Z"},
    "turnover": {"left": 2},
    "sample": {"runs": 40, "misses": 1, "evidence": "docs/sample.csv"},
    "question": {"what": "May it read letters?"},
    "rehearsed": {"document": {"result": RESULT, "by": "risk-a"}},
    "moved": {"since": "2026-12-01T00:00:00Z", "until": "2026-12-24T00:00:00Z"},
    "training": {"change": "Show how a wrong class is corrected."},
    **{choice.value: {"gate": "first-exposure-1", "subject": DIGEST} for choice in Choice},
    **{way.value: {"reason": "a complaint"} for way in Reduction},
}


def say(verb: str, words: object) -> object:
    """Hear a message."""
    return heard(verb, json.dumps(words).encode(), "fresh-1")


def test_every_verb_has_a_twin_here() -> None:
    """No verb is without an example; a revision is too long for one."""
    assert {*TWINS, "amend"} == set(VERBS)


@pytest.mark.parametrize("verb", TWINS)
def test_every_verb_is_heard(verb: str) -> None:
    """Said by its name with its words, each is a message of its sender, unproven, with a fresh id."""
    event = say(verb, {"as": " Risk-A ", **TWINS[verb]})
    assert isinstance(event, Message), event
    assert (event.actor.subject, event.actor.verified, event.id) == ("risk-a", False, "fresh-1")
    assert event.actor.kind is (ActorKind.SERVICE if verb in ("alert", "turnover") else ActorKind.HUMAN)


def test_a_name_says_the_choice_and_the_way_down() -> None:
    """`veto` is a vote that vetoes, and `pause` a reduction that pauses."""
    vote, reduction = say("veto", VOTE), say("pause", {"as": "ops-a"})
    assert isinstance(vote, Vote)
    assert vote.choice is Choice.VETO
    assert isinstance(reduction, Reduce)
    assert reduction.verb is Reduction.PAUSE


def test_an_id_is_kept() -> None:
    """Who brings an id is known by it when the same words come again."""
    event = say("hold", {"as": "ops-a", "id": "mine-7"})
    assert isinstance(event, Message)
    assert event.id == "mine-7"


@pytest.mark.parametrize(
    ("verb", "words", "note"),
    [
        ("approve", {**VOTE, "actor": {"subject": "risk-a", "verified": True}}, "'actor' may not be given"),
        ("approve", {**VOTE, "kind": "start"}, "'kind' may not be given"),
        ("reject", {**VOTE, "choice": "approve"}, "'choice' may not be given"),
        ("hold", {"as": "ops-a", "verb": "rollback"}, "'verb' may not be given"),
        ("hold", {"reason": "nobody"}, "'as' must say who sends it"),
        ("hold", {"as": 7}, "'as' must say who sends it"),
        ("hold", {"as": ""}, "subject: String should have at least 1 character"),
        ("hold", ["ops-a"], "it must be a JSON object"),
        ("hold", None, "it must be a JSON object"),
        ("hold", {"as": "ops-a", "more": 1}, "more: Extra inputs are not permitted"),
        ("approve", {**VOTE, "subject": "x"}, "subject: String should match pattern '^[0-9a-f]{64}$'"),
        ("widen", {"as": "ops-a"}, "there is no message of that name"),
        ("", {"as": "ops-a"}, "there is no message of that name"),
    ],
)
def test_what_may_not_be_said_is_a_fault(verb: str, words: object, note: str) -> None:
    """Who somebody is, how we know and what the name says already are never theirs to give; a fault holds nothing."""
    event = say(verb, words)
    assert isinstance(event, Fault)
    assert (event.note, event.holds) == (note, False)


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (None, "it must carry exactly one JSON object"),
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'"' + b"x" * LARGEST + b'"', "it is larger than 600 kB"),
    ],
)
def test_what_is_no_message_at_all_is_a_fault(said: bytes | None, note: str) -> None:
    """Nothing, broken text, depth without end and size without end are put aside with their reason."""
    event = heard("hold", said, "fresh-1")
    assert isinstance(event, Fault)
    assert event.note == note


@given(
    st.text(max_size=80),
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["as", "id", "to"]), inner),
        ).map(lambda words: json.dumps(words).encode()),
    ),
)
def test_nothing_that_is_sent_is_an_error(name: str, said: bytes) -> None:
    """Whatever the name and whatever the words, the answer is an event, and a fault says so in one printable line."""
    for verb in (name, "hold", "approve", "reading"):
        event = heard(verb, said, "fresh-1")
        if isinstance(event, Fault):
            assert event.name.isprintable()
            assert event.note.isprintable()
            assert Fault.model_validate(event.model_dump()) == event


@given(st.text())
def test_a_line_is_one_printable_line(text: str) -> None:
    """Anybody's text becomes one line that can be shown and is never blank."""
    shown = line(text)
    assert shown.isprintable()
    assert 0 < len(shown) <= 200
    assert shown == shown.strip()
