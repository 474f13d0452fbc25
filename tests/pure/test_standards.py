"""The built-in standards tighten, and one comparison finds whatever loosens."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import pytest

from tidegate.authoring.built_in import BUILT_IN, EXPOSURE_LIMITS
from tidegate.authoring.standards import looser, not_longer, tightened
from tidegate.models.base import Function, GateKind, Span, Stage
from tidegate.models.stage import Tightening
from tidegate.models.standard import GateRule, StageRules

STAGED = BUILT_IN["standard/staged@1"]
TIERS: tuple[Literal["1", "2", "3"], ...] = ("1", "2", "3")
RULES = [(stage, tier, STAGED.stages[stage][tier]) for stage in Stage for tier in TIERS]
STRICTER: dict[str, Any] = {
    "acknowledge": True, "briefing_max_age": "20d", "checklist": 1, "drill_max_age": "30d", "drill_recorded": True,
    "dimensions": ["spend"], "environment": True, "maturity": True,
    "evidence_max_age": "90d",
    "evidence_retries": 2, "families": ["outcome", "cost"], "first_wave_max_share": 4_000, "handoff_within": "10bd",
    "handoff_pack": True,
    "evaluate_every": "60d", "incident_within": "2bd", "overdue_narrows": "3bd", "remind_before": "2bd",
    "exceptions": {"longest": "30d"}, "review_after": ["30d"],
    "max_duration": "100d", "max_observation": "40d", "max_people": 10, "max_reverts": 1, "min_observation": "8d",
    "narrow_after": "5bd", "notice_lead": "3bd", "override_max": "24h", "override_review": "1bd", "pause_after": "20bd",
    "read_every": "1d", "readiness": ["logging"], "recertify_every": "90d", "rehearsal_max_age": "30d",
    "repeat_cycles": 2, "retry_every": "30m",
    "review_every": "14d", "stale_after": "7d", "training_coverage": 5_000, "trained_only": True,
    "review_only": ["publish"],
    "denied": ["pay"],
}  # fmt: skip


def rules(**changes: Any) -> StageRules:
    """Return plain rules with one gate."""
    gates = {"checkpoint": {"functions": {"risk": 1}, "questions": {"risk": ["Why?"]}}}
    return StageRules.model_validate({"gates": gates, **changes}, strict=False)


def tightening(**changes: Any) -> Tightening:
    """Return a playbook's demands."""
    return Tightening.model_validate(changes, strict=False)


@pytest.mark.parametrize("tier", TIERS)
def test_each_stage_is_at_least_as_strict_as_the_one_before(tier: Literal["1", "2", "3"]) -> None:
    """From pilot to system of record discipline only grows; what opens is only how much may be exposed."""
    for earlier, later in pairwise(Stage):
        found = looser(STAGED.stages[later][tier], STAGED.stages[earlier][tier])
        assert set(found) <= set(EXPOSURE_LIMITS), f"{later.value} is looser than {earlier.value}"


@pytest.mark.parametrize("stage", Stage)
def test_each_tier_is_at_least_as_strict_as_the_one_below(stage: Stage) -> None:
    """Whatever a low-risk use case must do, a riskier one must do too, with no exception."""
    for lower, higher in pairwise(TIERS):
        assert looser(STAGED.stages[stage][higher], STAGED.stages[stage][lower]) == ()


def test_both_standards_have_the_same_pilot() -> None:
    """Whoever begins with a pilot alone can go on under the staged standard without starting again."""
    assert BUILT_IN["standard/pilot@1"].stages[Stage.PILOT] == STAGED.stages[Stage.PILOT]


@pytest.mark.parametrize(("stage", "tier", "rule"), RULES)
def test_evidence_outlives_the_vote_about_it(stage: Stage, tier: str, rule: StageRules) -> None:
    """No round of votes can take longer than the evidence it rests on is good for."""
    for kind, gate in rule.gates.items():
        assert rule.briefing_max_age.wall > gate.window.longest + gate.escalate_after.longest, (stage, tier, kind)


@pytest.mark.parametrize(("stage", "tier", "rule"), RULES)
def test_a_yes_outlives_the_notice(stage: Stage, tier: str, rule: StageRules) -> None:
    """A yes to a widening is still good when the people concerned have had their notice."""
    for kind in set(rule.gates) - {GateKind.OVERRIDE}:
        assert not not_longer(rule.gates[kind].vote_expiry, rule.notice_lead), (stage, tier, kind)


@pytest.mark.parametrize(("stage", "tier", "rule"), RULES)
def test_nobody_alone_can_override(stage: Stage, tier: str, rule: StageRules) -> None:
    """An emergency override asks for two people, one of whom answers for it, and signs from tier 2 on."""
    gate = rule.gates[GateKind.OVERRIDE]
    assert sum(gate.functions.values()) >= 2
    assert Function.ACCOUNTABLE_EXEC in gate.functions
    assert gate.signed or (tier == "1" and stage is not Stage.SYSTEM_OF_RECORD)
    assert rule.override_max.wall.days <= 3


@pytest.mark.parametrize(("stage", "tier", "rule"), RULES)
def test_an_empty_review_cannot_approve(stage: Stage, tier: str, rule: StageRules) -> None:
    """Everybody who is asked has a question to answer."""
    for kind, gate in rule.gates.items():
        assert set(gate.functions) <= set(gate.questions), (stage, tier, kind)


@pytest.mark.parametrize(("name", "value"), STRICTER.items())
def test_each_rule_has_a_direction(name: str, value: object) -> None:
    """Stricter in one field is not looser, and the way back is looser in just that field."""
    plain, strict = rules(), rules(**{name: value})
    assert looser(strict, plain) == ()
    assert looser(plain, strict) == (name,)


def test_no_rule_is_forgotten() -> None:
    """Each field of the rules is compared."""
    compared = {*STRICTER, "gates", "unlisted_sender", "resume_to_peak"}
    assert compared == set(StageRules.model_fields)
    assert looser(rules(unlisted_sender="refuse"), rules()) == ("unlisted_sender",)
    assert looser(rules(resume_to_peak=True), rules()) == ("resume_to_peak",)


@pytest.mark.parametrize(
    "stricter",
    [
        {"longest": "20d"}, {"renewals": 0}, {"max_in_force": 2}, {"max_days": 60}, {"accepted_by": ("risk",)},
    ],
)  # fmt: skip
def test_each_rule_of_exceptions_has_a_direction(stricter: dict[str, Any]) -> None:
    """Shorter, fewer, younger and by fewer people is stricter; the way back is looser."""
    plain = {"longest": "30d", "max_in_force": 3, "max_days": 90, "accepted_by": ("accountable_exec", "risk")}
    was, now = rules(exceptions=plain), rules(exceptions={**plain, **stricter})
    assert (looser(now, was), looser(was, now)) == ((), ("exceptions",))


@pytest.mark.parametrize(
    ("gate", "name"),
    [
        ({"functions": {Function.RISK: 2}}, "functions.risk"),
        ({"functions": {Function.RISK: 1, Function.LEGAL: 1}}, "functions.legal"),
        ({"veto": (Function.RISK, Function.COMPLIANCE, Function.LEGAL, Function.SECURITY)}, "veto"),
        ({"questions": {Function.RISK: ("Why?", "Who?")}}, "questions.risk"),
        ({"window": Span.of("3bd")}, "window"),
        ({"vote_expiry": Span.of("24h")}, "vote_expiry"),
        ({"signed": True}, "signed"),
        ({"remind_every": Span.of("4bh")}, "remind_every"),
        ({"escalate_after": Span.of("1bd")}, "escalate_after"),
    ],
)
def test_each_part_of_a_gate_has_a_direction(gate: dict[str, object], name: str) -> None:
    """A stricter gate is not looser, and the way back is looser in just that part."""
    plain = rules()
    strict = plain.model_copy(update={"gates": {GateKind.CHECKPOINT: checkpoint(plain).model_copy(update=gate)}})
    assert looser(strict, plain) == ()
    assert looser(plain, strict) == (f"gates.checkpoint.{name}",)


def test_every_part_of_a_gate_is_compared() -> None:
    """A part that is added to a gate must be given a direction."""
    compared = {"functions", "veto", "questions", "window", "vote_expiry", "signed", "remind_every", "escalate_after"}
    assert compared == set(GateRule.model_fields)


def test_a_gate_that_is_gone_is_looser() -> None:
    """Leaving out a round of votes loosens."""
    assert looser(rules(gates={}), rules()) == ("gates.checkpoint",)


@pytest.mark.parametrize(
    ("mine", "theirs", "shorter"),
    [
        ("5d", "1w", True),
        ("24h", "5bd", True),
        ("5bd", "24h", False),
        ("5bd", "7d", False),  # five working days can take longer than a week
        ("8bh", "1bd", True),
        ("9bh", "1bd", False),
        ("90m", "1h", False),
    ],
)
def test_spans_compare_only_where_the_answer_is_sure(mine: str, theirs: str, *, shorter: bool) -> None:
    """Working time and wall time compare by their safe bounds."""
    assert not_longer(Span.of(mine), Span.of(theirs)) is shorter


def test_tightening_adds_and_replaces() -> None:
    """A playbook's demands are laid over the standard's, which stay where it says nothing."""
    mine = tightened(
        rules(denied=["pay"]),
        tightening(
            min_observation="30d",
            denied=["delete"],
            training_coverage="80%",
            gates={"checkpoint": {"functions": {"legal": 1}, "signed": True}, "handoff": {"functions": {"cto": 1}}},
        ),
    )
    assert looser(mine, rules(denied=["pay"])) == ()
    assert str(mine.min_observation) == "30d"
    assert [verb.value for verb in mine.denied] == ["pay", "delete"]
    assert mine.training_coverage == 8_000
    assert checkpoint(mine).functions == {Function.RISK: 1, Function.LEGAL: 1}
    assert checkpoint(mine).signed
    assert mine.gates[GateKind.HANDOFF].functions == {Function.CTO: 1}
    assert mine.review_every == rules().review_every


def checkpoint(some: StageRules) -> GateRule:
    """Return the gate between two waves."""
    return some.gates[GateKind.CHECKPOINT]
