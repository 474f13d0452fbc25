"""What a revision would do is read off the rules themselves: who signs, what is void, what becomes of who is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pure.world import F, Story, but, exposure, standard_plan, with_gate, with_metric, with_rung
from tidegate.foreseen import Foreseen, foreseen
from tidegate.models.base import Band, Bound, Condition, GateKind, Stage
from tidegate.models.decision import Notify
from tidegate.models.event import Amend
from tidegate.models.issue import AcceptedIssue
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


def wider(people: int = 15) -> Plan:
    """Return the standard plan with another first wave."""
    return with_rung(standard_plan(), 1, exposure=exposure(people))


def seen(story: Story, new: Plan, who: str | None = None) -> Foreseen:
    """Return what would follow, after making sure that nothing followed from asking."""
    before = story.state
    found = foreseen(story.plan, story.state, new, story.now, who)
    assert story.state is before
    return found


def test_a_widening_names_who_must_sign_and_why() -> None:
    """Who is asked, who could give it and why are named: not the proposer, and not who only runs it."""
    found = seen(Story().live(), wider())
    assert [(one.name, one.needed) for one in found.signers] == [("risk", 1), ("platform", 1)]
    assert found.signers[0].people == ("both", "risk-a", "risk-b")
    assert found.signers[0].why.endswith("every material change: pilot/w1: wider in cohort team/all")
    assert [(one.what, one.when) for one in found.effects] == [
        ("pilot/w1 stays as it is until then: up to 10 people", "once it is agreed"),
        (
            "pilot/w1 widens to up to 15 people once those affected were told, and is then observed anew",
            "once it is agreed",
        ),
    ]


def test_what_was_voted_is_named_with_whose_word_it_was() -> None:
    """An open round and the yes it has are void at once, and it is named whose."""
    story = Story().live().review()
    story.vote("risk-a")
    found = seen(story, wider())
    (void,) = found.voids
    assert (void.people, void.when) == (("risk-a",), "at once")
    assert ("checkpoint review becomes observing", "at once") in [tuple(one) for one in found.effects]


def test_tightening_needs_nobody_and_says_what_comes_down() -> None:
    """Nobody signs what only tightens; it says that fewer are served from at once, and it is so."""
    story = Story().live()
    found = seen(story, wider(6))
    assert (found.signers, found.voids, found.refused) == ((), (), None)
    came = ("pilot/w1 comes down: up to 6 people, less in cohort team/all", "at once")
    assert came in [tuple(one) for one in found.effects]
    story.message(Amend, "owner", plan=wider(6))
    assert story.people == 6


def test_conditions_of_the_wave_under_way_are_named() -> None:
    """What the wave under way goes on by, and from where a figure acts, is said in the words of the new plan."""
    story = Story().live()
    plan = with_rung(standard_plan(), 1, advance_when=(Condition("errors", Bound.of("<= 3")),))
    plan = with_metric(plan, "errors", bands=((Band.PAUSE, Bound.of("> 15")), *plan.metrics["errors"].bands[2:]))
    words = [one.what for one in seen(story, plan).effects]
    assert "pilot/w1 goes on when: errors <= 3" in words
    assert "errors acts at: pause > 15, narrow > 10" in words
    assert any(word.startswith("pilot/w1 is not observed anew: its time goes on, until ") for word in words)


def test_an_acceptance_that_is_taken_away_is_named() -> None:
    """Whoever accepted a known problem sees that their word is gone with the revision."""
    known = AcceptedIssue(what="slow at noon", owner="owner", by="risk-a")
    story = Story(but(standard_plan(), accepted_issues={Stage.PILOT: (known,)})).live()
    assert [(one.what, one.people) for one in seen(story, standard_plan()).voids] == [
        ("that people live with `slow at noon` at pilot", ("risk-a",))
    ]


def test_what_would_be_refused_says_so_and_names_the_reason() -> None:
    """Without the right, and where nobody could decide it, the refusal is shown before it is sent."""
    story = Story().live()
    assert getattr(seen(story, wider(), "vendor").refused, "code", None) is Code.NO_RIGHT
    alone = Story(with_gate(standard_plan(), GateKind.AMENDMENT, functions={F.LEGAL: 1})).live()
    new = with_rung(alone.plan, 1, exposure=exposure(15))
    assert getattr(seen(alone, new).refused, "code", None) is Code.UNSATISFIABLE


def test_scenario_06_who_agreed_is_told_what_changed_since() -> None:
    """A yes that is void is said to whoever gave it; whoever agreed to what is served hears what became of it."""
    story = Story().live().review()
    story.vote("ops-a")
    story.message(Amend, "owner", plan=wider())
    told = {move.about.code: move.to for move in story.moves if isinstance(move, Notify)}
    assert told[Code.YES_VOID] == ("ops-a",)
    story.agree()
    since = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.CHANGED_SINCE]
    assert len(since) == 1
    assert "wider" in since[0].about.facts["changes"]
