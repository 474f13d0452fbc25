"""Dates: each is named with what comes with it and who can prevent it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, Story, but, standard_plan
from tidegate.deadlines import Deadline, deadlines, whole
from tidegate.models.base import Stage
from tidegate.models.ending import Ends
from tidegate.models.handing import Takeover
from tidegate.models.member import Unread
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import because

DAY = timedelta(days=1)
SECOND, MICRO = timedelta(seconds=1), timedelta(microseconds=1)
SOON = START + 3 * DAY


def dated(story: Story, what: str) -> list[Deadline]:
    """Return every date at which one thing comes."""
    return [one for one in deadlines(story.plan, story.state) if one.what == what]


def stood(story: Story, **position: Any) -> Story:
    """Return a story that stands elsewhere."""
    story.state = story.state.but(position=story.state.position.but(**position))
    return story


@pytest.mark.parametrize(
    ("after", "whole_after"),
    [
        (timedelta(0), timedelta(0)),
        (MICRO, SECOND),
        (SECOND - MICRO, SECOND),
        (SECOND, SECOND),
    ],
)
def test_a_moment_is_rounded_up_to_its_second(after: timedelta, whole_after: timedelta) -> None:
    """Never earlier than it was to be, by less than a second later, and not at all where it is whole."""
    assert whole(START + after) == START + whole_after


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.CHECKPOINT_DUE, Phase.SCHEDULED])
def test_whoever_decides_waits_for_evidence(phase: Phase) -> None:
    """Where evidence is asked for again the date belongs to who decides; no other phase asks for any."""
    story = stood(Story(), phase=phase, target=1, retry_at=SOON)
    assert dated(story, "ask for evidence") == [Deadline(SOON, "ask for evidence", "owner")]
    assert dated(stood(story, phase=Phase.OBSERVING), "ask for evidence") == []
    assert dated(stood(story, phase=phase, retry_at=None), "ask for evidence") == []


@pytest.mark.parametrize(("phase", "reads"), [(Phase.PREPARING, True), (Phase.SCHEDULED, False)])
def test_a_list_that_could_not_be_read_is_read_again(phase: Phase, reads: bool) -> None:
    """It belongs to who decides, where anybody is to be added next."""
    story = stood(Story(), phase=phase, target=1)
    story.state = story.state.but(unread=Unread(again=SOON, attempts=1))
    expected = [Deadline(SOON, "read who is in a cohort", "owner")] if reads else []
    assert dated(story, "read who is in a cohort") == expected


def ending(plan: Plan) -> Plan:
    """Return the plan with an end of its pilot."""
    return but(plan, stages={**plan.stages, Stage.PILOT: plan.stages[Stage.PILOT].but(expires=SOON)})


def test_the_end_of_a_stage_names_the_stage() -> None:
    """It belongs to who decides, until it was acted on."""
    story = Story(ending(standard_plan())).live()
    assert dated(story, "stage expires") == [Deadline(SOON, "stage expires", "owner", "pilot")]
    assert dated(stood(story, expired=Stage.PILOT), "stage expires") == []


def test_what_is_owed_still_belongs_to_who_owes_it() -> None:
    """After its day the next date is the narrowing, as long as somebody is served."""
    story = Story().live()
    owed = Obligation(kind="drill", what="a drill", owner="plat-a", due=START, overdue=True, narrow_at=SOON)
    story.state = story.state.but(obligations={"drill": owed})
    assert dated(story, "owed still") == [Deadline(SOON, "owed still", "plat-a", "drill")]
    assert dated(story, "obligation overdue") == []
    quiet = opened()
    quiet.state = quiet.state.but(obligations={"drill": owed})
    assert dated(quiet, "owed still") == []


@pytest.mark.parametrize("in_force", [False, True])
def test_delivery_steps_back_at_the_word_of_who_took_it_over(in_force: bool) -> None:
    """Until then the date belongs to who signed; after it there is none."""
    story = Story().live()
    taken = Takeover(by="receiver", at=START, pack="a" * 64, effective=SOON, in_force=in_force)
    story.state = story.state.but(takeover=taken)
    expected = [] if in_force else [Deadline(SOON, "delivery steps back", "receiver")]
    assert dated(story, "delivery steps back") == expected


def test_access_is_taken_away_by_the_clock() -> None:
    """While it drains the date is nobody's to prevent; once nobody is served there is none."""
    story = stood(Story().live(), phase=Phase.RETIRING)
    story.state = story.state.but(ends=Ends(revoke_at=SOON))
    assert dated(story, "access is taken away") == [Deadline(SOON, "access is taken away", "clock")]
    story.state = story.state.but(ends=Ends())
    assert dated(story, "access is taken away") == [Deadline(story.state.ticked_at, "access is taken away", "clock")]
    gone = stood(Story(), phase=Phase.RETIRING)
    gone.state = gone.state.but(ends=Ends(revoke_at=SOON))
    assert dated(gone, "access is taken away") == []


def test_who_owes_something_is_reminded_of_it() -> None:
    """The date belongs to whoever owes it, until its day is over."""
    story = Story().live()
    owed = Obligation(kind="drill", what="a drill", owner="plat-a", due=SOON + DAY, remind_at=SOON)
    story.state = story.state.but(obligations={"drill": owed})
    assert dated(story, "reminder") == [Deadline(SOON, "reminder", "plat-a", "drill")]
    story.state = story.state.but(obligations={"drill": owed.but(overdue=True)})
    assert dated(story, "reminder") == []


@pytest.mark.parametrize("extended", [True, False])
def test_a_wave_that_lacks_samples_is_watched_to_its_latest_day(extended: bool) -> None:
    """The date belongs to who decides; without more time it is the day on which it was to be over."""
    story = Story().live()
    watch = story.state.position.observation
    assert watch is not None
    watch = watch.but(extended=extended)
    stood(story, observation=watch)
    last = Deadline(watch.latest, "observed at the latest", "owner")
    first = Deadline(watch.until, "observed", "owner")
    assert [*dated(story, "observed"), *dated(story, "observed at the latest")] == [last if extended else first]


def test_a_review_that_only_some_have_held_says_who_was_missing() -> None:
    """What one has agreed to lacks the others alone, by the very moment at which it is over."""
    story = Story().live().review()
    gate = story.gate
    story.wait(gate.expires_at - SECOND)
    story.vote("risk-a")
    before = len(story.entries)
    story.wait(gate.expires_at)
    (missed,) = [one for one in story.entries[before:] if one.action == "review missed"]
    assert missed.reason == because(Code.EXPIRED, gate=gate.id, label="pilot/w2", lacking="operations")
