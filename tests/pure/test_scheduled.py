"""What was agreed for later: it happens in its time or ends aloud; nothing is forgotten, and nothing else widens."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.pure.machine import judge
from tests.pure.once import once
from tests.pure.world import F, Story, but, exposure, standard_plan, with_rules, with_rung
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Amend, Changed, Choice, Observed, Override, Reduction
from tidegate.models.handing import Artefact, HandOver
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.subject import What

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
AFTER = timedelta(days=4)


def worth(plan: Plan, money: int, *levels: int) -> Plan:
    """Return the plan with another budget in some waves, or in all."""
    for level in levels or range(1, len(plan.ladder) + 1):
        plan = with_rung(plan, level, exposure=plan.exposure(level).but(budget_per_month=Decimal(money)))
    return plan


@once
def operating() -> Story:
    """Return a rollout that operates, and is looked at; never to be told on, but from another one like it."""
    story = Story(worth(standard_plan(), 100)).operate()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    return story


def raised(story: Story, plan: Plan | None = None) -> Gate:
    """Let more money be agreed to, for when people have been told."""
    story.message(Amend, "owner", plan=plan or worth(story.plan, 200))
    gate = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.AMENDMENT)
    story.agree(gate)
    assert (story.phase, story.state.position.purpose, money(story)) == (Phase.SCHEDULED, GateKind.AMENDMENT, 100)
    return gate


def reviewed() -> tuple[Story, Gate, Gate]:
    """Return a rollout whose review is open while a raise is scheduled, and both rounds of votes."""
    story = operating()
    review = story.gate
    return story, review, raised(story)


def money(story: Story) -> int:
    """Return how much may be spent in a month."""
    return int(story.state.exposure.desired.budget_per_month or 0)


def ended(story: Story, gate: Gate) -> str | None:
    """Return how a round of votes ended, if it did."""
    return next((over.how for over in story.state.closed if over.id == gate.id), None)


def said_of(story: Story, gate: Gate) -> list[str]:
    """Return what was written down about the end of what was agreed, where people were told of it too."""
    ends = [
        entry.reason
        for entry in story.entries
        if (entry.gate, entry.reason.code, entry.outcome) == (gate.id, Code.SUPERSEDED, Outcome.SUPERSEDED)
    ]
    heard = [move.about for move in story.moves if isinstance(move, Notify) and "business" in move.to]
    assert all(reason in heard for reason in ends)
    return [reason.facts["by"] for reason in ends]


# -- it happens in its time -------------------------------------------------------------------------------------------


def test_a_review_that_passes_takes_nothing_of_what_was_agreed() -> None:
    """People look and it goes on as it is: more money comes when its time has come, exactly as it was signed."""
    story, review, gate = reviewed()
    story.agree(review)
    assert (ended(story, review), story.phase, money(story)) == ("consumed", Phase.SCHEDULED, 100)
    story.wait(AFTER)
    assert (money(story), ended(story, gate)) == (200, "consumed")
    assert story.applied()[-1].exposure == gate.change


def test_it_is_as_it_would_have_been_without_the_review() -> None:
    """The twin in which nobody votes in the review comes to the same money on the same day."""
    story, review, _ = reviewed()
    twin = story.again()
    story.agree(review)
    for one in (story, twin):
        one.wait_for(Phase.OBSERVING)
    assert (money(story), story.now) == (money(twin), twin.now)


def test_the_next_review_is_a_whole_cadence_away() -> None:
    """A review that passed is over, whatever is scheduled: its missed deadlines are, and it is not asked for again."""
    story, review, _ = reviewed()
    story.agree(review)
    position = story.state.position
    assert (position.missed, position.narrow_at) == (0, None)
    assert position.observation is not None
    assert position.observation.review_at > story.now + 20 * DAY
    assert (position.phase, position.target, position.purpose) == (Phase.SCHEDULED, 5, GateKind.AMENDMENT)


def test_it_happens_once() -> None:
    """What was used is used: the same votes raise nothing a second time."""
    story, review, gate = reviewed()
    story.agree(review)
    story.wait(AFTER)
    before = story.state.exposure.epoch
    story.message(Amend, "owner", plan=worth(story.plan, 100))
    story.wait(AFTER)
    assert (money(story), ended(story, gate)) == (100, "consumed")
    assert story.state.exposure.epoch > before
    assert [entry.gate for entry in story.entries if entry.reason.code is Code.AUTHORISED].count(gate.id) == 1


def test_a_passed_review_lengthens_no_yes() -> None:
    """A yes that lapses while it waits asks again; it is not carried past its time by a review."""
    story = operating()
    review = story.gate
    slow = tuple(notice.but(lead=Span.of("14d")) for notice in story.plan.notices)
    gate = raised(story, but(worth(story.plan, 200), notices=slow))
    story.agree(review)
    assert story.phase is Phase.SCHEDULED
    story.wait(timedelta(days=9))
    assert money(story) == 100
    assert Code.REOPENED in [entry.reason.code for entry in story.entries if entry.gate == gate.id]


def test_a_handoff_that_is_signed_takes_nothing_of_what_was_agreed() -> None:
    """The receiver signs while more money is scheduled: it operates, and the money comes when its time has come."""
    story = handing()
    raised(story)
    story.vote("receiver", gate=next(gate for gate in story.state.gates.values() if gate.kind is GateKind.HANDOFF))
    assert story.state.position.handed_over
    assert story.phase is Phase.SCHEDULED
    story.wait(AFTER)
    assert money(story) == 200


def handing() -> Story:
    """Return a rollout whose receiver is asked to sign."""
    story = Story(worth(standard_plan(), 100)).climb(5)
    story.review()
    story.agree()
    story.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    assert story.gate.kind is GateKind.HANDOFF
    return story


# -- or it ends aloud -------------------------------------------------------------------------------------------------


def test_a_change_that_is_said_ends_it_aloud() -> None:
    """Something under it changed: people look again first, and whoever agreed to more hears that it does not come."""
    story, _, gate = reviewed()
    story.message(Changed, "business", what=What.PROMPT)
    assert ended(story, gate) == "superseded"
    assert said_of(story, gate) == ["what came first (checkpoint due); who still wants it asks anew"]
    assert not [key for key in story.state.announcements if key.startswith(f"{gate.id}-")]
    story.wait(AFTER)
    assert money(story) == 100


def test_what_ended_is_asked_for_anew() -> None:
    """What was agreed and did not come is asked for anew: the plan comes down at once, and goes up by new votes."""
    story, _, _ = reviewed()
    story.message(Changed, "business", what=What.PROMPT)
    story.message(Amend, "owner", plan=worth(story.plan, 100))
    story.message(Amend, "owner", plan=worth(story.plan, 200))
    again = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.AMENDMENT)
    assert (again.change, again.ballots) == (story.state.proposal and story.state.proposal.plan.exposure(5), ())


def test_a_late_vote_hears_how_it_ended() -> None:
    """Who speaks of it afterwards hears that it was superseded."""
    story, _, gate = reviewed()
    story.message(Changed, "business", what=What.PROMPT)
    heard = story.vote("plat-b", gate=gate)
    assert heard.receipt is not None
    assert (heard.receipt.outcome, heard.receipt.reason.code) == (Outcome.SUPERSEDED, Code.GATE_OVER)


def test_an_override_ends_it_aloud() -> None:
    """An emergency that begins while more money is scheduled ends that, and says so."""
    story = Story(worth(standard_plan(), 100)).live()
    gate = raised(story)
    urgent(story)
    assert ended(story, gate) == "superseded"
    assert said_of(story, gate) == ["what came first (widening); who still wants it asks anew"]


def urgent(story: Story) -> None:
    """Let two people raise it for an emergency."""
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-7")
    assert story.people == 20


def test_what_was_agreed_in_an_emergency_does_not_outlive_it() -> None:
    """Money that two functions agreed to for what an emergency served brings nobody back when it is over."""
    plan = with_rules(worth(standard_plan(), 100), override_max=Span.of("12h"))
    story = Story(plan).live()
    urgent(story)
    gate = raised(story)
    story.wait(timedelta(hours=13))
    assert (story.people, story.state.emergency, ended(story, gate)) == (10, None, "superseded")
    assert said_of(story, gate)
    assert story.state.position.level == 1
    story.wait(AFTER)
    assert (story.people, money(story)) == (10, 100)


def test_money_brings_back_nobody_who_was_taken_out_since() -> None:
    """What drift took out while more money waited is not for those to give back whom only the money concerned."""
    story = Story(worth(standard_plan(), 100)).live()
    gate = raised(story)
    odd = exposure(4, budget_per_month=Decimal(100), models=("small-text", "other"))
    story.say(Observed(exposure=odd, epoch=story.state.exposure.epoch + 1))
    assert (story.people, ended(story, gate)) == (4, "void")
    again = story.gate
    assert (again.kind, again.ballots, dict(again.needs)) == (GateKind.AMENDMENT, (), {F.RISK: 1, F.PLATFORM: 1})
    story.wait(AFTER)
    assert (story.people, money(story)) == (4, 100)
    story.agree(again)
    story.wait(DAY)
    assert (story.people, money(story), ended(story, again)) == (10, 200, "consumed")


def test_money_comes_where_nobody_was_taken_out() -> None:
    """The twin in which what is seen outside is what is wanted comes to the money by the votes it has."""
    story = Story(worth(standard_plan(), 100)).live()
    gate = raised(story)
    story.say(Observed(exposure=story.state.exposure.desired, epoch=story.state.exposure.epoch))
    story.wait(AFTER)
    assert (story.people, money(story), ended(story, gate)) == (10, 200, "consumed")


def test_a_revision_that_gives_and_takes_is_used_as_it_was_signed() -> None:
    """What the revision itself takes away is gone at once, and is no reason to ask again about what it gives."""
    plan = worth(standard_plan(), 100)
    story = Story(with_rung(plan, 1, exposure=plan.exposure(1).but(models=("other", "small-text")))).live()
    gate = raised(story, worth(with_rung(story.plan, 1, exposure=plan.exposure(1)), 200))
    assert story.state.exposure.desired.models == ("small-text",)
    story.wait(AFTER)
    assert (money(story), ended(story, gate)) == (200, "consumed")


def test_an_advance_takes_the_place_of_a_raise_below_it() -> None:
    """Where people agree to the next wave while this one's raise waits, they agreed to more; that alone is used."""
    plan = worth(worth(standard_plan(), 100, 1), 300, 2)
    story = Story(plan).live().review()
    review = story.gate
    gate = raised(story, worth(story.plan, 200, 1))
    story.agree(review)
    assert said_of(story, gate) == [review.id]
    assert (story.phase, story.state.position.purpose) == (Phase.SCHEDULED, GateKind.CHECKPOINT)
    assert story.state.announcements
    story.wait(AFTER)
    assert (story.people, money(story), ended(story, review)) == (20, 300, "consumed")


def test_a_raise_does_not_take_the_place_of_an_advance() -> None:
    """Where the next wave is scheduled already, money for this one ends by it, and the advance keeps its notices."""
    plan = worth(worth(standard_plan(), 100, 1), 300, 2)
    story = Story(plan).live().review()
    review = story.gate
    story.agree(review)
    told = story.state.announcements
    story.message(Amend, "owner", plan=worth(story.plan, 200, 1))
    gate = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.AMENDMENT)
    story.agree(gate)
    assert story.state.plan == worth(plan, 200, 1).digest
    assert (said_of(story, gate), story.state.announcements) == ([review.id], told)
    story.wait(AFTER)
    assert (story.people, money(story), ended(story, review)) == (20, 300, "consumed")


def test_a_raise_that_is_agreed_while_another_is_made_ends_aloud() -> None:
    """It is in force and nothing widens by it, which people hear: it was used up, and nobody was told."""
    story = operating()
    first = raised(story)
    story.auto = False
    story.wait(AFTER)
    assert (story.phase, money(story)) == (Phase.WIDENING, 200)
    story.message(Amend, "owner", plan=worth(story.plan, 300))
    second = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.AMENDMENT)
    story.agree(second)
    assert (ended(story, first), ended(story, second)) == ("consumed", "superseded")
    assert said_of(story, second) == ["what came first (widening); who still wants it asks anew"]
    story.auto = True
    story.answer()
    assert (story.phase, money(story)) == (Phase.OBSERVING, 200)


# -- whatever happens -------------------------------------------------------------------------------------------------


def _sent_back(story: Story, review: Gate) -> None:
    story.vote("risk-a", Choice.REQUEST_CHANGES, review)


def _material(story: Story, _: Gate) -> None:
    plan = with_rung(story.plan, 5, exposure=story.plan.exposure(5).but(models=("small-text", "large-text")))
    story.message(Amend, "owner", plan=plan)


def _seats_lost(story: Story, _: Gate) -> None:
    risk = {name: one.but(active=False) for name, one in story.plan.roster.items() if F.RISK in one.functions}
    story.message(Amend, "business", plan=but(story.plan, roster={**story.plan.roster, **risk}))


def _more_still(story: Story, _: Gate) -> None:
    story.message(Amend, "owner", plan=worth(story.plan, 300))
    story.agree()


def _reduced(verb: Reduction) -> Callable[[Story, Gate], None]:
    return lambda story, _: (story.reduce(verb), None)[1]


WAYS: dict[str, Callable[[Story, Gate], None]] = {
    "nothing": lambda _story, _review: None,
    "the review passes": lambda story, review: story.agree(review),
    "the review is rejected": lambda story, review: (story.vote("risk-a", Choice.REJECT, review), None)[1],
    "the review is sent back": _sent_back,
    "something changed": lambda story, _: (story.message(Changed, "business", what=What.MODEL), None)[1],
    "a figure strays": lambda story, _: (story.read(12), None)[1],
    "a figure is silent": lambda story, _: (story.read(None), None)[1],
    "a material revision": _material,
    "a roster without risk": _seats_lost,
    "a tighter revision": lambda story, _: (story.message(Amend, "owner", plan=worth(story.plan, 50)), None)[1],
    "another raise": _more_still,
    "a veto": lambda story, review: (story.vote("risk-a", Choice.VETO, review), None)[1],
    **{verb.value: _reduced(verb) for verb in Reduction},
}


@pytest.mark.parametrize("way", list(WAYS))
def test_nothing_that_was_agreed_is_left_lying(way: str) -> None:
    """Whatever comes in between: what waits for its time is scheduled, and what is not scheduled waits no more."""
    story, review, gate = reviewed()
    WAYS[way](story, review)
    for _ in range(15):
        waiting = [one for one in story.state.gates.values() if one.satisfied_at is not None]
        assert len(waiting) <= 1
        assert not waiting or story.phase is Phase.SCHEDULED, (way, story.phase)
        story.wait(DAY)
    assert gate.id not in story.state.gates
    assert ended(story, gate) is not None
    plan = operating().plan
    for heard in story.heard[len(operating().heard) :]:
        judge(plan, heard.before, heard.event, heard.decision, heard.now)
        plan = heard.decision.plan


@pytest.mark.parametrize("end", ["another pack", "nobody signs"])
def test_a_handoff_that_is_not_signed_leaves_nothing_lying(end: str) -> None:
    """A handoff that begins anew, or that nobody signs, ends what was scheduled aloud."""
    story = handing()
    gate = raised(story)
    if end == "another pack":
        found = (Artefact(name="runbook", digest="b" * 64, size=7),)
        story.message(HandOver, "owner", artefacts=found)
        assert said_of(story, gate) == ["what came first (handoff pending); who still wants it asks anew"]
    story.wait(timedelta(days=30))
    assert gate.id not in story.state.gates
    assert all(one.satisfied_at is None for one in story.state.gates.values())
