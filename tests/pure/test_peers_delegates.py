"""How delegates and deputies failed elsewhere, and do not fail here; beside each, a twin that passes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import F, Story, but, member, said, standard_plan
from tidegate.models.event import Delegate, Postpone, Reassign
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

DAY = timedelta(days=1)


def delegated(story: Story, *pairs: tuple[str, str], function: F = F.RISK, days: int = 30) -> None:
    """Let people delegate a function to each other."""
    for who, to in pairs:
        decision = story.message(Delegate, who, to=to, function=function, until=story.now + timedelta(days=days))
        assert said(decision) is Code.DELEGATED


@pytest.mark.parametrize(("days", "code"), [(1, Code.NO_SEAT), (9, Code.APPROVED)])
def test_delegations_end(days: int, code: Code) -> None:
    """A delegate acts as long as the delegation lasts, and both names stand in the record."""
    story = opened()
    delegated(story, ("risk-a", "data-a"), days=days)
    story.wait(2 * DAY - timedelta(minutes=1))
    assert said(story.vote("data-a")) is code
    entry = story.entries[-1] if code is Code.NO_SEAT else next(e for e in story.entries if e.reason.code is code)
    assert entry.actor == "data-a"
    assert entry.on_behalf_of == ("risk-a" if code is Code.APPROVED else None)


def test_delegates_in_a_circle() -> None:
    """Two who delegate to each other are still two people and two votes, and the search comes to an end."""
    story = opened(asking(functions={F.RISK: 2}))
    delegated(story, ("risk-a", "risk-b"), ("risk-b", "risk-a"))
    story.vote("risk-a")
    assert story.gate.satisfied_at is None
    assert said(story.vote("risk-a", on_behalf_of="risk-b")) is Code.ALREADY_VOTED
    story.vote("both")
    assert story.phase is Phase.SCHEDULED


@pytest.mark.parametrize(("whose", "code"), [("risk-c", Code.NO_SEAT), ("risk-a", Code.APPROVED)])
def test_chains_of_delegates_are_short(whose: str, code: Code) -> None:
    """A delegate may delegate once more; beyond that nobody knows any longer who decides."""
    plan = standard_plan()
    story = opened(but(plan, roster={**plan.roster, "risk-c": member("risk-c", (F.RISK,))}))
    delegated(story, ("risk-c", "risk-a"), ("risk-a", "risk-b"), ("risk-b", "data-a"))
    assert said(story.vote("data-a", on_behalf_of=whose)) is code


@pytest.mark.parametrize(("author", "code"), [(("owner", "risk-a"), Code.NO_SEAT), (("owner",), Code.APPROVED)])
def test_requesters_do_not_approve_through_a_delegate(author: tuple[str, ...], code: Code) -> None:
    """The seat of who is barred is barred for whoever sits on it."""
    story = opened(but(standard_plan(), authors=author))
    delegated(story, ("risk-a", "data-a"))
    assert said(story.vote("data-a")) is code


@pytest.mark.parametrize("to", ["vendor", "gone", "stranger", "risk-a"])
def test_delegates_must_be_eligible(to: str) -> None:
    """Nobody delegates to a vendor, to who left, to a stranger or to themselves."""
    story = opened()
    until = story.now + DAY
    assert said(story.message(Delegate, "risk-a", to=to, function=F.RISK, until=until)) is Code.NO_DELEGATE
    assert said(story.message(Delegate, "risk-a", to="data-a", function=F.RISK, until=until)) is Code.DELEGATED


def test_nobody_delegates_what_they_do_not_hold() -> None:
    """A function that one does not hold cannot be given away."""
    story = opened()
    decision = story.message(Delegate, "ops-a", to="data-a", function=F.RISK, until=story.now + DAY)
    assert said(decision) is Code.ONLY_FUNCTION


@pytest.mark.parametrize(
    ("who", "to", "code"),
    [
        ("risk-a", "data-a", Code.REASSIGNED),
        ("risk-b", "data-a", Code.NOT_HEAD),
        ("risk-a", "owner", Code.NO_DELEGATE),
        ("risk-a", "risk-a", Code.NO_DELEGATE),
    ],
)
def test_reassigning_is_the_heads(who: str, to: str, code: Code) -> None:
    """The head of a function names who else may decide one gate, and neither themselves nor who asked for it."""
    story = opened()
    assert said(story.message(Reassign, who, gate=story.gate.id, function=F.RISK, to=to)) is code
    assert said(story.vote("data-a")) is (Code.APPROVED if code is Code.REASSIGNED else Code.NO_SEAT)


@pytest.mark.parametrize(
    ("who", "code"), [("owner", Code.REQUESTER), ("risk-a", Code.POSTPONED), ("business", Code.NO_RIGHT)]
)
def test_requesters_do_not_buy_time(who: str, code: Code) -> None:
    """A review is given more time once, by who decides it, and not by who asked for it."""
    story = opened()
    until = story.gate.expires_at + DAY
    assert said(story.message(Postpone, who, gate=story.gate.id, until=until)) is code
    again = story.message(Postpone, "ops-a", gate=story.gate.id, until=until + DAY)
    assert said(again) is (Code.POSTPONED_ONCE if code is Code.POSTPONED else Code.POSTPONED)
