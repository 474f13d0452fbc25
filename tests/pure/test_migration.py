"""A newer standard while a rollout runs: pinned until somebody migrates it, and then owed by a date (scenario 24)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import F, Story, but, said, standard_plan, with_gate, with_member, with_rules
from tidegate import gates, migration
from tidegate.authoring.standards import newer
from tidegate.materiality import Weight, diff
from tidegate.migration import demands, gaps
from tidegate.models.base import GateKind, MetricFamily, Span, Stage
from tidegate.models.decision import Notify, Outcome, Verdict
from tidegate.models.event import CLOCK, Amend, Confirm, Ready, Resume
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, ReadinessItem
from tidegate.models.state import Phase
from tidegate.turn import Turn

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
MONTH = Span.of("30d")
NEEDS = (ReadinessItem.BUSINESS_CASE, ReadinessItem.ROLLBACK_TESTED, ReadinessItem.LOGGING)


def second(plan: Plan | None = None, **rules: Any) -> Plan:
    """Return a plan under the second version of its standard."""
    return but(with_rules(plan or standard_plan(), **{"readiness": NEEDS, **rules}), standard="standard/test@2")


def migrated(story: Story, new: Plan, *, forced: bool = False) -> tuple[Gap, ...]:
    """Hold a rollout to the second version, with what it lacks owed by a date."""
    found = gaps(story.plan, new, story.state, story.now, MONTH, forced=forced)
    story.message(Amend, "owner", plan=but(new, gaps=found))
    return found


def test_the_newest_version_is_a_number_and_no_word() -> None:
    """Version ten is newer than version nine, and another family is none of it."""
    names = ("house/staged@9", "house/staged@10", "house/pilot@11", "house/staged@2")
    assert newer(names, "house/staged@2") == ("house/staged@9", "house/staged@10")
    assert newer(names, "house/staged@10") == ()


def test_a_newer_standard_changes_nothing_that_runs() -> None:
    """A rollout is pinned: it carries its rules, and only an amendment changes them."""
    story = Story().live()
    story.wait(DAY)
    assert story.plan.standard == "standard/test@1"


def test_scenario_24_what_is_lacking_has_an_owner_and_a_date() -> None:
    """Each new demand that is not met is named with who brings it; what is met already is not."""
    story = Story().live()
    new = second(families=(MetricFamily.OUTCOME, MetricFamily.COST), training_coverage=8_000)
    new = with_gate(new, GateKind.STAGE, functions={F.RISK: 1, F.LEGAL: 1})
    found = gaps(story.plan, new, story.state, story.now, MONTH)
    assert {(gap.what, gap.owner) for gap in found} == {
        ("logging", "platform"),
        ("a metric of the family cost, by an amendment", "owner"),
        ("80% of each cohort trained before it is served", "business"),
        ("1 in legal who may decide (there are 0)", "governance"),
    }
    assert {gap.due for gap in found} == {story.now + 30 * DAY}
    assert len({gap.name for gap in found}) == len(found)
    rules = {(one.stage, one.rule): one.stricter for one in demands(story.plan, new, 1)}
    assert rules["pilot", "readiness"] is rules["limited", "training_coverage"] is True


def test_scenario_24_a_gap_is_owed_and_bars_nothing_until_its_day() -> None:
    """Migrated, the next stage opens although the new item is lacking; after its day it is held."""
    story = Story().climb(2).review()
    (gap,) = migrated(story, second())
    assert (story.plan.standard, story.state.exposure.control) == ("standard/test@2", Control.LIVE)
    assert story.state.obligations[gap.name].owner == "platform"
    checks = {check.name: check for check in gates.readiness(story.plan, story.state, 3, story.now)}
    assert (checks["logging"].verdict, checks["logging"].reason.code) == (Verdict.PASSED, Code.OWED_BY_STANDARD)
    late = {check.name: check for check in gates.readiness(story.plan, story.state, 3, story.now + 31 * DAY)}
    assert late["logging"].verdict is Verdict.PENDING
    story.wait(31 * DAY)
    assert story.state.obligations[gap.name].overdue
    assert Code.OVERDUE in story.codes()
    assert not story.state.exposure.control.open


def test_what_was_demanded_before_is_demanded_as_ever() -> None:
    """Nothing that the older version asked for is excused: a missing drill bars the next stage as it did."""
    story = Story().climb(2)
    story.state = story.state.but(readiness={})
    migrated(story, second())
    checks = {check.name: check.verdict for check in gates.readiness(story.plan, story.state, 3, story.now)}
    assert checks["rollback_tested"] is Verdict.PENDING


@pytest.mark.parametrize("renews", [True, False])
def test_an_excuse_that_nobody_computed_asks_people(renews: bool) -> None:
    """A revision that would let what is demanded be owed instead is no tightening: risk, or everybody, decides."""
    plan = standard_plan()
    due = Story().now + 30 * DAY
    gap = Gap(name="standard-1", stage=Stage.PILOT, item=ReadinessItem.ROLLBACK_TESTED, what="later", owner="owner",
              due=due, renews=renews)  # fmt: skip
    (change,) = diff(plan, but(plan, gaps=(gap,)))
    assert change.weight is (Weight.FUNCTION if renews else Weight.MATERIAL)
    assert change.functions == ((F.RISK,) if renews else ())


def test_an_excuse_reaches_no_further_than_people_agreed() -> None:
    """An excuse from an earlier stage on, or that needs nothing given any more, is a new question as well."""
    plan = with_rules(standard_plan(), Stage.PILOT, readiness=())
    due = Story().now + 30 * DAY
    gap = Gap(name="standard-1", stage=Stage.PILOT, item=ReadinessItem.ROLLBACK_TESTED, what="later", owner="owner",
              due=due)  # fmt: skip
    assert [change.weight for change in diff(plan, but(plan, gaps=(gap,)))] == [Weight.MATERIAL]
    agreed = but(plan, gaps=(gap.but(renews=True, stage=Stage.SYSTEM_OF_RECORD),))
    for other in ({"renews": False, "stage": Stage.SYSTEM_OF_RECORD}, {"renews": False}):
        assert [change.weight for change in diff(agreed, but(plan, gaps=(gap.but(**other),)))] == [Weight.MATERIAL]


@pytest.mark.parametrize(("forced", "weight"), [(True, Weight.MATERIAL), (False, Weight.RECORDED)])
def test_what_is_forced_is_let_go_by_everybody(forced: bool, weight: Weight) -> None:
    """A forced demand bars what widens: a revision that names it no more, or otherwise, asks everybody."""
    gap = Gap(name="standard-1", stage=Stage.PILOT, item=None, what="a metric", owner="owner",
              due=Story().now + 30 * DAY, forced=forced)  # fmt: skip
    plan = but(standard_plan(), gaps=(gap,))
    for gaps_ in ((), (gap.but(name="standard-2"),)):
        assert [change.weight for change in diff(plan, but(plan, gaps=gaps_))] == [weight]


def test_a_met_gap_is_owed_no_longer() -> None:
    """The readiness item itself is what was owed."""
    story = Story().live()
    (gap,) = migrated(story, second())
    story.message(Ready, "owner", item=ReadinessItem.LOGGING, evidence="log-4")
    assert gap.name not in story.state.obligations
    other = Story().live()
    (owed,) = migrated(other, second(readiness=standard_plan().rules(1).readiness, training_coverage=8_000))
    assert said(other.message(Confirm, "business", what=owed.name, evidence="course list")) is Code.OBLIGATION_MET


def test_scenario_24_a_forced_standard_holds_until_it_is_met() -> None:
    """Forced, it is held at once, and nobody can go on before what is lacking is there."""
    story = Story().live()
    (gap,) = migrated(story, second(), forced=True)
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    assert Code.STANDARD_FORCED in story.codes()
    barred = {check.name for check in gates.barred(story.plan, story.state, _any_gate(story), story.now)}
    assert "standard" in barred
    assert said(story.message(Confirm, "plat-a", what=gap.name, evidence="soon")) is Code.READINESS_OWED
    assert gap.name in story.state.obligations
    story.message(Ready, "owner", item=ReadinessItem.LOGGING, evidence="log-4")
    assert gap.name not in story.state.obligations
    open_ = {check.name for check in gates.barred(story.plan, story.state, _any_gate(story), story.now)}
    assert "standard" not in open_


def _any_gate(story: Story) -> Any:
    """Return a round of votes about going on."""
    story.message(Resume, "business", cause="it is there")
    return story.gate


def test_a_looser_newer_standard_asks_everybody() -> None:
    """A newer version that demands less somewhere is a material revision, and not in force before it is agreed."""
    story = Story().live()
    migrated(story, second(min_observation=Span.of("3d")))
    assert (story.plan.standard, story.gate.kind) == ("standard/test@1", GateKind.AMENDMENT)
    story.agree()
    assert story.plan.standard == "standard/test@2"


def test_what_comes_round_comes_round_as_often_as_it_asks() -> None:
    """While it operates, a shorter recertification is owed sooner from now on, and never later than it was."""
    story = Story().operate()
    before = story.state.obligations["recertification"].due
    rules = standard_plan().stages[Stage.SYSTEM_OF_RECORD].rules
    new = second(readiness=rules.readiness, recertify_every=Span.of("30d"), drill_max_age=rules.drill_max_age)
    migrated(story, new)
    story.wait()
    owed = story.state.obligations["recertification"]
    assert (owed.due <= story.now + 30 * DAY, owed.every_days) == (True, 30)
    assert owed.due < before
    assert story.phase is Phase.OPERATING


# -- what is said when it is in force ---------------------------------------------------------------------------------

PAGED = ("owner", "ops-a", "governance")


def gap(number: int, owner: str, *, forced: bool = False) -> Gap:
    """Return one demand that is not met."""
    due = Story().now + 30 * DAY
    return Gap(name=f"standard-{number}", stage=Stage.PILOT, item=None, what=f"thing {number}", owner=owner, due=due,
               forced=forced)  # fmt: skip


def taken_over(*lacking: Gap, old: Plan | None = None, plan: Plan | None = None) -> Turn:
    """Return the turn in which a live rollout is held to the second version, which finds so much lacking."""
    before, story = old or standard_plan(), Story().live()
    turn = Turn(but(plan or second(before), gaps=lacking), story.state, story.now, CLOCK, None)
    migration.begin(turn, before)
    return turn


def lines(turn: Turn) -> list[tuple[str, Outcome, Code, dict[str, str]]]:
    """Return what is written down of it."""
    ours = (Code.STANDARD_ADOPTED, Code.STANDARD_FORCED)
    return [
        (one.action, one.outcome, one.reason.code, dict(one.reason.facts))
        for one in turn.entries
        if one.reason.code in ours
    ]


def told(turn: Turn, code: Code) -> list[tuple[dict[str, str], tuple[str, ...], bool]]:
    """Return who hears of it, and whether at once."""
    notices = [move for move in turn.moves if isinstance(move, Notify)]
    return [(dict(one.about.facts), one.to, one.urgent) for one in notices if one.about.code is code]


@pytest.mark.parametrize(
    ("lacking", "owed"),
    [((), "nothing"), ((gap(1, "platform"), gap(2, "business")), "thing 1 (platform), thing 2 (business)")],
)
def test_the_record_names_both_versions_and_all_that_is_owed(lacking: tuple[Gap, ...], owed: str) -> None:
    """Each with whose it is; where nothing is lacking it says so."""
    facts = {"standard": "standard/test@2", "was": "standard/test@1", "gaps": owed}
    turn = taken_over(*lacking)
    assert lines(turn) == [("standard adopted", Outcome.DONE, Code.STANDARD_ADOPTED, facts)]
    assert {name: owed.what for name, owed in turn.state.obligations.items() if owed.kind == "standard"} == {
        one.name: f"{one.what} (standard/test@2)" for one in lacking
    }


@pytest.mark.parametrize(
    ("owner", "to"),
    [
        ("business", ("business",)),
        ("platform", ("plat-a", "plat-b")),
        ("legal", PAGED),
        ("somebody-else", PAGED),
    ],
)
def test_whose_it_is_hears_what_is_asked_and_by_when(owner: str, to: tuple[str, ...]) -> None:
    """A person, or everybody of a function; where neither is there any more, those who are paged find somebody."""
    due = (Story().now + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"what": "thing 1", "standard": "standard/test@2", "owner": owner, "due": due}
    assert told(taken_over(gap(1, owner)), Code.STANDARD_GAP) == [(facts, to, False)]


def test_only_what_is_forced_holds_and_it_is_said_at_once() -> None:
    """What must be there before anything goes on is named, without the rest; who is paged hears of it at once."""
    turn = taken_over(gap(1, "platform"), gap(2, "business", forced=True))
    facts = {"standard": "standard/test@2", "gaps": "thing 2"}
    assert lines(turn)[1:] == [("standard forced", Outcome.DONE, Code.STANDARD_FORCED, facts)]
    assert told(turn, Code.STANDARD_FORCED) == [(facts, PAGED, True)]
    assert turn.state.exposure.control is Control.HELD
    assert taken_over(gap(1, "platform")).state.exposure.control is Control.LIVE


@pytest.mark.parametrize(
    ("standard", "fresh"), [("standard/test@2", ["thing 2"]), ("standard/test@3", ["thing 1", "thing 2"])]
)
def test_what_is_owed_already_is_said_once(standard: str, fresh: list[str]) -> None:
    """Under the same version only what is new is told; another version asks anew, whatever it is called."""
    old = but(second(), gaps=(gap(1, "platform"),))
    new = but(old, standard=standard)
    turn = taken_over(gap(1, "platform"), gap(2, "business"), old=old, plan=new)
    assert [facts["what"] for facts, _, _ in told(turn, Code.STANDARD_GAP)] == fresh
    same = taken_over(gap(1, "platform"), old=old, plan=with_member(old, "risk-b", active=False))
    assert (lines(same), told(same, Code.STANDARD_GAP)) == ([], []), "the same version with the same gaps is no news"
