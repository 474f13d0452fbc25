"""The rooms of what is signed: the statement letter by letter, and what is said of a signature that proves nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.keys import TO_SIGN
from tests.pure.test_signature import PASSKEY, assertion, ballot, sent
from tests.pure.world import F, Story, said, standard_plan, with_member
from tidegate import statement
from tidegate.decide import decide
from tidegate.models.event import Amend, Override
from tidegate.models.proof import Signature
from tidegate.models.reasons import Code
from tidegate.turn import because

DAY = timedelta(days=1)
PLAN, SIGNED = standard_plan(), asking(signed=True)
ASKED = asking(signed=True, questions={F.RISK: ("Anything else?",)})
OF_NO_END = "a signed message must say until when it is good, at most seven days from now"


def test_a_statement_names_the_revision_that_is_proposed_or_is_in_force() -> None:
    """Of a revision its digest is signed; an override names a level, and in which revision that is what it is."""
    story = Story()
    words = {"schema": "tidegate/decision@1", "use_case": "claims", "nonce": "n"}
    amend = Amend(**story.envelope("business", id="m1", plan=PLAN))
    assert json.loads(statement.document("claims", "n", amend, "d" * 64)) == {
        **words, "kind": "amend", "as": "business", "said": {"id": "m1", "plan": PLAN.digest},
    }  # fmt: skip
    override = Override(**story.envelope("exec", id="m2", to="pilot/w2", incident="INC-1"))
    assert json.loads(statement.document("claims", "n", override, "d" * 64)) == {
        **words, "kind": "override", "as": "exec",
        "said": {"id": "m2", "to": "pilot/w2", "incident": "INC-1", "plan": "d" * 64},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("without", "says"), [("subject", "^subject: Field required$"), ("id", "^id: "), ("as", "'as' must say who sends")]
)
def test_what_nobody_would_understand_is_not_signed(without: str, says: str) -> None:
    """Words that a rollout could not hear are refused before they are signed, and what is wrong with them is said."""
    words = {"as": "risk-a", "id": "m1", "gate": "first_exposure-1", "subject": "0" * 64}
    assert json.loads(statement.statement(PLAN, "n", "approve", words))["said"]["id"] == "m1"
    with pytest.raises(ValueError, match=says):
        statement.statement(PLAN, "n", "approve", {name: word for name, word in words.items() if name != without})


def test_an_answer_to_what_the_plan_asks_is_signed_under_its_question() -> None:
    """The questions of a plan stand in the statement as they are asked; only what somebody answered is sealed."""
    story = opened(ASKED)
    words = {
        "as": "risk-a", "id": "m77", "not_after": (story.now + DAY).isoformat(), "gate": story.gate.id,
        "subject": story.gate.subject, "answers": {"Anything else?": "my own words", "And me?": "not asked"},
    }  # fmt: skip
    event = sent(story.plan, story.state.nonce, "approve", words, "a secret of this rollout")
    spelled = event.model_dump_json()
    assert "Anything else?" in spelled
    assert not any(word in spelled for word in ("my own words", "And me?", "not asked"))
    decision = decide(story.plan, story.state, event, story.now)  # type: ignore[arg-type]  # it is a vote
    assert (said(decision), decision.entries[0].verified) == (Code.APPROVED, True)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "without an end": ({"not_after": None}, OF_NO_END),
    "no SSH signature": ({"signature": Signature(method="ssh", proof="nothing")}, "it cannot be read"),
    "no assertion": ({"signature": Signature(method="passkey", proof="[1]")}, "it cannot be read"),
    "by a passkey that nobody knows": (
        {"signature": Signature(method="passkey", proof=assertion(b"", id="cred-ffffffffffffffff"))},
        "it names no passkey of theirs",
    ),
}


@pytest.mark.parametrize(("changes", "why"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_signature_is_said_with_whose_it_is_not(changes: dict[str, Any], why: str) -> None:
    """Whose signature it is not, and why, in words that tell people what to do otherwise; and the vote is refused."""
    story = opened(with_member(SIGNED, "risk-a", passkeys=(PASSKEY,)))
    decision = story.say(ballot(story, **changes))
    assert decision.receipt is not None
    assert decision.receipt.reason == because(Code.BAD_SIGNATURE, who="risk-a", why=why)
    assert not story.gate.ballots
    assert said(story.say(story.ballot("risk-a", signature=TO_SIGN, not_after=story.now + DAY))) is Code.APPROVED
