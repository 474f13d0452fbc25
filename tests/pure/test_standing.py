"""Where a rollout stands: in every phase somebody is named with a verb, or a date with its owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import Story, exposure, standard_plan, with_metric, with_rung
from tidegate import outbox
from tidegate.models.decision import Outcome
from tidegate.models.event import Applied, Choice, Observed, Reduction, Retire
from tidegate.models.messages import Backlog
from tidegate.models.state import Phase
from tidegate.standing import standing
from tidegate.verbs import VERBS

SHOWN = {
    "lift": "stop_the_line",
    "withdraw-veto": "withdraw_veto",
    "request-changes": "request_changes",
    "rehearse": "rehearsed",
}
"""Verbs that people type otherwise than messages are called."""


def verbs(story: Story) -> list[str]:
    """Return the first word of every step."""
    return [step.verb.split()[0] for step in standing(story.plan, story.state, story.now).steps]


def stopped() -> Story:
    """Return a stop that could not be read back."""
    story = Story().climb(1)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    pending = story.state.exposure.pending
    assert pending is not None
    story.say(Applied(epoch=pending.epoch, result="failed"))
    return story


def sent_back() -> Story:
    """Return a round of votes that was sent back."""
    story = Story().live().review()
    story.vote("risk-a", Choice.REQUEST_CHANGES)
    return story


def vetoed() -> Story:
    """Return a round of votes that was vetoed."""
    story = Story().live().review()
    story.vote("risk-a", Choice.VETO)
    return story


def held() -> Story:
    """Return a hold."""
    story = Story().climb(1)
    story.reduce(Reduction.HOLD)
    return story


def started() -> Story:
    """Return a rollout that prepares its first wave."""
    story = Story()
    story.start()
    return story


@pytest.mark.parametrize(
    ("story", "verb"),
    [
        (Story(), "start"),
        (started(), "ready"),
        (Story().live().review(), "approve"),
        (held(), "resume"),
        (stopped(), "confirm"),
        (sent_back(), "ready"),
        (vetoed(), "withdraw-veto"),
        (Story().operate(), "retire"),
    ],
    ids=["submitted", "preparing", "review", "held", "stop", "sent back", "vetoed", "operating"],
)
def test_a_step_leads_on(story: Story, verb: str) -> None:
    """Where somebody must act, the first step names what they type, and who they are."""
    stands = standing(story.plan, story.state, story.now)
    assert verb in verbs(story)
    for step in stands.steps:
        name = step.verb.split()[0]
        assert SHOWN.get(name, name) in VERBS
        assert step.who
        assert step.why


def test_in_every_phase_somebody_or_something_comes_next() -> None:
    """All the way up and to the end, there is a step to take or a date with its owner, until it is over."""
    story = Story().operate()
    seen = set()
    for entry in story.decisions:
        stands = standing(entry.plan, entry.state, story.now)
        seen.add(stands.phase)
        assert stands.steps or stands.coming or Phase(stands.phase).over
        assert stands.coming is None or stands.coming.owner
        assert "\n" not in stands.line
    assert len(seen) >= 8


def test_what_is_served_is_what_was_read_back() -> None:
    """Until it is read back, people may still be served as before, and the line says that it is not confirmed."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.NARROW)
    stands = standing(story.plan, story.state, story.now)
    assert (stands.people, stands.served, stands.confirmed) == (10, 20, False)
    assert "NARROWED; up to 10 people served (not confirmed)" in stands.line
    story.answer()
    stands = standing(story.plan, story.state, story.now)
    assert (stands.people, stands.served, stands.confirmed) == (10, 10, True)


def test_that_a_machine_reads_a_figure_is_nobodys_deadline() -> None:
    """The next date is one that somebody should know of; a source that is read every day is not."""
    story = Story().climb(1)
    coming = standing(story.plan, story.state, story.now).coming
    assert coming is not None
    assert not coming.what.startswith("reading due: errors")


def test_figures_wait_for_company_on_their_way_to_the_ledger() -> None:
    """A round of readings alone is not worth a journey, a person's word is, and so is a pile of rounds."""
    story = Story().climb(1)
    story.auto = False
    assert not outbox.due(story.state, Backlog())
    story.read(1)
    assert len(story.state.outbox) == 1
    assert not outbox.due(story.state, Backlog())
    ended = story.state.but(position=story.state.position.but(phase=Phase.TERMINATED))
    assert outbox.due(ended, Backlog()), "after the end no company comes"
    for _ in range(20):
        story.now += timedelta(days=1)
        story.read(1)
    assert outbox.due(story.state, Backlog())
    other = Story().climb(1)
    other.auto = False
    other.reduce(Reduction.HOLD)
    assert outbox.due(other.state, Backlog())
    third = Story().climb(1)
    third.auto = False
    third.say(Observed(exposure=exposure(3), epoch=9))
    assert any(entry.outcome is Outcome.DONE for entry in third.state.outbox)
    assert outbox.due(third.state, Backlog())


def test_retirement_is_proposed_once() -> None:
    """While operating, `retire` is named with the reason it asks for, and no more once its votes are open."""
    story = Story().operate()
    assert [step.verb for step in standing(story.plan, story.state, story.now).steps if "retire" in step.verb] == [
        'retire --reason "WHY"'
    ]
    story.message(Retire, "owner", reason="its work is done")
    assert "retire" not in verbs(story)
    assert "approve" in verbs(story)


def test_a_wave_of_which_too_little_was_seen_asks_for_more() -> None:
    """Where too few runs were seen of this wave, the figure that counts them is named before anything is held."""
    plan = with_rung(standard_plan(), 1, min_samples=50)
    plan = with_metric(plan, "errors", by_hand=True)
    story = Story(plan).live()
    story.value = None
    reading = next(step for step in standing(story.plan, story.state, story.now).steps if "errors" in step.verb)
    assert reading.verb == "reading errors=VALUE --n CASES"
    story.read(1, n=10)
    few = next(step for step in standing(story.plan, story.state, story.now).steps if "errors" in step.verb)
    assert few.why == "Only 10 runs were seen, and 50 are needed."
    story.now += timedelta(minutes=1)
    story.read(1, n=60)
    assert not [step for step in standing(story.plan, story.state, story.now).steps if "errors" in step.verb]


def test_a_round_whose_figure_says_nothing_asks_for_the_figure_before_a_no() -> None:
    """Where a stage was prepared for so long that a figure of people is too old, it is named; given, it is voted on."""
    story = Story(with_metric(standard_plan(), "errors", by_hand=True)).live()
    story.read(0)
    while story.phase is not Phase.PREPARING:
        story.state = story.state.but(readiness={})
        if story.phase is Phase.CHECKPOINT_REVIEW:
            story.agree()
        story.read(0)
        story.wait()
    story.now += timedelta(days=30)
    story.ready()
    assert verbs(story) == ["reading", "reading", "reject"]
    story.read(0)
    assert verbs(story) == ["reading", "reject"]
    story.read(0, "comments")
    assert verbs(story) == ["approve"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"status": "error", "note": "it cannot be reached"}, "could not be asked: it cannot be reached"),
        ({"status": "error", "why": "not_a_number", "note": "NaN"}, "answered, and not with a number (NaN)"),
        ({"status": "no_data"}, "has no data"),
        ({"status": "stale"}, "is too old"),
        ({"status": "insufficient_sample", "n": 3}, "was measured over 3 cases, and 5 are needed"),
        ({"status": "value"}, ""),
    ],
)
def test_whoever_may_go_on_reads_why_a_figure_says_nothing(said: dict[str, Any], shown: str) -> None:
    """Beside the way on stands which figure says nothing now and why: five reasons, and none where all is well."""
    story = Story().climb(1)
    story.reduce(Reduction.HOLD)
    story.read(0 if said["status"] == "value" else None, **said)
    (why,) = (step.why for step in standing(story.plan, story.state, story.now).steps if "resume" in step.verb)
    assert why.startswith("it is held; to go on is a decision")
    assert (". Now: " in why, shown in why) == (bool(shown), True)
