"""Where only signed words count: what is refused without a signature, what is heard all the same, and what is noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.test_rehearsed import hand_in, result, vouched
from tests.pure.world import Story, said
from tidegate.decide import as_if_proven, decide
from tidegate.keys import fingerprints
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, Confirm, Override, Reduce, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.proof import Signature
from tidegate.models.reasons import Code
from tidegate.turn import because

DAY = timedelta(days=1)
SIGNED = asking(signed=True)


def test_what_would_follow_is_what_follows_from_a_signature() -> None:
    """Asked as if it were signed, an unsigned yes counts, with whose key and how; an agent's counts with none."""
    story = opened(SIGNED)
    plain = story.ballot("risk-a")
    key = fingerprints(story.plan.roster["risk-a"])[0]
    assert said(decide(story.plan, story.state, plain, story.now)) is Code.SIGNATURE_REQUIRED
    decision = as_if_proven(story.plan, story.state, plain, key, story.now)
    assert said(decision) is Code.APPROVED
    (ballot,) = decision.state.gates[story.gate.id].ballots
    assert (ballot.person, ballot.verified, ballot.key) == ("risk-a", True, key)
    (entry,) = [one for one in decision.entries if one.cause == plain.id]
    assert (entry.verified, entry.method, entry.key) == (True, "ssh", key)
    agent = story.ballot("risk-a", actor_kind=ActorKind.AGENT)
    assert said(as_if_proven(story.plan, story.state, agent, key, story.now)) is Code.NOT_A_PERSON


def test_what_must_be_signed_is_named() -> None:
    """Whoever is refused for want of a signature reads what it is that they must sign; signed, it is heard."""
    story = opened(SIGNED)
    refused = story.message(Resume, "owner", cause="mended")
    assert refused.receipt is not None
    assert refused.receipt.reason == because(Code.SIGNATURE_REQUIRED, gate="this resume")
    assert said(story.message(Resume, "owner", cause="mended", verified=True)) is Code.NOTHING_TO_RESUME


FORGED: dict[str, Any] = {"signature": Signature(method="ssh", proof="nothing"), "not_after": opened().now + DAY}


@pytest.mark.parametrize(
    ("words", "action", "code"),
    [(FORGED, "signature", Code.BAD_SIGNATURE), ({"id": "used"}, "message", Code.ID_CONFLICT)],
)
def test_what_is_wrong_with_a_message_stands_beside_what_it_does(
    words: dict[str, Any], action: str, code: Code
) -> None:
    """A signature that is none and an id that was used up are written down, and it is held all the same."""
    story = opened(SIGNED)
    story.message(Resume, "owner", id="used", cause="mended", verified=True)
    decision = story.say(Reduce(**story.envelope("ops-a", verb=Reduction.HOLD, **words)))
    first = decision.entries[0]
    assert (first.action, first.outcome, first.reason.code) == (action, Outcome.REFUSED, code)
    assert said(decision) is Code.HELD
    assert story.state.exposure.control is Control.HELD


@pytest.mark.parametrize(
    ("ratified", "verified", "code", "people"),
    [
        (False, False, Code.NOT_RATIFIED, 10),
        (True, False, Code.SIGNATURE_REQUIRED, 20),
        (True, True, Code.OBLIGATION_MET, 20),
    ],
)
def test_that_an_override_was_wrong_needs_no_signature(ratified: bool, verified: bool, code: Code, people: int) -> None:
    """Who says that it was wrong ends it, signed or not; who says that it was right must have signed that."""
    story = Story(SIGNED).climb(1)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-7", verified=True)
    assert story.people == 20
    name = next(key for key, owed in story.state.obligations.items() if owed.kind == "override_review")
    answer = story.message(Confirm, "risk-a", what=name, evidence="INC-7", ratified=ratified, verified=verified)
    assert (said(answer), story.people) == (code, people)


@pytest.mark.parametrize(
    ("verdict", "code"), [({}, Code.SIGNATURE_REQUIRED), ({"verdict": "red", "failed": 1}, Code.REHEARSED_RED)]
)
def test_a_red_rehearsal_is_heard_from_whoever_hands_it_in(verdict: dict[str, Any], code: Code) -> None:
    """What opens a gate must come signed by who brings it, and then counts; what shuts it need not."""
    story = opened(SIGNED)
    given = vouched(result(story, **verdict))
    assert said(hand_in(story, given)) is code
    if code is Code.SIGNATURE_REQUIRED:
        assert said(hand_in(story, given, verified=True)) is Code.REHEARSED
