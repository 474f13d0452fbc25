"""Scenarios of domain.md about time and evidence: freezes, silent sources, long absences, calendars, thin traffic."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.pure.beginnings import lone
from tests.pure.world import (
    START,
    F,
    Story,
    but,
    freeze,
    said,
    standard_plan,
    with_gate,
    with_metric,
    with_rules,
    with_rung,
)
from tidegate.decide import decide, decide_all
from tidegate.models.base import Band, Bound, GateKind, Span
from tidegate.models.decision import Notify, TakeReadings
from tidegate.models.event import Amend, Applied, Choice, Reduction, Resume, Stored, Tick
from tidegate.models.exposed import Control
from tidegate.models.plan import WorkingTime
from tidegate.models.reasons import Code
from tidegate.models.state import Phase, State
from tidegate.schedule import open_points

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.plan import Plan

DAY = timedelta(days=1)


def frozen(first: datetime, last: datetime, plan: Plan | None = None) -> Plan:
    """Return the plan with one freeze."""
    return but(plan or standard_plan(), freezes=(freeze(first, last),))


def open_codes(story: Story) -> list[Code]:
    """Return what stands between the approved change and its effect."""
    return [point.reason.code for point in open_points(story.plan, story.state, story.gate, story.now)]


# -- 2: freezes -------------------------------------------------------------------------------------------------------


def test_scenario_02_timer_in_a_freeze() -> None:
    """Widening whose time comes in a freeze waits, names the freeze, and goes on when it ends."""
    story = Story(frozen(START, START + 3 * DAY))
    story.start()
    story.ready()
    story.agree()
    story.wait(2 * DAY)
    assert (story.phase, story.people, open_codes(story)) == (Phase.SCHEDULED, 0, [Code.FROZEN])
    story.wait(DAY)
    assert (story.phase, story.people) == (Phase.OBSERVING, 10)


def test_scenario_02_freeze_without_notice() -> None:
    """A freeze that began after the last tick and before the quorum still ends by itself."""
    plan = but(frozen(START + timedelta(hours=1), START + DAY), notices=())
    story = Story(plan)
    story.start()
    story.ready()
    story.now += timedelta(hours=2)
    story.agree()
    assert story.phase is Phase.SCHEDULED
    story.wait(START + DAY)
    assert story.people == 10


def test_scenario_02_approvals_lapse_in_a_freeze() -> None:
    """Approvals that lapse in a freeze are asked for again, and never stretched to its end."""
    story = Story(frozen(START, START + 20 * DAY))
    story.start()
    story.ready()
    story.vote("risk-a")
    story.vote("ops-a")
    story.wait(8 * DAY)
    assert story.phase is Phase.AWAITING_APPROVAL
    assert Code.REOPENED in story.codes()
    story.wait(START + 12 * DAY)
    story.vote("risk-b")
    story.vote("ops-b")
    story.wait(START + 19 * DAY)
    assert story.people == 0


def test_scenario_02_safety_in_a_freeze() -> None:
    """A missed review holds and narrows in a freeze as on any other day."""
    story = Story(frozen(START + 15 * DAY, START + 90 * DAY)).climb(2).review()
    story.wait(story.gate.expires_at + 6 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)


def test_scenario_02_freeze_while_widening() -> None:
    """A freeze that is declared while it widens stops nothing halfway: the step is verified to its end."""
    story = Story().live().review()
    story.agree()
    story.widening()
    story.message(Amend, "owner", plan=frozen(START, START + 90 * DAY))
    assert (story.phase, story.people) == (Phase.WIDENING, 20)
    story.auto = True
    story.answer()
    assert (story.phase, story.people, story.state.exposure.confirmed.people) == (Phase.OBSERVING, 20, 20)
    assert story.state.exposure.pending is None


# -- 3: silent sources ------------------------------------------------------------------------------------------------


def test_scenario_03_source_down_at_the_checkpoint() -> None:
    """A silent source is asked again up to a limit; then it is held, and nothing has passed."""
    story = Story(lone(max_age=Span.of("1d"))).live()
    story.wait(5 * DAY)
    story.value = None
    story.wait(5 * DAY)
    asks = [move.attempt for move in story.moves if isinstance(move, TakeReadings) and move.attempt > 1]
    assert asks[-1] == story.plan.rules(1).evidence_retries + 1
    entry = next(entry for entry in story.entries if entry.reason.code is Code.INCONCLUSIVE)
    assert entry.reason.facts["verdict"] == "inconclusive"
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    assert not any(gate.kind is GateKind.CHECKPOINT for gate in story.state.gates.values())


def test_scenario_03_source_error() -> None:
    """A source that could not be asked makes the checkpoint errored, and that is not a failed figure."""
    story = Story().live()
    story.wait(6 * DAY)
    story.value = None
    story.read(None, status="error", note="timeout")
    story.wait(5 * DAY)
    entry = next(entry for entry in story.entries if entry.reason.code is Code.INCONCLUSIVE)
    assert (entry.reason.facts["verdict"], entry.reason.facts["why"]) == ("errored", "source_error")
    assert story.state.exposure.control is Control.HELD


@pytest.mark.parametrize(("limit", "people"), [(Span.of("4d"), 10), (None, 20)])
def test_scenario_03_blind_too_long(limit: Span | None, people: int) -> None:
    """Where a metric must be seen, being blind longer than that narrows by itself."""
    story = Story(with_metric(standard_plan(), "errors", blind_limit=limit)).climb(2)
    story.value = None
    story.wait(story.plan.metrics["errors"].max_age.wall + timedelta(days=4))
    assert story.people == people
    assert (Code.BLIND in story.codes()) is (limit is not None)


# -- 8: resume after a long pause -------------------------------------------------------------------------------------


def test_scenario_08_resume_lower_and_observed_again() -> None:
    """After a pause it starts below the last approved wave, by a fresh quorum, and is observed again."""
    story = Story().climb(3)
    story.reduce(Reduction.PAUSE)
    refused = story.message(Resume, "owner", cause="fixed", to="limited/w3")
    assert said(refused) is Code.TOO_HIGH
    story.message(Resume, "owner", cause="fixed")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    watch = story.state.position.observation
    assert watch is not None
    assert (story.people, watch.since) == (20, story.now)
    assert story.state.exposure.peak == 2


@pytest.mark.parametrize(("days", "code"), [(30, Code.RESUME_PROPOSED), (200, Code.READINESS_STALE)])
def test_scenario_08_stale_readiness(days: int, code: Code) -> None:
    """Evidence has an age: what was rehearsed before a long pause is rehearsed again before anybody is asked."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    story.wait(timedelta(days=days))
    assert said(story.message(Resume, "owner", cause="fixed")) is code
    story.ready()
    story.message(Resume, "owner", cause="fixed")
    assert story.gate.kind is GateKind.RESUME


@pytest.mark.parametrize(("days", "needs"), [(3, {F.RISK}), (20, {F.RISK, F.OPERATIONS})])
def test_scenario_08_stale_hold(days: int, needs: set[F]) -> None:
    """A short hold is lifted by whoever caused it; a long one asks the whole quorum again."""
    story = Story().climb(2)
    story.reduce(Reduction.HOLD, "risk-a")
    story.wait(timedelta(days=days))
    story.message(Resume, "owner", cause="understood")
    assert set(story.gate.needs) == needs


# -- 10: nobody at the wheel ------------------------------------------------------------------------------------------


def test_scenario_10_worker_down_for_a_week() -> None:
    """On return every reminder collapses into one, fresh readings are asked for once, and the gap is evidence."""
    story = Story().climb(2).review()
    story.auto = False
    story.now += 4 * DAY
    decisions = story.say_all()
    codes = [entry.reason.code for decision in decisions for entry in decision.entries]
    assert codes[0] is Code.BLIND_PLANE
    assert codes.count(Code.ESCALATED) == 1
    story.now = story.gate.remind_at  # it came back on a Sunday, and people are reminded while they work
    decisions = (*decisions, *story.say_all())
    codes = [entry.reason.code for decision in decisions for entry in decision.entries]
    assert codes.count(Code.REMINDED) == 1
    moves = [move for decision in decisions for move in decision.moves]
    assert sum(isinstance(move, TakeReadings) for move in moves) == 1


def test_scenario_10_safety_first_and_once() -> None:
    """Whatever deadlines passed in the dark, exposure comes down by one step, before anybody is reminded."""
    story = Story(lone()).climb(2).review()
    story.auto = False
    story.now += 90 * DAY
    decisions = story.say_all()
    assert (story.state.exposure.control, story.people) == (Control.HELD, 20)
    first = next(entry for entry in decisions[0].entries if entry.reason.code is Code.EXPIRED)
    assert not any(
        e.reason.code in (Code.REMINDED, Code.NUDGE) for e in decisions[0].entries if e.number < first.number
    )
    assert sum(move.kind == "apply" for decision in decisions for move in decision.moves) == 1


def test_scenario_10_window_passed() -> None:
    """A widening whose approvals lapsed in the dark goes back to the people who gave them."""
    story = Story()
    story.start()
    story.ready()
    story.agree()
    story.now += 10 * DAY
    story.say_all()
    assert (story.phase, story.people) == (Phase.AWAITING_APPROVAL, 0)


def test_scenario_10_old_readings_say_nothing() -> None:
    """A week-old reading that arrives on return neither passes a gate nor hides that nobody has looked."""
    story = Story(lone()).live()
    story.auto = False
    week_old = story.now
    story.now += 8 * DAY
    story.read(1, taken_at=week_old)
    story.say_all()
    assert story.phase is Phase.CHECKPOINT_DUE
    assert isinstance(story.state.owed["readings"], TakeReadings)


# -- 14: calendars ----------------------------------------------------------------------------------------------------


def test_scenario_14_holidays_and_zones() -> None:
    """People's deadlines follow their working days and the clock of their zone; safety follows the wall clock."""
    berlin = WorkingTime(
        shifts=((START - 900 * DAY, 120), (START + DAY, 60)),
        workdays=(0, 1, 2, 3, 4),
        opens=540,
        closes=1020,
        holidays=(date(2026, 11, 26),),
    )
    story = Story(but(standard_plan(), calendar=berlin))
    story.start()
    story.ready()
    assert story.gate.expires_at == START + 8 * DAY + timedelta(hours=1), "one holiday, one weekend, one hour of DST"
    story.agree()
    story.wait_for(Phase.OBSERVING)
    watch = story.state.position.observation
    assert watch is not None
    assert watch.until - watch.since == 7 * DAY


def test_scenario_14_late_messages() -> None:
    """A message after its own deadline says nothing; a reduction never goes stale."""
    story = Story().live().review()
    past = story.now - timedelta(minutes=1)
    assert said(story.vote("risk-a", not_after=past)) is Code.TOO_LATE
    assert said(story.vote("risk-a", not_after=story.now + timedelta(minutes=1))) is Code.APPROVED
    assert said(story.reduce(Reduction.PAUSE, not_after=past)) is Code.PAUSED


# -- 23: too little traffic -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "passes"), [(49, False), (50, True)])
def test_scenario_23_insufficient_traffic(n: int, passes: bool) -> None:  # the expected answer
    """A wave that never sees enough is watched longer, then held as inconclusive, and never passes in silence."""
    story = Story(with_rung(lone(), 1, min_samples=50)).live()
    story.value = None
    for _ in range(40):
        story.wait(DAY)
        if story.state.exposure.control is Control.LIVE and story.phase is not Phase.CHECKPOINT_REVIEW:
            story.read(1, n=n)
    gates = [entry for entry in story.entries if entry.gate and entry.gate.startswith("checkpoint")]
    assert bool(gates) is passes
    assert (Code.EXTENDED in story.codes()) is not passes
    if not passes:
        held = next(entry for entry in story.entries if entry.reason.code is Code.INCONCLUSIVE)
        assert held.reason.facts["why"] == "few_runs"
        assert held.at >= START + DAY + story.plan.rung(1).max_observe.wall


# -- 20, 25: the ledger and the carried state -------------------------------------------------------------------------


def test_scenario_20_evidence_store_unavailable() -> None:
    """Without the ledger reductions go ahead and their evidence waits; a widening waits for its own record."""
    story = Story().live().review()
    story.agree()
    story.widening()
    widen = story.state.exposure.pending
    assert widen is not None
    assert widen.after == next(
        entry.number for entry in reversed(story.entries) if entry.reason.code is Code.AUTHORISED
    )
    story.reduce(Reduction.PAUSE)
    pause = story.state.exposure.pending
    assert pause is not None
    assert (pause.verb, pause.after) == ("pause", 0)
    waiting = [entry.number for entry in story.state.outbox]
    assert waiting == list(range(story.state.stored + 1, story.state.written + 1))
    story.say(Stored(number=story.state.written))
    assert story.state.outbox == ()


def test_scenario_20_outbox_is_bounded() -> None:
    """While the ledger is away and the outbox full, only what makes it safer is heard, and always."""
    story = Story().live().review()
    story.auto = False
    for _ in range(500):
        story.vote("risk-a", Choice.REVOKE, story.gate)
        story.reduce(Reduction.HOLD, "nobody-known")
        if len(story.state.outbox) >= 400:
            break
        if not story.state.gates:
            break
    while len(story.state.outbox) < 400:
        story.reduce(Reduction.HOLD)
    assert said(story.message(Resume, "owner", cause="x")) is Code.BUSY
    assert said(story.reduce(Reduction.PAUSE)) is Code.PAUSED


def test_scenario_25_state_travels_at_any_moment() -> None:
    """At every moment of a whole life the state survives its own JSON, and decides the same afterwards."""
    story = Story().operate()
    seen: set[Phase] = set()
    for before, after in zip(story.decisions, story.decisions[1:], strict=False):
        state = State.model_validate_json(before.state.model_dump_json())
        assert state == before.state
        seen.add(state.position.phase)
        if after.plan is before.plan:
            assert decide(before.plan, state, Tick(), START) == decide(before.plan, before.state, Tick(), START)
    assert seen >= {Phase.PREPARING, Phase.SCHEDULED, Phase.WIDENING, Phase.OBSERVING, Phase.OPERATING}


def test_scenario_25_receipts_travel() -> None:
    """Open rounds, answers given and the epoch go with the state: a message that arrives twice across a page is one."""
    story = Story().live().review()
    ballot = story.ballot("risk-a", id="across")
    first = story.say(ballot)
    story.state = State.model_validate_json(story.state.model_dump_json())
    again = story.say(ballot)
    assert again.receipt == first.receipt
    assert len(story.gate.ballots) == 1
    story.vote("ops-a")
    assert story.phase is Phase.SCHEDULED


def test_scenario_25_storm_while_leaving() -> None:
    """A storm of signals in one activation loses none: each has an answer, and the safest of them stands."""
    story = Story().live().review()
    votes = [story.ballot("risk-a", id=f"storm-{number}") for number in range(50)]
    decisions = decide_all(story.plan, story.state, votes, story.now)
    assert [decision.receipt is not None for decision in decisions] == [True] * 50
    assert sum(decision.receipt.reason.code is Code.APPROVED for decision in decisions if decision.receipt) == 1
    assert len(decisions[-1].state.receipts) >= 50


# -- latching across time ---------------------------------------------------------------------------------------------


def test_scenario_13_hysteresis() -> None:
    """A metric that strayed stays astray until it is healthy, and its recovery widens nothing."""
    story = Story(with_metric(standard_plan(), "errors", bands=((Band.NARROW, Bound.of("> 10")),))).climb(2)
    story.read(11)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)
    story.read(8)
    astray = story.state.metrics["errors"].band
    story.read(5)
    assert (astray, story.state.metrics["errors"].band) == (Band.NARROW, Band.HEALTHY)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)


def test_scenario_13_flapping_acts_once() -> None:
    """A figure that stays bad does not act again at every reading."""
    story = Story().climb(3)
    story.read(12)
    people = story.people
    for _ in range(5):
        story.now += timedelta(hours=1)
        story.read(13)
    assert story.people == people
    assert sum(isinstance(m, Notify) and m.about.code is Code.NARROWED for m in story.moves) == 1


def test_scenario_23_the_quorum_is_not_stretched() -> None:
    """Approvals are good for as long as the standard says and not a moment longer."""
    plan = with_gate(with_rules(standard_plan()), GateKind.FIRST_EXPOSURE, vote_expiry=Span.of("1d"))
    story = Story(plan)
    story.start()
    story.ready()
    story.agree()
    story.wait(DAY)
    assert (story.phase, story.people) == (Phase.AWAITING_APPROVAL, 0)


def test_scenario_04_confirmation_of_an_old_epoch() -> None:
    """The answer to a widening that was overtaken changes nothing but asks for the fence again."""
    story = Story().live().review()
    story.agree()
    story.widening()
    widen = story.state.exposure.pending
    assert widen is not None
    story.reduce(Reduction.ROLLBACK)
    story.say(Applied(epoch=widen.epoch, result="confirmed", observed=widen.exposure))
    assert story.people == 0
    assert Code.OVERTAKEN in story.codes()
    pending = story.state.exposure.pending
    assert pending is not None
    assert (pending.verb, pending.epoch > widen.epoch) == ("rollback", True)
