"""Stop rules, real runs and questions: rows K1 to K11, E17, E18 and D11 of the requirements."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cli.fixtures import gather
from cli.questions import register as asked_so_far
from cli.sampling import register as found_so_far
from tests.cli.run import DAY as AS_OF
from tests.cli.run import ROOT, Here
from tests.pure.test_samples import RULE, found, look, sampled
from tests.pure.test_samples import live as looking
from tests.pure.test_trips import live, stop
from tests.pure.world import Story, but, said, standard_plan
from tests.requirements.test_b import STAGED, made, plan_of, rules_broken
from tests.store.rows import Kept, sent
from tidegate import samples
from tidegate.envelope import bodies
from tidegate.fixtures import coverage, tried
from tidegate.models.base import Band, Span
from tidegate.models.decision import Notify
from tidegate.models.event import Question
from tidegate.models.exposed import Control
from tidegate.models.finding import Severity
from tidegate.models.messages import RolloutInput
from tidegate.models.reasons import Code
from tidegate.models.sample import Weakness
from tidegate.models.sampling import PlanQuestions
from tidegate.models.stop import StopClass
from tidegate.stops import stopped

DAY, WEEK = timedelta(days=1), timedelta(days=7)
FIXTURES = ROOT / "playbooks" / "fixtures" / "claims-triage.yaml"
PLAIN = {
    "policy_number": "P-1",
    "claim_history": "agrees",
    "amount": "900",
    "injured": "false",
    "confidence": "0.9",
    "category": "motor",
    "claims_store": "worked",
}


def rules(*kinds: StopClass, when: Any = "risky is true") -> list[dict[str, Any]]:
    """Return stop rules of some classes as a playbook writes them."""
    return [{"kind": kind.value, "when": when, "action": "escalate", "to": "queue/people"} for kind in kinds]


@pytest.mark.parametrize("missing", [*StopClass, None])
def test_k1_each_class_needs_a_written_rule(missing: StopClass | None) -> None:
    """A playbook that writes stop rules writes one of each class, and each is a case that a machine can recognise."""
    written = rules(*(kind for kind in StopClass if kind is not missing))
    assert rules_broken(STAGED, stop_rules=written) == (set() if missing is None else {"K1"})
    watching = [*rules(*StopClass), *rules(StopClass.SENSITIVE, when="someone keeps an eye on it")]
    assert rules_broken(STAGED, stop_rules=watching) == {"S3"}


def stops(**case: str) -> list[str]:
    """Return which classes of the sample stop a plain claim with something else in it."""
    return [one.rule.kind.value for one in stopped(plan_of(STAGED).stop_rules, {**PLAIN, **case})]


def test_k2_required_data_that_is_missing_stops_a_run() -> None:
    """Without a policy number a claim stops; with one it goes on."""
    assert (stops(policy_number=""), stops()) == (["missing_data"], [])


def test_k3_records_that_conflict_stop_a_run() -> None:
    """A history that contradicts the claim stops it, and so does one of which nobody says that it agrees."""
    assert (stops(claim_history="conflicts"), stops(claim_history="")) == (["conflict"], ["conflict"])
    assert stops(claim_history="agrees") == []


@pytest.mark.parametrize(
    ("case", "touched"),
    [
        ({"amount": "5000"}, False),
        ({"amount": "5000.01"}, True),
        ({"amount": "1001", "injured": "true"}, True),
        ({"amount": "1000", "injured": "true"}, False),
        ({"amount": "1001", "injured": ""}, True),
    ],
)
def test_k4_what_touches_money_or_people_stops_a_run(case: dict[str, str], touched: bool) -> None:
    """A claim beyond a sum stops, and a smaller one as soon as somebody is hurt, or nobody says that none is."""
    assert stops(**case) == (["sensitive"] if touched else [])


def test_k5_a_doubtful_answer_stops_a_run() -> None:
    """Just below the bound of confidence it stops, at it it goes on, and without one it stops."""
    assert (stops(confidence="0.79"), stops(confidence="0.8")) == (["low_confidence"], [])
    assert stops(confidence="") == ["low_confidence"]


def test_k6_what_lies_outside_its_categories_stops_a_run() -> None:
    """A claim of a class that was not approved stops, also where it stands beside one that was."""
    assert (stops(category="boat"), stops(category="home, boat")) == (["outside_scope"], ["outside_scope"])
    assert stops(category="home, motor") == []


def test_k7_a_tool_that_fails_stops_a_run() -> None:
    """When a step did not work, or nobody says that it did, the run stops where it stands."""
    assert (stops(claims_store="failed"), stops(claims_store="")) == (["tool_failure"], ["tool_failure"])
    assert stops(claims_store="worked") == []


def test_k7_all_six_are_tried_with_cases_on_both_sides(tidegate: Here) -> None:
    """The sample's cases stop by each of the six classes, each with a near twin that goes on, and the verb says so."""
    plan = plan_of(STAGED)
    pages = gather(plan, [FIXTURES])
    results = tried(plan, [one.fixture for one in pages.cases])
    assert (pages.findings, all(one.passed for one in results)) == ((), True)
    covered = {one.rule: one.whole for one in coverage(plan, results) if one.level == "run"}
    assert covered == {kind.value: True for kind in StopClass}
    playbook = str(ROOT / "playbooks" / "claims-triage.yaml")
    assert tidegate("stop-rules", "test", playbook, str(FIXTURES), "--as-of", AS_OF, "--complete").code == 0


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"action": "watch"}, {"S3"}),
        ({"to": None}, {"S3"}),
        ({"to": "gone"}, {"K8a"}),
        ({"action": "pause"}, set()),
        ({"action": "hand_off", "to": "queue/general-desk"}, set()),
    ],
)
def test_k8_a_stop_pauses_escalates_or_hands_off_to_somebody(change: dict[str, Any], broken: set[str]) -> None:
    """Each rule names one of three consequences and who takes over, and nobody who has left."""
    first, *rest = rules(*StopClass)
    gone = {"programme:people.gone": {"name": "Somebody who left", "active": False}}
    assert rules_broken(STAGED, **gone, stop_rules=[{**first, **change}, *rest]) == broken


def test_k9_hits_misses_and_stops_in_vain_are_counted_and_act() -> None:
    """How well the rules do is counted from real runs, and where they are too loose it is narrowed by itself."""
    story = looking()
    people = story.people
    look(story, hits=3, misses=1, false_stops=1)
    done = samples.effect(story.state.looked)
    assert (done.hits, done.misses, done.false_stops, done.caught, done.right) == (3, 1, 1, 75, 75)
    assert story.people == people
    story.wait(DAY)
    look(story, misses=3)
    assert story.people < people
    assert samples.effect(story.state.looked).misses == 4
    told = made("coding-assistant").plan
    assert told is not None
    assert told.metrics["missed_per_100"].from_sample == "misses_per_100"
    assert rules_broken("coding-assistant", sample=None) == {"K9"}


@pytest.mark.parametrize(("errors", "comments", "acts"), [(4, 2, True), (4, 1, False), (3, 2, False)])
def test_k10_a_stop_rule_of_the_rollout_acts_on_exposure(errors: int, comments: int, acts: bool) -> None:
    """Figures that are each within their thresholds narrow a rollout together, and one of them alone does not."""
    story = live(stop({"all": ["errors > 3", "comments > 1"]}, "narrow"))
    people = story.people
    story.read(errors)
    story.read(comments, "comments")
    assert (story.people < people, story.state.exposure.control is Control.NARROWED) == (acts, acts)
    story.read(1)
    assert story.people <= people


@pytest.mark.parametrize(
    ("when", "broken"), [("error_rate > 3", set()), ("error_rate is true", {"K10"}), ("no_such > 3", {"P4"})]
)
def test_k10_such_a_rule_is_written_in_figures_of_the_plan(when: str, broken: set[str]) -> None:
    """A rule of the rollout compares metrics that there are with numbers, or is found."""
    rule = {"name": "both", "when": when, "does": "narrow", "to": "ops-manager"}
    assert rules_broken(STAGED, rollout_stops=[rule]) == broken


@pytest.mark.parametrize(("minutes", "holds"), [(60, False), (61, True)])
def test_k11_how_soon_a_person_came_is_a_figure_with_a_band(minutes: int, holds: bool) -> None:
    """Within how many minutes a person had nine in ten of what was stopped is read from the sample and acts."""
    story = looking()
    assert dict(story.plan.metrics["slow"].bands)[Band.HOLD].value == 60
    look(story, hits=10, waits=(minutes,) * 9 + (5,))
    assert (story.state.exposure.control is Control.HELD) is holds
    assert samples.effect(story.state.looked).slowest == minutes


@pytest.mark.parametrize("done", [True, False])
def test_e17_real_runs_are_looked_at_every_week(done: bool) -> None:
    """So many real runs a week are owed with verdicts by a named person; a week without is told, held and barred."""
    story = looking()
    owed = story.state.obligations[samples.OWED]
    assert (owed.owner, owed.due - story.now) == ("risk-a", WEEK)
    if done:
        assert said(look(story, 10, hits=1, misses=0)) is Code.SAMPLED
    story.wait(WEEK - DAY if done else WEEK)
    pages = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.OVERDUE]
    assert bool(pages) is not done
    assert story.state.obligations[samples.OWED].overdue is not done
    assert (Code.HELD in story.codes()) is not done
    without = [one for one in made(STAGED, sample=None).findings if one.rule == "E17"]
    assert [one.severity for one in without] == [Severity.OWED]


def test_e17_the_look_stands_in_the_record_with_its_evidence() -> None:
    """Who looked, at how many, with which verdicts, and the digest of the file are one line of the record."""

    def tell(story: Kept) -> None:
        story.live()
        look(story, 10, hits=2, misses=1, file="ab" * 32, found=(found(),))

    lines = [line for one in sent(tell, plan=sampled()) for line in bodies(one.use_case, one.stream, one.rows)]
    (line,) = [line for line in lines if line.get("reason") and line["reason"]["code"] == "sampled"]
    facts = line["reason"]["facts"]
    assert (line["actor"]["subject"], facts["runs"], facts["hits"], facts["misses"]) == ("risk-a", "10", "2", "1")
    assert facts["file"] == "ab" * 32


def test_e18_findings_have_one_of_four_causes_and_a_trend() -> None:
    """Each finding has one of four causes; how often each was found, and whether it grows, is what `findings` shows."""
    assert {cause.value for cause in Weakness} == {
        "weak_data", "loose_stop_rules", "same_corrections", "poorly_scoped",
    }  # fmt: skip
    story = looking(sample=None)
    for week in range(8):
        times = 3 if week >= 4 else 1
        look(story, 5, found=(found(times=times), found(Weakness.LOOSE_STOP_RULES, "names", rule=RULE.name)))
        story.now += WEEK if week < 7 else DAY
    told = found_so_far(RolloutInput(plan=story.plan, state=story.state), story.now)
    causes = {one["cause"]: (one["recent"], one["before"], one["going"]) for one in told["causes"]}
    assert causes["weak_data"] == (12, 4, "up")
    assert causes["loose_stop_rules"] == (4, 4, "even")
    assert causes["poorly_scoped"] == (0, 0, "even")
    assert (len(told["weeks"]), told["last"][-1]["rule"]) == (8, "dear")
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("answered", [True, False])
def test_d11_a_question_that_the_policy_does_not_cover_has_an_owner_and_a_date(answered: bool) -> None:
    """Anybody asks, a named person owes the answer within the plan's time, and past it people are paged."""
    plan = but(standard_plan(), questions=PlanQuestions(to="comp-a", within=Span.of("1d")))
    story = Story(plan).live()
    assert said(story.message(Question, "business", what="May it read letters?")) is Code.QUESTION_ASKED
    told = asked_so_far(RolloutInput(plan=story.plan, state=story.state))
    (one,) = told["questions"]
    assert (told["contact"], one["by"], one["to"]) == ({"to": "comp-a", "within": "1d"}, "business", "comp-a")
    if answered:
        story.message(Question, "comp-a", answers=one["id"], answer="No.")
    story.wait(2 * DAY)
    pages = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.OVERDUE]
    assert [page.to[0] for page in pages] == ([] if answered else ["comp-a"])
    (after,) = asked_so_far(RolloutInput(plan=story.plan, state=story.state))["questions"]
    assert (after["overdue"], after["answer"]) == (not answered, "No." if answered else None)
    assert rules_broken(STAGED, questions={"to": "claims-head", "within": "30bd"}) == {"D11"}


def test_d11_the_one_page_says_whom_to_ask(tidegate: Here) -> None:
    """Everybody finds the contact, the time and the very command on the one page."""
    playbook = str(ROOT / "playbooks" / "claims-triage.yaml")
    page = tidegate("onepager", "claims-triage", "--playbook", playbook, "--as-of", AS_OF, "--json")
    rows = {row["question"]: row["answers"] for row in json.loads(page.out)["rows"]}
    owners = rows["Who owns the business outcome?"]
    assert "What the policy does not cover: Head of the claims floor (claims-head) answers within 1bd." in owners
    assert 'To ask: tidegate ask claims-triage "QUESTION"' in owners
