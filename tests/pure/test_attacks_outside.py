"""What happens past the rollout, in the backend itself: it is never taken for consent, and never undone upwards."""

from __future__ import annotations

import pytest

from tests.pure.test_attacks import stopping
from tests.pure.world import Story, exposure
from tidegate.models.event import Observed, Reduction
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.state import Control


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
