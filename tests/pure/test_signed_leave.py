"""What an adversary found in signed decisions: leave that outlives its key, words that come again once forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.keys import TO_SIGN, public, signed
from tests.pure.world import F, Story, but, said, standard_plan, with_member
from tidegate.decide import RECEIPTS_KEPT
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome, Receipt
from tidegate.models.event import Amend, Choice, Delegate, Override, Reassign, Vote
from tidegate.models.person import PublicKey
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import because

DAY = timedelta(days=1)
SIGNED = asking(signed=True)
KEYS = {
    "revoked": ((PublicKey(key=public("ops-a"), revoked=True), PublicKey(key=public("ops-a's next"))), False),
    "replaced": ((PublicKey(key=public("ops-a's next")),), False),
    "kept beside a new one": ((PublicKey(key=public("ops-a")), PublicKey(key=public("ops-a's next"))), True),
}
"""What becomes of a key that lent a seat, and whether the seat is still lent."""


def lent() -> Story:
    """Return a story whose first gate is open, and where ops-a has lent their seat to data-a by their signature."""
    story = opened(SIGNED)
    story.message(Delegate, "ops-a", to="data-a", function=F.OPERATIONS, until=story.now + 9 * DAY, verified=True)
    return story


def rekeyed(story: Story, keys: tuple[PublicKey, ...]) -> None:
    """Let ops-a have other keys."""
    plan = with_member(story.plan, "ops-a", keys=keys)
    assert said(story.message(Amend, "business", verified=True, plan=plan)) is Code.AMENDMENT


@pytest.mark.parametrize(("keys", "counts"), KEYS.values(), ids=KEYS)
def test_a_seat_that_a_lost_key_has_lent_is_lent_no_more(keys: tuple[PublicKey, ...], counts: bool) -> None:
    """Whoever had another's key and lent themselves the seat has no seat once that key is revoked or replaced."""
    story = lent()
    rekeyed(story, keys)
    code = said(story.vote("data-a", on_behalf_of="ops-a", verified=True))
    assert code is (Code.APPROVED if counts else Code.NO_SEAT)


@pytest.mark.parametrize(("keys", "counts"), KEYS.values(), ids=KEYS)
def test_a_yes_from_a_seat_that_a_lost_key_has_lent_counts_no_more(keys: tuple[PublicKey, ...], counts: bool) -> None:
    """Nor does a yes that was given from such a seat before, though it was signed with a good key."""
    story = lent()
    assert said(story.vote("data-a", on_behalf_of="ops-a", verified=True)) is Code.APPROVED
    rekeyed(story, keys)
    story.vote("risk-a", verified=True)
    assert (story.gate.satisfied_at is not None) == counts


@pytest.mark.parametrize("cast_first", [True, False])
@pytest.mark.parametrize(("keys", "counts"), KEYS.values(), ids=KEYS)
def test_a_seat_that_a_lost_key_of_the_head_has_given_is_gone(
    keys: tuple[PublicKey, ...], counts: bool, cast_first: bool
) -> None:
    """Whom a head of function has named with such a key decides nothing, whether they had voted or not."""
    story = opened(SIGNED)
    story.message(Reassign, "ops-a", gate=story.gate.id, function=F.OPERATIONS, to="data-a", verified=True)
    if cast_first:
        assert said(story.vote("data-a", verified=True)) is Code.APPROVED
    rekeyed(story, keys)
    if not cast_first:
        assert said(story.vote("data-a", verified=True)) is (Code.APPROVED if counts else Code.NO_SEAT)
    story.vote("risk-a", verified=True)
    assert (story.gate.satisfied_at is not None) == counts


def test_a_chain_rests_on_every_key_in_it() -> None:
    """A seat that is lent on is lost with the key of either who lent it."""
    story = opened(SIGNED)
    until = story.now + 9 * DAY
    story.message(Delegate, "ops-a", to="ops-b", function=F.OPERATIONS, until=until, verified=True)
    story.message(Delegate, "ops-b", to="data-a", function=F.OPERATIONS, until=until, verified=True)
    story.vote("data-a", on_behalf_of="ops-a", verified=True)
    assert [name for name, _ in story.gate.ballots[0].leave] == ["ops-b", "ops-a"]
    plan = with_member(story.plan, "ops-b", keys=(PublicKey(key=public("ops-b"), revoked=True),))
    story.message(Amend, "business", verified=True, plan=plan)
    story.vote("risk-a", verified=True)
    assert story.gate.satisfied_at is None


@pytest.mark.parametrize("crowded", [True, False])
def test_a_flood_of_what_is_safer_brings_no_yes_back(crowded: bool) -> None:
    """However much is said meanwhile, a veto that was lifted by a signed word and stands again is not lifted again."""
    story = opened(SIGNED)
    story.vote("risk-a", Choice.VETO, verified=True)
    lift = signed(
        story.ballot("risk-a", Choice.WITHDRAW_VETO, signature=TO_SIGN, not_after=story.now + 6 * DAY), story.state
    )
    assert isinstance(lift, Vote)
    assert said(story.say(lift)) is Code.VETO_WITHDRAWN
    assert said(story.vote("risk-a", Choice.VETO, verified=True)) is Code.VETOED
    known = story.state.receipts
    answer = Receipt(digest="0" * 64, outcome=Outcome.DONE, reason=because(Code.STARTED), until=story.now + DAY)
    crowd = {f"r{number}": answer for number in range(RECEIPTS_KEPT - len(known))} if crowded else {}
    story.state = story.state.but(receipts=known | crowd)
    for _ in range(len(known)):
        # Anybody may say it, without a key, and is heard in any crowd.
        story.vote("risk-b", Choice.REVOKE)
    # By then the crowd is forgotten, and the word is still good.
    story.wait(timedelta(hours=25))
    story.vote("risk-b", Choice.REVOKE)
    story.say(lift)
    assert F.RISK in story.state.vetoes


def test_so_many_taken_back_make_no_room_for_one_that_was() -> None:
    """Somebody who votes and takes it back without end makes no yes of another's count again."""
    story = opened(SIGNED)
    first = story.ballot("risk-a", verified=True)
    story.say(first)
    story.vote("risk-a", Choice.REVOKE)
    codes = []
    for _ in range(60):
        codes.append(said(story.vote("ops-a", verified=True)))
        story.vote("ops-a", Choice.REVOKE)
    assert codes[-1] is Code.TOO_MANY
    assert first.id in story.gate.revoked


@pytest.mark.parametrize("tightened", [True, False])
def test_a_revision_that_asks_for_signatures_asks_for_them_at_once(tightened: bool) -> None:
    """A round that was opened before counts only signed votes too, once the revision in force wants them."""
    story = opened(asking(signed=False))
    story.vote("risk-a")
    plan = but(story.plan, stages=asking(signed=tightened).stages, title="Another title")
    assert said(story.message(Amend, "business", plan=plan)) is Code.AMENDMENT
    assert story.gate.kind is GateKind.FIRST_EXPOSURE
    story.vote("ops-a")
    assert (story.gate.satisfied_at is None) == tightened
    if tightened:
        assert said(story.vote("ops-b")) is Code.SIGNATURE_REQUIRED
        story.vote("risk-b", verified=True)
        story.vote("ops-b", verified=True)
    story.wait_for(Phase.OBSERVING)
    assert standard_plan().exposure(1).people == story.people


@pytest.mark.parametrize("amended", [True, False])
def test_an_override_is_for_the_revision_that_its_asker_knew(amended: bool) -> None:
    """Words that were held back until their level meant something else open nothing; at once they are a yes."""
    story = Story(but(standard_plan(), stages=SIGNED.stages)).live()
    asked = Override(**story.envelope("exec", to="pilot/w2", incident="INC-1", verified=True))
    held_back = signed(asked, story.state)
    if amended:
        plan = but(story.plan, title="Another title")
        assert said(story.message(Amend, "business", verified=True, plan=plan)) is Code.AMENDMENT
        assert story.plan.digest == plan.digest
    assert said(story.say(held_back)) is (Code.BAD_SIGNATURE if amended else Code.APPROVED)
