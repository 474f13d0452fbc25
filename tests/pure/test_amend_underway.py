"""Amendments in mid-flight: how a revision takes over while something is decided, widened or made safer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.pure.test_amend import DAY, amended, wider
from tests.pure.world import (
    Story,
    but,
    exposure,
    said,
    standard_plan,
    with_rung,
)
from tidegate.models.decision import Notify, Outcome, TurnPage
from tidegate.models.event import Choice, Observed, Override, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


def test_text_while_widening() -> None:
    """A change of words leaves a widening under way as it is."""
    story = Story().live().review()
    story.agree()
    story.widening()
    pending = story.state.exposure.pending
    amended(story, but(story.plan, title="Triage"))
    assert story.state.exposure.pending == pending
    story.auto = True
    story.answer()
    assert (story.people, story.phase, story.state.position.level) == (20, Phase.OBSERVING, 2)


def test_tightening_while_widening() -> None:
    """A tightening overtakes the widening under way: it arrives at what the new revision allows."""
    story = Story().live().review()
    story.agree()
    story.widening()
    amended(story, with_rung(story.plan, 2, exposure=exposure(14)))
    story.auto = True
    story.answer()
    assert (story.people, story.phase, story.state.position.level) == (14, Phase.OBSERVING, 2)
    story.wait(timedelta(hours=1))
    assert story.state.exposure.unresolved == ()


def test_tightening_of_what_is_being_decided() -> None:
    """When the wave that people vote on is tightened, they vote anew on the tighter one; nothing wider is ever used."""
    story = Story().live().review()
    old = story.gate
    story.vote("risk-a")
    amended(story, with_rung(story.plan, 2, exposure=exposure(14)))
    assert story.gate.id != old.id
    assert story.gate.change == exposure(14)
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert story.people == 14


def test_levels_are_found_by_name() -> None:
    """When an earlier wave is gone, everything finds its place in the new ladder by its name."""
    story = Story().climb(3)
    amended(story, but(story.plan, ladder=story.plan.ladder[1:]))
    story.agree()
    assert (story.state.position.level, story.state.exposure.peak, story.people) == (2, 2, 50)
    story.review()
    assert story.gate.label == "limited/w4"
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert (story.people, story.state.position.level) == (100, 3)


def test_revoked_after_it_is_in_force() -> None:
    """A yes that is taken back before the widening opens that question again, and only that one."""
    story = Story().live()
    amended(story, wider())
    story.vote("risk-a")
    story.vote("plat-a")
    story.vote("risk-a", Choice.REVOKE)
    assert (story.phase, story.people, story.state.plan) == (Phase.AWAITING_APPROVAL, 10, wider().digest)
    story.vote("risk-b")
    story.wait_for(Phase.OBSERVING)
    assert story.people == 15


def test_rejected_after_it_is_in_force() -> None:
    """A no before the widening leaves exposure as it is, and the rollout goes on."""
    story = Story().live()
    amended(story, wider())
    story.vote("risk-a")
    story.vote("plat-a")
    story.vote("risk-b", Choice.REJECT)
    assert (story.phase, story.people, dict(story.state.gates)) == (Phase.OBSERVING, 10, {})
    story.review()


@pytest.mark.parametrize("verb", list(Reduction))
def test_reduced_before_it_widens(verb: Reduction) -> None:
    """A reduction of any kind ends the widening that an amendment had scheduled, once and for all."""
    story = Story().live()
    amended(story, wider())
    story.agree()
    story.reduce(verb)
    before = story.people
    story.wait(20 * DAY)
    assert story.people <= before <= 10
    assert all(gate.satisfied_at is None for gate in story.state.gates.values())


def test_held_rollout_is_amended() -> None:
    """While it is held a revision is agreed to and in force, and nothing widens by it."""
    story = Story().live()
    story.reduce(Reduction.HOLD)
    amended(story, wider())
    assert story.gate.change is None
    story.agree()
    assert (story.state.plan, story.state.exposure.control, story.people) == (wider().digest, Control.HELD, 10)
    story.message(Resume, "owner", cause="understood")
    story.agree()
    assert (story.state.exposure.control, story.people) == (Control.LIVE, 10)


def test_reduced_while_it_is_open() -> None:
    """A rollback does not end the question about the revision, and the answer to it widens nothing any more."""
    story = Story().climb(2)
    amended(story, with_rung(story.plan, 2, exposure=exposure(30)))
    gate = story.gate
    story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    story.agree(gate)
    assert (story.plan.rung(2).exposure.people, story.people) == (30, 10)
    assert story.state.exposure.control is Control.ROLLED_BACK


def test_signed_for_another_place() -> None:
    """What was signed for one wave is not used at another: the step that people saw is gone."""
    story = Story().climb(2)
    amended(story, with_rung(story.plan, 2, exposure=exposure(30)))
    gate = story.gate
    story.reduce(Reduction.PAUSE)
    story.message(Resume, "owner", cause="fixed")
    story.agree(story.state.gates[next(name for name in story.state.gates if name != gate.id)])
    story.agree(gate)
    story.wait(5 * DAY)
    assert story.people <= 10


def test_drift_and_amendment() -> None:
    """What somebody made safer outside stays so when the plan is amended."""
    story = Story().climb(2)
    story.say(Observed(exposure=exposure(5), epoch=story.state.exposure.epoch))
    amended(story, but(story.plan, title="x"))
    assert (story.people, story.state.exposure.control) == (5, Control.HELD)


def test_emergency_reverts_into_the_new_revision() -> None:
    """An override that ends under a tighter revision goes back to what that one allows."""
    story = Story().live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, "ops-a", to="w2", incident="INC-7")
    amended(story, with_rung(story.plan, 1, exposure=exposure(4)))
    assert story.people == 20
    story.wait(3 * DAY)
    assert (story.people, story.state.position.level) == (4, 1)


MOVED = {
    "another backend": but(
        standard_plan(), drivers={"flags/claims": Backend(kind="flagd", settings={"file": "new.json"})}
    ),
    "another target": but(standard_plan(), targets=("flags/other",)),
    "no target": but(standard_plan(), targets=()),
}


@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
def test_nobody_is_left_behind_where_no_reduction_reaches(moved: Plan) -> None:
    """While people are served, what serves them stays in the plan; once it is known that nobody is, it may be moved."""
    story = Story().live()
    assert said(amended(story, moved)) is Code.LEFT_BEHIND
    assert story.state.proposal is None
    story.auto = False
    story.reduce(Reduction.PAUSE)
    assert said(amended(story, moved)) is Code.LEFT_BEHIND
    story.answer()
    assert said(amended(story, moved)) is Code.AMENDMENT
    story.agree()
    assert story.plan.digest == moved.digest


def test_what_serves_again_by_the_time_it_is_agreed_stays() -> None:
    """A revision that was proposed while nobody was served is refused once somebody is, however many said yes."""
    story = Story().live()
    story.reduce(Reduction.PAUSE)
    assert said(amended(story, MOVED["another backend"])) is Code.AMENDMENT
    gate = story.gate
    story.state = story.state.but(exposure=story.state.exposure.but(desired=exposure(5), confirmed=exposure(5)))
    story.agree(gate)
    assert Code.LEFT_BEHIND in story.codes(Outcome.REFUSED)
    (told,) = (move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.NOT_IN_FORCE)
    assert {"owner", "both", "plat-a", "business"} <= set(told.to)
    assert "where people may be served" in told.about.facts["why"]
    assert (story.state.proposal, story.state.gates) == (None, {})
    assert story.plan.digest != MOVED["another backend"].digest


def test_a_target_more_is_no_target_left() -> None:
    """What is added can be reduced like the rest."""
    story = Story().live()
    more = but(story.plan, targets=(*story.plan.targets, "flags/more"))
    assert said(amended(story, more)) is Code.AMENDMENT


def test_a_material_revision_turns_the_page() -> None:
    """The next run begins with the plan in force, where whoever looks from outside finds it; a new text needs none."""
    story = Story().live()
    decision = amended(story, but(story.plan, title="Claims, again"))
    assert not any(isinstance(move, TurnPage) for move in decision.moves)
    amended(story, wider())
    story.agree()
    pages = [move.title for move in story.moves if isinstance(move, TurnPage)]
    assert f"Revision {story.plan.digest[:12]}" in pages
