"""What happens if nobody does anything: it is what then really happens, and it never widens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.stories import STORIES
from tests.pure.world import START, Story
from tidegate.ahead import MOST, ahead
from tidegate.models.decision import Outcome
from tidegate.models.event import Reduction, Withdraw
from tidegate.models.state import Phase


def test_what_is_told_is_what_happens() -> None:
    """A review that nobody holds is told to hold, narrow and pause at the very moments at which it then does."""
    story = Story().live().review()
    told = [(row.at, row.what, row.people) for row in ahead(story.plan, story.state, story.now) if row.safer]
    first = len(story.entries)
    story.wait(timedelta(days=40))
    done = [
        (entry.at, entry.action, entry.people)
        for entry in story.entries[first:]
        if entry.action in tuple(Reduction) and entry.outcome is Outcome.DONE
    ]
    assert [what for _, what, _ in told] == ["hold", "narrow", "pause"]
    assert told == done


def test_what_comes_next_is_told_in_its_order() -> None:
    """Reminders are told once with their number and their last day, then each escalation, then that it expires."""
    story = Story()
    story.start()
    story.ready()
    rows = ahead(story.plan, story.state, story.now)
    assert [row.what for row in rows[:4]] == ["reminder", "escalation", "escalation", "gate expired"]
    assert (rows[0].at, rows[0].times) == (START + timedelta(days=1), 4)
    assert rows[0].last == START + timedelta(days=4)
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert "goes to deputies" in rows[1].sentence


@pytest.mark.parametrize("name", sorted(STORIES))
def test_time_alone_never_widens(name: str) -> None:
    """From wherever a story ends, nothing that happens without people serves more of them, unless all had agreed."""
    story = STORIES[name]()
    agreed = any(gate.satisfied_at is not None for gate in story.state.gates.values())
    moving = story.phase in (Phase.SCHEDULED, Phase.WIDENING)
    people = story.state.exposure.desired.people
    rows = ahead(story.plan, story.state, story.now)
    assert len(rows) <= MOST
    for row in rows:
        assert row.people <= people or agreed or moving
        people = row.people


def test_sources_go_on_saying_what_they_said() -> None:
    """A source that answered goes on, so nobody is told to be blind; one that never answered narrows it in the end."""
    story = Story().climb(1)
    story.wait(timedelta(days=1))
    assert story.state.metrics["errors"].last is not None
    assert "blind" not in [row.what for row in ahead(story.plan, story.state, story.now)]
    silent = Story().live()
    assert silent.state.metrics["errors"].last is None
    assert [row.what for row in ahead(silent.plan, silent.state, silent.now)][:2] == ["blind", "narrow"]


def test_of_what_is_over_nothing_comes() -> None:
    """Once it is over nothing more happens."""
    story = Story()
    story.start()
    story.message(Withdraw, "owner", reason="not needed")
    assert ahead(story.plan, story.state, story.now) == ()


def test_nothing_is_kept() -> None:
    """Looking ahead changes nothing: the same look tells the same again, and the state is as it was."""
    story = Story().live().review()
    before = story.state.model_dump_json()
    assert ahead(story.plan, story.state, story.now) == ahead(story.plan, story.state, story.now)
    assert story.state.model_dump_json() == before
