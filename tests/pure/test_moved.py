"""That time was moved is on record, and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.pure.world import Story, said
from tidegate.decide import Decision
from tidegate.models.event import Actor, Moved
from tidegate.models.reasons import Code

DAY = timedelta(days=1)


def moved(story: Story, who: str, since: timedelta, until: timedelta) -> Decision:
    """Say that time is moved."""
    return story.message(Moved, who, since=story.now + since, until=story.now + until)


def test_that_time_is_moved_is_on_record_and_changes_nothing() -> None:
    """Before and after it is one line each, and where the rollout stands is as it was."""
    story = Story().live()
    before = story.state
    assert said(moved(story, "owner", timedelta(), 7 * DAY)) is Code.TIME_MOVES
    assert said(moved(story, "owner", -7 * DAY, timedelta())) is Code.TIME_MOVED
    same = ("position", "exposure", "gates", "metrics", "obligations", "announcements")
    assert all(getattr(story.state, name) == getattr(before, name) for name in same)
    assert [entry.action for entry in story.entries[-2:]] == ["time moved", "time moved"]


def test_who_may_not_start_it_does_not_say_that_time_is_moved() -> None:
    """A word that casts doubt on evidence is not anybody's; who may begin it is heard."""
    story = Story().live()
    assert said(moved(story, "risk-a", timedelta(), DAY)) is Code.NO_RIGHT
    assert said(moved(story, "owner", timedelta(), DAY)) is Code.TIME_MOVES


def test_time_is_moved_ahead_only() -> None:
    """What would go back is no message; what stands still is one."""
    story = Story()
    with pytest.raises(ValidationError, match="ahead only"):
        Moved(id="m", actor=Actor(subject="owner"), since=story.now, until=story.now - DAY)
    assert Moved(id="m", actor=Actor(subject="owner"), since=story.now, until=story.now).until == story.now
