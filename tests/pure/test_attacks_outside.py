"""What happens past the rollout, in the backend itself: it is never taken for consent, and never undone upwards."""

from __future__ import annotations

import pytest

from tests.pure.machine import cooperate
from tests.pure.test_attacks import stopping
from tests.pure.world import Story, exposure
from tidegate.models.event import Applied, Observed, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.reasons import Code
from tidegate.models.state import Phase


def test_what_was_made_safer_outside_meanwhile_is_not_undone_by_a_hold() -> None:
    """A hold that finds a newer and tighter exposure in the backend keeps that, and does not go back up to its own."""
    story = stopping(Reduction.HOLD, 1)
    held = story.state.exposure
    assert held.desired == exposure(10)
    story.say(Observed(exposure=exposure(3), epoch=held.epoch + 4))
    after = story.state.exposure
    assert after.desired == exposure(3)
    assert after.pending is not None
    assert after.pending.epoch == held.epoch + 5
    assert after.control is Control.HELD


@pytest.mark.parametrize(("found", "people"), [(NOTHING, 0), (exposure(3), 0)])
def test_a_new_life_begins_above_the_fence_of_the_old_one(found: Exposure, people: int) -> None:
    """What an earlier life left behind is no hold; if it still serves somebody, that is taken back."""
    story = Story()
    story.say(Observed(exposure=found, epoch=7))
    assert story.people == people
    assert story.state.exposure.epoch == (7 if found == NOTHING else 8)
    assert story.state.exposure.confirmed_epoch == story.state.exposure.epoch
    assert story.state.exposure.control is Control.NONE
    story.live()
    assert story.people == 10
    assert story.applied()[-1].epoch > 7


def test_a_hold_that_was_found_to_be_less_outside_goes_on_once_it_is_released() -> None:
    """A hold that could not be confirmed, and was narrowed outside meanwhile, is no dead end once released."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.ROLLBACK, "comp-deputy")
    assert story.state.exposure.pending is not None
    story.say(Applied(epoch=story.state.exposure.pending.epoch, result="unknown"))
    story.say(Observed(exposure=story.plan.exposure(1), epoch=story.state.exposure.epoch + 1))
    story.auto = True
    story.answer()
    assert (story.phase, story.state.exposure.control) == (Phase.REDUCED, Control.HELD)
    story.message(Resume, "business", cause="understood")
    story.agree()
    assert (story.phase, story.state.exposure.control) == (Phase.OBSERVING, Control.LIVE)
    cooperate(story)
    assert story.phase is Phase.OPERATING


def test_a_look_from_before_a_change_says_nothing_of_what_is_since() -> None:
    """What was read before a narrowing was confirmed and is heard after it is no unapproved change; a later look is."""
    story = Story().climb(2)
    before = story.state.exposure
    story.reduce(Reduction.NARROW, to="half")
    narrowed = story.state
    assert narrowed.exposure.confirmed_epoch > before.confirmed_epoch
    seen = Observed(exposure=exposure(20), epoch=before.epoch, known=before.confirmed_epoch)
    story.say(seen)
    assert story.state.exposure == narrowed.exposure
    assert Code.DRIFT_WIDER not in story.codes()
    again = story.again()
    story.say(seen.but(known=narrowed.exposure.confirmed_epoch))
    assert Code.DRIFT_WIDER in story.codes()
    again.say(seen.but(epoch=narrowed.exposure.epoch + 1))  # the look began before, and saw what came after
    assert Code.DRIFT_WIDER in again.codes()


def test_a_look_from_before_a_change_loses_nothing_from_sight() -> None:
    """What could not be seen before a narrowing was read back is in sight since; a later look that fails says so."""
    story = Story().climb(2)
    before = story.state.exposure
    story.reduce(Reduction.NARROW, to="half")
    failed = Applied(epoch=0, result="failed", note="flags/claims: it hung", known=before.confirmed_epoch)
    story.say(failed)
    assert story.state.exposure.unseen_since is None
    story.say(failed.but(known=story.state.exposure.confirmed_epoch))
    assert story.state.exposure.unseen_since == story.now
