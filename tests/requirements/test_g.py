"""Discipline by stage: rows G1 to G6 and G11, and the three maturity gates of rows F11 and F12."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

import pytest

from tests.pure.patches import found_in
from tests.pure.world import START, F, Story, but, standard_plan, with_gate, with_metric, with_rules
from tests.requirements.test_b import PILOT, STAGED, made, plan_of, rules_broken
from tidegate.authoring.built_in import BUILT_IN, EXPOSURE_LIMITS
from tidegate.authoring.standards import looser
from tidegate.check import DELETE
from tidegate.cycles import clean
from tidegate.explain import explain
from tidegate.materiality import Weight, diff
from tidegate.models.base import Bound, GateKind, Span, Stage
from tidegate.models.decision import Verdict
from tidegate.models.event import Amend, Applied, Changed, Observed, Reduction, Report, Resume
from tidegate.models.exposed import Control
from tidegate.models.finding import Severity
from tidegate.models.plan import Plan
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.subject import PlanSubject, What
from tidegate.models.target import Target
from tidegate.proven import GATES, checks
from tidegate.standing import standing

DAY = timedelta(days=1)
STAGES = BUILT_IN["standard/staged@1"].stages
TIERS: tuple[Literal["1", "2", "3"], ...] = ("1", "2", "3")
OPEN = "house/open@1"
LETTER: dict[str, Any] = {"pilot.may": {"customer-mail": {"send_customer_message": "review"}}}
BLOCKS: dict[str, Any] = {
    "pilot.never_widen": ["data", "verbs"],
    "pilot.evidence": ["Each letter with who released it"],
    "pilot.on_the_hook": ["claims-head"],
    "pilot.live_issues": "ops-deputy",
}


def permissive() -> dict[str, Any]:
    """Return changes after which the playbook is held to a standard of the house whose pilot denies nothing."""
    words = BUILT_IN["standard/staged@1"].model_dump(mode="json", exclude_none=True)
    for rules in words["stages"]["pilot"].values():
        rules |= {"denied": [], "review_only": []}
    return {"extends": OPEN, "programme:standards": {OPEN: words}}


def severities(rule: str, name: str, **changes: Any) -> list[tuple[Severity, Stage | None]]:
    """Return how grave a rule finds a changed playbook, and before which stage."""
    return [(found.severity, found.before) for found in made(name, **changes).findings if found.rule == rule]


# -- G1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", TIERS)
def test_g1_pilot_is_contained_in_limited_and_that_in_system_of_record(tier: Literal["1", "2", "3"]) -> None:
    """Quorum, questions, readiness, families and spans only grow from stage to stage; what bounds exposure may open."""
    for earlier, later in pairwise(Stage):
        less, more = STAGES[earlier][tier], STAGES[later][tier]
        assert set(looser(more, less)) <= set(EXPOSURE_LIMITS)
        assert set(less.readiness) <= set(more.readiness)
        assert set(less.families) <= set(more.families)
        assert set(less.dimensions) <= set(more.dimensions)
        assert (more.training_coverage, more.repeat_cycles) >= (less.training_coverage, less.repeat_cycles)
        for kind, gate in less.gates.items():
            assert gate.functions.items() <= more.gates[kind].functions.items()
            assert more.gates[kind].signed >= gate.signed
        # It is no empty claim: each next stage asks for something that the one before does not.
        assert set(looser(less, more)) - set(EXPOSURE_LIMITS)
    pilot, record = STAGES[Stage.PILOT][tier], STAGES[Stage.SYSTEM_OF_RECORD][tier]
    assert pilot.max_people is not None
    assert pilot.max_duration is not None
    assert (record.max_people, record.max_duration, record.denied) == (None, None, ())


@pytest.mark.parametrize(
    ("stage", "tier", "rule", "value"),
    [
        ("limited", "2", "review_every", "90d"),
        ("system_of_record", "2", "readiness", []),
        ("limited", "3", "training_coverage", 0),
        ("pilot", "3", "families", ["outcome"]),
    ],
)
def test_g1_a_standard_of_the_house_that_loosens_is_found(stage: str, tier: str, rule: str, value: object) -> None:
    """What a house asks less of a later stage or a higher tier bars every playbook that is held to it; its twin not."""
    words = BUILT_IN["standard/staged@1"].model_dump(mode="json", exclude_none=True)
    ours: dict[str, Any] = {"extends": OPEN, "programme:standards": {OPEN: words}}
    assert rules_broken(STAGED, **ours) == set()
    words["stages"][stage][tier][rule] = value
    assert "G1" in rules_broken(STAGED, **ours)
    found = [each for each in made(STAGED, **ours).findings if each.rule == "G1"]
    assert {each.document for each in found} == {"programme"}
    assert any(f"`{rule}`" in each.message and stage in each.message for each in found)


# -- G2 to G5: what each stage must say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("pilot.waves[0].cohort", "S1"),  # who is exposed
        ("learn", "S1"),  # what is to be learned
        ("pilot.supervision", "G2"),  # how people watch over it
        ("manual_fallback", "S1"),  # the way back
        ("pilot.advance_when", "T2"),  # when it may become broader
    ],
)
def test_g2_a_pilot_without_any_of_five_is_refused(field: str, rule: str) -> None:
    """Who, what for, under whose eyes, with which way back, and when more: each alone is missed."""
    assert rules_broken(PILOT) == set()
    assert rules_broken(PILOT, **{field: DELETE}) == {rule}


@pytest.mark.parametrize(("people", "broken"), [(250, set()), (251, {"P3"})])
def test_g3_a_pilot_has_a_hard_cap(people: int, broken: set[str]) -> None:
    """One person more than the standard lets a pilot serve, all waves together, is one too many."""
    more = {"programme:cohorts.team/finance.people": 500, "pilot.waves[1].max_users": people - 12}
    assert rules_broken(PILOT, **more, **{"factors.users": "<500"}) == broken


def test_g3_a_pilot_that_overstays_holds_itself() -> None:
    """It must have a last day; when that is over it is held by itself, and nothing widens any more."""
    assert rules_broken(PILOT, **{"pilot.expires": DELETE}) == {"P13"}

    def lived(last: timedelta) -> Story:
        plan = standard_plan()
        pilot = plan.stages[Stage.PILOT].but(expires=START + last)
        story = Story(but(plan, stages={**plan.stages, Stage.PILOT: pilot})).live()
        story.wait(START + 13 * DAY)
        return story

    over, under_way = lived(12 * DAY), lived(60 * DAY)
    assert over.state.exposure.control is Control.HELD
    assert [owed.kind for owed in over.state.obligations.values()] == ["retire_or_extend"]
    assert (under_way.state.exposure.control, under_way.state.obligations) == (Control.LIVE, {})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"limited.advance_when": DELETE}, "T2"),  # when it expands
        ({"notices[1].to": ["claims-head"], "notices[1].audience": "Others"}, "C5"),  # support hears of it
        ({"limited.live_issues": DELETE}, "G4"),  # who owns issues while it is live
        ({"limited.support": DELETE}, "G4"),  # where users get help
        ({"limited.stabilise": DELETE}, "G4"),  # how it is steadied
    ],
)
def test_g4_a_limited_rollout_owes_its_blocks(changes: dict[str, Any], rule: str) -> None:
    """What a limited rollout does not say is owed before it begins, and bars its round of votes until then."""
    assert severities(rule, STAGED) == []
    assert set(severities(rule, STAGED, **changes)) == {(Severity.OWED, Stage.LIMITED)}
    assert plan_of(STAGED, **changes).stages[Stage.LIMITED].owed


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"limited.tighten": {"review_every": "90d"}}, "P3"),  # the cadence of reviews
        ({"fallback.rollback": [{"do": "driver"}]}, "S1"),  # how a rollback is seen to be done
    ],
)
def test_g4_cadence_and_way_back_cannot_be_unsaid(changes: dict[str, Any], broken: str) -> None:
    """Reviews can only become more frequent, and no step of the way back stands without how it is seen to be done."""
    assert broken in rules_broken(STAGED, **changes)
    assert {step.do for step in plan_of(STAGED, fallback=DELETE).fallback.rollback} == {"driver"}


def test_g4_each_wave_has_an_approval_checkpoint() -> None:
    """A standard without a round of votes between waves is none that a limited rollout can be held to."""
    words = BUILT_IN["standard/staged@1"].model_dump(mode="json", exclude_none=True)
    ours: dict[str, Any] = {"extends": OPEN, "programme:standards": {OPEN: words}}
    assert rules_broken(STAGED, **ours) == set()
    for stage in ("limited", "system_of_record"):
        for rules in words["stages"][stage].values():
            del rules["gates"]["checkpoint"]
    assert "P2" in rules_broken(STAGED, **ours)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"system_of_record.never_widen": DELETE}, "A17"),
        (
            {
                "metrics.misrouted_per_100.pause": DELETE,
                "metrics.policy_blocks_per_1000.pause": DELETE,
                "metrics.error_rate.rollback": DELETE,
            },
            "G5a",
        ),
        ({"system_of_record.evidence": DELETE}, "G5"),
        ({"system_of_record.on_the_hook": DELETE}, "G5"),
        ({"handoff": DELETE}, "F1"),
    ],
)
def test_g5_a_system_of_record_owes_five_blocks(changes: dict[str, Any], rule: str) -> None:
    """What never widens, what forces it down, which evidence, who answers for it, who owns it after delivery."""
    assert severities(rule, STAGED) == []
    assert (Severity.OWED, Stage.SYSTEM_OF_RECORD) in severities(rule, STAGED, **changes)
    assert plan_of(STAGED, **changes).stages[Stage.SYSTEM_OF_RECORD].owed


# -- G6 ---------------------------------------------------------------------------------------------------------------


def test_g6_a_stage_that_reaches_customers_is_held_to_the_rules_of_a_system_of_record() -> None:
    """A house may let its pilot write to customers; from then on all that a system of record owes is owed by it."""
    before, after = plan_of(STAGED, **permissive()), plan_of(STAGED, **permissive(), **LETTER, **BLOCKS)
    assert (before.tier, before.stages[Stage.PILOT].raised) == (after.tier, ())
    (why,) = after.stages[Stage.PILOT].raised
    assert "`customer-mail:send_customer_message` in mode review" in why
    was, now, record = (part.rules for part in (
        before.stages[Stage.PILOT], after.stages[Stage.PILOT], after.stages[Stage.SYSTEM_OF_RECORD],
    ))  # fmt: skip
    assert looser(now, was) == ()
    assert looser(now, record) == ()
    assert looser(was, record) != ()
    # What bounds exposure is still that of a pilot.
    assert (now.max_people, now.max_duration) == (was.max_people, was.max_duration)
    assert after.stages[Stage.LIMITED] == before.stages[Stage.LIMITED]
    said = made(STAGED, **permissive(), **LETTER, **BLOCKS).origins["stages.pilot.review_every"]
    assert said.origin == f"{OPEN} pilot tier 2, met with system_of_record"


@pytest.mark.parametrize("block", BLOCKS)
def test_g6_a_raised_stage_owes_the_blocks_at_once(block: str) -> None:
    """Each of the blocks of a system of record is missed in a pilot that was raised, and in no other."""
    rest = {name: value for name, value in BLOCKS.items() if name != block}
    assert rules_broken(STAGED, **permissive(), **LETTER, **rest) == {"A17" if block.endswith("widen") else "G5"}
    assert rules_broken(STAGED, **permissive(), **rest) == set()


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({}, set()),
        ({"programme:records": ["claims-desk"]}, set()),
        ({"programme:records": ["claims-desk"], "limited.may.claims-desk": {"change_field": "allow"}}, {"limited"}),
        ({"limited.may.claims-desk": {"change_field": "allow"}}, set()),
        ({"limited.may.customer-mail": {"send_customer_message": "review"}}, set()),
        ({"data.claims-store": "regulated"}, {"pilot", "limited"}),
    ],
)
def test_g6_what_raises_a_stage(changes: dict[str, Any], raised: set[str]) -> None:
    """Writing to a system of record by itself and regulated data raise a stage; what its own rules bound does not."""
    found = found_in(STAGED, changes)
    told = {str(finding.path[0]) for finding in found if finding.rule == "G6"}
    assert told == raised
    assert all(finding.severity is Severity.WARNING for finding in found if finding.rule == "G6")


def raised_pilot(plan: Plan, **more: Any) -> Plan:
    """Return a revision whose pilot came to touch what a system of record touches."""
    rules = with_gate(plan, GateKind.AMENDMENT, functions={F.RISK: 1, F.PLATFORM: 1, F.COMPLIANCE: 1}, signed=True)
    strict = rules.stages[Stage.PILOT].rules.model_copy(update={"min_observation": Span.of("14d"), **more})
    pilot = plan.stages[Stage.PILOT].but(rules=strict, raised=("`crm:publish` in mode review reaches people outside",))
    rungs = tuple(rung.but(observe=Span.of("14d")) if rung.stage is Stage.PILOT else rung for rung in plan.ladder)
    return but(plan, stages={**plan.stages, Stage.PILOT: pilot}, ladder=rungs)


def test_g6_the_revision_that_raises_a_stage_asks_the_stricter_quorum() -> None:
    """It is material, says why, asks whom the raised stage asks and only signed, and is in force for what is live."""
    story = Story().live()
    plan = raised_pilot(story.plan, readiness=(*story.plan.stages[Stage.PILOT].rules.readiness, ReadinessItem.LOGGING))
    (change,) = [change for change in diff(story.plan, plan) if "system of record" in change.what]
    assert (change.weight, change.what.startswith("pilot:")) == (Weight.MATERIAL, True)
    story.message(Amend, "owner", plan=plan)
    assert (set(story.gate.needs), story.gate.signed) == ({F.RISK, F.PLATFORM, F.COMPLIANCE}, True)
    watch = story.state.position.observation
    assert watch is not None
    story.agree()
    assert story.plan.digest == plan.digest
    longer = story.state.position.observation
    assert longer is not None
    assert (longer.since, longer.until) == (watch.since, watch.since + 14 * DAY)
    # What it owes now bars the next wave, though the pilot had begun before it was owed.
    story.review()
    rows = {check.name: check.verdict for check in story.gate.briefing.checks}
    assert (rows["logging"], story.gate.briefing.verdict) == (Verdict.PENDING, Verdict.PENDING)
    story.ready(ReadinessItem.LOGGING)
    story.climb(2)
    assert story.people == 20


def test_g6_a_revision_that_raises_nothing_asks_as_before() -> None:
    """The same stricter rules without a new reach are recorded, and ask nobody."""
    story = Story().live()
    strict = raised_pilot(story.plan)
    pilot = strict.stages[Stage.PILOT].but(raised=())
    plan = but(strict, stages={**strict.stages, Stage.PILOT: pilot})
    assert {change.weight for change in diff(story.plan, plan)} == {Weight.RECORDED}
    story.message(Amend, "owner", plan=plan)
    assert (story.plan.digest, story.state.gates) == (plan.digest, {})


# -- G11 --------------------------------------------------------------------------------------------------------------


def ground(**more: Any) -> Plan:
    """Return the plan, each of whose targets must be in sight before anything widens."""
    return but(with_rules(standard_plan(), environment=True), **more)


def seen(story: Story, became: Literal["confirmed", "unseen"] = "confirmed") -> None:
    """Let a worker look."""
    row = Target(target="flags/claims", became=became, note=None if became == "confirmed" else "refused")
    served = story.state.exposure.desired
    if became == "confirmed":
        story.say(Observed(exposure=served, epoch=story.state.exposure.epoch, targets=(row,)))
    else:
        story.say(Applied(epoch=0, result="failed", note="flags/claims: refused", targets=(row,)))


def test_g11_nobody_is_asked_before_each_target_was_seen() -> None:
    """A rollout whose target nobody has seen waits, says so by name, and asks as soon as it was seen."""
    story = Story(ground())
    story.start()
    story.ready()
    assert (story.phase, story.state.gates) == (Phase.PREPARING, {})
    told = [step.why for step in standing(story.plan, story.state, story.now).steps if "exposure" in step.verb]
    assert told == ["Nobody has looked yet what is served at flags/claims. Nothing widens until somebody has."]
    seen(story)
    assert story.gate.kind is GateKind.FIRST_EXPOSURE
    (row,) = [check for check in story.gate.briefing.checks if check.name == "environment"]
    assert row.verdict is Verdict.PASSED
    assert "flags/claims" in explain(row.reason)


def test_g11_a_yes_is_not_used_while_a_target_is_out_of_sight() -> None:
    """What was agreed waits for a target that cannot be seen, names it and why, and widens once it is back."""
    story = Story(ground())
    story.start()
    seen(story)
    story.ready()
    story.agree()
    assert story.phase is Phase.SCHEDULED
    seen(story, "unseen")
    story.wait(3 * DAY)
    assert (story.phase, story.people) == (Phase.SCHEDULED, 0)
    (why,) = [step.why for step in standing(story.plan, story.state, story.now).steps if "exposure" in step.verb]
    assert why.startswith("It cannot be seen what is served: flags/claims since 2026-11-23")
    assert "(refused)" in why
    seen(story)
    assert story.people == 10


def test_g11_only_where_the_standard_asks() -> None:
    """The built-in standards ask it of every stage and tier; a standard that is silent waits for no look."""
    assert all(rules.environment for tiers in STAGES.values() for rules in tiers.values())
    assert Story().live().people == 10


# -- F11 and F12 ------------------------------------------------------------------------------------------------------


def maturing(cycles: int = 2, **metric: Any) -> Plan:
    """Return a plan that asks for maturity, with an outcome that has a baseline and a goal."""
    plan = with_metric(standard_plan(), "errors", **{"baseline": Decimal(5), "goal": Bound.of("<= 2"), **metric})
    return with_rules(plan, maturity=True, repeat_cycles=cycles)


def at_the_door(story: Story) -> dict[str, Any]:
    """Go on until the system of record is to be decided, and return the three conditions by name."""
    for _ in range(400):
        position = story.state.position
        if story.phase is Phase.AWAITING_APPROVAL and position.target == 5:
            return {c.name: c for c in story.gate.briefing.checks if c.name.startswith("maturity")}
        if story.phase is Phase.PREPARING:
            story.ready()
        if story.phase in (Phase.PREPARING, Phase.AWAITING_APPROVAL) and position.target == 5:
            continue
        if story.state.gates and story.gate.satisfied_at is None:
            story.agree()
        else:
            story.wait()
    raise AssertionError(f"never came to the system of record: {story.phase}, {story.state.position.level}")


def test_f11_three_gates_in_order_stand_before_a_system_of_record() -> None:
    """Worth, then risk, then repeatability: named, in order, each with what it rests on; then people may say yes."""
    story = Story(maturing()).live()
    found = at_the_door(story)
    assert list(found) == [f"maturity {number}: {name}" for number, name in enumerate(GATES, start=1)]
    assert {check.verdict for check in found.values()} == {Verdict.PASSED}
    worth, sound, repeats = (explain(check.reason) for check in found.values())
    assert "errors 1 against 5 before, goal <= 2" in worth
    assert "comments 0" in sound
    assert "2 of 2 cycles of limited" in repeats
    assert "w3 until" in repeats
    assert story.people == 100
    story.climb(5)
    assert story.people == 500


def test_f11_without_worth_nothing_later_is_looked_at() -> None:
    """An outcome that is no better than before shuts the door, and the gates after it wait for it by name."""
    story = Story(maturing(baseline=Decimal(1), goal=Bound.of("<= 0"))).live()
    found = list(at_the_door(story).values())
    assert [check.verdict for check in found] == [Verdict.PENDING] * 3
    assert explain(found[0].reason).startswith("No outcome is better than before")
    assert [explain(check.reason) for check in found[1:]] == [
        f"{name} is looked at once {GATES[0]} is shown." for name in GATES[1:]
    ]
    story.agree()
    story.wait(2 * DAY)
    assert story.people == 100, "nobody can say yes to it"


def test_f11_an_open_risk_shuts_the_door_until_it_is_settled() -> None:
    """A problem that nobody has accepted is named by the second gate, whatever the first one says."""
    story = Story(maturing()).live()
    at_the_door(story)
    story.message(Report, "ops-a", what="Two claims in one letter are taken for one")
    found = {check.name: check for check in checks(story.plan, story.state, 5, story.now)}
    assert found[f"maturity 1: {GATES[0]}"].verdict is Verdict.PASSED
    second = found[f"maturity 2: {GATES[1]}"]
    assert (second.verdict, "issue-" in explain(second.reason)) == (Verdict.PENDING, True)
    assert found[f"maturity 3: {GATES[2]}"].verdict is Verdict.PENDING


def test_f12_a_cycle_outside_of_its_bands_proves_nothing() -> None:
    """A figure strayed in one wave and was well again: the stage is watched for another cycle before it is left."""
    straight, strayed = Story(maturing()).live(), Story(maturing()).live()
    at_the_door(straight)
    assert [cycle.wave for cycle in clean(straight.state, Stage.LIMITED)] == ["w3", "w4"]
    strayed.climb(3)
    strayed.read(5, "comments")
    assert strayed.state.exposure.control is Control.HELD
    strayed.read(0, "comments")
    strayed.message(Resume, "owner", cause="A queue was stuck and is not")
    strayed.agree()
    at_the_door(strayed)
    assert [(cycle.wave, cycle.strayed) for cycle in strayed.state.cycles if cycle.stage is Stage.LIMITED] == [
        ("w3", True),
        ("w4", False),
        ("w4", False),
    ]
    assert strayed.now > straight.now


def test_f12_what_was_judged_in_another_version_has_repeated_nothing() -> None:
    """Once another version runs than was judged, the cycles before it count no more."""
    story = Story(but(maturing(), subject=PlanSubject(runs={"answers": "v1"}, back=dict.fromkeys(Stage, "pilot/w2"))))
    at_the_door(story.live())
    assert story.state.cycles
    story.message(Changed, "business", what=What.PROMPT, name="answers", version="v2")
    assert story.state.cycles == ()


def test_f12_a_cycle_begins_anew_where_people_were_taken_out() -> None:
    """What was watched before a reduction and after it is not one stretch: it counts from when they came back."""
    story = Story(maturing()).live()
    story.climb(3)
    story.wait(3 * DAY)
    out = story.now
    story.reduce(Reduction.NARROW)
    story.wait(DAY)
    story.message(Resume, "owner", cause="A queue was stuck and is not")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    back = story.now
    at_the_door(story)
    assert not [cycle for cycle in story.state.cycles if cycle.since < out < cycle.until]
    first = next(cycle for cycle in story.state.cycles if cycle.since > out)
    assert (first.since, first.until >= back + 7 * DAY) == (back, True)


def test_f12_cycles_follow_one_another_and_each_lasts() -> None:
    """No review counts twice: a cycle begins where the last ended and lasts as long as a wave is watched at least."""
    plan = with_rules(maturing(cycles=3), Stage.LIMITED, review_every=Span.of("3d"))
    story = Story(plan).live()
    at_the_door(story)
    found = clean(story.state, Stage.LIMITED)
    assert len(found) == 3
    assert all(cycle.until - cycle.since >= 7 * DAY for cycle in found)
    assert all(before.until <= after.since for before, after in pairwise(found))
    reviews = [entry for entry in story.entries if entry.action == "reviewed"]
    assert len(reviews) > 1, "it was looked at in between, and that proved nothing by itself"


def test_f12_only_where_the_standard_asks() -> None:
    """The built-in standards ask from the limited rollout on, at tier 2 for two cycles; others keep no cycles."""
    for tier in TIERS:
        assert not STAGES[Stage.PILOT][tier].maturity
        assert STAGES[Stage.LIMITED][tier].maturity
        assert STAGES[Stage.SYSTEM_OF_RECORD][tier].maturity
    assert STAGES[Stage.LIMITED]["2"].repeat_cycles == 2
    assert Story().climb(3).state.cycles == ()
