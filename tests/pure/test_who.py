"""Who may do what now, and why the others may not: the answer is what they would hear who really said it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import START, Story, but, freeze, standard_plan, with_member
from tidegate.models.base import Function
from tidegate.models.event import Actor, Choice, Reduction, Withdraw
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.rights import may
from tidegate.verbs import VERBS
from tidegate.who import Who, meant, needed, verbs, vetoing, who_can

RIGHTS = {
    "start": Right.START,
    "ready": Right.READY,
    "resume": Right.RESUME,
    "amend": Right.AMEND,
    "override": Right.OVERRIDE,
    "retire": Right.RETIRE,
    "terminate": Right.TERMINATE,
    "lift": Right.STOP_THE_LINE,
    **dict.fromkeys(("narrow", "redirect", "pause", "rollback"), Right.REDUCE),
}


def asked(story: Story, verb: str) -> Who:
    """Return the one answer."""
    (told,) = who_can(story.plan, story.state, verb, story.now)
    return told


def able(story: Story, verb: str) -> set[str]:
    """Return who may."""
    return {one.person for one in asked(story, verb).able}


def why(story: Story, verb: str) -> dict[str, Code]:
    """Return why each of the others may not."""
    return {one.person: one.reason.code for one in asked(story, verb).unable}


@pytest.mark.parametrize("verb", sorted(RIGHTS))
def test_b11_each_right_names_exactly_its_holders(verb: str) -> None:
    """For every right the people named are those who hold it, and everybody else has a reason."""
    story = Story().live()
    holders = {name for name in story.plan.roster if may(story.plan, Actor(subject=name), RIGHTS[verb])}
    assert able(story, verb) == holders
    assert set(why(story, verb)) == set(story.plan.roster) - holders


def test_b11_what_they_hear_is_what_is_told() -> None:
    """Whoever is named is heard, and whoever is not hears the very reason that was told of them."""
    for who in sorted(standard_plan().roster):
        story = Story().live().review()
        told = why(story, "approve")
        decision = story.vote(who)
        assert decision.receipt is not None
        code = decision.receipt.reason.code
        assert code is told.get(who, Code.APPROVED), who


def test_b12_a_round_says_who_says_yes_and_who_may_say_no() -> None:
    """A round of votes names the people of each function that must agree, and those whose veto stops it alone."""
    story = Story().live().review()
    assert needed(story.plan, story.gate) == (
        ("operations", 1, ("both", "ops-a", "ops-b", "receiver")),
        ("risk", 1, ("both", "risk-a", "risk-b")),
    )
    assert vetoing(story.plan, story.gate) == ("both", "comp-a", "risk-a", "risk-b")
    told = asked(story, "approve")
    assert (told.still, told.vetoing, told.opened) == (("operations", "risk"), vetoing(story.plan, story.gate), True)


def test_c4_more_people_can_trigger_a_fallback_than_can_widen() -> None:
    """Whoever may say yes to more may also pause it, and so may others, each of them alone."""
    story = Story().live().review()
    assert able(story, "approve") < able(story, "pause")
    assert {"owner", "plat-a", "data-a", "vendor"} <= able(story, "pause") - able(story, "approve")


def test_each_bar_is_told_by_its_name() -> None:
    """Who asked for it, who has voted, who left, who is a vendor's and who holds no seat are told apart."""
    story = Story().live().review()
    story.vote("risk-a", Choice.ABSTAIN)
    told = why(story, "approve")
    bars = {
        "risk-a": Code.ALREADY_VOTED,
        "vendor": Code.VENDOR,
        "gone": Code.INACTIVE_PERSON,
        "owner": Code.REQUESTER,
        "plat-a": Code.NO_SEAT,
    }
    assert {name: told[name] for name in bars} == bars
    assert "risk-b" not in told


def test_who_is_on_leave_is_named_with_the_deputy() -> None:
    """Somebody on leave may still speak, and is named with their return, beside the deputy who may in their place."""
    leave = (START, START + timedelta(days=2))
    story = Story(with_member(standard_plan(), "risk-a", away=(leave,), deputy="comp-deputy"))
    story.start()
    story.ready()
    people = {one.person: one for one in asked(story, "approve").able}
    assert people["risk-a"].away == leave[1]
    assert (people["comp-deputy"].functions, people["comp-deputy"].principal) == (("risk",), "risk-a")
    assert people["risk-b"].away is None


def test_before_a_round_is_open_the_next_one_is_told() -> None:
    """From the plan alone it says who may approve the first wave, and that this is not open yet."""
    (told,) = who_can(standard_plan(), None, "approve", START)
    assert (told.gate, told.opened, told.about) == (None, False, "first exposure, pilot/w1")
    assert {one.person for one in told.able} == {"both", "ops-a", "ops-b", "receiver", "risk-a", "risk-b"}


def test_what_bars_everybody_is_told_once() -> None:
    """Where nothing is held those who may resume are named, with why it cannot be done now; held, it can."""
    story = Story().climb(1)
    told = asked(story, "resume")
    assert told.not_now is not None
    assert told.not_now.code is Code.NOTHING_TO_RESUME
    story.reduce(Reduction.HOLD)
    assert asked(story, "resume").not_now is None
    assert able(story, "resume") == {"owner", "business"}


def test_anybody_can_hold_and_who_is_not_listed_cannot_pause() -> None:
    """A hold is heard from whoever asks for it; a pause of somebody who is not listed only holds, and is told so."""
    story = Story().live()
    assert able(story, "hold") == set(story.plan.roster)
    assert why(story, "pause")["exec"] is Code.UNLISTED_HELD


def test_of_what_is_over_nobody_can_do_anything() -> None:
    """Once it is over, nobody is named, and why is said."""
    story = Story()
    story.start()
    story.message(Withdraw, "owner", reason="not needed")
    told = asked(story, "approve")
    assert (told.able, told.not_now is not None and told.not_now.code) == ((), Code.OVER)


def test_owners_of_what_waits_are_named() -> None:
    """A figure and a handover belong to particular people, who are named, and nobody while nothing waits."""
    story = Story().live()
    assert able(story, "reading") == {"ops-a"}
    assert asked(story, "confirm")[:3] == ("confirm", (), ())
    story.climb(5).review()
    story.agree()
    assert able(story, "handoff") == {"receiver"}


def test_heads_may_reassign_their_own_function() -> None:
    """Whoever leads a function that is asked may name somebody, and nobody else may."""
    story = Story().live().review()
    assert able(story, "reassign") == {"risk-a", "ops-a"}
    assert why(story, "reassign")["risk-b"] is Code.NOT_HEAD


@pytest.mark.parametrize("verb", [*VERBS, "stop", "review", "advance", "withdraw-veto", "handoff"])
def test_every_verb_can_be_asked_about(verb: str) -> None:
    """Whatever a person may send can be asked about, and what nobody can say is no verb."""
    if verb in ("alert", "approve_with_conditions", "turnover", "rehearsed", "moved"):
        assert meant(verb).replace("_", "-") not in verbs()
        return
    assert meant(verb).replace("_", "-") in verbs()
    assert who_can(standard_plan(), None, verb, START) is not None
    with pytest.raises(KeyError):
        who_can(standard_plan(), None, f"{verb}-not", START)


def test_a_person_of_two_functions_is_named_in_the_one_that_counts() -> None:
    """Whose one function has its yes already is named in the other, which is still lacking."""
    story = Story().live().review()
    story.vote("risk-a")
    (both,) = (one for one in asked(story, "approve").able if one.person == "both")
    assert both.functions == (Function.OPERATIONS.value,)


def test_who_cannot_sign_is_told_so_where_only_signed_decisions_count() -> None:
    """Without a key nobody is named for what must be signed; with one, and for what makes it safer, they are."""
    signed = asking(signed=True)
    keyless, keyed = (opened(with_member(signed, "risk-a", **more)) for more in ({"keys": ()}, {}))
    assert why(keyless, "approve")["risk-a"] is Code.NO_KEY
    assert "risk-a" in able(keyed, "approve") & able(keyless, "veto") & able(keyless, "pause")


def test_a_passage_is_asked_of_those_whom_the_freeze_names() -> None:
    """Who may let a change through a freeze is whom the freeze names; without such a freeze nobody may."""
    window = freeze(START, START + timedelta(days=30)).but(approvers=(Function.ACCOUNTABLE_EXEC,))
    bare, named = opened(), opened(but(standard_plan(), freezes=(window,)))
    assert able(named, "let-through") == {"exec"}
    assert asked(bare, "let-through").not_now is not None
