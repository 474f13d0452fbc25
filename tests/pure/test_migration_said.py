"""What a newer version of a standard asks for, in words, and what of it is lacking: rule by rule, at its bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.test_migration import MONTH, NEEDS, second
from tests.pure.world import F, Story, but, rules, standard_plan, with_gate, with_rules
from tidegate import calendar
from tidegate.migration import Demand, demands, differences, gaps, graced, item, said, spoken
from tidegate.models.base import GateKind, MetricFamily, Span, Stage, Verb
from tidegate.models.decision import Check, Verdict
from tidegate.models.drill import DrillRecord
from tidegate.models.exception import ExceptionRules
from tidegate.models.owing import Evidence
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, GateRule, ReadinessItem
from tidegate.models.state import State
from tidegate.turn import because

DAY = timedelta(days=1)
DRILL, LOGGING = ReadinessItem.ROLLBACK_TESTED, ReadinessItem.LOGGING
ONE = rules(
    training_coverage=8_050, first_wave_max_share=5_000, acknowledge=True, narrow_after=Span.of("5bd"),
    denied=(Verb.SEND_CUSTOMER_MESSAGE,), exceptions=ExceptionRules(longest=Span.of("30d"), renewals=1),
    review_after=(Span.of("30d"), Span.of("90d")),
)  # fmt: skip

SPOKEN: dict[str, str] = {
    "training_coverage": "80.5%",
    "first_wave_max_share": "50%",
    "acknowledge": "yes",
    "handoff_pack": "no",
    "narrow_after": "5bd",
    "drill_max_age": "nothing",
    "max_reverts": "3",
    "readiness": "business case, rollback tested",
    "families": "outcome",
    "review_only": "nothing",
    "denied": "send customer message",
    "review_after": "30d, 90d",
    "exceptions.longest": "30d",
    "exceptions.max_days": "nothing",
    "gates.first_exposure": "risk: 1, operations: 1",
    "gates.first_exposure.functions": "risk: 1, operations: 1",
    "gates.nothing": "nothing",
    "gates.nothing.functions": "nothing",
    "nothing.at.all": "nothing",
}


@pytest.mark.parametrize(("path", "words"), SPOKEN.items())
def test_a_rule_is_said_as_people_say_it(path: str, words: str) -> None:
    """A share is a percentage, a list its words, a length of time as it was written, and what is not there nothing."""
    assert said(ONE, path) == words


@pytest.mark.parametrize(("value", "words"), [(None, "nothing"), ({}, "nothing"), ((), "nothing"), (False, "no")])
def test_what_is_not_there_is_said_too(value: object, words: str) -> None:
    """No value, and a value without parts, are said, so that no sentence has a hole."""
    assert spoken(value) == words
    assert spoken(GateRule(functions={F.RISK: 2})) == "risk: 2"


def test_two_versions_differ_in_what_is_stricter_and_in_what_is_not() -> None:
    """Each rule that is another is named once, with both values, the stricter ones first; what is alike is not."""
    new = rules(training_coverage=9_000, min_observation=Span.of("3d"))
    assert differences(rules(), new) == (
        ("training_coverage", "0%", "90%", True),
        ("min_observation", "7d", "3d", False),
    )
    assert differences(new, rules()) == (
        ("min_observation", "3d", "7d", True),
        ("training_coverage", "90%", "0%", False),
    )
    assert differences(new, new) == ()


@pytest.mark.parametrize(("level", "stages"), [(0, 3), (1, 3), (2, 3), (3, 2), (4, 2), (5, 1)])
def test_what_lies_behind_is_asked_for_no_more(level: int, stages: int) -> None:
    """Only the stage in which it stands and those ahead change; before anybody is served that is all of them."""
    old, new = standard_plan(), second(readiness=standard_plan().rules(1).readiness, training_coverage=8_000)
    ahead = (Stage.PILOT, Stage.LIMITED, Stage.SYSTEM_OF_RECORD)[3 - stages :]
    assert demands(old, new, level) == tuple(
        Demand(stage.value, "training_coverage", "0%", "80%", stricter=True) for stage in ahead
    )


def test_a_pilot_of_one_wave_is_behind_once_that_is_served() -> None:
    """Where the first level is a whole stage, somebody who is not served yet still stands in it."""
    plan = standard_plan()
    old = but(plan, ladder=plan.ladder[1:])
    new = with_rules(old, training_coverage=8_000)
    assert [one.stage for one in demands(old, new, 0)] == ["pilot", "limited", "system_of_record"]
    assert [one.stage for one in demands(old, new, 2)] == ["limited", "system_of_record"]


def test_a_stage_that_only_the_newer_plan_has_is_no_demand_of_the_standard() -> None:
    """A stage that an amendment adds is not judged as if it had been there."""
    plan = second(training_coverage=8_000)
    old = but(standard_plan(), stages={Stage.PILOT: standard_plan().stages[Stage.PILOT]})
    assert {one.stage for one in demands(old, plan, 1)} == {"pilot"}


# -- readiness --------------------------------------------------------------------------------------------------------


def evidence(days: int, passed: bool | None = None) -> Story:
    """Return a rollout whose items were shown so long ago, and whose last drill has passed, failed or never was."""
    story = Story()
    given = Evidence(by="ops-a", at=story.now - days * DAY, ref="drill 7")
    drills = {}
    if passed is not None:
        drills = {"rollback": DrillRecord(by="ops-a", at=story.now, on="testers", millis=9, passed=passed)}
    story.state = story.state.but(readiness={DRILL: given, LOGGING: given}, drills=drills)
    return story


def lacking(story: Story, old: Plan, new: Plan) -> list[tuple[str, str, bool, int]]:
    """Return what is lacking: what it is, whose, whether only what was given then counts, and in how many days."""
    found = gaps(old, new, story.state, story.now, MONTH)
    assert not any(one.forced for one in found)
    return [(one.what, one.owner, one.renews, (one.due - story.now).days) for one in found]


RUN = "a drill that was run and read back"


@pytest.mark.parametrize(
    ("days", "age", "found"),
    [
        (0, "90d", []),
        (89, "90d", []),
        (90, "90d", [("rollback tested, shown anew", "operations", True, 30)]),
        (160, "90d", [("rollback tested, shown anew", "operations", True, 20)]),
        (179, "90d", [("rollback tested, shown anew", "operations", True, 1)]),
        (180, "90d", []),
    ],
)
def test_what_the_older_version_still_counts_is_shown_anew_in_time(days: int, age: str, found: Any) -> None:
    """Evidence too old for the newer version is owed by the month, or sooner where the older would let it lapse."""
    old = with_rules(standard_plan(), readiness=(DRILL,))
    new = with_rules(old, evidence_max_age=Span.of(age))
    assert lacking(evidence(days), old, new) == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (0, []),
        (89, []),
        (90, [("logging", "platform", False, 30)]),
    ],
)
def test_what_only_the_newer_version_asks_for_must_be_fresh_by_its_rules(days: int, found: Any) -> None:
    """What was shown before it was asked for counts as long as the newer version says."""
    old = with_rules(standard_plan(), readiness=(DRILL,))
    new = with_rules(old, Stage.SYSTEM_OF_RECORD, readiness=(DRILL, LOGGING), evidence_max_age=Span.of("90d"))
    old = with_rules(old, Stage.SYSTEM_OF_RECORD, evidence_max_age=Span.of("90d"))
    assert lacking(evidence(days), old, new) == found


def test_what_was_never_shown_is_owed_only_where_it_is_new() -> None:
    """An item that both versions ask for and nobody has shown bars as ever; one that is new is owed by a date."""
    story = Story()
    old = with_rules(standard_plan(), readiness=(DRILL,))
    new = with_rules(old, readiness=(DRILL, LOGGING), evidence_max_age=Span.of("90d"), drill_recorded=True)
    assert lacking(story, old, new) == [("logging", "platform", False, 30)]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(("passed", "owed"), [(None, True), (False, True), (True, False)])
def test_where_only_a_recorded_drill_counts_somebodys_word_does_not(
    asked: bool, passed: bool | None, owed: bool
) -> None:
    """A drill that never ran or did not pass is owed, whether the item was asked for before or not."""
    story = evidence(10, passed)
    old = with_rules(standard_plan(), readiness=(DRILL, LOGGING) if asked else (LOGGING,))
    new = with_rules(old, readiness=(DRILL, LOGGING), drill_recorded=True)
    assert lacking(story, old, new) == ([(RUN, "operations", asked, 30)] if owed else [])
    before = with_rules(old, drill_recorded=True)
    assert lacking(story, before, new) == []


@pytest.mark.parametrize("stage", [None, Stage.LIMITED])
def test_what_is_lacking_at_two_stages_is_one_thing_to_mend(stage: Stage | None) -> None:
    """It is owed once, and first there where it is demanded first."""
    story = Story()
    new = with_rules(standard_plan(), stage, readiness=NEEDS, training_coverage=8_000)
    found = gaps(story.plan, new, story.state, story.now, MONTH)
    assert [(one.name, one.stage, one.what) for one in found] == [
        ("standard-1", stage or Stage.PILOT, "logging"),
        ("standard-2", stage or Stage.PILOT, "80% of each cohort trained before it is served"),
    ]


def test_an_item_that_is_new_here_and_stale_there_is_shown_once() -> None:
    """What the newer version asks for earlier, and fresher than before, is one item however it is said."""
    old = with_rules(with_rules(standard_plan(), readiness=(DRILL, LOGGING)), Stage.PILOT, readiness=(DRILL,))
    new = with_rules(old, readiness=(LOGGING,), evidence_max_age=Span.of("90d"))
    assert lacking(evidence(100), old, new) == [("logging", "platform", False, 30)]


def test_working_days_of_evidence_are_counted_by_the_calendar() -> None:
    """Where evidence is good for so many working days, weekends do not count, in the older version or the newer."""
    old = with_rules(standard_plan(), readiness=(DRILL,), evidence_max_age=Span.of("20bd"))
    new = with_rules(old, evidence_max_age=Span.of("10bd"))
    story = evidence(15)
    at = story.state.readiness[DRILL].at
    (gap,) = gaps(old, new, story.state, story.now, MONTH)
    assert (gap.renews, gap.due) == (True, calendar.later(old.calendar, at, Span.of("20bd")))
    assert gaps(old, new, evidence(7).state, story.now, MONTH) == ()


def test_whoever_brings_it_is_in_the_roster() -> None:
    """What nobody of its function can bring, and what belongs to no function, is the AI owner's."""
    story = Story()
    needs = (*NEEDS, ReadinessItem.DATA_STEWARD, ReadinessItem.SUPPORT_MODEL, ReadinessItem.TRAINING)
    new = second(readiness=needs)
    assert {one.what: one.owner for one in gaps(story.plan, new, story.state, story.now, MONTH)} == {
        "logging": "platform", "data steward": "data_steward", "support model": "operations", "training": "owner",
    }  # fmt: skip
    alone = but(new, roster={name: one for name, one in new.roster.items() if name not in ("plat-a", "plat-b")})
    assert {one.what: one.owner for one in gaps(story.plan, alone, story.state, story.now, MONTH)}["logging"] == "owner"


# -- people and metrics -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("functions", "found"),
    [
        ({F.RISK: 3}, []),
        ({F.RISK: 4}, ["4 in risk who may decide (there are 3)"]),
        ({F.DATA_STEWARD: 1}, []),
        ({F.DATA_STEWARD: 2}, ["2 in data steward who may decide (there are 1)"]),
        ({F.AI_OWNER: 1}, ["1 in ai owner who may decide (there are 0)"]),
        (
            {F.LEGAL: 1, F.RISK: 4},
            ["1 in legal who may decide (there are 0)", "4 in risk who may decide (there are 3)"],
        ),
    ],
)
def test_too_few_people_for_a_round_of_votes_are_a_gap(functions: dict[F, int], found: list[str]) -> None:
    """A function is lacking where more are asked for than hold it and may decide; who wrote the plan may not."""
    story = Story()
    new = with_gate(story.plan, GateKind.STAGE, functions=functions)
    new = with_gate(new, GateKind.CHECKPOINT, functions={F.RISK: 1})
    given = gaps(story.plan, new, story.state, story.now, MONTH)
    assert [one.what for one in given] == found
    assert {one.owner for one in given} <= {"governance"}
    assert gaps(new, new, story.state, story.now, MONTH) == (), "what was asked for before is no new demand"


def test_a_new_kind_of_round_asks_for_all_its_people() -> None:
    """Where the older version knew no such round, everybody that it asks for is new; the most at once counts."""
    story = Story()
    known = {kind: gate for kind, gate in story.plan.rules(1).gates.items() if kind is not GateKind.STAGE}
    old = with_rules(story.plan, gates=known)
    new = with_gate(story.plan, GateKind.STAGE, functions={F.LEGAL: 2, F.RISK: 1})
    new = with_gate(new, GateKind.RESUME, functions={F.LEGAL: 1})
    what = [one.what for one in gaps(old, new, story.state, story.now, MONTH)]
    assert what == ["2 in legal who may decide (there are 0)"]


@pytest.mark.parametrize(
    ("families", "found"),
    [
        ((MetricFamily.OUTCOME,), []),
        ((MetricFamily.OUTCOME, MetricFamily.GOVERNANCE), []),
        ((MetricFamily.OUTCOME, MetricFamily.COST), ["a metric of the family cost, by an amendment"]),
    ],
)
def test_a_family_is_lacking_where_no_metric_speaks_of_it(families: tuple[MetricFamily, ...], found: list[str]) -> None:
    """A family that a metric of the plan is of is there, whether it was asked for before or not."""
    story = Story()
    new = with_rules(story.plan, families=families)
    assert [one.what for one in gaps(story.plan, new, story.state, story.now, MONTH)] == found
    bare = but(new, metrics={"comments": new.metrics["comments"]})
    assert "outcome" not in str([one.what for one in gaps(story.plan, bare, story.state, story.now, MONTH)])


# -- what is owed instead ---------------------------------------------------------------------------------------------


PENDING = Check(name="logging", verdict=Verdict.PENDING, reason=because(Code.STALE, metric="x", at="y"))


def excused(check: Check, *, at: Stage = Stage.LIMITED, given: bool = False, **more: Any) -> Check:
    """Return what becomes of a check at the limited stage, where logging is owed from a stage on."""
    story = Story()
    due = more.pop("due", story.now + DAY)
    gap = Gap(name="standard-1", stage=at, item=LOGGING, what="logs", owner="platform", due=due, **more)
    plan = but(story.plan, gaps=(gap,))
    state: State = story.state
    if given:
        state = state.but(readiness={LOGGING: Evidence(by="ops-a", at=story.now, ref="log 4")})
    (found,) = graced(plan, state, Stage.LIMITED, (check,), story.now)
    return found


EXCUSES: dict[str, tuple[dict[str, Any], bool]] = {
    "owed from here on": ({}, True),
    "owed from the stage before on": ({"at": Stage.PILOT}, True),
    "owed from the next stage on": ({"at": Stage.SYSTEM_OF_RECORD}, False),
    "forced": ({"forced": True}, False),
    "due this very moment": ({"due": Story().now}, False),
    "to be renewed, and nothing was given": ({"renews": True}, False),
    "to be renewed, and something was given": ({"renews": True, "given": True}, True),
}


@pytest.mark.parametrize(("how", "passes"), EXCUSES.values(), ids=EXCUSES)
def test_an_excuse_passes_its_own_item_from_its_stage_on_until_its_day(how: dict[str, Any], passes: bool) -> None:
    """What only the newer version asks for is owed instead; what is forced, due or never given is asked for."""
    found = excused(PENDING, **how)
    due = Story().now + DAY
    owed = because(Code.OWED_BY_STANDARD, what="logs", owner="platform", due=due)
    assert found == (Check(name="logging", verdict=Verdict.PASSED, reason=owed) if passes else PENDING)
    other = PENDING.but(name="training")
    assert excused(other, **how) == other
    met = PENDING.but(verdict=Verdict.PASSED)
    assert excused(met, **how) == met, "what is met says so itself"


def test_what_is_owed_is_found_by_its_name() -> None:
    """A readiness item is found under the name that it is owed by, and nothing under any other."""
    due = Story().now
    owed = Gap(name="standard-1", stage=Stage.PILOT, item=LOGGING, what="logs", owner="platform", due=due)
    plan = but(standard_plan(), gaps=(owed, owed.but(name="standard-2", item=None)))
    assert [item(plan, name) for name in ("standard-1", "standard-2", "standard-3")] == [LOGGING, None, None]


def test_business_days_are_counted_by_the_calendar_of_the_rollout() -> None:
    """A month of business days ends where the calendar of the plan says, and not on another plan's."""
    story = Story()
    within = Span.of("5bd")
    (gap,) = gaps(story.plan, second(), story.state, story.now, within)
    assert gap.due == calendar.later(story.plan.calendar, story.now, within) > story.now + 5 * DAY
