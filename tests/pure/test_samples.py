"""Real runs that people look at: when that is owed, who may say so, what is kept of it, and what it does."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from tests.pure.world import Story, but, said, standard_plan, with_gate, with_rules
from tidegate import calendar, samples
from tidegate.decide import Decision
from tidegate.inbox import asks
from tidegate.models.base import Band, Bound, GateKind, MetricFamily, Span
from tidegate.models.decision import Notify, Outcome, Reason
from tidegate.models.event import Confirm, Reduction, Sample, Tick
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan, PlanMetric
from tidegate.models.reasons import Code
from tidegate.models.sample import Found, Looked, Weakness, Week
from tidegate.models.sampling import PlanSampling
from tidegate.models.state import Phase
from tidegate.models.stop import Plain, StopClass, StopRule
from tidegate.standing import standing
from tidegate.turn import because

DAY, WEEK = timedelta(days=1), timedelta(days=7)
COUNTER = itertools.count()
RULE = StopRule(kind=StopClass.SENSITIVE, name="dear", when=Plain.of("amount > 5"), action="pause", to="queue")


def sampled(**more: Any) -> Plan:
    """Return a plan that asks for ten runs a week, and has figures that count in them."""
    plan = standard_plan()
    counted = PlanMetric(
        family=MetricFamily.GOVERNANCE,
        source="by-hand",
        by_hand=True,
        bands=((Band.NARROW, Bound.of("> 20")),),
        from_sample="misses_per_100",
        every=Span.of("7d"),
        max_age=Span.of("30d"),
        reviewer="risk-a",
    )
    slow = counted.but(bands=((Band.HOLD, Bound.of("> 60")),), from_sample="minutes_to_human")
    asks_for = {"sample": PlanSampling(runs=10, every=Span.of("7d"), reviewer="risk-a")}
    metrics = {**plan.metrics, "missed": counted, "slow": slow}
    return but(plan, **{**asks_for, "metrics": metrics, "stop_rules": (RULE,), **more})


def live(**more: Any) -> Story:
    """Return a rollout that serves people and owes its first sample."""
    return Story(sampled(**more)).live()


def look(story: Story, runs: int = 10, who: str = "risk-a", **more: Any) -> Decision:
    """Say what was found in real runs."""
    return story.message(Sample, who, **{"runs": runs, "evidence": f"verdicts {next(COUNTER)}", **more})


def found(cause: Weakness = Weakness.WEAK_DATA, what: str = "dates are missing", **more: Any) -> Found:
    """Return one thing that was found."""
    return Found(cause=cause, what=what, **more)


def test_a_sample_is_owed_from_the_first_people_on_and_again_each_week() -> None:
    """Nothing is owed before anybody is served; then ten runs by a day, and after them ten more a week later."""
    story = Story(sampled())
    assert samples.OWED not in story.state.obligations
    story.live()
    owed = story.state.obligations[samples.OWED]
    assert (owed.owner, owed.due, owed.what) == ("risk-a", story.now + WEEK, "a look at 10 real runs")
    story.wait(3 * DAY)
    assert said(look(story)) is Code.SAMPLED
    assert story.state.obligations[samples.OWED].due == story.now + WEEK
    assert story.state.obligations[samples.OWED].overdue is False


def test_too_few_runs_are_counted_and_the_rest_is_still_owed() -> None:
    """Six runs of ten are on record and meet nothing; four more do, and what is over does not count for the next."""
    story = live()
    due = story.state.obligations[samples.OWED].due
    assert said(look(story, 6)) is Code.SAMPLED_PART
    assert (story.state.obligations[samples.OWED].due, story.state.looked and story.state.looked.reviewed) == (due, 6)
    story.wait(DAY)
    assert said(look(story, 4)) is Code.SAMPLED
    assert story.state.obligations[samples.OWED].due == story.now + WEEK
    assert story.state.looked is not None
    assert story.state.looked.reviewed == 0


def test_where_there_were_fewer_runs_all_of_them_are_enough() -> None:
    """Who looked at every run that there was has looked, though they were three, or none at all."""
    story = live()
    assert said(look(story, 3, whole=True)) is Code.SAMPLED
    story.wait(DAY)
    assert said(look(story, 0, whole=True)) is Code.SAMPLED
    assert story.state.obligations[samples.OWED].due == story.now + WEEK


@pytest.mark.parametrize("then", ["hold", "narrow", "pause"])
def test_nobody_looked(then: Literal["hold", "narrow", "pause"]) -> None:
    """A week without a look pages people, bars every gate and does what the plan says; a look ends the bar."""
    asks_for = PlanSampling(runs=10, every=Span.of("7d"), reviewer="risk-a", then=then)
    story = Story(
        sampled(
            sample=asks_for,
            ladder=tuple(
                rung.but(observe=Span.of("20d"), max_observe=Span.of("30d")) for rung in standard_plan().ladder
            ),
        )
    ).live()
    story.wait(WEEK + DAY)
    assert story.state.obligations[samples.OWED].overdue
    wanted = {"hold": Control.HELD, "narrow": Control.NARROWED, "pause": Control.PAUSED}[then]
    assert story.state.exposure.control is wanted
    page = next(move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.OVERDUE)
    assert (page.urgent, {"risk-a", "owner", "governance"} <= set(page.to)) == (True, True)
    look(story)
    assert not story.state.obligations[samples.OWED].overdue


def test_while_nobody_is_served_there_is_nothing_to_look_at() -> None:
    """A pause of weeks makes no sample overdue; it is owed a week later each time."""
    story = live()
    story.reduce(Reduction.PAUSE)
    story.wait(20 * DAY)
    owed = story.state.obligations[samples.OWED]
    assert (owed.overdue, owed.due > story.now) == (False, True)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("risk-a", Code.SAMPLED),
        ("risk-b", Code.SAMPLED),
        ("ops-a", Code.NOT_YOURS),
        ("owner", Code.NOT_YOURS),
        ("vendor", Code.UNKNOWN_PERSON),
        ("gone", Code.UNKNOWN_PERSON),
        ("nobody", Code.UNKNOWN_PERSON),
    ],
)
def test_the_reviewer_or_who_acts_for_them_says_so(who: str, code: Code) -> None:
    """Verdicts come from the reviewer or their deputy; anybody of the house may still report a finding."""
    story = live()
    assert said(look(story, who=who)) is code
    if code is Code.NOT_YOURS:
        assert said(story.message(Sample, who, found=(found(),))) is Code.FINDINGS


@pytest.mark.parametrize("signs", [True, False])
def test_where_decisions_are_signed_so_is_a_sample(signs: bool) -> None:
    """What takes an overdue duty out of the way needs a signature wherever approvals do."""
    story = Story(with_gate(sampled(), GateKind.RESUME, signed=signs)).live()
    assert said(look(story)) is (Code.SIGNATURE_REQUIRED if signs else Code.SAMPLED)
    assert said(look(story, verified=True)) is Code.SAMPLED


def test_a_sample_needs_its_verdicts_and_nothing_else_will_do() -> None:
    """Without evidence it counts for nothing, and a plain confirmation is refused."""
    story = live()
    assert said(look(story, evidence=None)) is Code.EVIDENCE_NEEDED
    assert said(story.message(Confirm, "risk-a", what=samples.OWED, evidence="seen")) is Code.SAMPLE_NEEDED
    assert said(look(story, found=(found(rule="no-such"),))) is Code.NO_SUCH_RULE
    assert said(look(story, found=(found(rule="dear"),))) is Code.SAMPLED


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ({"runs": 3, "hits": 1, "misses": 1, "false_stops": 1, "waits": [1, 2, 3]}, True),
        ({"runs": 3, "hits": 2, "misses": 1, "false_stops": 1}, False),
        ({"runs": 3, "waits": [1, 2, 3, 4]}, False),
        ({"runs": 0}, False),
        ({"runs": 0, "whole": True}, True),
        ({"runs": -1}, False),
        ({"found": [{"cause": "bad_luck", "what": "x"}]}, False),
        ({"found": [{"cause": "weak_data", "what": "x", "times": 0}]}, False),
        ({"found": [{"cause": "weak_data", "what": "x"}] * 51}, False),
        ({"found": [{"cause": "weak_data", "what": "x"}] * 50}, True),
    ],
)
def test_what_does_not_add_up_is_not_heard(words: dict[str, Any], heard: bool) -> None:
    """More verdicts than runs, no runs and nothing found, or a cause that is none, is no sample."""
    text = json.dumps({"id": "m", "actor": {"subject": "risk-a"}, **words})
    if heard:
        Sample.model_validate_json(text)
    else:
        with pytest.raises(ValidationError):
            Sample.model_validate_json(text)


@pytest.mark.parametrize(("misses", "narrows"), [(2, False), (3, True)])
def test_rules_that_are_too_loose_make_it_safer(misses: int, narrows: bool) -> None:
    """A sample is a reading of the figure that counts in it, and its bands do what the plan says."""
    story = live()
    people = story.people
    decision = look(story, misses=misses)
    assert said(decision) is Code.SAMPLED
    assert (story.people < people, story.state.metrics["missed"].last is not None) == (narrows, True)
    last = story.state.metrics["missed"].last
    assert last is not None
    assert (last.number, last.n) == (Decimal(10 * misses), 10)


@pytest.mark.parametrize(("waits", "holds"), [((60,) * 9 + (999,), False), ((61,) * 10, True), ((), False)])
def test_a_person_who_comes_too_late_holds_it(waits: tuple[int, ...], holds: bool) -> None:
    """Within how many minutes a person had nine in ten is a figure with a band; where nobody waited there is none."""
    story = live()
    look(story, hits=len(waits), waits=waits)
    assert (story.state.exposure.control is Control.HELD) is holds
    last = story.state.metrics["slow"].last
    assert last is not None
    assert (last.status, last.n) == ("value" if waits else "no_data", len(waits))


@pytest.mark.parametrize(
    ("waits", "slow"),
    [
        ((), None),
        ((7,), 7),
        (tuple(range(1, 11)), 9),
        (tuple(range(1, 12)), 10),
        (tuple(range(1, 102)), 91),
        ((5, 1, 9), 9),
    ],
)
def test_nine_in_ten_is_the_one_that_nine_in_ten_do_not_pass(waits: tuple[int, ...], slow: int | None) -> None:
    """It is the least wait that at least nine in ten did not exceed."""
    assert samples.nine_in_ten(waits) == slow


@pytest.mark.parametrize(
    ("what", "figure"),
    [
        ("misses_per_100", (Decimal("33.33"), 3)),
        ("false_stops_per_100", (Decimal("33.33"), 3)),
        ("stopped_per_100", (Decimal("66.67"), 3)),
        ("minutes_to_human", (Decimal(8), 2)),
    ],
)
def test_each_figure_is_counted_over_its_own_cases(what: Any, figure: tuple[Decimal, int]) -> None:
    """Shares are counted over the runs that were looked at, and minutes over those that were stopped."""
    one = Sample.model_validate_json(
        '{"id": "m", "actor": {"subject": "risk-a"}, "runs": 3, "hits": 1, "misses": 1, "false_stops": 1, '
        '"waits": [8, 2]}'
    )
    assert samples.figure(one, what) == figure


def test_what_is_kept_is_bounded() -> None:
    """Half a year of weeks and twenty findings stay, whatever is found; the rest is in the record."""
    story = live()
    story.reduce(Reduction.PAUSE)
    for number in range(30):
        look(story, 1, found=(found(what=f"thing {number}"), found(Weakness.POORLY_SCOPED, "letters", times=3)))
        story.now += WEEK
    looked = story.state.looked
    assert looked is not None
    assert (len(looked.weeks), len(looked.last), looked.last[-2].what) == (26, 20, "thing 29")
    assert looked.weeks[-1].causes == {Weakness.WEAK_DATA: 1, Weakness.POORLY_SCOPED: 3}
    assert all(week.starts.weekday() == 0 for week in looked.weeks)


def test_one_week_is_one_row() -> None:
    """Two samples of one week are added up; the slower of the two weeks' waits stands."""
    story = live()
    look(story, 2, hits=1, waits=(9,), misses=1, found=(found(),))
    look(story, 3, false_stops=2, waits=(4, 4), found=(found(),))
    assert story.state.looked is not None
    (week,) = story.state.looked.weeks
    assert (week.runs, week.hits, week.misses, week.false_stops, week.slowest) == (5, 1, 1, 2, 9)
    assert week.causes == {Weakness.WEAK_DATA: 2}


def weeks(*counts: int) -> Looked:
    """Return so many findings of weak data a week, the last in the week of 2026-11-23."""
    last = date(2026, 11, 23)
    return Looked(
        weeks=tuple(
            Week(
                starts=last - (len(counts) - 1 - index) * WEEK,
                runs=10,
                hits=3,
                misses=1,
                false_stops=2,
                slowest=index,
                causes={Weakness.WEAK_DATA: count} if count else {},
            )
            for index, count in enumerate(counts)
        )
    )


@pytest.mark.parametrize(
    ("counts", "row"),
    [
        ((1, 1, 1, 1, 2, 1, 1, 1), (5, 4, 9, "up")),
        ((9, 1, 1, 1, 1, 1, 1, 1, 1), (4, 4, 17, "even")),
        ((1, 1, 1, 2, 1, 1, 1, 1), (4, 5, 9, "down")),
        ((), (0, 0, 0, "even")),
    ],
)
def test_a_cause_grows_or_goes(counts: tuple[int, ...], row: tuple[int, int, int, str]) -> None:
    """The last four weeks are compared with the four before them, cause by cause."""
    found_ = samples.trends(weeks(*counts), Story().now)
    assert [one.cause for one in found_] == [cause.value for cause in Weakness]
    assert found_[0][1:] == row
    assert found_[1][1:] == (0, 0, 0, "even")


def test_how_well_the_rules_do() -> None:
    """Of what had to be stopped so many were, and of what was stopped so many had to be."""
    done = samples.effect(weeks(0, 0))
    assert done == (20, 6, 2, 4, 75, 60, 1, 50, 50)
    assert samples.effect(None) == (0, 0, 0, 0, None, None, None, None, None)


def test_another_plan_asks_otherwise() -> None:
    """A revision with another reviewer changes who owes it and keeps the day; one without a sample ends it."""
    story = live()
    due = story.state.obligations[samples.OWED].due
    story.plan = sampled(sample=PlanSampling(runs=5, every=Span.of("7d"), reviewer="comp-a"))
    story.wait(2 * DAY)
    owed = story.state.obligations[samples.OWED]
    assert (owed.owner, owed.what, owed.due) == ("comp-a", "a look at 5 real runs", due)
    story.plan = sampled(sample=None)
    story.wait(DAY)
    assert samples.OWED not in story.state.obligations


def test_whoever_owes_it_sees_it_and_how() -> None:
    """The reviewer's inbox and the steps name the verb that meets it."""
    story = live()
    story.wait(6 * DAY)
    stands = standing(story.plan, story.state, story.now)
    assert any(step.verb == "sample VERDICTS --evidence WHERE" and step.who == ("risk-a",) for step in stands.steps)
    mine = [ask for ask in asks(story.plan, story.state, stands) if ask.verb.startswith("sample ")]
    assert [[chair.person for chair in ask.chairs] for ask in mine] == [["risk-a"]]


def test_a_plan_that_asks_for_none_takes_findings_and_counts_all_the_same() -> None:
    """Where nothing is asked for, what people found is kept too; only that these were all runs says nothing."""
    story = Story().live()
    assert said(look(story, 4, who="ops-a", misses=1)) is Code.SAMPLED
    decision = look(story, 0, who="ops-a", whole=True)
    assert (said(decision), decision.receipt and decision.receipt.outcome) == (Code.NO_SAMPLE, Outcome.REFUSED)


def test_nobody_is_asked_to_look_before_anybody_is_served() -> None:
    """Nothing is owed until people are served, and who looks before that is heard and owes nothing by it."""
    story = Story(sampled())
    story.start()
    for _ in range(2):
        story.say(Tick())
        assert samples.OWED not in story.state.obligations
        assert said(look(story)) is Code.SAMPLED
    story.ready()
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert samples.OWED in story.state.obligations


def test_a_sample_by_working_days() -> None:
    """Five working days from the first people, and again from each look on; the days between are never none."""
    story = live(sample=PlanSampling(runs=10, every=Span.of("5bd"), reviewer="risk-a"))
    for _ in range(2):
        owed = story.state.obligations[samples.OWED]
        assert owed.due == calendar.later(story.plan.calendar, story.now, Span.of("5bd"))
        assert owed.due > story.now + 6 * DAY
        assert owed.every_days == 10
        story.wait(DAY)
        look(story)
    often = live(sample=PlanSampling(runs=10, every=Span.of("12h"), reviewer="risk-a"))
    assert often.state.obligations[samples.OWED].every_days == 1


def test_whoever_owes_it_is_reminded_once() -> None:
    """A day before its day the reviewer hears of it, though the plan is looked at with every tick between."""
    story = Story(with_rules(sampled(), remind_before=Span.of("1d"))).live()
    story.wait(WEEK - timedelta(hours=1))
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.OWED_SOON]
    assert [(move.about.facts["id"], move.to) for move in told] == [(samples.OWED, ("risk-a",))]


def test_while_nobody_is_served_other_things_are_owed_all_the_same() -> None:
    """That there are no runs to look at takes nobody's promise off the table."""
    story = live()
    story.reduce(Reduction.PAUSE)
    promise = Obligation(kind="condition", what="train", owner="business", due=story.now + DAY)
    story.state = story.state.but(obligations={**story.state.obligations, "condition-1": promise})
    story.wait(2 * DAY)
    assert story.state.obligations["condition-1"].overdue
    assert not story.state.obligations[samples.OWED].overdue


def test_what_was_looked_at_narrows_nobody_any_more() -> None:
    """The day on which a sample that is overdue would narrow is over once somebody has looked."""
    story = live()
    late = story.state.obligations[samples.OWED].but(overdue=True, narrow_at=story.now + 5 * DAY)
    story.state = story.state.but(obligations={**story.state.obligations, samples.OWED: late})
    look(story)
    owed = story.state.obligations[samples.OWED]
    assert (owed.overdue, owed.narrow_at, owed.due) == (False, None, story.now + WEEK)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"who": "vendor"}, because(Code.UNKNOWN_PERSON, who="vendor")),
        ({"found": (found(rule="no-such"),)}, because(Code.NO_SUCH_RULE, rules="no-such", known="dear")),
        ({"evidence": None}, because(Code.EVIDENCE_NEEDED, what="sample")),
        ({"who": "ops-a"}, because(Code.NOT_YOURS, who="ops-a", what="sample", owner="risk-a")),
    ],
)
def test_why_a_look_is_not_taken_is_said_in_full(words: dict[str, Any], reason: Reason) -> None:
    """Who is not known, which rule there is not and which there are, and of what the evidence lacks."""
    story = live()
    decision = look(story, **words)
    assert decision.receipt is not None
    assert (decision.receipt.outcome, decision.receipt.reason) == (Outcome.REFUSED, reason)
    assert said(look(story)) is Code.SAMPLED


def test_where_the_reviewer_is_nobody_nobody_acts_for_them() -> None:
    """A reviewer who is not in the programme has no deputy: everybody else is told whose it is."""
    story = live(sample=PlanSampling(runs=10, every=Span.of("7d"), reviewer="stranger"))
    assert said(look(story)) is Code.NOT_YOURS


def test_shares_are_said_in_whole_parts_of_a_hundred() -> None:
    """Two of three are 66 in a hundred, never more than they are; of nothing there is no share, and no trend."""
    week = Week(starts=date(2026, 11, 23), runs=7, hits=2, misses=1, false_stops=1)
    done = samples.effect(Looked(weeks=(week,)))
    assert (done.caught, done.right, done.passed, done.routed) == (66, 66, 58, 42)
    assert {one[1:] for one in samples.trends(None, Story().now)} == {(0, 0, 0, "even")}
    nothing = Sample.model_validate_json(
        '{"id": "m", "actor": {"subject": "risk-a"}, "found": [{"cause": "weak_data", "what": "x"}]}'
    )
    assert samples.figure(nothing, "misses_per_100") == (None, 0)
