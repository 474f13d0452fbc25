"""The rooms of consent: what a yes still lacks, whose no stands, and from where a question is asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.test_attacks import fails
from tests.pure.world import START, F, Story, said, standard_plan, with_gate, with_member, with_rules, with_rung
from tidegate import gates, resume, schedule, votes
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import TakeReadings
from tidegate.models.event import CLOCK, Choice, Delegate, Noticed, Override, Reduction, Resume, Tick, Vote
from tidegate.models.exposed import Control
from tidegate.models.gate import ClosedGate
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import MetricState, Phase
from tidegate.turn import Turn, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
OPEN = (Phase.OBSERVING, Phase.OPERATING)


def clock(story: Story, position: dict[str, Any] | None = None, **changes: Any) -> Turn:
    """Return a turn of the clock in a story whose position and state are changed."""
    state = story.state.but(position=story.state.position.but(**(position or {})), **changes)
    return Turn(story.plan, state, story.now, CLOCK, None)


def agreed(plan: Any = None) -> Story:
    """Return a story whose first review was agreed, in a world that is silent from then on."""
    story = Story(plan).live().review()
    story.auto = False
    story.agree()
    assert story.phase is Phase.SCHEDULED
    return story


# -- a yes that lapsed -------------------------------------------------------------------------------------------------


def test_a_yes_that_is_given_again_is_one_yes() -> None:
    """Whose yes lapsed while the round is still open may give it again; it is one, and once taken back it is gone."""
    spans = {"window": Span.of("10bd"), "vote_expiry": Span.of("2d")}
    story = Story(with_gate(PLAN, GateKind.FIRST_EXPOSURE, **spans))
    story.start()
    story.ready()
    story.vote("risk-a")
    assert said(story.vote("risk-a")) is Code.ALREADY_VOTED
    story.wait(3 * DAY)
    assert "risk-a" in votes.askable(story.plan, story.state, story.gate, story.now)
    assert said(story.vote("risk-a")) is Code.APPROVED
    assert [ballot.person for ballot in story.gate.ballots] == ["risk-a"]
    story.vote("risk-a", Choice.REVOKE)
    assert said(story.vote("ops-a")) is Code.APPROVED
    assert story.phase.value == "awaiting_approval"
    story.vote("risk-b")
    assert story.phase is Phase.SCHEDULED


# -- between a yes and its effect -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "control", "bars"),
    [
        (GateKind.RESUME, Control.HELD, False),
        (GateKind.RESUME, Control.ROLLED_BACK, False),
        (GateKind.RESUME, Control.ROLLING_BACK, True),
        (GateKind.RESUME, Control.STOP_NOT_CONFIRMED, True),
        (GateKind.CHECKPOINT, Control.LIVE, False),
        (GateKind.CHECKPOINT, Control.HELD, True),
        (GateKind.CHECKPOINT, Control.PAUSED, True),
        (GateKind.AMENDMENT, Control.NARROWED, True),
    ],
)
def test_what_is_closed_stays_closed(kind: GateKind, control: Control, bars: bool) -> None:
    """Only a resume undoes a reduction, and not even that undoes a stop that is not known to have happened."""
    story = agreed()
    state = story.state.but(exposure=story.state.exposure.but(control=control))
    points = schedule.open_points(story.plan, state, story.gate.but(kind=kind), story.now)
    assert ("control" in [check.name for check in points]) is bars


def test_a_resume_waits_for_the_stop_it_undoes() -> None:
    """What was agreed to go on does not go on while the reduction before it is found not to have happened."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.NARROW, to="w1")
    story.ready()
    story.message(Resume, "business", cause="understood")
    story.agree()
    assert story.phase is Phase.SCHEDULED
    fails(story)
    story.say(Noticed(key=next(iter(story.state.announcements)), result="delivered"))
    story.now += 2 * DAY
    story.say(Tick())
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
    assert (story.phase, story.people, story.applied()[-1].verb) == (Phase.SCHEDULED, 10, "narrow")


def test_evidence_that_goes_silent_after_a_yes() -> None:
    """A yes waits for fresh evidence; that is asked for so many times, each at its own time, and then no more."""
    story = agreed(with_rules(PLAN, retry_every=Span.of("5bd")))
    silent = story.state.metrics | {"errors": MetricState(due_at=story.now, since=story.now)}
    turn = clock(story, metrics=silent)
    turn.perform("readings", TakeReadings(metrics=("errors",), attempt=9))
    for attempt in (1, 2, 3, 4):
        schedule.advance(turn)
        last = turn.moves[-1]
        assert last == TakeReadings(metrics=("errors",), attempt=attempt)
        assert turn.state.owed["readings"] == last
        retry = turn.state.position.retry_at
        assert (turn.state.position.attempts, retry) == (attempt, turn.now + 7 * DAY)
        assert retry is not None
        turn.now = retry - HOUR
        turn.keep_gate(story.gate.but(ballots=tuple(one.but(expires_at=retry + DAY) for one in story.gate.ballots)))
        moves = len(turn.moves)
        schedule.advance(turn)
        assert (len(turn.moves), turn.state.position.retry_at) == (moves, retry)
        turn.now = retry
    schedule.advance(turn)
    assert (len(turn.moves), turn.state.position.attempts, turn.state.position.retry_at) == (moves, 4, None)


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (GateKind.CHECKPOINT, Phase.CHECKPOINT_REVIEW),
        (GateKind.STAGE, Phase.AWAITING_APPROVAL),
        (GateKind.RESUME, Phase.AWAITING_APPROVAL),
    ],
)
def test_a_yes_that_lapsed_is_asked_for_from_the_bottom(kind: GateKind, phase: Phase) -> None:
    """A round that is open again begins with those who sit in it: whom it had escalated to is asked no more."""
    story = agreed()
    gate = story.gate.but(kind=kind, escalations=2, escalate_at=None)
    turn = clock(story, gates={gate.id: gate}, position={"purpose": kind})
    turn.now += 8 * DAY
    schedule.advance(turn)
    again = turn.state.gates[gate.id]
    assert (again.satisfied_at, again.ballots, again.escalations) == (None, (), 0)
    assert again.escalate_at is not None
    assert turn.state.position.phase is phase


def test_a_schedule_without_a_round() -> None:
    """Where the round that was agreed to is gone, nothing is scheduled any more: it is prepared anew."""
    turn = clock(agreed(), gates={})
    schedule.advance(turn)
    assert (turn.state.position.phase, turn.moves) == (Phase.PREPARING, [])


# -- whose no stands --------------------------------------------------------------------------------------------------


def vetoed(plan: Any = None) -> Story:
    """Return a story in which risk has vetoed."""
    story = opened(plan)
    story.vote("risk-a", Choice.VETO, verified=True)
    assert list(story.state.vetoes) == [F.RISK]
    return story


@pytest.mark.parametrize(("organisation", "lifts"), [("vendor", False), ("internal", True)])
def test_no_vendor_lifts_a_veto(organisation: str, lifts: bool) -> None:
    """A veto is lifted by its own function, and never by a vendor's person in it."""
    story = vetoed(with_member(PLAN, "risk-b", organisation=organisation))
    answer = story.vote("risk-b", Choice.WITHDRAW_VETO)
    assert said(answer) is (Code.VETO_WITHDRAWN if lifts else Code.NOT_YOUR_VETO)
    assert bool(story.state.vetoes) is not lifts


def test_lifting_a_veto_is_signed_where_consent_is() -> None:
    """Where any round wants signatures, a veto is not lifted without one, and the answer names the round."""
    story = vetoed(with_gate(PLAN, GateKind.RESUME, signed=True))
    refused = story.vote("risk-a", Choice.WITHDRAW_VETO)
    assert refused.entries[0].reason == because(Code.SIGNATURE_REQUIRED, gate=story.gate.id)
    assert said(story.vote("risk-a", Choice.WITHDRAW_VETO, verified=True)) is Code.VETO_WITHDRAWN


@pytest.mark.parametrize("known", [True, False])
def test_a_kind_of_round_that_no_rule_knows_any_more(known: bool) -> None:
    """Who may block a kind of round stands in the rules; where none knows it any more nobody may, and that is said."""
    story = Story().climb(2)
    over = ClosedGate(id="override-9", kind=GateKind.OVERRIDE, how="consumed", at=START)
    left = [Stage.PILOT] if known else list(PLAN.stages)
    for stage in left:
        rules = {kind: rule for kind, rule in story.plan.rules(1).gates.items() if kind is not GateKind.OVERRIDE}
        story.plan = with_rules(story.plan, stage, gates=rules)
    story.state = story.state.but(closed=(over,))
    vote = Vote(**story.envelope("risk-a", gate=over.id, subject="0" * 64, choice=Choice.VETO))
    assert votes._vetoing(clock(story), vote, GateKind.OVERRIDE, 2) == ((F.RISK,) if known else ())
    assert said(story.say(vote)) is (Code.HELD if known else Code.GATE_OVER)


@pytest.mark.parametrize(("who", "behalf"), [("risk-a", None), ("data-a", "risk-a")])
def test_a_yes_is_taken_back_in_the_same_name(who: str, behalf: str | None) -> None:
    """Who takes a yes back is on record with the seat and the principal that it was given for."""
    story = opened()
    story.message(Delegate, "risk-a", to="data-a", function=F.RISK, until=START + DAY)
    story.vote(who)
    entry = story.vote(who, Choice.REVOKE).entries[0]
    assert (entry.action, entry.actor, entry.function, entry.on_behalf_of) == ("vote revoke", who, F.RISK, behalf)
    veto = story.vote("risk-a", Choice.VETO).entries[0]
    assert (veto.function, veto.on_behalf_of) == (F.RISK, None)


def test_a_yes_that_is_taken_back_too_late() -> None:
    """A yes that was used holds when it is taken back, and whoever took it back is asked before it goes on."""
    story = Story().climb(2)
    over = next(gate for gate in story.state.closed if "plat-a" not in gate.approvers and gate.how == "consumed")
    entry, *_ = story.vote("risk-b", Choice.REVOKE, gate=opened().gate.but(id=over.id)).entries
    assert entry.reason.code is Code.GATE_OVER
    who = next(name for name in over.approvers if F.RISK in story.plan.roster[name].functions)
    late = story.vote(who, Choice.REVOKE, gate=opened().gate.but(id=over.id))
    assert late.entries[0].reason == because(Code.REVOKED_LATE, gate=over.id)
    cause = story.state.exposure.causes[-1]
    assert (story.state.exposure.control, cause.by) == (Control.HELD, who)
    assert cause.functions == story.plan.roster[who].functions


def test_a_vote_after_it_was_sent_back() -> None:
    """A vote that comes after changes were asked for hears so, in words."""
    story = opened()
    gate = story.gate
    story.vote("risk-a", Choice.REQUEST_CHANGES)
    late = story.vote("ops-a", gate=gate)
    assert late.entries[0].reason == because(Code.GATE_OVER, gate=gate.id, how="changes requested", at=START)


# -- going on ---------------------------------------------------------------------------------------------------------


def test_a_hold_that_nobody_answers_for() -> None:
    """Where a timer held, one person of operations is asked; where nobody is left to ask, that is the answer."""
    story = Story().climb(2)
    story.reduce(Reduction.HOLD)
    story.state = story.state.but(exposure=story.state.exposure.but(causes=()))
    plan = story.plan
    for name in plan.roster:
        if {F.RISK, F.OPERATIONS} & set(plan.roster[name].functions):
            story.plan = with_member(story.plan, name, active=False)
    assert said(story.message(Resume, "business", cause="understood")) is Code.UNSATISFIABLE
    story.plan = plan
    story.message(Resume, "business", cause="understood")
    assert story.gate.needs == {F.OPERATIONS: 1}


def test_a_resume_asks_for_the_readiness_of_its_own_wave() -> None:
    """What the stage after it demands is nothing to a wave that goes on."""
    plan = with_rules(PLAN, Stage.LIMITED, readiness=(ReadinessItem.DATA_STEWARD,))
    story = Story(with_rung(plan, 2, stage=Stage.LIMITED)).live()
    story.reduce(Reduction.PAUSE)
    assert said(story.message(Resume, "business", cause="understood")) is Code.RESUME_PROPOSED
    assert story.gate.level == 1


@pytest.mark.parametrize("served", [False, True])
def test_what_is_over_once_it_goes_on(served: bool) -> None:
    """With a hold end the deadlines of a review that was missed, and before anybody is served what was sent back."""
    story = Story().climb(2)
    gate = opened().gate.but(kind=GateKind.RESUME, change=None)
    old = {"missed": 2, "narrow_at": START, "sent_back": True, "level": 2 if served else 0}
    exposed = story.state.exposure if served else opened().state.exposure
    turn = clock(story, old, gates={gate.id: gate}, exposure=exposed.but(control=Control.HELD))
    resume.released(turn, gate)
    position = turn.state.position
    assert (position.missed, position.narrow_at, position.sent_back) == (0, None, served)
    assert position.phase is (Phase.OBSERVING if served else Phase.PREPARING)


@pytest.mark.parametrize("handed_over", [False, True])
def test_what_operates_goes_on_operating(handed_over: bool) -> None:
    """A hold that was not confirmed at first, and is over, leaves it to those who operate it, or watched as before."""
    story = Story().climb(2)
    gate = opened().gate.but(kind=GateKind.RESUME, change=None)
    old = {"phase": Phase.REDUCED, "handed_over": handed_over}
    held = story.state.exposure.but(control=Control.HELD)
    turn = clock(story, old, gates={gate.id: gate}, exposure=held)
    resume.released(turn, gate)
    assert turn.state.position.phase is OPEN[handed_over]


@pytest.mark.parametrize("busy", ["pending", "unresolved"])
def test_no_override_over_what_is_under_way(busy: str) -> None:
    """An override raises what is known to be so, and not what an answer is still awaited for."""
    story = Story().climb(2)
    under_way = {"pending": story.applied()[-1]} if busy == "pending" else {"unresolved": (2,)}
    story.auto = False
    story.state = story.state.but(exposure=story.state.exposure.but(**under_way))
    assert said(story.message(Override, "exec", to="w3", incident="INC-1")) is Code.NOT_OPEN
    assert story.state.gates == {}


@pytest.mark.parametrize("handed_over", [False, True])
def test_where_an_override_leaves_it(handed_over: bool) -> None:
    """An override that is over leaves it as it found it: watched, or operating, and widening to nothing."""
    story = Story().climb(2)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w3", incident="INC-1")
    assert (story.people, story.state.position.level) == (50, 3)
    turn = clock(story, {"target": 3, "purpose": GateKind.OVERRIDE, "handed_over": handed_over})
    resume.revert(turn)
    position = turn.state.position
    assert position.phase is OPEN[handed_over]
    assert (position.level, position.target, position.purpose) == (2, None, None)


# -- from where it is asked again -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "phase"),
    [
        ({"purpose": GateKind.AMENDMENT, "phase": Phase.SCHEDULED}, Phase.OBSERVING),
        ({"purpose": GateKind.AMENDMENT, "phase": Phase.SCHEDULED, "handed_over": True}, Phase.OPERATING),
        ({"purpose": GateKind.AMENDMENT, "phase": Phase.WIDENING}, Phase.WIDENING),
        ({"purpose": GateKind.CHECKPOINT, "phase": Phase.SCHEDULED}, Phase.SCHEDULED),
        ({"purpose": GateKind.OVERRIDE, "phase": Phase.WIDENING}, Phase.WIDENING),
    ],
    ids=str,
)
def test_what_a_revision_would_have_widened(position: dict[str, Any], phase: Phase) -> None:
    """A revision whose widening lapses widens nothing, and what somebody else's yes widens goes on."""
    story = agreed()
    turn = clock(story, {"target": 1, **position})
    gates.lapse(turn, story.gate.but(kind=GateKind.AMENDMENT))
    after = turn.state.position
    assert after.phase is phase
    moved = after.phase in OPEN
    assert (after.target, after.purpose) == ((None, None) if moved else (1, position["purpose"]))
