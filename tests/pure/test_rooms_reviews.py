"""The rooms of a review: evidence for it, who holds it, what becomes of it when nobody does, and where it leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, Story, but, standard_plan, with_member, with_rules
from tidegate import endings, waves
from tidegate.calendar import later
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Outcome, TakeReadings
from tidegate.models.event import CLOCK, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, Phase
from tidegate.turn import Turn, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
OLD = {"target": 4, "purpose": GateKind.STAGE, "missed": 2, "narrow_at": START}
"""A position that remembers what is over."""


def clock(story: Story, position: dict[str, Any] | None = None, **changes: Any) -> Turn:
    """Return a turn of the clock in a story whose position and state are changed."""
    state = story.state.but(position=story.state.position.but(**(position or {})), **changes)
    return Turn(story.plan, state, story.now, CLOCK, None)


# -- evidence for it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent", "rules", "wait"),
    [
        (("errors",), {}, "1h"),
        (("errors",), {"retry_every": Span.of("8bh")}, "8bh"),
        (("comments",), {}, "1bd"),
        (("errors", "comments"), {}, "1bd"),
    ],
    ids=str,
)
def test_evidence_is_asked_for_before_people_are(silent: tuple[str, ...], rules: dict[str, Any], wait: str) -> None:
    """What is silent is asked for again, each time on record: a machine soon, a person on the next working day."""
    story = Story(with_rules(PLAN, **rules)).climb(2)
    story.now = START + 11 * DAY + 9 * HOUR
    assert later(PLAN.calendar, story.now, Span.of("1bd")) == START + 15 * DAY
    metrics = {name: MetricState(due_at=START, since=START) if name in silent else one
               for name, one in story.state.metrics.items()}  # fmt: skip
    turn = clock(story, {"phase": Phase.CHECKPOINT_DUE}, metrics=metrics)
    for attempt in (1, 2, 3, 4):
        waves._checkpoint(turn)
        retry = turn.state.position.retry_at
        assert (turn.state.position.attempts, retry) == (attempt, later(PLAN.calendar, turn.now, Span.of(wait)))
        entry = turn.entries[-1]
        assert (entry.action, entry.outcome) == ("evidence asked for", Outcome.DONE)
        assert entry.reason == because(Code.EVIDENCE_ASKED, metrics=silent, attempt=attempt)
        turn.place(retry_at=None)
    assert [move for move in turn.moves if isinstance(move, TakeReadings)] == [
        TakeReadings(metrics=("errors",), attempt=attempt) for attempt in (1, 2, 3, 4) if "errors" in silent
    ]
    waves._checkpoint(turn)
    entry = next(entry for entry in turn.entries if entry.action == "checkpoint")
    why = because(Code.INCONCLUSIVE, verdict="inconclusive", why="no_reading", metric=silent[0])
    assert (entry.outcome, entry.reason) == (Outcome.REFUSED, why)
    assert turn.state.exposure.control is Control.HELD


@pytest.mark.parametrize("handed_over", [False, True])
def test_held_before_the_review(handed_over: bool) -> None:
    """A review of what was held meanwhile is put off: it is watched, or operates, until it goes on."""
    story = Story().climb(2)
    held = story.state.exposure.but(control=Control.HELD)
    turn = clock(story, {**OLD, "phase": Phase.CHECKPOINT_DUE, "handed_over": handed_over}, exposure=held)
    waves._checkpoint(turn)
    position = turn.state.position
    assert position.phase is (Phase.OPERATING if handed_over else Phase.OBSERVING)
    assert (position.target, position.purpose, turn.state.gates) == (None, None, {})


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (GateKind.CHECKPOINT, Phase.CHECKPOINT_DUE),
        (GateKind.OPERATING, Phase.CHECKPOINT_DUE),
        (GateKind.HANDOFF, Phase.HANDOFF_PENDING),
        (GateKind.STAGE, Phase.PREPARING),
        (GateKind.FIRST_EXPOSURE, Phase.PREPARING),
    ],
)
def test_evidence_that_turns_while_people_look(kind: GateKind, phase: Phase) -> None:
    """Where green turns red under the eyes of the reviewers, the question is asked anew from where it came."""
    story = Story().climb(2)
    gate = opened().gate.but(kind=kind)
    turn = clock(story, {"phase": Phase.AWAITING_APPROVAL}, gates={gate.id: gate})
    waves._refresh(turn, gate)
    assert (turn.state.position.phase, turn.state.gates) == (phase, {})


# -- who holds it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GateKind.CHECKPOINT, GateKind.OPERATING])
def test_a_newer_review_ends_the_older_one(kind: GateKind) -> None:
    """What is looked at anew is asked anew: votes about the older review count for nothing more."""
    story = Story().climb(2)
    old, other = opened().gate.but(id="old", kind=kind), opened().gate.but(id="end", kind=GateKind.RETIREMENT)
    turn = clock(story, {"phase": Phase.CHECKPOINT_DUE}, gates={"old": old, "end": other})
    waves._open_review(turn)
    entry = turn.entries[0]
    assert (entry.action, entry.outcome, entry.gate, entry.subject) == (
        "gate superseded", Outcome.SUPERSEDED, "old", old.subject,
    )  # fmt: skip
    assert entry.reason == because(Code.SUPERSEDED, gate="old", by="a newer review")
    assert [(gate.id, gate.how) for gate in turn.state.closed[-1:]] == [("old", "superseded")]
    assert [gate.kind for gate in turn.state.gates.values()] == [GateKind.RETIREMENT, GateKind.CHECKPOINT]


def test_a_review_that_nobody_can_hold() -> None:
    """Where nobody is left to hold a review it counts as missed, and is held."""
    story = Story().climb(2)
    for name in ("risk-a", "risk-b", "both"):
        story.plan = with_member(story.plan, name, active=False)
    turn = clock(story, {"phase": Phase.CHECKPOINT_DUE})
    waves._open_review(turn)
    entry = next(entry for entry in turn.entries if entry.action == "review missed")
    assert (entry.outcome, entry.reason) == (Outcome.EXPIRED, because(Code.NO_REVIEWERS))
    assert (turn.state.exposure.control, turn.state.position.missed) == (Control.HELD, 1)


@pytest.mark.parametrize(
    ("times", "control", "days"),
    [
        (0, Control.HELD, 5),
        (1, Control.NARROWED, 6),
        (2, Control.PAUSED, None),
        (3, Control.PAUSED, None),
        (7, Control.PAUSED, None),
    ],
)
def test_how_far_a_missed_review_goes(times: int, control: Control, days: int | None) -> None:
    """A review that nobody holds holds, narrows, then pauses, however often it was missed before."""
    story = Story(with_rules(PLAN, pause_after=Span.of("6d"))).climb(3)
    turn = clock(story, {"missed": times})
    waves.missed(turn, because(Code.STILL_NO_REVIEW))
    position = turn.state.position
    assert (turn.state.exposure.control, position.missed) == (control, times + 1)
    assert position.narrow_at == (None if days is None else turn.now + days * DAY)


# -- where it leads ---------------------------------------------------------------------------------------------------


def fresh(position: Any) -> bool:
    """Whether nothing is left of what was missed before."""
    return (position.missed, position.narrow_at) == (0, None)


def test_a_review_that_was_held_forgets_what_was_missed() -> None:
    """Once people have looked nothing is narrowed any more for the reviews before, and nothing is widened to."""
    story = Story().climb(2)
    gate = opened().gate.but(kind=GateKind.CHECKPOINT, change=None)
    for phase in (Phase.OBSERVING, Phase.OPERATING):
        turn = clock(story, OLD, gates={gate.id: gate})
        waves._go_on(turn, gate, phase)
        assert fresh(turn.state.position)
        assert (turn.state.position.phase, turn.state.position.target) == (phase, None)
    turn = clock(story, OLD, gates={gate.id: gate})
    waves._stage_done(turn, gate)
    assert fresh(turn.state.position)
    assert (turn.state.position.phase, turn.state.position.target) == (Phase.PREPARING, 3)
    story = Story().climb(5)
    turn = clock(story, OLD, gates={gate.id: gate})
    endings.offer(turn)
    assert fresh(turn.state.position)
    assert (turn.state.position.phase, turn.state.position.target) == (Phase.HANDOFF_PENDING, None)
    turn.place(target=4)
    endings.handed_over(turn, gate)
    assert (turn.state.position.phase, turn.state.position.target) == (Phase.OPERATING, None)


@pytest.mark.parametrize(
    ("stage", "receiver", "phase"),
    [
        (Stage.SYSTEM_OF_RECORD, True, Phase.HANDOFF_PENDING),
        (Stage.SYSTEM_OF_RECORD, False, Phase.OBSERVING),
        (Stage.LIMITED, True, Phase.OBSERVING),
        (Stage.LIMITED, False, Phase.OBSERVING),
    ],
)
def test_who_takes_it_over_at_the_top(stage: Stage, receiver: bool, phase: Phase) -> None:
    """Only a system of record is handed over, and only where somebody takes it; the rest goes on being watched."""
    top = 5 if stage is Stage.SYSTEM_OF_RECORD else 4
    plan = but(PLAN, ladder=PLAN.ladder[:top], handoff=PLAN.handoff if receiver else None)
    story = Story(plan).climb(top)
    gate = opened().gate.but(kind=GateKind.CHECKPOINT, change=None)
    turn = clock(story, {"phase": Phase.CHECKPOINT_REVIEW}, gates={gate.id: gate})
    waves._stage_done(turn, gate)
    assert turn.state.position.phase is phase
    assert ("handoff" in turn.state.obligations) is (phase is Phase.HANDOFF_PENDING)


def test_a_review_of_what_operates_is_opened_again_after_a_hold() -> None:
    """A hold keeps the review of what operates open, and the next one takes its place once it goes on."""
    story = Story().operate()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    first = story.gate
    assert first.kind is GateKind.OPERATING
    story.reduce(Reduction.HOLD)
    assert list(story.state.gates) == [first.id]
    story.message(Resume, "business", cause="understood")
    story.agree()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.OPERATING]
    assert story.gate.id != first.id
    assert [gate.how for gate in story.state.closed if gate.id == first.id] == ["superseded"]
