"""Readiness is shown and not felt: rows H1 to H17 and F13 of the requirements."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli import talk
from tests.cli.run import DAY, ROOT, SUMMARISER, Here
from tests.desk.told import Told
from tests.pure.patches import found_in
from tests.pure.world import Story, but, said, standard_plan, with_member, with_metric, with_rules
from tests.store.rows import Kept, sent
from tidegate import checklist, gates, onepager, readiness, standing
from tidegate.authoring.built_in import BUILT_IN
from tidegate.checks.rule import DELETE
from tidegate.envelope import bodies
from tidegate.models.base import Bound, DataClass, GateKind, MetricFamily, Stage
from tidegate.models.decision import Verdict
from tidegate.models.drill import DrillRecord
from tidegate.models.event import Actor, ActorKind, Choice, Judge, Waive
from tidegate.models.playbook import DataSource
from tidegate.models.reasons import Code
from tidegate.models.sample import Looked, Week
from tidegate.models.sheet import Sheet
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.stop import StopRule
from tidegate.process import process
from tidegate.trust import trust_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.plan import Plan

Item = ReadinessItem
CLAIMS = str(ROOT / "playbooks" / "claims-triage.yaml")
PAGE = Path(__file__).with_name("onepager.txt")
GIVEN = {
    Item.DATA_STEWARD: "data-a",
    Item.EVALUATION: "owner",
    Item.LOGGING: "ops-a",
    Item.ROLLBACK_TESTED: "ops-a",
    Item.TRAINING: "owner",
}
"""What must be shown by somebody, and who shows it here; the rest can be seen."""
SEEN = (Item.BUSINESS_CASE, Item.OWNER, Item.RISK_TIER, Item.SUPPORT_MODEL, Item.BASELINE)


def plan_of(*items: ReadinessItem, **more: Any) -> Plan:
    """Return a plan that asks for these items, all ten if none is named, and by which all of them can be shown."""
    plan = with_rules(standard_plan(), checklist=1, readiness=items or readiness.TEN)
    plan = with_metric(plan, "errors", baseline=Decimal(30), goal=Bound.of("<= 5"))
    sheet = Sheet(
        limits=("Handwritten letters are not read",), support_model="The desk", baselines={"errors": date(2026, 10, 31)}
    )
    stop = {"kind": "missing_data", "when": "policy_number is missing", "action": "escalate", "to": "ops-a"}
    words: dict[str, Any] = {
        "logging": "Every run: what it read and did",
        "sheet": sheet,
        "purpose": "Sooner",
        "data": {"store": DataSource(kind=DataClass.INTERNAL)},
        "stop_rules": (StopRule.model_validate_json(json.dumps(stop)),),
    }
    return but(plan, **{**words, **more})


def shown(story: Story, *without: ReadinessItem) -> Story:
    """Start it and show everything that must be shown, but for some of it."""
    story.start()
    for item, who in GIVEN.items():
        if item not in without:
            story.ready(item, who)
    return story


def row(plan: Plan, story: Story, item: ReadinessItem, now: datetime | None = None) -> checklist.Row:
    """Return one row of the checklist that comes next."""
    listed = checklist.checklist(plan, story.state, now or story.now)
    return next(each for each in listed.rows if each.item is item)


def days(count: int) -> timedelta:
    """Return so many days."""
    return timedelta(days=count)


def test_h1_a_business_case_is_a_goal_beside_how_it_was() -> None:
    """A figure with a goal and a baseline is seen; without, it is owed, until somebody shows it, and that ages."""
    plan = plan_of(Item.BUSINESS_CASE)
    found = row(plan, Story(plan), Item.BUSINESS_CASE)
    assert (found.says, found.shown_by, found.why) == (
        "met", "seen", "business case is met, as can be seen now: errors from 30 to <= 5."
    )  # fmt: skip
    wish = Story(with_metric(plan, "errors", baseline=None))
    wish.start()
    owed = row(wish.plan, wish, Item.BUSINESS_CASE)
    assert (owed.says, owed.people, owed.do) == ("owed", ("owner",), "ready business_case --evidence WHERE")
    assert wish.phase is Phase.PREPARING
    wish.ready(Item.BUSINESS_CASE, "owner")
    given = row(wish.plan, wish, Item.BUSINESS_CASE)
    assert (given.says, given.shown_by, given.ref, given.stale_at) == (
        "met",
        "evidence",
        "drill 7",
        wish.now + days(180),
    )
    assert row(wish.plan, wish, Item.BUSINESS_CASE, wish.now + days(180)).says == "stale"


def test_h2_an_owner_is_somebody_who_is_here_now() -> None:
    """Once an owner has left, it is not met any more whatever was true, and nobody's word makes up for it."""
    plan = plan_of(Item.OWNER)
    assert row(plan, Story(plan), Item.OWNER).says == "met"
    story = Story(with_member(plan, "business", active=False))
    story.start()
    lost = row(story.plan, story, Item.OWNER)
    assert (lost.says, lost.people, lost.do) == ("lost", ("governance",), "amend PLAYBOOK")
    assert said(story.ready(Item.OWNER, "ops-a")) is Code.ONLY_SEEN
    assert (story.phase, row(story.plan, story, Item.OWNER).says) == (Phase.PREPARING, "lost")
    assert [step.verb for step in standing.steps(story.plan, story.state, story.now)] == ["amend PLAYBOOK"]
    here = Story(plan)
    here.start()
    assert here.phase is Phase.AWAITING_APPROVAL


def test_h2_what_was_seen_once_is_looked_at_again_at_the_gate() -> None:
    """A gate that opened while the owner was here does not pass once they are gone; by the old list it would."""
    story = shown(Story(plan_of()))
    gone = with_member(story.plan, "business", active=False)
    asked = (story.state, GateKind.FIRST_EXPOSURE, 1, story.now)
    assert gates.worst(gates.evidence(story.plan, *asked)) is Verdict.PASSED
    assert gates.worst(gates.evidence(gone, *asked)) is Verdict.FAILED
    old = but(gone, stages={s: p.but(met=SEEN) for s, p in with_rules(gone, checklist=0).stages.items()})
    assert gates.worst(gates.evidence(old, *asked)) is Verdict.PASSED


def test_h3_only_a_data_steward_approves_for_the_data() -> None:
    """The word of another function is not heard; the steward's is, and goes stale."""
    story = Story(plan_of(Item.DATA_STEWARD))
    story.start()
    assert said(story.ready(Item.DATA_STEWARD, "ops-a")) is Code.ONLY_FUNCTION
    assert row(story.plan, story, Item.DATA_STEWARD).people == ("data-a",)
    assert said(story.ready(Item.DATA_STEWARD, "data-a")) is Code.READINESS_MET
    met = row(story.plan, story, Item.DATA_STEWARD)
    assert (met.says, met.at, met.limit) == ("met", story.now, "180d")
    assert row(story.plan, story, Item.DATA_STEWARD, story.now + days(181)).lacking


def test_h4_the_tier_is_computed_and_shows_its_formula() -> None:
    """It is met by the formula itself, and nobody's word for it is heard."""
    story = Story(plan_of(Item.RISK_TIER, Item.TRAINING))
    story.start()
    found = row(story.plan, story, Item.RISK_TIER)
    assert (found.says, found.shown_by, "tier 2, 4 of 12" in found.why) == ("met", "seen", True)
    assert said(story.ready(Item.RISK_TIER, "ops-a")) is Code.ONLY_SEEN
    assert said(story.ready(Item.TRAINING, "ops-a")) is Code.READINESS_MET


def test_h5_figures_that_stray_outweigh_what_was_evaluated_before() -> None:
    """Before anybody is served somebody shows an evaluation; then the figures do, and a breach undoes both."""
    story = Story(with_metric(plan_of(Item.EVALUATION), "comments", bands=()))
    story.start()
    assert row(story.plan, story, Item.EVALUATION).says == "owed"
    story.ready(Item.EVALUATION, "owner")
    assert row(story.plan, story, Item.EVALUATION).shown_by == "evidence"
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.wait(days(1))
    seen = row(story.plan, story, Item.EVALUATION)
    assert (seen.says, seen.shown_by) == ("met", "seen")
    assert seen.at is not None
    assert seen.stale_at == seen.at + days(3)
    story.read(15)
    lost = row(story.plan, story, Item.EVALUATION)
    assert (lost.says, lost.why) == ("lost", "evaluation is not met: errors has strayed (narrow).")


def test_h6_a_plan_to_log_is_no_log() -> None:
    """That the playbook says what is written down is not enough; a link is, and later runs that somebody saw are."""
    story = Story(plan_of(Item.LOGGING))
    story.start()
    assert row(story.plan, story, Item.LOGGING).says == "owed"
    story.ready(Item.LOGGING, "ops-a")
    assert row(story.plan, story, Item.LOGGING).shown_by == "evidence"
    monday = story.now.date()
    looked = story.state.but(looked=Looked(weeks=(Week(starts=monday, runs=12),)), readiness={})
    found = checklist.checklist(story.plan, looked, story.now).rows[5]
    assert (found.says, found.shown_by) == ("met", "seen")
    assert "12 real runs" in found.why
    assert checklist.checklist(story.plan, looked, story.now + days(181)).rows[5].says == "owed"
    unsaid = checklist.checklist(but(story.plan, logging=None), looked, story.now)
    assert unsaid.rows[5].says == "owed"


def test_h6_what_a_machine_counted_was_written_down() -> None:
    """A fresh figure over real runs shows that they were logged, and one over none does not."""
    plan = with_metric(plan_of(Item.LOGGING), "errors", family=MetricFamily.TECHNICAL)
    story = Story(plan)
    story.start()
    story.ready(Item.LOGGING, "ops-a")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.read(1, n=40)
    found = row(plan, story, Item.LOGGING)
    assert (found.says, found.shown_by, "40 runs" in found.why) == ("met", "seen", True)
    assert row(with_metric(plan, "errors", by_hand=True), story, Item.LOGGING).shown_by == "evidence"


def test_h7_a_rollback_is_tested_by_a_drill_that_is_young_enough() -> None:
    """Where only a drill counts, a word is not heard; the drill is, until its own limit."""
    plan = with_rules(
        plan_of(Item.ROLLBACK_TESTED), drill_recorded=True, drill_max_age=standard_plan().metrics["errors"].max_age
    )
    story = Story(plan)
    story.start()
    assert said(story.ready(Item.ROLLBACK_TESTED, "ops-a")) is Code.DRILL_NEEDED
    owed = row(plan, story, Item.ROLLBACK_TESTED)
    assert (owed.says, owed.do, owed.limit) == ("owed", "drill rollback --real", "3d")
    record = DrillRecord(by="ops-a", at=story.now, on="test/few", millis=900, passed=True)
    drilled = story.state.but(drills={"rollback": record})
    found = checklist.checklist(plan, drilled, story.now).rows[6]
    assert (found.says, found.stale_at) == ("met", story.now + days(3))
    failed = story.state.but(drills={"rollback": record.but(passed=False)})
    assert checklist.checklist(plan, failed, story.now).rows[6].says == "owed"


def test_h8_training_is_asked_for_by_risk_and_its_proof_ages() -> None:
    """The built-in standards ask it of a risky pilot and of every later stage; what was shown goes stale."""
    staged = BUILT_IN["standard/staged@1"].stages
    assert [Item.TRAINING in staged[Stage.PILOT][tier].readiness for tier in ("1", "2", "3")] == [False, False, True]
    assert all(Item.TRAINING in rules.readiness for stage in tuple(Stage)[1:] for rules in staged[stage].values())
    story = shown(Story(plan_of()), Item.TRAINING)
    assert (story.phase, row(story.plan, story, Item.TRAINING).says) == (Phase.PREPARING, "owed")
    story.ready(Item.TRAINING, "owner")
    assert story.phase is Phase.AWAITING_APPROVAL
    assert row(story.plan, story, Item.TRAINING, story.now + days(180)).says == "stale"


def test_h9_users_of_each_stage_know_where_to_get_help() -> None:
    """A stage that names its help meets it; one that does not is owed, unless the handoff says it for all."""
    plan = plan_of(Item.SUPPORT_MODEL, sheet=Sheet(support={Stage.LIMITED: "The floor lead"}))
    story = Story(plan)
    for stage, says in ((Stage.PILOT, "owed"), (Stage.LIMITED, "met"), (Stage.SYSTEM_OF_RECORD, "owed")):
        found = checklist.checklist(plan, story.state, story.now, stage)
        assert found.rows[8].says == says
    whole = but(plan, sheet=Sheet(support_model="The desk, then platform"))
    assert "The desk, then platform" in row(whole, story, Item.SUPPORT_MODEL).why


def test_h10_a_baseline_is_measured_before_and_not_long_before() -> None:
    """One without a before is owed, one that is too old before anybody is served is stale, and then it only ages."""
    plan = plan_of(Item.BASELINE)
    story = Story(plan)
    story.start()
    taken = datetime(2026, 10, 31, tzinfo=UTC)
    found = row(plan, story, Item.BASELINE)
    assert (found.says, found.at, found.stale_at) == ("met", taken, taken + days(180))
    old = row(plan, story, Item.BASELINE, taken + days(180))
    assert (old.says, old.at) == ("stale", taken)
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert row(plan, story, Item.BASELINE, taken + days(400)).says == "met"
    assert row(with_metric(plan, "errors", baseline=None), story, Item.BASELINE).says == "owed"


@pytest.mark.parametrize("missing", [item for item in readiness.TEN if item is not Item.RISK_TIER])
def test_h11_nine_of_ten_are_not_ready(missing: ReadinessItem) -> None:
    """Without any one of them no round of votes opens and the answer is no; no plan is without a tier."""
    broken: dict[ReadinessItem, Plan] = {
        Item.BUSINESS_CASE: with_metric(plan_of(), "errors", goal=None),
        Item.OWNER: but(plan_of(), business_owner="vendor"),
        Item.SUPPORT_MODEL: but(plan_of(), sheet=Sheet()),
        Item.BASELINE: with_metric(plan_of(), "errors", baseline=None),
    }
    story = shown(Story(broken.get(missing, plan_of())), missing)
    listed = checklist.checklist(story.plan, story.state, story.now)
    assert (story.phase, listed.ready) == (Phase.PREPARING, False)
    assert missing in [each.item for each in listed.rows if each.lacking]
    whole = shown(Story(plan_of()))
    assert (whole.phase, checklist.checklist(whole.plan, whole.state, whole.now).ready) == (
        Phase.AWAITING_APPROVAL,
        True,
    )


def test_h11_only_an_exception_on_record_lets_it_pass() -> None:
    """An exception that somebody else accepted stands in the row with its control and its end, and then is over."""
    story = shown(Story(plan_of()), Item.TRAINING)
    until = story.now + days(20)
    words: dict[str, Any] = {"item": "training", "control": "a colleague sits beside", "until": until}
    story.say(Waive(id="w-1", actor=Actor(subject="ops-a", kind=ActorKind.HUMAN), **words))
    assert row(story.plan, story, Item.TRAINING).says == "owed"
    (name,) = story.state.waivers
    story.say(Judge(id="w-2", actor=Actor(subject="risk-a", kind=ActorKind.HUMAN), name=name, accept=True))
    found = row(story.plan, story, Item.TRAINING)
    assert (found.says, found.shown_by, found.ref, found.stale_at) == (
        "excepted", "exception", "a colleague sits beside", until
    )  # fmt: skip
    assert not found.lacking
    assert story.phase is Phase.AWAITING_APPROVAL
    assert row(story.plan, story, Item.TRAINING, until).lacking


def test_h12_the_items_are_fixed_and_the_time_to_complete_is_measured() -> None:
    """No standard has an item of its own, and how long it took from first owed to all there is on record."""
    assert len(readiness.TEN) == 10
    for standard in BUILT_IN.values():
        for tiers in standard.stages.values():
            assert all(set(rules.readiness) <= set(readiness.TEN) for rules in tiers.values())
    assert process(kept(slowly)).hours_to_ready == 72
    assert process(kept(lambda story: shown(story, Item.TRAINING))).hours_to_ready is None


def slowly(story: Story) -> None:
    """Show the last item three days after the first was owed."""
    shown(story, Item.TRAINING)
    began = story.now
    assert story.state.prepared[Stage.PILOT].done is None
    story.wait(days(3))
    story.ready(Item.TRAINING, "owner")
    prepared = story.state.prepared[Stage.PILOT]
    assert (prepared.since, prepared.done) == (began, began + days(3))


def kept(tell: Callable[[Kept], object]) -> list[dict[str, Any]]:
    """Return the lines that a story leaves in the ledger."""
    return [line for one in sent(tell, plan=plan_of()) for line in bodies(one.use_case, one.stream, one.rows)]


def test_h13_every_pilot_has_the_same_rows_of_a_version_that_is_pinned(tidegate: Here) -> None:
    """Two pilots are laid side by side row by row; the version travels with the plan that was sealed."""
    files = (CLAIMS, "--beside", str(ROOT / "playbooks" / "coding-assistant.yaml"), "--as-of", DAY)
    told = tidegate("ready", *files, "--json")
    both = json.loads(told.out)
    first, second = both["of"]
    assert (told.code, both["same"], first["checklist"]) == (1, True, "readiness@1")
    names = [item.value for item in readiness.TEN]
    assert [each["item"] for each in first["rows"]] == [each["item"] for each in second["rows"]] == names
    assert len(first["standard_digest"]) == 64
    other = json.loads(tidegate("ready", CLAIMS, "--beside", str(ROOT / SUMMARISER), "--as-of", DAY, "--json").out)
    assert other["same"] is False
    assert "Both are held to readiness@1" in tidegate("ready", *files).out


def test_h13_a_plan_that_was_sealed_before_keeps_its_checklist() -> None:
    """By the version before, what the playbook once proved counts; the version is named, so that nobody compares."""
    plan = plan_of(Item.BUSINESS_CASE)
    before = with_rules(plan, checklist=0)
    story = Story(plan)
    assert [checklist.checklist(each, story.state, story.now).version for each in (plan, before)] == [
        "readiness@1", "readiness@0"
    ]  # fmt: skip
    assert row(before, story, Item.BUSINESS_CASE).shown_by == "playbook"


def test_h14_who_cannot_say_it_on_one_page_is_not_ready(tidegate: Here) -> None:
    """A page whose questions are all answered ends with 0; with an empty one it ends with 1 and names what to write."""
    good = tidegate("onepager", CLAIMS, "--as-of", DAY)
    assert (good.code, good.err) == (0, "")
    assert len(good.out.splitlines()) <= onepager.PAGE
    assert "and 1 more" not in good.out
    for states in (
        "claims-store (personal data)",
        "policy_number is missing",
        "agree; before each next wave",
        "By hand then",
    ):
        assert states in good.out
    tidegate.sample(('logging: "Every draft', '# logging: "Every draft'))
    bad = tidegate("onepager", "minutes-summariser.yaml", "--as-of", DAY)
    assert bad.code == 1
    assert "What gets logged for every run? Write `logging` in the playbook" in bad.err


def test_h14_it_never_takes_more_than_a_page() -> None:
    """However much there is to say, each question keeps an answer, and the rest is counted."""
    many = tuple(onepager.Row(f"Question {n}?", tuple(f"Answer {m}." for m in range(40))) for n in range(10))
    page = onepager.fitted(many)
    assert onepager.lines(page) <= onepager.PAGE < onepager.lines(many)
    assert all(each.answers[0] == "Answer 0." and "more" in each.answers[-1] for each in page)
    few = many[:1]
    assert onepager.fitted(few) == few


def test_h15_the_ten_answers_of_a_workflow_are_known_word_for_word(tidegate: Here) -> None:
    """The page of the sample playbook is in the repository; a change of it is seen and reviewed."""
    told = tidegate("onepager", CLAIMS, "--as-of", DAY)
    assert told.out == PAGE.read_text("utf-8")
    assert sum(line[:1].isdigit() for line in told.out.splitlines()) == 10


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"known_limits": DELETE, "issues": DELETE}, "known_limits"),
        ({"pilot.support": DELETE, "handoff": DELETE}, "support"),
        ({}, ""),
        ({"pilot.support": DELETE}, ""),
    ],
)
def test_h16_a_pilot_maps_its_outcomes_its_risks_and_who_supports_it(changes: dict[str, Any], at: str) -> None:
    """From tier 2 on, a pilot that names no risk or nobody who helps is refused; each has a twin that is not."""
    found = [each for each in found_in("claims-triage", changes) if each.rule == "H16a"]
    assert [str(each.path[-1]) for each in found] == ([at] if at else [])
    assert [each.severity.value for each in found] == (["error"] if at else [])
    low = {"known_limits": DELETE}
    assert [each for each in found_in("minutes-summariser", low) if each.rule == "H16a"] == []


def test_h17_a_trust_sheet_has_five_answers_and_grows_stale() -> None:
    """It is complete once somebody evaluated it, dated by that, and stale when the standard's time is over."""
    story = Story(plan_of(Item.EVALUATION))
    story.start()
    empty = trust_sheet(story.plan, story.state, story.now)
    assert empty.unanswered == ("When was it last evaluated?",)
    story.ready(Item.EVALUATION, "owner")
    sheet = trust_sheet(story.plan, story.state, story.now)
    assert (sheet.unanswered, sheet.evaluated, sheet.stale_at, sheet.stale) == (
        (),
        story.now,
        story.now + days(180),
        False,
    )
    assert trust_sheet(story.plan, story.state, story.now + days(180)).stale
    weak = trust_sheet(but(story.plan, sheet=Sheet()), story.state, story.now)
    assert weak.unanswered == ("Where is it weak?",)
    data = {each.question: each.answers for each in sheet.rows}
    assert data["What is it for?"] == ("Sooner", "It does not mean: safe for everything")


def test_h17_the_figures_are_an_evaluation_once_all_of_them_speak() -> None:
    """A later reading of everything that has thresholds renews the date; while one is silent it does not."""
    story = Story(with_metric(plan_of(Item.EVALUATION), "comments", bands=()))
    story.start()
    story.ready(Item.EVALUATION, "owner")
    first = story.now
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.wait(days(2))
    story.read(1)
    assert trust_sheet(story.plan, story.state, story.now).evaluated == story.now
    metrics = {**story.plan.metrics, "silent": story.plan.metrics["errors"]}
    silent = but(story.plan, metrics=metrics)
    assert trust_sheet(silent, story.state, story.now).evaluated == first


def served(monkeypatch: pytest.MonkeyPatch, story: Story) -> Told:
    """Let the verbs speak to a server that has this rollout."""
    server = Told(story)
    monkeypatch.setattr(talk, "server", lambda *_: server)
    return server


def test_the_verbs_say_of_a_rollout_what_is_owed_and_take_what_is_given(
    tidegate: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ready` ends with 1 and names who owes what and the command; with everything there it ends with 0."""
    story = shown(Story(plan_of(), datetime.now(UTC)), Item.LOGGING)
    served(monkeypatch, story)
    told = tidegate("ready", "claims-triage")
    assert told.code == 1
    assert "NOT READY for pilot, 1 of it lacking" in told.out
    assert "logging: owner (owner), by " in told.out
    assert "tidegate ready claims-triage logging --evidence WHERE" in told.out
    assert (
        sum(
            line.startswith(tuple(item.value.replace("_", " ") for item in readiness.TEN))
            for line in told.out.splitlines()
        )
        == 10
    )
    assert "Owed since" in told.out
    story.ready(Item.LOGGING, "ops-a")
    whole = tidegate("ready", "claims-triage")
    assert (whole.code, "READY for pilot" in whole.out, "All of it was there after 0 d 0 h" in whole.out) == (
        0,
        True,
        True,
    )
    found = json.loads(tidegate("ready", "claims-triage", "--json").out)
    assert (found["ready"], found["took_hours"], len(found["rows"])) == (True, 0.0, 10)
    later = tidegate("ready", "claims-triage", "--stage", "limited")
    assert "for limited" in later.out
    assert tidegate("ready", "claims-triage", "--stage", "never").code == 5
    unclear = tidegate("ready", "claims-triage", "--as", "owner")
    assert (unclear.code, "--again" in unclear.err) == (2, True)


def test_what_was_sent_back_is_not_ready_until_somebody_says_so(
    tidegate: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All ten are there, and it is not ready: people sent it back, and `--again` is the word they wait for."""
    story = shown(Story(plan_of(), datetime.now(UTC)))
    story.vote("risk-a", Choice.REQUEST_CHANGES, reason="say how drafts are kept")
    server = served(monkeypatch, story)
    told = tidegate("ready", "claims-triage")
    assert (told.code, "NOT READY for pilot, it was sent back" in told.out) == (1, True)
    assert "ready --again" in [step.verb for step in standing.steps(story.plan, story.state, story.now)]
    assert tidegate("ready", "claims-triage", "--again", "--as", "owner").code == 0
    assert [(sent.verb, "item" in sent.words) for sent in server.sent] == [("ready", False)]
    assert tidegate("ready", "claims-triage").code == 0
    assert tidegate("ready", CLAIMS, "--again", "--as", "owner").code == 2


def test_the_verbs_write_a_trust_sheet_to_read_to_print_and_to_send(
    tidegate: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, as Markdown, as a page and as JSON it says the same; one that lacks an answer ends with 1."""
    story = shown(Story(plan_of(), datetime.now(UTC)))
    served(monkeypatch, story)
    told = tidegate("trust-sheet", "claims-triage")
    assert (told.code, told.err, "Handwritten letters are not read" in told.out) == (0, "", True)
    assert "## Where is it weak?" in tidegate("trust-sheet", "claims-triage", "--markdown").out
    page = tidegate.folder / "trust.html"
    assert tidegate("trust-sheet", "claims-triage", "--html", str(page)).code == 0
    assert "Handwritten letters are not read" in page.read_text("utf-8")
    found = json.loads(tidegate("trust-sheet", "claims-triage", "--json").out)
    assert (found["complete"], found["stale"], len(found["rows"])) == (True, False, 5)
    before = tidegate("trust-sheet", CLAIMS, "--as-of", DAY)
    assert (before.code, "When was it last evaluated?" in before.err) == (1, True)


def test_f13_runbook_rollback_and_support_are_on_the_checklist_of_a_system_of_record() -> None:
    """It is owed before the system of record that a runbook is handed over; a drill and support are two of its rows."""
    wrong = {"handoff.artefacts": ["docs/claims/evaluation.md"]}
    (found,) = [each for each in found_in("claims-triage", wrong) if each.rule == "F13"]
    assert (found.before, found.severity.value) == (Stage.SYSTEM_OF_RECORD, "owed")
    right = {"handoff.artefacts": ["docs/claims/Runbook.md"]}
    assert [each for each in found_in("claims-triage", right) if each.rule == "F13"] == []
    for rules in BUILT_IN["standard/staged@1"].stages[Stage.SYSTEM_OF_RECORD].values():
        assert {Item.ROLLBACK_TESTED, Item.SUPPORT_MODEL} <= set(rules.readiness)
    stages = {stage: each.but(owed=("no runbook is handed over",)) for stage, each in plan_of().stages.items()}
    story = Story(but(plan_of(), stages=stages))
    listed = checklist.checklist(story.plan, story.state, story.now, Stage.SYSTEM_OF_RECORD)
    assert [check.reason.facts["what"] for check in listed.also] == ["no runbook is handed over"]
    assert not listed.ready
