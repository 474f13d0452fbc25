"""After a handoff: until when delivery decides, and owners who have left (rows F5 and F6, scenario 11)."""

from __future__ import annotations

import pytest

from tests.pure.world import (
    became,
    but,
    said,
    with_member,
)
from tests.requirements.test_f import (
    DAY,
    HANDOFF,
    asked,
    by,
    control,
    drilled,
    findings,
    left,
    owed,
    pending,
    signed,
    steps,
)
from tidegate.deadlines import deadlines
from tidegate.inbox import asks
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Amend, Confirm, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.models.training import Train
from tidegate.standing import standing
from tidegate.vacancy import SPOKEN
from tidegate.who import who_can

# -- F5: until when delivery decides ----------------------------------------------------------------------------------


def test_f5_from_its_time_on_delivery_may_stop_it_and_not_widen_it() -> None:
    """Who delivered it may not resume or change it any more; the receiver's side may, and every way down stays."""
    story = signed()
    taken = story.state.takeover
    assert taken is not None
    assert taken.in_force
    barred = story.message(Amend, "owner", plan=but(story.plan, title="Mine"))
    assert (said(barred), became(barred)) == (Code.STEPPED_BACK, Outcome.REFUSED)
    assert story.reduce(Reduction.NARROW, "owner", to="half").receipt is not None
    assert story.people == 250
    assert said(story.message(Resume, "owner", cause="x")) is Code.STEPPED_BACK
    assert said(story.message(Resume, "receiver", cause="looked into")) is Code.RESUME_PROPOSED
    for verb in ("amend", "resume", "ready"):
        (told,) = who_can(story.plan, story.state, verb, story.now)
        able = {one.person for one in told.able}
        assert "owner" not in able
        assert "receiver" in able
    assert "owner" in {one.person for one in who_can(story.plan, story.state, "pause", story.now)[0].able}


def test_f5_the_receivers_side_is_named_wherever_delivery_was() -> None:
    """What is to be done, what comes next and whom a page reaches name who decides about it now."""
    story = signed()
    story.reduce(Reduction.HOLD, "ops-a")
    verb = next(verb for verb in steps(story) if verb.startswith("resume"))
    assert "ai_owner" not in steps(story)[verb]
    assert {"receiver", "ops-b", "plat-a"} <= set(steps(story)[verb])
    coming = {deadline.owner for deadline in deadlines(story.plan, story.state) if deadline.what == "nudge"}
    assert coming == {"receiver"}
    people = {
        chair.person
        for ask in asks(story.plan, story.state, standing(story.plan, story.state, story.now))
        for chair in ask.chairs
        if ask.verb.startswith("resume")
    }
    assert "owner" not in people
    assert {"receiver", "plat-a"} <= people


def test_f5_a_handoff_may_be_in_force_later_and_says_when() -> None:
    """Until its stated time delivery decides, from then on the receiver; the time is part of what is signed."""
    story = asked(effective=pending().now + 10 * DAY)
    assert story.gate.briefing.facts is not None
    story.vote("receiver")
    taken = story.state.takeover
    assert taken is not None
    assert (taken.in_force, taken.effective) == (False, pending().now + 10 * DAY)
    other = story.again()
    assert said(other.message(Amend, "owner", plan=but(other.plan, title="Claims, now"))) is Code.AMENDMENT
    story.wait(11 * DAY)
    assert story.state.takeover is not None
    assert story.state.takeover.in_force
    assert said(story.message(Amend, "owner", plan=but(story.plan, title="Claims, now"))) is Code.STEPPED_BACK
    assert said(story.message(Amend, "receiver", plan=but(story.plan, title="Claims, now"))) is Code.AMENDMENT


@pytest.mark.parametrize(("days", "code"), [(92, Code.PACK_LAID_OUT), (93, Code.TOO_FAR)])
def test_f5_no_handoff_is_put_off_for_ever(days: int, code: Code) -> None:
    """A handoff must be in force within a quarter of a year."""
    story = pending()
    assert said(story.lay_out(effective=story.now + days * DAY)) is code


def test_f5_whoever_follows_the_receiver_says_yes_themselves() -> None:
    """Another receiver is a question to everybody, and to them in person; what they would take over is in it."""
    story = signed()
    other = but(story.plan, handoff=HANDOFF.but(receiver="ops-a"))
    assert said(story.message(Amend, "business", plan=other)) is Code.AMENDMENT
    gate = story.gate
    assert gate.persons == ("ops-a",)
    assert gate.briefing.facts is not None
    assert gate.briefing.facts.handed == story.state.pack
    for who in ("risk-a", "plat-a", "comp-a"):
        story.vote(who, gate=gate)
    assert by(story) == "receiver"
    story.vote("ops-a", gate=gate)
    assert by(story) == "ops-a"
    assert said(story.lay_out("receiver", marks="f")) is Code.ONLY_RECEIVER


def test_f5_nobody_receives_what_they_deliver_or_wrote() -> None:
    """Neither the AI owner nor another author of the playbook is its receiver: they could not sign for it."""
    assert findings("F5", **{"handoff.receiver": "claims-ai-lead"})
    assert findings("F5", authors=["ops-manager"])
    assert findings("F5", authors=["ops-deputy"]) == []


@pytest.mark.parametrize(("by_whom", "code"), [("owner", Code.STEPPED_BACK), ("receiver", Code.NO_COURSE)])
def test_f5_delivery_says_of_nobody_that_they_are_trained(by_whom: str, code: Code) -> None:
    """A record of training lets somebody accept a risk: once the handoff is in force it is not delivery's to make."""
    story = signed()
    record = {"person": "risk-a", "course": "managers", "on": story.now.date(), "evidence": "lms/7"}
    assert said(story.message(Train, by_whom, **record)) is code


# -- F6: an owner who has left ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role", "to"),
    [
        ("receiver", "receiver", "ops-a"),
        ("ops-b", "issues", "ops-a"),
        ("plat-a", "changes", "plat-b"),
    ],
)
def test_f6_an_owner_who_leaves_holds_it_and_somebody_owes_a_name(name: str, role: str, to: str) -> None:
    """Scenario 11, once it operates: it is held at once, the next in line is asked by a date, and a name ends that."""
    story = signed()
    assert said(left(story, name)) is Code.AMENDMENT
    assert control(story) is Control.HELD
    assert story.people == 500, "nobody loses their service by a roster"
    (found,) = owed(story, "vacancy").values()
    assert (found.owner, found.due > story.now) == (to, True)
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.VACANT]
    assert (told[-1].to[0], told[-1].urgent, told[-1].about.facts["role"]) == (to, True, SPOKEN[role])
    assert to in steps(story)["amend PLAYBOOK"]
    story.message(Amend, "business", plan=with_member(story.plan, name, active=True))
    assert owed(story, "vacancy") == {}
    assert control(story) is Control.HELD, "a name alone lets nothing go on"
    story.message(Resume, "plat-b" if name != "plat-a" else "receiver", cause="somebody is named")
    story.message(Resume, "business", cause="somebody is named")
    story.agree()
    assert control(story) is Control.LIVE


def test_f6_who_is_asked_for_a_name_stands_in_until_there_is_one() -> None:
    """Where the one who decides has left, the next in line may change and resume it; nobody else gains that."""
    story = signed()
    assert said(story.message(Amend, "ops-a", plan=but(story.plan, title="Mine"))) is Code.NO_RIGHT
    left(story, "receiver")
    successor = but(story.plan, handoff=HANDOFF.but(receiver="both"))
    assert said(story.message(Amend, "risk-a", plan=successor)) is Code.NO_RIGHT
    assert said(story.message(Amend, "ops-a", plan=successor)) is Code.AMENDMENT
    for who in ("risk-a", "plat-b", "both"):
        story.vote(who)
    assert (owed(story, "vacancy"), story.state.proposal) == ({}, None)
    assert said(story.message(Amend, "ops-a", plan=but(story.plan, title="Mine"))) is Code.NO_RIGHT


def test_f6_it_is_never_nobodys() -> None:
    """Whoever stood in and leaves as well is followed by the next, and the date stays."""
    story = signed()
    left(story, "receiver")
    (first,) = owed(story, "vacancy").values()
    left(story, "ops-a")
    (second,) = owed(story, "vacancy").values()
    assert (first.owner, second.owner, second.due) == ("ops-a", "governance", first.due)
    assert said(story.message(Resume, "governance", cause="somebody must")) is Code.RESUME_PROPOSED


def test_f6_a_name_is_owed_by_its_date_and_no_word_for_it_will_do() -> None:
    """To confirm it is refused; once the day has passed it bars whatever widens, and more people hear of it."""
    story = signed()
    left(story, "receiver")
    (name,) = owed(story, "vacancy")
    assert said(story.message(Confirm, "ops-a", what=name, evidence="soon")) is Code.NAME_NEEDED
    story.wait(10 * DAY)
    assert story.state.obligations[name].overdue


def test_f6_before_it_is_handed_over_a_receiver_who_leaves_is_named_anew() -> None:
    """Nothing is held for somebody who owns nothing yet; who follows drills and signs themselves."""
    story = asked()
    left(story, "receiver")
    assert (list(owed(story, "vacancy")), control(story)) == (["vacancy-receiver"], Control.LIVE)
    assert said(story.message(Amend, "business", plan=but(story.plan, handoff=HANDOFF.but(receiver="ops-a")))) is (
        Code.AMENDMENT
    )
    story.agree()
    assert (story.phase, story.state.obligations["handoff"].owner) == (Phase.HANDOFF_PENDING, "ops-a")
    assert story.state.gates == {}
    drilled(story, "ops-a")
    story.vote("ops-a")
    assert story.phase is Phase.OPERATING
