"""What a revision may let go: a target only where nothing says that somebody may be served there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pure.world import Story, but, exposure, standard_plan
from tidegate.models.decision import Apply, Outcome
from tidegate.models.event import Amend, Reduction
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code

MAY_SERVE: dict[str, dict[str, Any]] = {
    "it is wanted": {"desired": exposure(5)},
    "it was read back": {"confirmed": exposure(5)},
    "it is under way": {"pending": Apply(verb="pause", epoch=9, exposure=NOTHING, label="w1")},
    "nobody knows what became of it": {"unresolved": (9,)},
}
ELSEWHERE = {"flags/claims": Backend(kind="flagd", settings={"file": "new.json"})}
STILL = {"desired": NOTHING, "confirmed": NOTHING, "pending": None, "unresolved": ()}


@pytest.mark.parametrize("may", MAY_SERVE)
@pytest.mark.parametrize("gone", [{"targets": ()}, {"drivers": ELSEWHERE}], ids=["the target", "how it is reached"])
def test_a_target_is_let_go_only_where_nothing_says_that_it_may_serve(may: str, gone: dict[str, Any]) -> None:
    """Each sign alone that somebody may be served there keeps it in the plan; without any it may go."""
    for signs, refused in ((STILL | MAY_SERVE[may], True), (STILL, False)):
        story = Story().live()
        story.reduce(Reduction.PAUSE)
        story.auto = False
        story.state = story.state.but(exposure=story.state.exposure.but(**signs))
        story.message(Amend, "owner", plan=but(story.plan, **gone))
        assert (Code.LEFT_BEHIND in story.codes(Outcome.REFUSED)) is refused


def test_what_is_reached_as_before_is_not_let_go() -> None:
    """While people are served, a revision may change all else of a plan that says how its target is reached."""
    story = Story(but(standard_plan(), drivers=ELSEWHERE)).live()
    story.message(Amend, "owner", plan=but(story.plan, title="Claims, again"))
    assert (story.plan.title, story.codes(Outcome.REFUSED)) == ("Claims, again", [])
