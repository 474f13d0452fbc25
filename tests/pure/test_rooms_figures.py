"""The rooms of figures, function by function: what an answer is worth, bands, samples, blindness, and conditions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, Story, but, standard_plan, with_metric, with_rung
from tidegate import judging, thresholds
from tidegate.models.base import Band
from tidegate.models.decision import Outcome, TakeReadings, TakeSnapshot, Verdict
from tidegate.models.event import Actor, ActorKind, Applied, Readings, Reduction, Resume, Terminate, Withdraw
from tidegate.models.exposed import Control
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.decide import Decision
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
PLAN = standard_plan()
ERRORS = PLAN.metrics["errors"]


def reading(value: int | None = 1, **more: Any) -> Reading:
    """Return a reading that was taken just now."""
    given = {"status": "value", "value": None if value is None else Decimal(value), "n": 100, "taken_at": START}
    return Reading(**{**given, **more})


# -- figures ----------------------------------------------------------------------------------------------------------

AGO, AHEAD = START - timedelta(days=3), START + timedelta(minutes=5)
SECOND = timedelta(seconds=1)
WORTH: tuple[tuple[Reading | None, str, Verdict, Any, int | None], ...] = (
    (None, "inconclusive", Verdict.INCONCLUSIVE, because(Code.NO_READING, metric="m"), None),
    (
        reading(status="error", note="timeout"), "inconclusive", Verdict.ERRORED,
        because(Code.SOURCE_ERROR, metric="m", note="timeout"), None,
    ),
    (
        reading(status="error"), "inconclusive", Verdict.ERRORED,
        because(Code.SOURCE_ERROR, metric="m", note="no reason given"), None,
    ),
    (reading(status="stale"), "inconclusive", Verdict.INCONCLUSIVE, because(Code.STALE, metric="m", at=START), None),
    (reading(taken_at=AGO), "inconclusive", Verdict.INCONCLUSIVE, because(Code.STALE, metric="m", at=AGO), None),
    (
        reading(taken_at=AGO + SECOND), "inconclusive", Verdict.PASSED,
        because(Code.READ, metric="m", value=1, n=100), 1,
    ),
    (reading(taken_at=AHEAD), "inconclusive", Verdict.PASSED, because(Code.READ, metric="m", value=1, n=100), 1),
    (
        reading(taken_at=AHEAD + SECOND), "inconclusive", Verdict.INCONCLUSIVE,
        because(Code.FROM_THE_FUTURE, metric="m", at=AHEAD + SECOND), None,
    ),
    (reading(None, status="no_data"), "inconclusive", Verdict.INCONCLUSIVE, because(Code.NO_DATA, metric="m"), None),
    (reading(None), "inconclusive", Verdict.INCONCLUSIVE, because(Code.NO_DATA, metric="m"), None),
    (reading(None), "fail", Verdict.FAILED, because(Code.NO_DATA_FAILS, metric="m"), None),
    (reading(None), "zero", Verdict.PASSED, because(Code.NO_DATA_ZERO, metric="m"), 0),
    (
        reading(status="insufficient_sample"), "inconclusive", Verdict.INCONCLUSIVE,
        because(Code.FEW_SAMPLES, metric="m", n=100, needed=5), None,
    ),
    (
        reading(n=4), "inconclusive", Verdict.INCONCLUSIVE,
        because(Code.FEW_SAMPLES, metric="m", n=4, needed=5), None,
    ),
    (reading(n=5), "inconclusive", Verdict.PASSED, because(Code.READ, metric="m", value=1, n=5), 1),
)  # fmt: skip


@pytest.mark.parametrize(("last", "on_no_data", "verdict", "why", "value"), WORTH)
def test_what_an_answer_is_worth(
    last: Reading | None, on_no_data: Any, verdict: Verdict, why: Any, value: int | None
) -> None:
    """Each way of saying nothing has its own reason, and only a fresh value over enough cases counts."""
    metric = ERRORS.but(on_no_data=on_no_data)
    assert judging.judge(PLAN, metric, "m", last, START) == (verdict, why, None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("value", "before", "band"),
    [
        (10, Band.HEALTHY, Band.HEALTHY),
        (11, Band.HEALTHY, Band.NARROW),
        (20, Band.HEALTHY, Band.NARROW),
        (21, Band.HEALTHY, Band.PAUSE),
        (41, Band.HEALTHY, Band.ROLLBACK),
        (6, Band.PAUSE, Band.PAUSE),
        (5, Band.PAUSE, Band.HEALTHY),
        (41, Band.PAUSE, Band.ROLLBACK),
        (11, Band.NARROW, Band.NARROW),
    ],
)
def test_which_band_a_value_is_in(value: int, before: Band, band: Band) -> None:
    """A metric that has strayed stays so until it is well again, and gets worse at once."""
    assert thresholds.band_of(ERRORS, Decimal(value), before) is band


def test_a_band_without_a_way_back() -> None:
    """Where no value is named as well again, the bands themselves say so."""
    assert thresholds.band_of(ERRORS.but(healthy=None), Decimal(6), Band.PAUSE) is Band.HEALTHY


@pytest.mark.parametrize(
    ("seen", "code", "verdict"), [(9, Code.FEW_RUNS, Verdict.INCONCLUSIVE), (10, Code.RUNS_SEEN, Verdict.PASSED)]
)
def test_runs_that_were_seen(seen: int, code: Code, verdict: Verdict) -> None:
    """A wave that asks for runs counts those of its own time, and says how many are needed."""
    story = Story(with_rung(PLAN, 1, min_samples=10)).live()
    story.now += DAY
    story.read(1, n=seen)
    runs = next(check for check in thresholds.checks(story.plan, story.state, story.now) if check.name == "runs")
    assert (runs.verdict, runs.reason) == (verdict, because(code, n=seen, needed=10))
    assert thresholds.enough(story.state, ("errors",)) == seen
    assert thresholds.enough(story.state, ("comments", "no-such")) == 0
    assert thresholds.enough(story.state, ()) == 0
    watch = story.state.position.observation
    assert watch is not None
    later = story.state.position.but(observation=watch.but(since=story.now + SECOND))
    assert thresholds.enough(story.state.but(position=later), ("errors",)) == 0


def test_no_data_that_fails() -> None:
    """Where no data means no, it counts as a breach, holds, and the record says that there was none."""
    story = Story(with_metric(PLAN, "errors", on_no_data="fail", consecutive=2)).live()
    story.read(None)
    assert story.state.metrics["errors"].breaches == 1
    assert story.state.exposure.control.open
    decision = story.read(None)
    entry = next(entry for entry in decision.entries if entry.action == "threshold")
    beyond = "no data fails here"
    assert entry.reason == because(Code.THRESHOLD, metric="errors", band="hold", value="no data", beyond=beyond)
    assert decision.receipt is not None
    assert decision.receipt.reason.code is Code.HELD
    assert thresholds._shown(MetricState(due_at=START, since=START)) == "no data"


def test_a_long_pause_is_no_blindness() -> None:
    """Nobody looks while nobody is served; when it goes on, the clock of blindness begins anew."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    story.wait(40 * DAY)
    story.ready()
    story.message(Resume, "business", cause="understood")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.wait(2 * DAY)
    assert story.state.exposure.control.open
    assert Code.BLIND not in story.codes()
    assert Code.BLIND_PLANE not in story.codes()


def test_blind_again_after_a_resume() -> None:
    """Being blind acts once, and once more after it was gone on with."""
    story = Story().climb(2)
    story.value = None
    story.wait_for(Phase.REDUCED)
    story.message(Resume, "business", cause="understood")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert not story.state.metrics["errors"].blind_acted
    story.wait_for(Phase.REDUCED)
    assert story.codes().count(Code.BLIND) == 2


@pytest.mark.parametrize("change", [{"blind_limit": None}, {"dry_run": True}])
def test_what_is_never_blind(change: dict[str, Any]) -> None:
    """A metric without a limit, one that is only tried out, and one that has acted do not narrow for being silent."""
    watched = MetricState(due_at=START, since=START)
    assert thresholds.blind_at(PLAN, "errors", watched) == START + 7 * DAY
    assert thresholds.blind_at(with_metric(PLAN, "errors", **change), "errors", watched) is None
    assert thresholds.blind_at(PLAN, "errors", watched.but(blind_acted=True)) is None
    assert thresholds.blind_at(PLAN, "no-such", watched) is None
    assert thresholds.blind_at(PLAN, "errors", watched.but(usable_at=START + DAY)) == START + 8 * DAY
    assert thresholds.blind_at(PLAN, "errors", watched.but(usable_at=START - DAY)) == START + 7 * DAY


def test_readings_that_answer_what_was_asked() -> None:
    """Only readings that cover all that was asked for settle the request, and one is asked at a time."""
    plan = but(PLAN, metrics={**PLAN.metrics, "latency": ERRORS.but(bands=())})
    story = Story(plan).live()
    turn = Turn(story.plan, story.state, story.now, Actor(subject="clock"), None)
    thresholds.ask(turn, ("errors", "latency"), 3)
    assert turn.moves == [TakeReadings(metrics=("errors", "latency"), attempt=3)]
    thresholds.ask(turn, ("errors",))
    assert len(turn.moves) == 1
    story.state, story.auto = turn.state, False
    for items, left in (({"errors": reading()}, 1), ({"errors": reading(), "latency": reading()}, 0)):
        late = {name: one.but(taken_at=story.now) for name, one in items.items()}
        story.message(Readings, "reader", actor_kind=ActorKind.SERVICE, items=late)
        assert list(story.state.owed).count("readings") == left


def asked_for(plan: Plan, *names: str) -> Story:
    """Return a story whose source is being asked for these."""
    story = Story(plan).live()
    turn = Turn(story.plan, story.state, story.now, Actor(subject="clock"), None)
    thresholds.ask(turn, names)
    story.state, story.auto = turn.state, False
    assert story.state.owed["readings"] == TakeReadings(metrics=names)
    return story


def answer(story: Story, **values: int) -> Decision:
    """Let the source answer."""
    items = {name: reading(value, taken_at=story.now) for name, value in values.items()}
    return story.message(Readings, "reader", actor_kind=ActorKind.SERVICE, items=items)


@pytest.mark.parametrize("by_hand", [True, False], ids=["read by hand now", "not measured any more"])
def test_a_revision_between_question_and_answer_wastes_no_answer(by_hand: bool) -> None:
    """What is measured still is weighed, the rest is refused, and the source is not asked for it for ever."""
    latency = ERRORS.but(bands=())
    story = asked_for(but(PLAN, metrics={**PLAN.metrics, "latency": latency}), "errors", "latency")
    later = {**PLAN.metrics, "latency": latency.but(by_hand=True)} if by_hand else PLAN.metrics
    story.plan = but(story.plan, metrics=later)
    decision = answer(story, errors=25, latency=1)
    assert "readings" not in story.state.owed
    assert because(Code.NOT_THIS_WAY, metrics=["latency"]) in [entry.reason for entry in decision.entries]
    assert decision.receipt is not None
    assert decision.receipt.outcome is Outcome.DONE
    assert story.state.exposure.control is Control.PAUSED
    assert not story.state.exposure.desired.serves


def test_of_an_answer_of_which_nothing_is_measured_nothing_is_left() -> None:
    """It is refused as a whole, and asked for no more."""
    story = asked_for(but(PLAN, metrics={**PLAN.metrics, "latency": ERRORS.but(bands=())}), "latency")
    story.plan = PLAN
    decision = answer(story, latency=1)
    assert "readings" not in story.state.owed
    assert [entry.reason for entry in decision.entries] == [because(Code.NOT_THIS_WAY, metrics=["latency"])]
    assert decision.receipt is not None
    assert decision.receipt.outcome is Outcome.REFUSED


def test_a_person_who_says_what_is_not_theirs_to_say_is_refused_as_a_whole() -> None:
    """Nothing is picked out of a person's words; and what a source was asked for is owed still."""
    plan = but(PLAN, metrics={**PLAN.metrics, "survey": ERRORS.but(by_hand=True, bands=())})
    story = asked_for(plan, "errors")
    items = {name: reading(1, taken_at=story.now) for name in ("errors", "survey")}
    decision = story.message(Readings, "ops-a", items=items)
    assert [entry.reason for entry in decision.entries] == [because(Code.NOT_THIS_WAY, metrics=["errors"])]
    assert story.state.metrics == asked_for(plan, "errors").state.metrics
    assert "readings" in story.state.owed


@pytest.mark.parametrize("how", ["terminated", "withdrawn"])
def test_whoever_is_asked_at_the_end_is_waited_for_no_more(how: str) -> None:
    """What is over asks no source: it would be answered that it is over, and ask again, for ever."""
    story = asked_for(PLAN, "errors") if how == "terminated" else Story()
    asks = TakeSnapshot(cohorts=("team/all",)), TakeReadings(metrics=("errors",))
    story.state = story.state.but(owed={**story.state.owed, "snapshot": asks[0], "readings": asks[1]})
    story.auto = False
    story.message(Terminate if how == "terminated" else Withdraw, "exec" if how == "terminated" else "owner")
    for event in story.answers():
        if isinstance(event, Applied):
            story.say(event)
    assert story.phase.value == how
    assert not {"snapshot", "readings"} & set(story.state.owed)


def test_the_worst_of_a_round_acts_once() -> None:
    """Where several metrics stray in one round, the worst of them acts, and the others are part of it."""
    plan = but(PLAN, metrics={"mild": ERRORS, "errors": ERRORS, "worse": ERRORS})
    story = Story(plan).climb(2)
    items = {name: reading(value, taken_at=story.now) for name, value in (("mild", 12), ("errors", 45), ("worse", 25))}
    decision = story.message(Readings, "reader", actor_kind=ActorKind.SERVICE, items=items)
    why = [entry.reason for entry in decision.entries if entry.action == "threshold"]
    assert why == [because(Code.THRESHOLD, metric="errors", band="rollback", value=45, beyond="> 40, 100 cases")]
    assert decision.entries[0].reason == because(Code.READINGS, metrics=("mild", "errors", "worse"), worst="rollback")


def test_the_order_of_the_conditions() -> None:
    """Guardrails, source health, freshness, samples, signals: a reviewer reads them in this order."""
    many = {
        "signal": ERRORS.but(guardrail=False),
        "few": ERRORS,
        "old": ERRORS,
        "silent": ERRORS,
        "errors": ERRORS,
        "tried": ERRORS.but(dry_run=True),
        "idle": ERRORS.but(bands=()),
    }
    plan = with_rung(but(PLAN, metrics=many), 1, min_samples=1)
    story = Story(plan).live()
    last = {
        "signal": reading(taken_at=story.now),
        "few": reading(n=1, taken_at=story.now),
        "old": reading(status="stale", taken_at=story.now),
        "silent": reading(status="error", taken_at=story.now),
        "errors": reading(7, taken_at=story.now),
    }
    story.state = story.state.but(
        metrics={name: MetricState(due_at=START, since=START, last=one) for name, one in last.items()}
    )
    rows = thresholds.checks(story.plan, story.state, story.now)
    assert [(row.name, row.verdict.value) for row in rows] == [
        ("errors", "passed"), ("silent", "errored"), ("old", "inconclusive"), ("few", "inconclusive"),
        ("runs", "passed"), ("signal", "passed"), ("errors <= 5", "failed"),
    ]  # fmt: skip
    assert rows[-1].reason == because(Code.CONDITION, condition="errors <= 5", value=7, met="not met")


def test_a_metric_on_trial_hides_no_other() -> None:
    """What is only tried says nothing about going on; what comes after it in the plan is asked all the same."""
    plan = but(PLAN, metrics={"a-trial": ERRORS.but(dry_run=True), "idle": ERRORS.but(bands=()), "errors": ERRORS})
    story = Story(plan).live()
    story.now += DAY
    story.read(1)
    rows = thresholds.checks(story.plan, story.state, story.now)
    assert [(row.name, row.verdict) for row in rows] == [
        ("errors", Verdict.PASSED), ("errors <= 5", Verdict.PASSED),
    ]  # fmt: skip
    silent = story.state.but(metrics={})
    rows = thresholds.checks(story.plan, silent, story.now)
    assert [(row.name, row.verdict) for row in rows] == [("errors", Verdict.INCONCLUSIVE)]
