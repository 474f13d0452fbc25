"""The rooms that lead on: what a yes ends beside itself, what it owes, and when a stage is watched once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, Story, but, standard_plan, with_rules, with_rung
from tidegate import waves
from tidegate.calendar import later
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.cycle import Cycle
from tidegate.models.decision import Outcome
from tidegate.models.event import CLOCK, Choice, Consequence, Override, Promise
from tidegate.models.member import CohortRoll, Members, Resolved
from tidegate.models.reasons import Code
from tidegate.models.state import Observation, Phase
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PLAN = standard_plan()


def told(story: Story, code: Code) -> list[tuple[Any, ...]]:
    """Return each line with one reason: what was done, what became of it, the facts, the gate and the subject."""
    return [
        (entry.action, entry.outcome, entry.reason.facts, entry.gate, entry.subject)
        for entry in story.entries
        if entry.reason.code is code
    ]


# -- what a yes ends, and owes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [True, False])
def test_a_widening_ends_a_round_that_asked_to_go_on_from_before(asked: bool) -> None:
    """Half an override beside a wave that widens is superseded by name: its step was one from where it had been."""
    story = Story().live().review()
    wave = story.gate
    story.agree()
    assert story.phase is Phase.SCHEDULED
    if asked:
        story.message(Override, "exec", to="w2", incident="INC-7")
    override = [gate for gate in story.state.gates.values() if gate.kind is GateKind.OVERRIDE]
    assert len(override) == asked
    story.wait(2 * DAY)
    assert (story.state.position.level, story.state.gates) == (2, {})
    assert told(story, Code.SUPERSEDED) == [
        ("gate superseded", Outcome.SUPERSEDED, {"gate": one.id, "by": wave.id}, one.id, one.subject)
        for one in override
    ]
    ends = {gate.id: gate.how for gate in story.state.closed}
    assert [ends[one.id] for one in (wave, *override)] == ["consumed", "superseded"][: 1 + asked]


def test_a_widening_leaves_other_rounds_open() -> None:
    """Whoever votes about the end of the rollout goes on voting while a wave widens."""
    story = Story().live().review()
    story.agree()
    other = opened().gate.but(id="end", kind=GateKind.RETIREMENT, expires_at=story.now + 30 * DAY)
    story.state = story.state.but(gates={**story.state.gates, "end": other})
    story.wait(2 * DAY)
    assert (story.state.position.level, list(story.state.gates)) == (2, ["end"])
    assert told(story, Code.SUPERSEDED) == []


@pytest.mark.parametrize(
    ("consequence", "code"),
    [
        (Consequence.HOLD, Code.OWES),
        (Consequence.NARROW, Code.OWES_OR_NARROW),
        (Consequence.PAUSE, Code.OWES_OR_PAUSE),
    ],
)
def test_a_condition_is_written_down_with_who_owes_what_by_when(consequence: Consequence, code: Code) -> None:
    """The line says what follows by its reason, and names the condition as it is then confirmed."""
    story = opened()
    promise = Promise(what="train the floor", owner="plat-a", due=START + 5 * DAY, consequence=consequence)
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    story.vote("ops-a")
    story.wait_for(Phase.OBSERVING)
    (name,) = story.state.obligations
    facts = {"id": name, "who": "plat-a", "what": "train the floor", "due": "2026-11-28T09:00:00Z"}
    assert told(story, code) == [("condition", Outcome.DONE, facts, None, None)]


# -- a stage that must be watched again -------------------------------------------------------------------------------


def at_the_door(cycles: int, **position: Any) -> Turn:
    """Return a turn of a rollout that prepares the next stage, with so many of the two cycles that it must show."""
    story = Story(with_rules(PLAN, maturity=True, repeat_cycles=2, review_every=Span.of("10bd"))).climb(2)
    proven = Cycle(stage=Stage.PILOT, wave="w2", since=START, until=START + DAY)
    state = story.state.but(cycles=(proven,) * cycles)
    leaving = {"phase": Phase.PREPARING, "target": 3, "purpose": GateKind.STAGE, **position}
    return Turn(story.plan, state.but(position=state.position.but(**leaving)), story.now, CLOCK, None)


@pytest.mark.parametrize("latest", [DAY, 90 * DAY], ids=["soon over", "long"])
def test_a_stage_that_has_come_to_prove_more_is_watched_again(latest: timedelta) -> None:
    """Rules that ask for more cycles than it has send it back to be watched until the next review, and no sooner."""
    turn = at_the_door(1)
    watch = Observation(since=START, until=START + DAY, latest=turn.now + latest, review_at=START + DAY)
    turn.place(observation=watch)
    again = later(PLAN.calendar, turn.now, Span.of("10bd"))
    assert waves._proves_more(turn, 3)
    position = turn.state.position
    assert (position.phase, position.target, position.purpose, position.level) == (Phase.OBSERVING, None, None, 2)
    end = max(turn.now + latest, again)
    assert position.observation == watch.but(until=again, latest=end, review_at=again)


@pytest.mark.parametrize(
    ("cycles", "target", "changes"),
    [
        (2, 3, {}),
        (1, 2, {}),
        (1, 3, {"purpose": GateKind.FIRST_EXPOSURE}),
        (1, 3, {"observation": None}),
    ],
    ids=["proven", "the same stage", "nothing was left", "not watched"],
)
def test_a_stage_that_is_left_in_order_is_left(cycles: int, target: int, changes: dict[str, Any]) -> None:
    """What has proven enough, or leaves no stage behind, goes on to prepare what is next."""
    turn = at_the_door(cycles, **changes)
    before = turn.state
    assert not waves._proves_more(turn, target)
    assert turn.state is before


def test_a_stage_sent_back_opens_no_round_for_the_next() -> None:
    """In the same breath as it is found short nobody is asked about the stage that comes after."""
    turn = at_the_door(1)
    waves._prepare(turn)
    assert (turn.state.position.phase, turn.state.gates) == (Phase.OBSERVING, {})
    enough = at_the_door(2)
    enough.change(readiness={})
    waves._prepare(enough)
    assert enough.state.position.phase is Phase.PREPARING


# -- where a review leads, and what it waits for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "ladder", "changes", "leads"),
    [
        (4, 5, {}, True),
        (5, 5, {}, True),
        (5, 5, {"handoff": None}, False),
        (4, 4, {}, False),
        (4, 4, {"handoff": None}, False),
    ],
    ids=["a wave is next", "it is handed over", "to nobody", "a stage that is not handed over", "nor to anybody"],
)
def test_a_review_in_time_leads_somewhere(level: int, ladder: int, changes: dict[str, Any], leads: bool) -> None:
    """To the next wave, or from the system of record to who takes it over; else people look when they always do."""
    story = Story().climb(1)
    plan = but(PLAN, ladder=PLAN.ladder[:ladder], **changes)
    state = story.state.but(position=story.state.position.but(level=level, cycles=9))
    assert waves._leads_on(Turn(plan, state, story.now, CLOCK, None)) is leads


def test_a_longer_watch_says_until_when_and_for_how_many() -> None:
    """Where samples are lacking at its end the line names the latest end, and how many runs are wanted."""
    story = Story(with_rung(PLAN, 1, min_samples=500)).live()
    watch = story.state.position.observation
    assert watch is not None
    story.wait(8 * DAY)
    facts = because(Code.EXTENDED, until=watch.latest, needed=500).facts
    assert told(story, Code.EXTENDED) == [("observation extended", Outcome.DONE, facts, None, None)]


def test_a_review_that_cannot_read_who_is_next_names_the_list() -> None:
    """The line that holds it says whose list could not be read."""
    roll = CohortRoll(source=Members(csv="all.csv", person="id"))
    story = Story(but(PLAN, cohorts={"team/all": roll}))
    story.rolls = lambda _: Resolved(digest="1" * 64, people=40)
    story.live()
    story.rolls = lambda _: Resolved(note="gone")
    end: datetime = story.now + 30 * DAY
    while not (lines := told(story, Code.ROLL_AWAITED)):
        assert story.now < end
        story.wait()
    assert lines == [("checkpoint", Outcome.REFUSED, {"cohorts": "team/all"}, None, None)]
