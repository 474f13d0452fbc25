"""Risk by tier: rows I2, I3, I5, I6, I8 and I10 of the requirements."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import pytest

from tests.pure import documents
from tests.pure.test_waivers import asked, begun, decided
from tests.pure.world import Story, but, member, standard_plan
from tests.requirements.test_b import MORNING, PILOT, STAGED, made, plan_of, rules_broken
from tidegate.authoring.built_in import BUILT_IN
from tidegate.authoring.read import read_playbook
from tidegate.authoring.standards import looser
from tidegate.briefing import facts
from tidegate.document import document
from tidegate.explain import explain
from tidegate.materiality import Weight, diff
from tidegate.models.assumption import Assumption
from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.event import Choice, Vote
from tidegate.models.programme import TierFramework
from tidegate.models.standard import ReadinessItem
from tidegate.tiers import tier

DAY = timedelta(days=1)
STAGES = BUILT_IN["standard/staged@1"].stages
TIERS: tuple[Literal["1", "2", "3"], ...] = ("1", "2", "3")
RISKY = {"factors.decision": "consequential"}
DONE = {"use_case": "letters", "tier": 1, "ended": "2026-10-01", "evidence": "ledger head 7f3a"}
GUESS = {"what": "Claims come in as before", "owner": "claims-head", "test": "Count them each month"}


@pytest.mark.parametrize("stage", Stage)
def test_i2_each_tier_has_its_pack(stage: Stage) -> None:
    """Reviews, depth of testing and monitoring grow with the tier, and each next tier asks something more of each."""
    for lower, higher in pairwise(TIERS):
        less, more = STAGES[stage][lower], STAGES[stage][higher]
        assert looser(more, less) == ()
        assert looser(less, more) != ()
    low, high = STAGES[stage]["1"], STAGES[stage]["3"]
    asks = set(looser(low, high))
    reviews = {name for name in asks if name.startswith("gates.") or name == "review_every"}
    testing = asks & {"min_observation", "evidence_max_age", "drill_max_age", "drill_recorded", "readiness"}
    watching = asks & {"families", "dimensions", "narrow_after", "pause_after", "incident_within", "max_observation"}
    assert all((reviews, testing, watching)), asks


@pytest.mark.parametrize("name", ["claims-triage", "minutes-summariser"])
def test_i2_the_tier_chooses_the_pack(name: str) -> None:
    """The rules of a plan are those of its standard at the tier that its factors come to."""
    plan = plan_of(name)
    demanded = BUILT_IN[plan.standard].stages
    for stage, part in plan.stages.items():
        assert looser(part.rules, next(rules for key, rules in demanded[stage].items() if key == str(plan.tier))) == ()


def approvals(tier: Literal["1", "3"]) -> int:
    """Live through the first two waves of a pilot under the rules of a tier, and count the yeses that it took."""
    rules = STAGES[Stage.PILOT][tier]
    gates = {kind: gate.model_copy(update={"questions": {}}) for kind, gate in rules.gates.items()}
    rules = rules.model_copy(
        update={"gates": gates, "checklist": 0, "drill_recorded": False, "environment": False, "dimensions": ()}
    )
    plan = standard_plan()
    pilot = plan.stages[Stage.PILOT].but(rules=rules, met=tuple(ReadinessItem)[:10])
    roster = {**plan.roster, "sec-a": member("sec-a", (Function.SECURITY,))}
    story = Story(but(plan, roster=roster, stages={**plan.stages, Stage.PILOT: pilot})).climb(2)
    assert story.people == 20
    return sum(isinstance(heard.event, Vote) and heard.event.choice is Choice.APPROVE for heard in story.heard)


def test_i3_low_risk_gets_there_with_fewer_approvals() -> None:
    """The same small pilot takes four yeses at tier 1 for its two waves, and eight at tier 3."""
    low, high = approvals("1"), approvals("3")
    first, wave = (
        [len(STAGES[Stage.PILOT][tier].gates[kind].functions) for tier in ("1", "3")]
        for kind in (GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT)
    )
    assert (low, high) == (first[0] + wave[0], first[1] + wave[1])
    assert 2 * low < high


@pytest.mark.parametrize(
    ("needed", "completed", "barred"),
    [
        (0, [], False),
        (1, [], True),
        (1, [DONE], False),
        (2, [DONE], True),
        (2, [DONE, DONE], True),  # one use case counts once
        (2, [DONE, {**DONE, "use_case": "minutes"}], False),
        (1, [{**DONE, "tier": 2}], True),
        (1, [{**DONE, "ended": "2030-01-01"}], True),  # not completed yet
        (1, [{**DONE, "use_case": "claims-triage"}], True),  # itself proves nothing
        (2, [{**DONE, "tier": 3}], False),  # it is not the first
    ],
)
def test_i5_the_first_of_tier_3_waits_for_completed_ones_of_tier_1(
    needed: int, completed: list[dict[str, Any]], *, barred: bool
) -> None:
    """A programme may ask that the operating model was proven on low risk before the first risky one can start."""
    ours: dict[str, Any] = {"programme:tier_3_after": needed, "programme:completed": completed}
    assert ("I5" in rules_broken(STAGED, **ours, **RISKY)) is barred
    assert "I5" not in rules_broken(STAGED, **ours)
    if barred:
        assert made(STAGED, **ours, **RISKY).plan is None


def test_i5_what_counts_as_completed_says_where_it_is_seen() -> None:
    """A use case is listed with its evidence, or not at all."""
    bare = {name: value for name, value in DONE.items() if name != "evidence"}
    assert "S1" in rules_broken(PILOT, **{"programme:completed": [bare]})
    assert rules_broken(PILOT, **{"programme:completed": [DONE]}) == set()


@pytest.mark.parametrize(
    ("by", "broken"), [("risk-officer", set()), ("claims-ai-lead", {"B6a"}), ("ops-manager", {"B6a"})]
)
def test_i6_only_who_may_accept_a_risk_accepts_one(by: str, broken: set[str]) -> None:
    """What people live with is accepted by name, by somebody who holds that right and wrote none of it."""
    assert rules_broken(STAGED, **{"issues[0].accepted_by": by}) == broken


def test_i6_an_acceptance_is_a_decision_with_an_end() -> None:
    """Residual risk is accepted on record, until a day; then it bars the stage again by itself."""
    story = begun()
    asked(story)
    decided(story)
    (name,) = story.state.waivers
    waiver = story.state.waivers[name]
    assert (waiver.by, waiver.in_force(story.now), waiver.in_force(waiver.until)) == ("risk-a", True, False)
    given = next(entry for entry in story.entries if entry.reason.code.value == "exception_granted")
    assert (given.actor, waiver.until.strftime("%Y-%m-%d") in given.reason.facts["until"]) == ("risk-a", True)
    story.wait(waiver.until + DAY)
    assert story.state.waivers[name].over
    assert plan_of(STAGED).accepted_issues[Stage.PILOT][0].until is not None


def test_i8_the_rubric_is_the_same_for_every_request() -> None:
    """Two requests with the same factors come to the same tier by the same sentence, with the rubric's version."""
    found = []
    for name, more in ((PILOT, {}), (PILOT, {"use_case": "other", "learn": "Something else"})):
        playbook, _ = read_playbook({**documents.playbook(name), **more})
        assert playbook is not None
        found.append(tier(TierFramework(version=7), playbook))
    assert found[0] == found[1]
    assert "framework 7" in found[0][1]
    # No request brings a rubric of its own.
    assert "S2" in rules_broken(PILOT, tiers={"tier_3_from": 12})
    assert rules_broken(PILOT, **{"programme:tiers": {"tier_3_from": 12}}) == set()


def test_i10_open_assumptions_are_in_each_briefing() -> None:
    """What is taken to be so is told with who finds out and how, until it is settled; late is said to be late."""
    plan = plan_of(STAGED, assumptions=[GUESS, {**GUESS, "what": "Letters are read", "by": "2026-11-01"}])
    state = Story(standard_plan()).state
    shown = [explain(reason) for reason in facts(plan, state, GateKind.CHECKPOINT, 1, None, "x", MORNING).assumptions]
    assert shown == [
        "Claims come in as before: not known yet. claims-head finds out: Count them each month.",
        "Letters are read: not known yet, and late. claims-head was to find out, by 2026-11-01: Count them each month.",
    ]
    settled = plan_of(STAGED, assumptions=[{**GUESS, "settled": "It holds: docs/count.md"}])
    assert facts(settled, state, GateKind.CHECKPOINT, 1, None, "x", MORNING).assumptions == ()
    lived = Story(but(standard_plan(), assumptions=(Assumption.model_validate(GUESS),))).live().review()
    page = document(lived.plan, lived.state, lived.gate)
    assert page.assumptions == (shown[0],)


def test_i10_an_assumption_has_an_owner_and_a_test() -> None:
    """It names a person of the programme and how it is found out; a use case of tier 3 that names none is told so."""
    for missing in ("owner", "test"):
        bare = {name: value for name, value in GUESS.items() if name != missing}
        assert rules_broken(STAGED, assumptions=[bare]) == {"S1"}
    assert rules_broken(STAGED, assumptions=[{**GUESS, "owner": "nobody"}]) == {"P4"}
    assert rules_broken(STAGED, assumptions=[GUESS]) == set()

    def told(**changes: Any) -> bool:
        return "I10" in {finding.rule for finding in made(STAGED, **changes).findings}

    assert (told(), told(**RISKY), told(**RISKY, assumptions=[GUESS])) == (False, True, False)


def test_i10_an_open_assumption_is_not_just_forgotten() -> None:
    """To drop one that is open asks whoever judges the risk; to settle it, or to add one, is recorded."""
    one = Assumption(what="Claims come in as before", owner="ops-a", test="Count them", by=date(2027, 1, 1))
    plan = but(standard_plan(), assumptions=(one,))
    settled = but(plan, assumptions=(one.model_copy(update={"settled": "It holds"}),))
    weights = [[change.weight for change in diff(old, new)] for old, new in (
        (plan, standard_plan()), (plan, settled), (settled, standard_plan()), (standard_plan(), plan),
    )]  # fmt: skip
    assert weights == [[Weight.FUNCTION], [Weight.RECORDED], [Weight.RECORDED], [Weight.RECORDED]]
