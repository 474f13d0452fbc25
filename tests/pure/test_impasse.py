"""Where a rollout stands still: who is lacking, since when, and mends that were tried before they are named."""

from __future__ import annotations

from datetime import timedelta

from tests.pure.chronicled import moment, told, walked
from tests.pure.world import START, Story, standard_plan, with_member
from tidegate import impasse
from tidegate.models.base import Function
from tidegate.models.event import Reduction
from tidegate.models.plan import Plan
from tidegate.models.state import Phase

AWAY = ((moment(12, 1, 2026), moment(6, 1)),)


def absent(**more: object) -> Plan:
    """Return the plan whose only compliance officer is away for half a year, with no deputy."""
    return with_member(standard_plan(), "comp-a", **{"deputy": None, "away": AWAY, **more})


def test_a_quorum_on_leave_is_a_deadlock_with_who_where_and_what_mends_it() -> None:
    """The stage's round cannot be opened: since when, who is away, who could be a deputy, and who is back when."""
    found = told(walked(Story(absent()), moment(1, 15)), "deadlock").deadlock
    assert found is not None
    assert (found.stage, found.wave, found.phase) == ("pilot", "w2", "preparing")
    assert found.since.date().isoformat() == "2026-12-09"
    assert (found.lacks, found.who) == ({Function.COMPLIANCE: 1}, ("comp-a",))
    assert "comp-a is away 2026-12-01 to 2027-05-31 with no deputy" in found.why
    assert "Name a deputy for comp-a" in found.mend
    assert "ask from 2027-06-01 on, when comp-a is back" in found.mend


def test_the_deputy_that_it_names_really_mends_it() -> None:
    """With the first deputy that is named, the same life goes on beyond where it stood still."""
    story = walked(Story(absent()), moment(1, 15))
    found = impasse.diagnose(story.plan, story.state, story.now)
    assert found is not None
    named = found.mend.partition("away: ")[2].partition(",")[0]
    assert walked(Story(absent(deputy=named)), moment(1, 15)).state.position.level > story.state.position.level


def test_the_same_quorum_with_a_deputy_is_none() -> None:
    """One word more in the programme, and there is no seat that nobody can fill."""
    story = walked(Story(absent(deputy="comp-deputy")), moment(1, 15))
    assert story.state.position.level >= 3
    assert impasse.hopeless(story.plan, story.state, story.now) == ()


def test_a_round_whose_quorum_goes_on_leave_while_it_is_open_can_be_told_before_it_ends() -> None:
    """The only one who could say it is away until after it closes: that is known on the day, and not at its end."""
    story = Story(absent(away=((START, moment(1, 1)),)))
    story.plan = with_member(story.plan, "comp-a", away=((moment(12, 10, 2026), moment(1, 1)),), deputy=None)
    walked(story, moment(12, 9, 2026))
    while story.phase is not Phase.AWAITING_APPROVAL:
        story.agree() if story.state.gates else story.wait()
    assert impasse.hopeless(story.plan, story.state, story.now) == ()
    gone = impasse.hopeless(story.plan, story.state, moment(12, 11, 2026))
    assert [seat.function for seat in gone] == [Function.COMPLIANCE]


def test_people_who_are_there_and_say_nothing_are_named() -> None:
    """Everybody was asked, was there, and said nothing until it expired: it names them, and who may name others."""
    story = Story()
    story.start()
    story.ready()
    story.wait(timedelta(days=30))
    found = told(story, "deadlock").deadlock
    assert found is not None
    assert found.phase == "preparing"
    assert set(found.lacks) == {Function.RISK, Function.OPERATIONS}
    assert {"risk-a", "ops-a"} <= set(found.who)
    assert "said nothing" in found.why
    assert "risk-a may name somebody for risk" in found.mend


def test_whoever_answered_is_not_named_among_the_silent() -> None:
    """Risk said yes; only operations is lacking."""
    story = Story()
    story.start()
    story.ready()
    story.vote("risk-a")
    story.wait(timedelta(days=30))
    found = told(story, "deadlock").deadlock
    assert found is not None
    assert found.lacks == {Function.OPERATIONS: 1}
    assert "risk-a" not in found.who


def test_where_nobody_goes_on_after_a_reduction_the_verb_that_would_is_named() -> None:
    """It was made safer, and nobody proposes to go on."""
    story = Story().live()
    story.reduce(Reduction.PAUSE, reason="it misroutes")
    story.wait(timedelta(days=10))
    found = told(story, "deadlock").deadlock
    assert found is not None
    assert found.mend.startswith("`resume")


def test_what_is_over_stands_nowhere_still() -> None:
    """An end is no deadlock."""
    story = Story()
    story.start()
    over = story.state.but(position=story.state.position.but(phase=Phase.WITHDRAWN))
    assert impasse.diagnose(story.plan, over, story.now) is None
