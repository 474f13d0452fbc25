"""What can be seen of a readiness item: of when it speaks, until when, and what is not taken for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, but, standard_plan, with_member, with_metric, with_rules
from tidegate import readiness
from tidegate.decide import begin
from tidegate.explain import explain
from tidegate.models.base import Band, Bound, MetricFamily, Span, Stage
from tidegate.models.decision import Check, Verdict
from tidegate.models.derived import PerSuccess
from tidegate.models.drill import DrillRecord
from tidegate.models.owing import Evidence
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.sample import Looked, Week
from tidegate.models.sheet import Sheet
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import MetricState
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

Item = ReadinessItem
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def plan_of(**more: Any) -> Plan:
    """Return a plan by which all can be seen that can be, and whose limits are counted in working days."""
    plan = with_rules(standard_plan(), checklist=1, evidence_max_age=Span.of("10bd"))
    plan = with_metric(plan, "errors", baseline=Decimal(30), goal=Bound.of("<= 5"), max_age=Span.of("3bd"))
    return but(plan, **{"logging": "Every run", **more})


def state_of(plan: Plan, level: int = 1, peak: int = 0, **more: Any) -> State:
    """Return a rollout that stands at a level and has served so many at most."""
    state = begin(plan, START)
    exposed = state.exposure.but(peak=peak)
    return state.but(**{"position": state.position.but(level=level), "exposure": exposed, **more})


def read(ago: timedelta = HOUR, n: int = 100, band: Band = Band.HEALTHY, value: int | None = 1) -> MetricState:
    """Return how a figure stands that was read so long ago."""
    status, amount = ("no_data", None) if value is None else ("value", Decimal(value))
    last = Reading.model_validate({"status": status, "value": amount, "n": n, "taken_at": START - ago})
    return MetricState(last=last, band=band, due_at=START, since=START - 60 * DAY)


def look(plan: Plan, state: State, what: ReadinessItem, now: datetime = START) -> tuple[Any, ...] | None:
    """Return what is seen of an item: the verdict, the sentence, of when it speaks, and until when."""
    seen = readiness.look(plan, state, Stage.PILOT, what, now)
    return None if seen is None else (seen.verdict, explain(seen.reason), seen.at, seen.until)


def met(what: str, says: str, at: datetime | None = None, until: datetime | None = None) -> tuple[Any, ...]:
    """Return what is seen of an item that is met."""
    return Verdict.PASSED, f"{what} is met, as can be seen now: {says}.", at, until


def on(month: int, day: int, hour: int = 0) -> datetime:
    """Return a moment of the year of the story."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


# -- what was shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "good"), [(10 * DAY - HOUR, True), (10 * DAY, False)])
def test_what_was_shown_too_long_ago_is_named_with_its_day(ago: timedelta, good: bool) -> None:
    """Until its limit it counts, on the word of whoever showed it; from then on reviewers read of when it is."""
    plan = with_rules(standard_plan(), evidence_max_age=Span.of("10d"))
    state = state_of(plan, readiness={Item.LOGGING: Evidence(by="ops-a", at=START - ago, ref="log 7")})
    stale = because(Code.READINESS_STALE, item="logging", at=START - ago)
    reason = because(Code.READINESS_MET, item="logging", by="ops-a") if good else stale
    verdict = Verdict.PASSED if good else Verdict.PENDING
    found = readiness.item(plan, state, Stage.PILOT, Item.LOGGING, START)
    assert found == Check(name="logging", verdict=verdict, reason=reason)


@pytest.mark.parametrize("ran", [True, False])
def test_where_only_a_drill_counts_reviewers_read_which_one_is_lacking(ran: bool) -> None:
    """A rollback that was run here and read back is what is asked for, of this use case by name."""
    plan = with_rules(standard_plan(), drill_recorded=True)
    drill = DrillRecord(by="ops-a", at=START - DAY, on="test/few", millis=900, passed=ran)
    state = state_of(plan, drills={"rollback": drill})
    needed = because(Code.DRILL_NEEDED, use_case="claims-triage")
    reason = because(Code.READINESS_MET, item="rollback_tested", by="ops-a") if ran else needed
    verdict = Verdict.PASSED if ran else Verdict.PENDING
    found = readiness.item(plan, state, Stage.PILOT, Item.ROLLBACK_TESTED, START)
    assert found == Check(name="rollback_tested", verdict=verdict, reason=reason)


# -- the plan and its people ------------------------------------------------------------------------------------------


def test_a_business_case_is_made_of_outcomes_that_stand_for_themselves() -> None:
    """Each outcome with a before and a goal is named; one that is a part of another, or has no before, is not."""
    plan = plan_of()
    errors = plan.metrics["errors"]
    more = {
        "waits": errors.but(baseline=Decimal(9), goal=Bound.of("<= 4")),
        "part": errors.but(part_of="waits"),
        "wish": errors.but(baseline=None),
        "measured": errors.but(goal=None),
        "uptime": errors.but(family=MetricFamily.TECHNICAL),
    }
    plan = but(plan, metrics={**plan.metrics, **more})
    assert look(plan, state_of(plan), Item.BUSINESS_CASE) == met(
        "business case", "errors from 30 to <= 5, waits from 9 to <= 4"
    )
    bare = with_metric(plan_of(), "errors", goal=None)
    assert look(bare, state_of(bare), Item.BUSINESS_CASE) is None


def test_owners_are_named_once_and_those_who_left_by_name() -> None:
    """Who answers for it in two ways is named once; once two of them cannot any more, both are named."""
    plan = plan_of(business_owner="owner")
    assert look(plan, state_of(plan), Item.OWNER) == met("owner", "owner, exec")
    lost = with_member(plan_of(accountable_exec="vendor"), "business", active=False)
    assert look(lost, state_of(lost), Item.OWNER) == (
        Verdict.FAILED, "owner is not met: business, vendor cannot answer for it any more.", None, None,
    )  # fmt: skip


@pytest.mark.parametrize(("why", "says"), [("4 of 12", "tier 2, 4 of 12"), ("tier 2 by sum", "tier 2 by sum")])
def test_a_tier_is_said_once(why: str, says: str) -> None:
    """Where the formula does not name its tier, the tier is put before it."""
    plan = plan_of(tier_why=why)
    assert look(plan, state_of(plan), Item.RISK_TIER) == met("risk tier", says)


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        (None, None),
        (Sheet(), None),
        (Sheet(support={Stage.LIMITED: "The floor lead."}), None),
        (Sheet(support={Stage.PILOT: "Ask in channel X."}), "Ask in channel X"),
        (Sheet(support_model="...and the desk..."), "...and the desk"),
    ],
)
def test_help_is_said_as_one_sentence(sheet: Sheet | None, says: str | None) -> None:
    """What the stage or the handoff says of help is its sentence, without a second full stop."""
    plan = plan_of(sheet=sheet)
    assert look(plan, state_of(plan), Item.SUPPORT_MODEL) == (None if says is None else met("support model", says))


# -- how it was before ------------------------------------------------------------------------------------------------

MONDAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("days", "peak", "now", "verdict"),
    [
        ({"errors": MONDAY}, 0, on(11, 30, 8), Verdict.PASSED),
        ({"errors": MONDAY}, 0, on(11, 30, 9), Verdict.PENDING),
        ({"errors": MONDAY, "waits": MONDAY + DAY}, 0, on(11, 30, 9), Verdict.PENDING),
        ({"waits": MONDAY, "errors": MONDAY + DAY}, 0, on(11, 30, 9), Verdict.PENDING),
        ({"part": MONDAY - 9 * DAY, "errors": MONDAY}, 0, on(11, 30, 8), Verdict.PASSED),
        ({"errors": MONDAY}, 1, on(12, 30), Verdict.PASSED),
        ({"part": MONDAY}, 0, on(12, 30), Verdict.PASSED),
    ],
)
def test_the_oldest_baseline_counts_for_ten_working_days(
    days: dict[str, date], peak: int, now: datetime, verdict: Verdict
) -> None:
    """Until the first person is served the oldest baseline must be young; from then on it only gets older."""
    plan = plan_of(sheet=Sheet(baselines=days))
    errors = plan.metrics["errors"]
    plan = but(plan, metrics={**plan.metrics, "waits": errors, "part": errors.but(part_of="waits")})
    dated = peak == 0 and days.keys() != {"part"}
    when = (on(11, 16), on(11, 30, 9)) if dated else (None, None)
    expected = met("baseline", "errors was 30, waits was 30", *when)
    if verdict is Verdict.PENDING:
        expected = (verdict, "The evidence for baseline of 2026-11-16 00:00 UTC is too old.", *when)
    assert look(plan, state_of(plan, peak=peak), Item.BASELINE, now) == expected


@pytest.mark.parametrize("changes", [{"goal": None}, {"baseline": None}])
def test_without_a_goal_or_a_before_there_is_no_baseline(changes: dict[str, Any]) -> None:
    """A figure that promises no change has no before to be seen, and one that promises it without a before either."""
    plan = with_metric(plan_of(), "errors", **changes)
    assert look(plan, state_of(plan), Item.BASELINE) is None


def test_a_plan_that_dates_no_baseline_has_one_that_never_ages() -> None:
    """Where nobody said when it was measured, only that it was can be seen."""
    plan = plan_of(sheet=None)
    assert look(plan, state_of(plan), Item.BASELINE) == met("baseline", "errors was 30")


# -- its figures ------------------------------------------------------------------------------------------------------

INSIDE = "2 figures are inside their thresholds"


@pytest.mark.parametrize(
    ("level", "figures", "says"),
    [
        (1, {"errors": read(2 * HOUR), "comments": read(5 * HOUR)}, INSIDE),
        (0, {"errors": read(2 * HOUR), "comments": read(5 * HOUR)}, None),
        (1, {"errors": read(2 * HOUR)}, None),
        (1, {"errors": read(2 * HOUR), "comments": read().but(last=None)}, None),
        (1, {"errors": read(2 * HOUR), "comments": read(30 * DAY)}, None),
        (1, {"errors": read(2 * HOUR), "comments": read(5 * HOUR, value=None)}, None),
        (1, {"errors": read(2 * HOUR), "comments": read(5 * HOUR, band=Band.WATCH)}, INSIDE),
        (1, {"errors": read(2 * HOUR), "comments": read(5 * HOUR, band=Band.HOLD)}, "comments has strayed (hold)"),
        (1, {"comments": read(5 * HOUR, band=Band.PAUSE)}, "comments has strayed (pause)"),
    ],
)
def test_figures_show_an_evaluation_once_all_of_them_speak(
    level: int, figures: dict[str, MetricState], says: str | None
) -> None:
    """While it serves people, all of its figures show it together, as old as the oldest; one that strayed undoes it."""
    plan = plan_of()
    expected: tuple[Any, ...] | None = None
    if says is not None and "strayed" in says:
        expected = (Verdict.FAILED, f"evaluation is not met: {says}.", None, None)
    elif says is not None:
        expected = met("evaluation", says, START - 5 * HOUR, on(11, 26, 9))
    assert look(plan, state_of(plan, level, metrics=figures), Item.EVALUATION) == expected


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"bands": ()}, True),
        ({"dry_run": True}, True),
        ({}, False),
    ],
)
def test_only_figures_that_judge_are_asked(changes: dict[str, Any], seen: bool) -> None:
    """A figure without a threshold, and one that is only rehearsed, keep an evaluation from nobody."""
    plan = with_metric(plan_of(), "comments", **changes)
    found = look(plan, state_of(plan, metrics={"errors": read()}), Item.EVALUATION)
    assert found == (
        met("evaluation", "1 figure is inside its thresholds", START - HOUR, on(11, 26, 9)) if seen else None
    )


def test_a_plan_without_thresholds_shows_no_evaluation() -> None:
    """Where nothing judges, nothing is inside its thresholds."""
    plan = with_metric(with_metric(plan_of(), "comments", bands=()), "errors", bands=())
    assert look(plan, state_of(plan, metrics={"errors": read()}), Item.EVALUATION) is None


@pytest.mark.parametrize(("since", "seen"), [(START - 2 * DAY, True), (START - DAY, False)])
@pytest.mark.parametrize("item", [Item.EVALUATION, Item.LOGGING])
def test_the_first_figures_of_a_wave_show_nothing(item: ReadinessItem, since: datetime, seen: bool) -> None:
    """What is read while a wave has only begun counts neither as an evaluation nor as a log."""
    plan = with_metric(plan_of(), "errors", initial_delay=Span.of("1d"), family=MetricFamily.TECHNICAL)
    plan = with_metric(plan, "comments", bands=())
    figures = {"errors": read().but(since=since)}
    assert (look(plan, state_of(plan, metrics=figures), item) is not None) is seen


# -- its log ----------------------------------------------------------------------------------------------------------

RATIO = PerSuccess(spend="comments", successes="comments")


@pytest.mark.parametrize(
    ("changes", "figure", "seen"),
    [
        ({}, read(), True),
        ({"family": MetricFamily.GOVERNANCE}, read(), True),
        ({"family": MetricFamily.OUTCOME}, read(), False),
        ({"by_hand": True}, read(), False),
        ({"derived": RATIO}, read(), False),
        ({"from_sample": "misses_per_100"}, read(), False),
        ({}, read(n=1), True),
        ({}, read(n=0), False),
        ({}, read(value=None), False),
        ({}, read(7 * DAY), False),
        ({}, read().but(last=None), False),
        ({}, None, False),
    ],
)
def test_what_a_machine_read_over_real_runs_was_logged(
    changes: dict[str, Any], figure: MetricState | None, seen: bool
) -> None:
    """A fresh figure that a machine counted over at least one run shows a log; what people or sums say does not."""
    plan = with_metric(plan_of(), "errors", **{"family": MetricFamily.TECHNICAL, "min_samples": 0, **changes})
    figures = {} if figure is None else {"errors": figure}
    runs = figure.last.n if figure is not None and figure.last is not None else 0
    expected = met("logging", f"errors was read over {runs} runs", START - HOUR, on(11, 26, 9)) if seen else None
    assert look(plan, state_of(plan, metrics=figures), Item.LOGGING) == expected
    silent = but(plan, logging=None)
    assert look(silent, state_of(silent, metrics=figures), Item.LOGGING) is None


def test_one_figure_that_shows_nothing_hides_no_other() -> None:
    """The first figure is an outcome and shows no log; the second is a count, and does."""
    plan = with_metric(plan_of(), "comments", by_hand=False)
    found = look(plan, state_of(plan, metrics={"errors": read(), "comments": read()}), Item.LOGGING)
    assert found == met("logging", "comments was read over 100 runs", START - HOUR, START - HOUR + 30 * DAY)


def weeks(*runs: int) -> Looked:
    """Return what people looked at in the weeks that begin with the second of November."""
    first = date(2026, 11, 2)
    return Looked(weeks=tuple(Week(starts=first + 7 * at * DAY, runs=many) for at, many in enumerate(runs)))


@pytest.mark.parametrize(
    ("looked", "says", "at", "until"),
    [
        (weeks(9, 12, 0), "people looked at 12 real runs", on(11, 9), on(11, 23, 9)),
        (weeks(9, 0, 5), "people looked at 5 real runs", on(11, 16), on(11, 30, 9)),
        (weeks(9, 12), "people looked at 12 real runs", on(11, 9), on(11, 23, 9)),
    ],
)
def test_the_last_week_in_which_people_looked_shows_a_log(
    looked: Looked, says: str, at: datetime, until: datetime
) -> None:
    """It speaks of that week's Monday, counts for as long as evidence may be old, and at its end no more."""
    plan = plan_of()
    state = state_of(plan, looked=looked)
    assert look(plan, state, Item.LOGGING, until - HOUR) == met("logging", says, at, until)
    assert look(plan, state, Item.LOGGING, until) is None


@pytest.mark.parametrize("looked", [None, Looked(), weeks(0, 0)])
def test_where_nobody_looked_there_is_no_log(looked: Looked | None) -> None:
    """Weeks without a single run show nothing."""
    plan = plan_of()
    assert look(plan, state_of(plan, looked=looked), Item.LOGGING) is None


@pytest.mark.parametrize(
    ("ago", "says"), [(2 * DAY, "errors was read over 100 runs"), (8 * DAY, "people looked at 5 real runs")]
)
def test_of_two_that_show_a_log_the_younger_is_shown(ago: timedelta, says: str) -> None:
    """People looked in the week of the sixteenth; a figure that is younger than that Monday is named instead."""
    plan = with_metric(plan_of(), "errors", family=MetricFamily.TECHNICAL, max_age=Span.of("30d"))
    found = look(plan, state_of(plan, looked=weeks(0, 0, 5), metrics={"errors": read(ago)}), Item.LOGGING)
    assert found is not None
    assert says in found[1]
