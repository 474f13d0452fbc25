"""The rooms of small requests, figures and weights: what is refused in which words, and what acts from where on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import (
    START,
    F,
    Story,
    but,
    said,
    standard_plan,
    with_metric,
    with_rules,
    with_rung,
)
from tidegate import thresholds
from tidegate.decide import precedence
from tidegate.materiality import Change, Weight, diff
from tidegate.models.base import Band, Bound, Condition, Span, Stage
from tidegate.models.change import PreApproved
from tidegate.models.decision import Outcome
from tidegate.models.event import (
    CLOCK,
    Actor,
    ActorKind,
    Alert,
    Confirm,
    Delegate,
    Postpone,
    Reassign,
    Reduction,
    Resume,
)
from tidegate.models.exposed import Control
from tidegate.models.gate import Delegation
from tidegate.models.plan import Backend, Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import Announcement, MetricState
from tidegate.models.stop import Plain, StopClass, StopRule
from tidegate.turn import Turn, _nothing_new, because

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = standard_plan()
ERRORS = PLAN.metrics["errors"]


def refused(story: Story, kind: Any, who: str, **more: Any) -> tuple[str, Outcome, Any, str | None]:
    """Send a message, and return what its line of evidence says."""
    entry = story.message(kind, who, **more).entries[0]
    return entry.action, entry.outcome, entry.reason, entry.gate


# -- small requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("announced", "what", "code"),
    [
        ("first-exposure-3-0", "0", Code.ACKNOWLEDGED),
        ("first-exposure-3-0", "exposure-3-0", Code.NOTHING_TO_CONFIRM),
        ("first-exposure-3-1", "1", Code.NOTHING_TO_CONFIRM),
        ("first-exposure-3-0", "1", Code.NOTHING_TO_CONFIRM),
        (None, "0", Code.NOTHING_TO_CONFIRM),
        (None, "7", Code.NOTHING_TO_CONFIRM),
    ],
)
def test_which_notice_is_confirmed(announced: str | None, what: str, code: Code) -> None:
    """A notice is confirmed by its number, where it was announced and where the plan still has it."""
    story = opened()
    sent = Announcement(at=START, ready_at=START)
    story.state = story.state.but(announcements={announced: sent} if announced else {})
    assert said(story.message(Confirm, "business", what=f"notice:{what}", evidence="read")) is code
    confirmed = {key: one.confirmed_by for key, one in story.state.announcements.items()}
    assert confirmed == ({announced: "business" if code is Code.ACKNOWLEDGED else None} if announced else {})


def test_a_delegation_too_many_in_words() -> None:
    """A delegation too many is refused under its own name."""
    story = Story()
    row = Delegation(principal="x", to="data-a", function=F.LEGAL, since=START, until=START + DAY)
    story.state = story.state.but(delegations=tuple(row.but(principal=f"p{number}") for number in range(50)))
    assert refused(story, Delegate, "risk-a", to="data-a", function=F.RISK, until=START + DAY) == (
        "delegate", Outcome.REFUSED, because(Code.TOO_MANY, what="delegations"), None,
    )  # fmt: skip


def test_who_asked_chooses_no_reviewer() -> None:
    """A head of function who asked for it names nobody who decides it."""
    story = opened(but(PLAN, authors=("risk-a",)))
    gate = story.gate.id
    assert refused(story, Reassign, "risk-a", gate=gate, function=F.RISK, to="plat-a") == (
        "reassign", Outcome.REFUSED, because(Code.REQUESTER, who="risk-a"), gate,
    )  # fmt: skip
    assert story.gate.assigned == ()


@pytest.mark.parametrize("verified", [False, True])
def test_a_seat_is_given_away_with_a_signature(verified: bool) -> None:
    """Where consent is signed, so is the word that says who may consent."""
    story = opened(asking(signed=True))
    gate = story.gate.id
    line = refused(story, Reassign, "risk-a", gate=gate, function=F.RISK, to="plat-a", verified=verified)
    if verified:
        assert line[1] is Outcome.DONE
        assert story.gate.assigned == ((F.RISK, "plat-a"),)
    else:
        assert line == ("reassign", Outcome.REFUSED, because(Code.SIGNATURE_REQUIRED, gate=gate), gate)
        assert story.gate.assigned == ()


def test_more_time_for_what_is_over() -> None:
    """A round is given no more time from its very end on, and the answer names that end."""
    story = opened()
    gate = story.gate
    story.now = gate.expires_at
    assert refused(story, Postpone, "exec", gate=gate.id, until=story.now + DAY) == (
        "postpone", Outcome.REFUSED, because(Code.GATE_EXPIRED, gate=gate.id, at=gate.expires_at), gate.id,
    )  # fmt: skip
    assert story.gate.expires_at == gate.expires_at


@pytest.mark.parametrize(("day", "sits"), [(0, True), (1, False)])
def test_who_stands_in_may_ask_for_more_time(day: int, sits: bool) -> None:
    """Who acts for somebody in a round may ask for more time for it, for as long as they act."""
    story = opened()
    story.message(Delegate, "risk-a", to="data-a", function=F.RISK, until=START + DAY)
    story.now += day * DAY
    answer = story.message(Postpone, "data-a", gate=story.gate.id, until=story.gate.expires_at + DAY)
    assert (said(answer) is Code.POSTPONED) is sits


# -- the door ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolved", "truncated", "place"), [(False, False, -3), (False, True, -3), (True, True, 0), (True, False, 2)]
)
def test_the_place_of_an_alert(resolved: bool, truncated: bool, place: int) -> None:
    """An alert is decided by what it does; one that is over holds at most, and only where others may be missing."""
    who = Actor(subject="monitoring", kind=ActorKind.SERVICE)
    alert = Alert(
        id="m", actor=who, fingerprint="a", starts_at=START, does=Band.PAUSE, resolved=resolved, truncated=truncated
    )
    assert precedence(alert) == place


def test_what_is_refused_has_its_mark() -> None:
    """The answer to what was not even heard names the message that it answers."""
    story = Story()
    late = story.message(Resume, "business", cause="please", not_after=START - DAY)
    assert late.receipt is not None
    assert (late.receipt.reason.code, len(late.receipt.digest)) == (Code.TOO_LATE, 64)


@pytest.mark.parametrize(
    ("changes", "nothing_new"),
    [
        ({}, True),
        ({"epoch": 9}, True),
        ({"reason": because(Code.HELD)}, True),
        ({"epoch": 9, "reason": because(Code.HELD)}, False),
        ({"phase": "reduced"}, False),
        ({"control": "paused"}, False),
        ({"level": 4}, False),
    ],
    ids=str,
)
def test_what_is_nothing_new(changes: dict[str, Any], nothing_new: bool) -> None:
    """A line says nothing new where it stands as before, and either its epoch or its reason is the same."""
    story = Story().live()
    assert _nothing_new(story.entries[-1], story.entries[-1].but(**changes)) is nothing_new


# -- figures ----------------------------------------------------------------------------------------------------------


def weighed(story: Story, old: dict[str, Any], value: int | None) -> MetricState:
    """Return how `errors` stands after another reading."""
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    status: Any = "no_data" if value is None else "value"
    given = None if value is None else Decimal(value)
    reading = Reading(status=status, value=given, n=100, taken_at=story.now)
    before = MetricState(due_at=START, since=START).but(**old)
    return thresholds._weighed(turn, story.plan.metrics["errors"], "errors", before, reading)


BANDS = (
    (Band.PAUSE, Bound.of("> 20")),
    (Band.NARROW, Bound.of("> 10")),
    (Band.HOLD, Bound.of("> 8")),
    (Band.WATCH, Bound.of("> 5")),
)
FIGURES: tuple[tuple[dict[str, Any], dict[str, Any], int | None, Band, Band, int], ...] = (
    ({}, {}, 9, Band.HOLD, Band.HOLD, 1),
    ({}, {}, 8, Band.WATCH, Band.HEALTHY, 0),
    ({"guardrail": False}, {}, 25, Band.PAUSE, Band.HOLD, 1),
    ({"guardrail": False}, {}, 6, Band.WATCH, Band.HEALTHY, 0),
    ({"consecutive": 2}, {}, 11, Band.NARROW, Band.HEALTHY, 1),
    ({"consecutive": 2}, {"breaches": 1}, 11, Band.NARROW, Band.NARROW, 2),
    ({}, {"band": Band.PAUSE, "acted": Band.PAUSE, "breaches": 1}, 11, Band.NARROW, Band.PAUSE, 2),
    ({}, {"band": Band.NARROW, "acted": Band.NARROW, "breaches": 1}, 6, Band.WATCH, Band.HEALTHY, 0),
    ({}, {"band": Band.NARROW, "acted": Band.NARROW, "breaches": 1}, 1, Band.HEALTHY, Band.HEALTHY, 0),
    ({"on_no_data": "fail"}, {"band": Band.WATCH}, None, Band.HOLD, Band.HOLD, 1),
    ({"on_no_data": "fail", "guardrail": False}, {"band": Band.NARROW}, None, Band.NARROW, Band.HOLD, 1),
    ({"on_no_data": "fail"}, {"band": Band.NARROW}, None, Band.NARROW, Band.NARROW, 1),
    ({"on_no_data": "inconclusive"}, {"band": Band.WATCH}, None, Band.WATCH, Band.HEALTHY, 0),
)


@pytest.mark.parametrize(("metric", "old", "value", "band", "acted", "breaches"), FIGURES)
def test_from_where_on_it_acts(
    metric: dict[str, Any], old: dict[str, Any], value: int | None, band: Band, acted: Band, breaches: int
) -> None:
    """A breach begins at a hold; only a guardrail goes further; what has acted acts again once it was well."""
    story = Story(with_metric(PLAN, "errors", bands=BANDS, healthy=None, **metric)).climb(2)
    after = weighed(story, old, value)
    assert (after.band, after.acted, after.breaches) == (band, acted, breaches)


@pytest.mark.parametrize("guardrail", [True, False])
def test_what_pauses_a_wave(guardrail: bool) -> None:
    """What a wave is paused for pauses it, however mild the metric's own band and whatever kind it is of."""
    plan = with_metric(PLAN, "errors", bands=BANDS, healthy=None, guardrail=guardrail)
    story = Story(with_rung(plan, 2, pause_when=(Condition("errors", Bound.of("> 6")),))).climb(2)
    assert (weighed(story, {}, 7).band, weighed(story, {}, 7).acted) == (Band.PAUSE, Band.PAUSE)
    assert (weighed(story, {}, 6).band, weighed(story, {}, 6).acted) == (Band.WATCH, Band.HEALTHY)


@pytest.mark.parametrize(
    ("by_hand", "due", "next_due"),
    [(False, HOUR, HOUR), (False, 0 * HOUR, 7 * DAY), (False, -HOUR, 7 * DAY), (True, HOUR, 7 * DAY)],
)
def test_when_it_is_read_next(by_hand: bool, due: timedelta, next_due: timedelta) -> None:
    """A source keeps the date on which it is asked next, and a person who reads early has all the time again."""
    story = Story().climb(2)
    story.plan = with_metric(story.plan, "errors", every=Span.of("5bd"), by_hand=by_hand)
    assert weighed(story, {"due_at": story.now + due}, 1).due_at == story.now + next_due


def test_a_hold_band_holds() -> None:
    """A reading in the mildest band that acts holds at once, and the next one in it says nothing new."""
    story = Story(with_metric(PLAN, "errors", bands=BANDS, healthy=None)).climb(2)
    assert said(story.read(9)) is Code.HELD
    assert story.state.exposure.control is Control.HELD
    assert said(story.read(9)) is Code.READINGS
    assert Reduction.HOLD.value in [entry.action for entry in story.entries]


def test_a_metric_that_nobody_knew() -> None:
    """What is asked for and was never watched is watched from then on."""
    story = Story().climb(2)
    turn = Turn(story.plan, story.state.but(metrics={}), story.now, CLOCK, None)
    thresholds.ask(turn, ("errors",))
    assert turn.state.metrics == {"errors": MetricState(due_at=story.now + DAY, since=story.now)}


# -- what a revision changes ------------------------------------------------------------------------------------------

CASE = StopRule(kind=StopClass.CONFLICT, when=Plain.of("price conflicts"), action="pause", to="queue")
OTHER = CASE.model_copy(update={"to": "desk"})
BACKEND = Backend(kind="file")
MATERIAL, RECORDED = Weight.MATERIAL, Weight.RECORDED


def ruled(*rules: StopRule) -> Plan:
    """Return the plan with these rules of when one run stops."""
    return PLAN.but(stop_rules=rules)


def entered(stage: Stage, **rules: Any) -> Plan:
    """Return the plan with a stage that comes first among its stages, and other rules in the next."""
    first = {stage: PLAN.stages[stage], **PLAN.stages}
    return with_rules(PLAN.but(stages=first), Stage.PILOT, **rules)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (ruled(CASE), ruled(CASE, OTHER), (("stop rules", RECORDED),)),
        (ruled(CASE, OTHER), ruled(CASE), (("stop rules", MATERIAL),)),
        (ruled(CASE), ruled(OTHER), (("stop rules", MATERIAL),)),
        (ruled(CASE), ruled(), (("stop rules", MATERIAL),)),
        (ruled(CASE), ruled(CASE), ()),
        (
            PLAN.but(stages={stage: PLAN.stages[stage] for stage in (Stage.PILOT, Stage.LIMITED)}),
            entered(Stage.SYSTEM_OF_RECORD, review_every=Span.of("60d")),
            (("pilot: looser review_every", MATERIAL),),
        ),
        (PLAN, PLAN.but(drivers={"flags/claims": BACKEND}), (("what enforces exposure", MATERIAL),)),
        (PLAN, PLAN.but(sources={"prometheus": BACKEND}), (("where metrics are read", MATERIAL),)),
        (
            PLAN,
            PLAN.but(channels={"log": BACKEND}),
            (("how people are reached", Weight.FUNCTION, (F.OPERATIONS,), PreApproved.CHANNELS),),
        ),
    ],
)
def test_each_change_and_its_weight(old: Plan, new: Plan, changes: tuple[tuple[Any, ...], ...]) -> None:
    """A rule that is lost is lost loudly, wherever in the plan it stands; a rule more is on record."""
    assert diff(old, new) == tuple(Change(*change) for change in changes)
