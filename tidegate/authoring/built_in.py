"""The built-in standards: what an organisation that has none of its own demands of each stage and tier.

Every table below *adds* from stage to stage and from tier to tier, so that discipline can only grow with exposure and
with risk. What bounds exposure itself goes the other way: a pilot is small on purpose, and authority is earned.
Knows nothing of playbooks.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.models.base import Function, GateKind, MetricFamily, Span, Stage, Verb
from tidegate.models.dimension import Dimension
from tidegate.models.standard import GateRule, ReadinessItem, StageRules, Standard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.tiers import Tier

EXPOSURE_LIMITS = ("denied", "first_wave_max_share", "max_duration", "max_people", "review_only")
"""The rules that bound exposure: from stage to stage they may open, from tier to tier they only close."""

_TIERS: tuple[Tier, ...] = (1, 2, 3)

# One row a kind of gate: who is asked at tier 1, who joins them at tier 2, and who at tier 3. Nobody is asked twice:
# the AI owner has asked for it, and the business owner is asked about worth where the stage is left.
_PILOT_GATES: Mapping[GateKind, tuple[str, str, str]] = MappingProxyType({
    GateKind.FIRST_EXPOSURE: ("risk operations", "data_steward", "compliance security"),
    GateKind.CHECKPOINT: ("operations", "risk", "compliance"),
    GateKind.STAGE: ("risk operations accountable_exec", "data_steward", "compliance security"),
    GateKind.RESUME: ("risk operations", "", "compliance"),
    GateKind.AMENDMENT: ("risk operations", "data_steward", "compliance"),
    GateKind.OVERRIDE: ("accountable_exec operations", "", ""),
    GateKind.RETIREMENT: ("accountable_exec platform", "", "compliance"),
})  # fmt: skip
_LIMITED_GATES: Mapping[GateKind, tuple[str, str, str]] = MappingProxyType({
    GateKind.FIRST_EXPOSURE: ("platform", "", ""),
    GateKind.CHECKPOINT: ("risk", "", "platform"),
    GateKind.STAGE: ("platform", "compliance", ""),
    GateKind.RESUME: ("", "platform", ""),
    GateKind.AMENDMENT: ("", "compliance", ""),
})  # fmt: skip
_RECORD_GATES: Mapping[GateKind, tuple[str, str, str]] = MappingProxyType({
    GateKind.CHECKPOINT: ("", "platform", "security"),
    GateKind.STAGE: ("", "", "legal"),
    GateKind.HANDOFF: ("operations platform", "risk", "compliance"),
    GateKind.OPERATING: ("operations", "risk", "compliance"),
    GateKind.RETIREMENT: ("", "compliance", ""),
})  # fmt: skip
_GATES = MappingProxyType(
    {Stage.PILOT: _PILOT_GATES, Stage.LIMITED: _LIMITED_GATES, Stage.SYSTEM_OF_RECORD: _RECORD_GATES}
)

_QUESTIONS: Mapping[Function, str] = MappingProxyType({
    Function.ACCOUNTABLE_EXEC: "What do you answer for from here on, and what would make you stop it?",
    Function.COMPLIANCE: "Which rule or duty does this touch, and where is the evidence that it is kept?",
    Function.DATA_STEWARD: "Is every source used as it was approved, with its retention and access in order?",
    Function.LEGAL: "Which liability or promise to people outside does this create?",
    Function.OPERATIONS: "Can the team carry the manual fallback today, and did support keep up?",
    Function.PLATFORM: "Does what the system really exposes match the plan, and was the way back tried?",
    Function.RISK: "What could still go wrong for the people served, and who would notice first?",
    Function.SECURITY: "What can it reach that it does not need, and how would misuse be seen?",
})  # fmt: skip

# The ten items: what a low-risk pilot must show, what joins at tier 2, and what at tier 3. Later stages ask for all.
_READINESS = (
    ("business_case", "owner", "risk_tier", "baseline"),
    ("data_steward", "evaluation", "logging"),
    ("rollback_tested", "training", "support_model"),
)
_TEN = tuple(ReadinessItem(item) for row in _READINESS for item in row)

# What reaches people outside, money or what cannot be undone; and what writes inside.
_OUTSIDE = tuple(verb for verb in Verb if verb.risk == 3)  # noqa: PLR2004 - the highest of the four risks
_INSIDE = tuple(verb for verb in Verb if verb.risk == 2)  # noqa: PLR2004 - the second highest
_MONEY = (Verb.PAY, Verb.DELETE)
_FINAL = (Verb.APPROVE, Verb.REFUND, *_MONEY)

# Every other rule: its value at tier 1, 2 and 3. Metrics that machines read say a shorter `every` themselves.
_PILOT: Mapping[str, tuple[object, object, object]] = MappingProxyType({
    "briefing_max_age": ("30d", "30d", "28d"),
    "checklist": (1, 1, 1),
    "min_observation": ("7d", "10d", "14d"),
    "max_observation": ("60d", "60d", "45d"),
    "review_every": ("30d", "28d", "14d"),
    "narrow_after": ("10bd", "10bd", "5bd"),
    "pause_after": (None, None, "20bd"),
    "drill_max_age": (None, None, "90d"),
    "drill_recorded": (False, False, True),
    "evidence_max_age": ("180d", "180d", "120d"),
    "notice_lead": ("2bd", "2bd", "2bd"),
    "acknowledge": (False, False, True),
    "training_coverage": (0, 0, 8_000),
    "trained_only": (False, False, True),
    "stale_after": ("14d", "14d", "10d"),
    "first_wave_max_share": (5_000, 3_500, 2_500),
    "max_people": (250, 100, 50),
    "max_duration": ("200d", "180d", "150d"),
    "review_only": (_INSIDE, _INSIDE, _INSIDE),
    "denied": (_OUTSIDE, _OUTSIDE, _OUTSIDE),
    "override_max": ("72h", "72h", "48h"),
    "remind_before": ("2bd", "2bd", "2bd"),
    "repeat_cycles": (1, 1, 1),
})  # fmt: skip
_LIMITED: Mapping[str, tuple[object, object, object]] = MappingProxyType({
    "briefing_max_age": ("28d", "28d", "21d"),
    "checklist": (1, 1, 1),
    "min_observation": ("10d", "14d", "14d"),
    "max_observation": ("60d", "45d", "45d"),
    "review_every": ("28d", "14d", "14d"),
    "narrow_after": ("10bd", "5bd", "3bd"),
    "pause_after": ("20bd", "20bd", "10bd"),
    "drill_max_age": ("90d", "90d", "60d"),
    "incident_within": (None, "5bd", "3bd"),
    "drill_recorded": (False, False, True),
    "evidence_max_age": ("180d", "120d", "90d"),
    "notice_lead": ("2bd", "2bd", "2bd"),
    "acknowledge": (False, True, True),
    "training_coverage": (8_000, 9_000, 10_000),
    "trained_only": (False, True, True),
    "stale_after": ("14d", "10d", "7d"),
    "review_only": (_OUTSIDE, _OUTSIDE, (*_OUTSIDE, *_INSIDE)),
    "denied": (_MONEY, _MONEY, _FINAL),
    "override_max": ("72h", "48h", "24h"),
    "remind_before": ("2bd", "2bd", "2bd"),
    "repeat_cycles": (1, 2, 2),
})  # fmt: skip
_RECORD: Mapping[str, tuple[object, object, object]] = MappingProxyType({
    "briefing_max_age": ("21d", "21d", "14d"),
    "checklist": (1, 1, 1),
    "min_observation": ("14d", "14d", "21d"),
    "max_observation": ("45d", "45d", "30d"),
    "review_every": ("28d", "14d", "7d"),
    "narrow_after": ("5bd", "3bd", "2bd"),
    "pause_after": ("20bd", "10bd", "5bd"),
    "drill_max_age": ("90d", "60d", "45d"),
    "incident_within": ("5bd", "3bd", "2bd"),
    "drill_recorded": (False, True, True),
    "evidence_max_age": ("120d", "90d", "90d"),
    "notice_lead": ("2bd", "2bd", "2bd"),
    "acknowledge": (True, True, True),
    "training_coverage": (9_000, 10_000, 10_000),
    "trained_only": (True, True, True),
    "stale_after": ("10d", "7d", "5d"),
    "review_only": (_FINAL, _FINAL, _FINAL),
    "denied": ((), (), ()),
    "override_max": ("48h", "24h", "24h"),
    "override_review": ("1bd", "1bd", "1bd"),
    "remind_before": ("2bd", "2bd", "2bd"),
    "repeat_cycles": (1, 2, 2),
    "recertify_every": ("180d", "90d", "90d"),
    "handoff_pack": (True, True, True),
    "overdue_narrows": ("10bd", "5bd", "3bd"),
    "evaluate_every": ("180d", "90d", "60d"),
    "review_after": (("90d",), ("30d", "90d"), ("30d", "90d")),
})  # fmt: skip
# Exceptions: how long one may last, how often it is renewed before the accountable executive must, how many may be in
# force, and how many days old they may be together. What a low-risk pilot may do for a quarter, a record may not.
_EXCEPTIONS = MappingProxyType({
    Stage.PILOT: (("90d", 2, 4, 180), ("60d", 1, 3, 120), ("60d", 1, 2, 90)),
    Stage.LIMITED: (("60d", 1, 3, 120), ("45d", 1, 2, 90), ("30d", 1, 2, 60)),
    Stage.SYSTEM_OF_RECORD: (("45d", 1, 2, 90), ("30d", 1, 2, 60), ("30d", 0, 1, 30)),
})  # fmt: skip
_RULES = MappingProxyType({Stage.PILOT: _PILOT, Stage.LIMITED: _LIMITED, Stage.SYSTEM_OF_RECORD: _RECORD})


def _upto(stage: Stage) -> tuple[Stage, ...]:
    return tuple(Stage)[: stage.rank + 1]


def _functions(stage: Stage, tier: Tier, kind: GateKind) -> tuple[Function, ...]:
    rows = (_GATES[lower].get(kind, ("", "", "")) for lower in _upto(stage))
    asked = {name for row in rows for part in row[:tier] for name in part.split()}
    return tuple(Function(name) for name in sorted(asked))


def _signed(stage: Stage, tier: Tier, kind: GateKind) -> bool:
    # A low-risk pilot must be easy; what changes a system of record, or skips a control, must be beyond doubt.
    if stage is Stage.SYSTEM_OF_RECORD or tier == max(_TIERS):
        return True
    return tier > 1 and (stage is not Stage.PILOT or kind is GateKind.OVERRIDE)


def _gate(stage: Stage, tier: Tier, kind: GateKind) -> GateRule:
    functions = _functions(stage, tier, kind)
    record = stage is Stage.SYSTEM_OF_RECORD
    # A yes must live until it is used: through the rest of the round and the notices after it. Where the round is
    # three days and the notice two, five are enough for every vote. A yes to an emergency is a yes for today.
    return GateRule(
        functions=dict.fromkeys(functions, 1),
        questions={function: (_QUESTIONS[function],) for function in functions},
        window=Span.of("3bd" if record else "5bd"),
        vote_expiry=Span.of("24h" if kind is GateKind.OVERRIDE else "5bd"),
        signed=_signed(stage, tier, kind),
        escalate_after=Span.of("1bd" if record else "2bd"),
    )


def _families(stage: Stage, tier: Tier) -> tuple[MetricFamily, ...]:
    if stage is not Stage.PILOT:
        return MetricFamily.OUTCOME, MetricFamily.TECHNICAL, MetricFamily.GOVERNANCE, MetricFamily.COST
    return (MetricFamily.OUTCOME, MetricFamily.TECHNICAL, MetricFamily.GOVERNANCE)[:tier]


def _dimensions(stage: Stage, tier: Tier) -> tuple[Dimension, ...]:
    # Of a low-risk pilot a briefing says what it does not know, and lets people decide.
    return () if stage is Stage.PILOT and tier == 1 else tuple(Dimension)


def _readiness(stage: Stage, tier: Tier) -> tuple[ReadinessItem, ...]:
    if stage is not Stage.PILOT:
        return _TEN
    return tuple(ReadinessItem(item) for row in _READINESS[:tier] for item in row)


def _exceptions(stage: Stage, tier: Tier) -> dict[str, object]:
    names = ("longest", "renewals", "max_in_force", "max_days")
    return dict(zip(names, _EXCEPTIONS[stage][tier - 1], strict=True))


def _rules(stage: Stage, tier: Tier) -> StageRules:
    kinds = [kind for kind in GateKind if _functions(stage, tier, kind)]
    return StageRules.model_validate(
        {
            "gates": {kind: _gate(stage, tier, kind) for kind in kinds},
            "families": _families(stage, tier),
            "dimensions": _dimensions(stage, tier),
            "readiness": _readiness(stage, tier),
            "environment": True,
            "maturity": stage is not Stage.PILOT,
            "exceptions": _exceptions(stage, tier),
            **{name: row[tier - 1] for name, row in _RULES[stage].items()},
        }
    )


def _standard(describes: str, *stages: Stage) -> Standard:
    return Standard.model_validate(
        {
            "describes": describes,
            "stages": {stage: {str(tier): _rules(stage, tier) for tier in _TIERS} for stage in stages},
        }
    )


BUILT_IN: Mapping[str, Standard] = MappingProxyType({
    "standard/pilot@1": _standard("A pilot: small, supervised, dated; it ends or earns more.", Stage.PILOT),
    "standard/staged@1": _standard("From pilot through a limited rollout to system of record.", *Stage),
})  # fmt: skip
"""The standards that every programme has, by name and version."""
