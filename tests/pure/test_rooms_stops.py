"""The rooms that stop it: reviews that are missed, reductions said twice, read-backs, and the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.test_attacks import QUIET, fails
from tests.pure.world import START, Story, exposure, said, standard_plan, with_rules
from tidegate import endings, fallback, reconcile
from tidegate.models.base import GateKind
from tidegate.models.decision import Apply, Notify, Outcome
from tidegate.models.event import (
    CLOCK,
    Applied,
    Confirm,
    Observed,
    Override,
    Reduction,
    Resume,
    Terminate,
    Withdraw,
)
from tidegate.models.exposed import Cause, Control
from tidegate.models.exposure import NOTHING, CohortShare
from tidegate.models.gate import ClosedGate
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.state import Announcement, Emergency, Phase, Proposal
from tidegate.turn import Turn, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
HALF = exposure(20, cohorts={"team/all": CohortShare(share=5_000, people=10)})


def clock(story: Story, position: dict[str, Any] | None = None, **exposed: Any) -> Turn:
    """Return a turn of the clock in a story whose position and exposure are changed."""
    state = story.state.but(
        position=story.state.position.but(**(position or {})), exposure=story.state.exposure.but(**exposed)
    )
    return Turn(story.plan, state, story.now, CLOCK, None)


def pending(turn: Turn) -> Apply:
    """Return what is asked of the backends and still owed."""
    move = turn.state.exposure.pending
    assert move is not None
    assert turn.state.owed["apply"] == move
    return move


def resuming(verb: Reduction, **more: Any) -> Story:
    """Return a story in which people decide about going on after a reduction."""
    story = Story().climb(2)
    story.reduce(verb, **more)
    story.ready()
    story.message(Resume, "business", cause="understood")
    assert story.gate.kind is GateKind.RESUME
    return story


# -- said twice -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [Reduction.HOLD, Reduction.NARROW])
def test_said_again_while_people_decide_to_go_on(verb: Reduction) -> None:
    """A reduction that is said again while people decide is a new no, and since when it stands does not change."""
    story = resuming(verb, to="w1" if verb is Reduction.NARROW else None)
    since = story.state.exposure.since
    story.now += HOUR
    assert said(story.reduce(Reduction.HOLD, "risk-a")) is Code.HELD
    assert (story.state.gates, story.state.closed[-1].how) == ({}, "superseded")
    assert story.state.exposure.since == since


def test_a_way_down_that_widens_nothing_is_still_a_widening() -> None:
    """A resume under way that exposes no more than is exposed now is ended by a hold all the same."""
    story = resuming(Reduction.NARROW, to="w1")
    story.agree()
    story.auto = False
    story.widening()
    assert story.state.exposure.pending is not None
    assert (story.people, story.state.exposure.pending.verb) == (10, "widen")
    assert said(story.reduce(Reduction.HOLD)) is Code.HELD
    assert story.state.exposure.pending.verb == "hold"
    assert story.phase is Phase.REDUCED
    story.say(Applied(epoch=story.state.exposure.epoch, result="confirmed"))
    assert story.state.exposure.control is Control.NARROWED


@pytest.mark.parametrize("kind", [GateKind.OPERATING, GateKind.HANDOFF])
def test_a_hold_ends_no_round_that_widens_nothing(kind: GateKind) -> None:
    """A hold leaves a round open that widens nothing, and said twice it is nothing new; a pause ends that too."""
    story = Story().climb(2)
    gate = opened().gate.but(kind=kind, change=None)
    story.state = story.state.but(gates={gate.id: gate})
    assert said(story.reduce(Reduction.HOLD)) is Code.HELD
    assert list(story.state.gates) == [gate.id]
    assert said(story.reduce(Reduction.HOLD, "risk-a")) is Code.ALREADY
    assert list(story.state.gates) == [gate.id]
    assert said(story.reduce(Reduction.PAUSE)) is Code.PAUSED
    assert story.state.gates == {}


@pytest.mark.parametrize(
    ("first", "then", "control"),
    [
        (Reduction.ROLLBACK, {"verb": Reduction.ROLLBACK}, Control.ROLLING_BACK),
        (Reduction.ROLLBACK, {"verb": Reduction.NARROW, "to": "half"}, Control.ROLLED_BACK),
        (Reduction.NARROW, {"verb": Reduction.ROLLBACK}, Control.ROLLING_BACK),
        (Reduction.NARROW, {"verb": Reduction.PAUSE}, Control.PAUSED),
    ],
    ids=str,
)
def test_a_milder_verb_relaxes_nothing(first: Reduction, then: dict[str, Any], control: Control) -> None:
    """The strictest verb stands; only a second rollback is under way again until it is read back."""
    story = Story().climb(3)
    story.reduce(first, to="w1")
    story.auto = False
    story.reduce(**then)
    assert story.state.exposure.control is control
    assert story.people < 10


def test_a_stop_that_was_half_attested() -> None:
    """Whose word was given about one stop has said nothing about the next one."""
    story = Story().climb(3)
    story.auto = False
    story.reduce(Reduction.NARROW, to="w1")
    fails(story)
    assert said(story.message(Confirm, "ops-a", what="stop", evidence="seen")) is Code.ONE_MORE
    story.reduce(Reduction.PAUSE)
    assert story.state.exposure.attested == ()
    assert said(story.message(Confirm, "plat-a", what="stop", evidence="seen")) is Code.ONE_MORE
    story.say(Applied(epoch=story.state.exposure.epoch, result="confirmed"))
    assert story.state.exposure.attested == ()


def test_names_that_stay() -> None:
    """What changes nobody's exposure keeps its name, whatever wave is named; what was found outside too."""
    story = resuming(Reduction.NARROW, to="half")
    story.state = clock(story, label="as amended").state
    assert said(story.reduce(Reduction.NARROW, to="half")) is Code.NARROWED
    assert (story.state.exposure.desired, story.state.exposure.label) == (HALF, "as amended")
    story = Story().climb(2)
    story.say(Observed(exposure=exposure(7), epoch=9))
    story.message(Resume, "business", cause="understood")
    story.reduce(Reduction.HOLD)
    assert (story.people, story.state.exposure.label, story.applied()[-1].label) == (7, "as found", "as found")
    answer = story.reduce(Reduction.ROLLBACK, to="no-such")
    assert answer.entries[0].reason == because(Code.NO_SUCH_LEVEL, level="no-such")


@pytest.mark.parametrize(
    ("control", "people", "label", "phase"),
    [
        (Control.LIVE, 10, "pilot/w1", Phase.OBSERVING),
        (Control.HELD, 7, "as found", Phase.OBSERVING),
        (Control.NARROWED, 7, "as found", Phase.REDUCED),
        (Control.NARROWED, 0, "as found", Phase.REDUCED),
    ],
)
def test_what_is_found_safer(control: Control, people: int, label: str, phase: Phase) -> None:
    """What somebody made safer outside is adopted under its name, ends only what widens, and stops no clock."""
    story = Story().climb(2)
    operating, review = (
        opened().gate.but(kind=kind, id=kind.value, change=None) for kind in (GateKind.OPERATING, GateKind.CHECKPOINT)
    )
    turn = clock(story, {"missed": 1, "narrow_at": START}, control=control)
    turn.keep_gate(operating)
    turn.keep_gate(review)
    reconcile.observed(turn, Observed(exposure=exposure(people), epoch=9))
    assert (turn.state.exposure.desired, pending(turn).label, pending(turn).epoch) == (exposure(people), label, 10)
    assert [entry.reason for entry in turn.entries] == [
        because(Code.DRIFT_TIGHTER, label="pilot/w2", people=people),
        because(Code.SUPERSEDED, gate="checkpoint", by="hold"),
    ]
    assert turn.entries[0].action == "drift"
    assert list(turn.state.gates) == ["operating"]
    position = turn.state.position
    assert (position.missed, position.narrow_at, position.phase) == (1, START, phase)
    assert turn.state.exposure.control is (control if control is Control.NARROWED else Control.HELD)
    assert position.level == (fallback.level_of(PLAN, exposure(people)) if phase is Phase.REDUCED else 2)


def test_a_pause_begins_the_count_anew() -> None:
    """What goes further than a hold ends the deadlines of the review that nobody held; a hold does not."""
    for verb, left in ((Reduction.HOLD, (1, START)), (Reduction.PAUSE, (0, None))):
        turn = clock(Story().climb(2), {"missed": 1, "narrow_at": START})
        fallback.reduce(turn, verb)
        assert (turn.state.position.missed, turn.state.position.narrow_at) == left


def test_the_last_override_is_remembered() -> None:
    """The override that still awaits its review outlives every other round that is over, and nothing else does."""
    rows = [ClosedGate(id=f"g{number}", kind=GateKind.CHECKPOINT, how="consumed", at=START) for number in range(22)]
    override = rows[0].but(id="o1", kind=GateKind.OVERRIDE)
    expired = override.but(id="o2", how="expired")
    kept = fallback._remembered((rows[0], override, *rows[1:12], expired, *rows[12:]))
    assert [gate.id for gate in kept] == ["o1", *[f"g{number}" for number in range(4, 12)], "o2", *[
        f"g{number}" for number in range(12, 22)
    ]]  # fmt: skip
    assert fallback._remembered(tuple(rows[:20])) == tuple(rows[:20])
    assert [gate.id for gate in fallback._remembered((expired, *rows[:20]))] == [gate.id for gate in rows[:20]]


# -- what the backends say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "verb", "causes", "rests"),
    [
        (Control.ROLLING_BACK, "hold", (), Control.ROLLED_BACK),
        (Control.STOP_NOT_CONFIRMED, "pause", (), Control.PAUSED),
        (Control.STOP_NOT_CONFIRMED, "narrow", (), Control.NARROWED),
        (Control.STOP_NOT_CONFIRMED, "hold", ("redirect", "pause"), Control.PAUSED),
        (Control.STOP_NOT_CONFIRMED, "narrow", ("adopt",), Control.NARROWED),
        (Control.STOP_NOT_CONFIRMED, "hold", ("adopt",), Control.HELD),
        (Control.PAUSED, "hold", (), Control.PAUSED),
    ],
)
def test_what_stands_once_it_is_read_back(control: Control, verb: Any, causes: Any, rests: Control) -> None:
    """A stop that is read back rests at the strictest that was asked for, and nothing of it is owed any more."""
    why = tuple(Cause(verb=each, by="ops-a", at=START) for each in causes)
    turn = clock(Story().climb(2), control=control, causes=why, attested=("ops-a",))
    fallback.fence(turn, verb, exposure(3), "three")
    reconcile.applied(turn, Applied(epoch=pending(turn).epoch, result="confirmed"))
    state = turn.state.exposure
    assert (state.control, state.confirmed, state.attested, state.pending) == (rests, exposure(3), (), None)
    assert "apply" not in turn.state.owed


def test_work_comes_back_with_a_resume() -> None:
    """Once it goes on, work goes nowhere else any more, and a later hold sends it nowhere either."""
    story = resuming(Reduction.REDIRECT)
    assert story.state.exposure.redirect_to == "queue/manual"
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert story.state.exposure.redirect_to is None
    story.reduce(Reduction.HOLD)
    assert story.applied()[-1].redirect_to is None


@pytest.mark.parametrize(("before", "label"), [(HALF, "as before"), (exposure(10), "pilot/w1"), (NOTHING, "nothing")])
def test_a_widening_that_failed_names_what_it_went_back_to(before: Any, label: str) -> None:
    """What was there before a widening is named by its wave, where it has one."""
    turn = clock(Story().climb(2), {"phase": Phase.WIDENING, "target": 3}, before=before)
    fallback.fence(turn, "widen", exposure(50), "limited/w3")
    reconcile.applied(turn, Applied(epoch=pending(turn).epoch, result="mismatch"))
    told = [move.about for move in turn.moves if isinstance(move, Notify)]
    assert because(Code.WIDEN_REVERTED, label=label) in told
    assert turn.state.exposure.desired == before


def test_a_reduction_that_found_less_than_it_wanted() -> None:
    """A reduction whose read-back shows less takes that over, on record with what it wanted and what it found."""
    turn = clock(Story().climb(2))
    fallback.reduce(turn, Reduction.HOLD)
    reconcile.applied(turn, Applied(epoch=pending(turn).epoch, result="mismatch", observed=exposure(6)))
    drift = [entry.reason for entry in turn.entries if entry.action == "drift"]
    assert drift == [because(Code.DRIFT_TIGHTER, label="pilot/w2", people=6)]
    assert turn.state.exposure.desired == exposure(6)


@pytest.mark.parametrize(
    ("people", "epoch", "actions", "wanted", "asked"),
    [
        (20, 9, ["try again"], 20, 10),
        (60, 9, ["try again"], 20, 10),
        (6, 9, ["drift"], 6, 10),
        (6, 3, [], 20, 3),
        (6, 2, [], 20, 3),
    ],
)
def test_what_is_seen_while_a_reduction_is_under_way(
    people: int, epoch: int, actions: list[str], wanted: int, asked: int
) -> None:
    """A newer write outside is written over at once, unless it is safer: then it is adopted."""
    turn = clock(Story().climb(2))
    fallback.fence(turn, "hold", exposure(20), "pilot/w2")
    assert pending(turn).epoch == 3
    reconcile.observed(turn, Observed(exposure=exposure(people), epoch=epoch))
    assert [entry.action for entry in turn.entries] == actions
    assert (turn.state.exposure.desired, pending(turn).epoch) == (exposure(wanted), asked)
    words = {"try again": because(Code.TRY_AGAIN, label="pilot/w2")}
    words["drift"] = because(Code.DRIFT_TIGHTER, label="pilot/w2", people=people)
    assert [entry.reason for entry in turn.entries] == [words[action] for action in actions]
    assert all(entry.outcome is Outcome.DONE for entry in turn.entries)


def test_a_stop_that_is_not_there() -> None:
    """What is stopped and serves all the same is asked for again under its own name, and said loudly."""
    story = Story(with_rules(PLAN, max_reverts=0)).climb(2)
    story.reduce(Reduction.PAUSE)
    turn = clock(story)
    reconcile.observed(turn, Observed(exposure=exposure(20), epoch=7))
    move = pending(turn)
    assert (move.verb, move.label, move.exposure, move.epoch) == ("pause", "nothing", NOTHING, 8)
    entry = turn.entries[-1]
    assert entry.reason == because(Code.STOP_NOT_CONFIRMED, label="nothing", result="mismatch", manual="docs/manual.md")
    assert turn.state.exposure.control is Control.STOP_NOT_CONFIRMED


# -- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exposed", "level", "served"),
    [
        ({}, 0, False),
        ({}, 1, True),
        ({"peak": 1}, 0, True),
        ({"desired": exposure(1)}, 0, True),
        ({"confirmed": exposure(1)}, 0, True),
        ({"pending": Apply(verb="hold", epoch=1, exposure=NOTHING, label="nothing")}, 0, True),
    ],
    ids=str,
)
def test_who_was_served_is_not_withdrawn(exposed: dict[str, Any], level: int, served: bool) -> None:
    """Only what never served anybody, and is not being asked to, is simply taken back."""
    story = opened()
    story.state = clock(story, {"level": level}, **exposed).state
    answer = story.message(Withdraw, "owner")
    assert said(answer) is (Code.ALREADY_SERVED if served else Code.WITHDRAWN)
    assert (story.phase is Phase.WITHDRAWN) is not served
    unsettled = opened()
    unsettled.state = clock(unsettled, unresolved=(1,)).state
    entry = unsettled.message(Withdraw, "owner").entries[0]
    assert (entry.action, entry.reason) == ("withdraw", because(Code.STILL_SETTLING))


def test_what_ends_with_it() -> None:
    """With a termination ends everything that was under way: rounds, promises, revisions, overrides and deadlines."""
    story = Story().climb(2)
    story.reduce(Reduction.ROLLBACK)
    story.auto = False
    turn = clock(
        story,
        {"target": 2, "purpose": GateKind.RESUME, "level": 2, "narrow_at": START, "retry_at": START},
    )  # fmt: skip
    story.state = turn.state.but(
        obligations={"x": Obligation(kind="condition", what="x", owner="ops-a", due=START)},
        proposal=Proposal(plan=PLAN, by="owner", at=START, changes=(), gate="amendment-1"),
        emergency=Emergency(gate="o", back_to=NOTHING, back_level=1, until=START, incident="INC-1"),
        announcements={"g-0": Announcement(at=START, ready_at=START)},
    )
    ended = story.message(Terminate, "exec").state
    assert (ended.obligations, ended.proposal, ended.emergency, ended.announcements, ended.gates) == (
        {}, None, None, {}, {},
    )  # fmt: skip
    position = ended.position
    assert (position.target, position.purpose, position.level, position.narrow_at, position.retry_at) == (
        None, None, 0, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("exposed", "over"),
    [
        ({}, True),
        ({"control": Control.ROLLING_BACK}, False),
        ({"control": Control.STOP_NOT_CONFIRMED}, False),
        ({"confirmed": exposure(1)}, False),
        ({"pending": Apply(verb="rollback", epoch=9, exposure=NOTHING, label="nothing")}, False),
        ({"unresolved": (4,)}, False),
    ],
    ids=str,
)
def test_it_is_over_once_it_is_gone(exposed: dict[str, Any], over: bool) -> None:
    """It is over only when everything is rolled back, read back as nothing, and nothing else may still be written."""
    story = Story(QUIET).climb(2)
    story.reduce(Reduction.ROLLBACK)
    turn = clock(story, {"phase": Phase.RETIRING, "ending": "terminated"}, **exposed)
    endings.drain(turn)
    assert (turn.state.position.phase is Phase.TERMINATED) is over


def test_an_override_that_failed_narrows_when_it_is_read_back() -> None:
    """What an override leaves behind is narrowed again; not confirmed at first, it is narrowed once it is."""
    story = Story().climb(2)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w3", incident="INC-1")
    story.auto = False
    story.wait(story.state.emergency.until if story.state.emergency else None)
    fails(story)
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
    story.say(Applied(epoch=story.state.exposure.epoch, result="confirmed"))
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 20)
