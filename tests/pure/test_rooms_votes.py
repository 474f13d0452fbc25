"""The rooms of a single vote: in which words it is refused, and what a yes that was given still counts for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import F, Story, said, standard_plan, with_gate, with_member
from tidegate import votes
from tidegate.decide import Decision
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome, Reason
from tidegate.models.event import Choice, Delegate, Promise
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.turn import because

DAY = timedelta(days=1)
PLAN, SIGNED = standard_plan(), asking(signed=True)
OTHER_KEYS = {"risk-a": ("SHA256:of-another-day",)}


def refusal(decision: Decision) -> Reason:
    """Return why a message was refused."""
    assert decision.receipt is not None
    assert decision.receipt.outcome is Outcome.REFUSED
    return decision.receipt.reason


def changed(story: Story, **changes: Any) -> Story:
    """Return the story with its open round changed."""
    gate = story.gate
    story.state = story.state.but(gates={gate.id: gate.but(**changes)})
    return story


REFUSED: dict[str, tuple[Plan, dict[str, Any], dict[str, Any], Code, dict[str, str]]] = {
    "in a function that is not asked": (
        PLAN, {}, {"function": F.COMPLIANCE}, Code.NOT_NEEDED, {"function": "compliance", "gate": "{gate}"},
    ),
    "not signed where that is asked": (SIGNED, {}, {}, Code.SIGNATURE_REQUIRED, {"gate": "{gate}"}),
    "signed with a key of later": (
        PLAN, {"keys_before": OTHER_KEYS}, {"verified": True}, Code.LATE_KEY, {"who": "risk-a", "gate": "{gate}"},
    ),
    "taken back before": (PLAN, {"revoked": ("m77",)}, {"id": "m77"}, Code.ID_CONFLICT, {"id": "m77"}),
    "where too many were taken back": (
        PLAN, {"revoked": tuple(f"v{number}" for number in range(50))}, {}, Code.TOO_MANY,
        {"what": "votes taken back"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "gate", "words", "code", "facts"), REFUSED.values(), ids=REFUSED)
def test_a_yes_is_refused_in_words_that_name_what_is_wrong(
    plan: Plan, gate: dict[str, Any], words: dict[str, Any], code: Code, facts: dict[str, str]
) -> None:
    """Who, which round, which function, which message: whoever is refused can see what to do otherwise."""
    story = changed(opened(plan), **gate)
    named = {name: fact.format(gate=story.gate.id) for name, fact in facts.items()}
    assert refusal(story.vote("risk-a", **words)) == because(code, **named)
    assert not story.gate.ballots
    assert said(opened(plan).vote("risk-a", verified=True)) is Code.APPROVED


@pytest.mark.parametrize("late", [False, True])
def test_a_vote_that_comes_too_late_hears_when_it_was_over(late: bool) -> None:
    """A round takes votes until its last second; from then on it says which round it was, and until when."""
    story = opened()
    gate = story.gate
    story.now = gate.expires_at - timedelta(seconds=not late)
    decision = story.vote("risk-a", gate=gate)
    if late:
        assert refusal(decision) == because(Code.GATE_EXPIRED, gate=gate.id, at=gate.expires_at)
    else:
        assert said(decision) is Code.APPROVED


@pytest.mark.parametrize("owed", [99, 100])
def test_a_promise_too_many_is_named_as_one(owed: int) -> None:
    """From a hundred things owed on it is conditions of which there are too many."""
    story = opened()
    due = story.now + 90 * DAY
    debt = Obligation(kind="condition", what="train", owner="business", due=due)
    story.state = story.state.but(obligations={f"condition-{number}": debt for number in range(owed)})
    promise = Promise(what="train the floor", owner="business", due=due)
    decision = story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    if owed < 100:
        assert said(decision) is Code.APPROVED_WITH_CONDITIONS
    else:
        assert refusal(decision) == because(Code.TOO_MANY, what="conditions")


@pytest.mark.parametrize("before", [OTHER_KEYS, {}])
def test_a_veto_is_lifted_with_a_key_of_before(before: dict[str, Any]) -> None:
    """A key that somebody had not when the round was opened lifts no veto, and the answer says whose and where."""
    story = opened()
    story.vote("risk-a", Choice.VETO)
    changed(story, keys_before=before)
    decision = story.vote("risk-a", Choice.WITHDRAW_VETO, verified=True)
    if before:
        assert refusal(decision) == because(Code.LATE_KEY, who="risk-a", gate=story.gate.id)
    else:
        assert said(decision) is Code.VETO_WITHDRAWN
    assert bool(story.state.vetoes) is bool(before)


# -- what still counts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [True, False])
def test_where_a_revision_asks_for_signatures_an_unsigned_yes_counts_no_more(verified: bool) -> None:
    """A yes that was given before without one is none under a revision that counts only signed decisions."""
    story = opened()
    story.vote("risk-a", verified=verified)
    gate = story.gate
    (ballot,) = gate.ballots
    stricter = with_gate(story.plan, GateKind.FIRST_EXPOSURE, signed=True)
    assert votes.valid(story.plan, gate, ballot, story.now)
    assert votes.valid(stricter, gate, ballot, story.now) is verified
    assert ("risk" in votes.missing(stricter, gate, story.now)) is not verified


@pytest.mark.parametrize(
    ("functions", "excluded", "counts"),
    [((F.RISK,), (), True), ((F.OPERATIONS,), (), False), ((F.RISK,), ("risk-a",), False)],
)
def test_a_delegates_yes_is_as_good_as_the_seat_it_was_given_from(
    functions: tuple[F, ...], excluded: tuple[str, ...], counts: bool
) -> None:
    """Whose seat it was must hold the function still, and must not have asked for it: each alone is not enough."""
    story = opened()
    story.message(Delegate, "risk-a", to="data-a", function=F.RISK, until=story.now + 9 * DAY)
    assert said(story.vote("data-a")) is Code.APPROVED
    plan = with_member(story.plan, "risk-a", functions=functions)
    gate = story.gate.but(excluded=(*story.gate.excluded, *excluded))
    (ballot,) = gate.ballots
    assert (ballot.person, ballot.principal) == ("data-a", "risk-a")
    assert votes.valid(plan, gate, ballot, story.now) is counts
    assert ("risk" in votes.missing(plan, gate, story.now)) is not counts
