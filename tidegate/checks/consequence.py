"""Consequence: that discipline grows with it, in the standard, in a stage that touches more, and from use to use."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegate.authoring.built_in import BUILT_IN, EXPOSURE_LIMITS
from tidegate.authoring.standards import looser
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Stage
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.standard import StageRules, Standard

_TIERS = ("1", "2", "3")
_TOP = 3


_OWN = "house/two-steps@1"


def _house(limited: str) -> dict[str, object]:
    """Return a standard of the house, as short as can be, and how long a hold of its limited rollout stays fresh."""
    gate = {"checkpoint": {"functions": {"risk": 1}}}
    return {
        "describes": "Two steps",
        "stages": {
            "pilot": {"2": {"gates": gate, "stale_after": "10d"}},
            "limited": {"2": {"gates": gate, "stale_after": limited}},
        },
    }


@Rule(
    "G1",
    "A standard that asks less where more is at stake",
    "Whoever is served later would be protected less than whoever tried it first.",
    Example(
        f"standards.{_OWN}.stages.limited.2",
        wrong={"extends": _OWN, "programme:standards": {_OWN: _house("14d")}},
        right={"extends": _OWN, "programme:standards": {_OWN: _house("10d")}},
    ),
    covers=("I2",),
)
def tightens(case: Case) -> Iterator[Fault]:
    """From stage to stage and from tier to tier a standard of the house asks at least as much; exposure alone opens."""
    name = case.playbook.extends
    standard = case.programme.standards.get(name)
    if standard is None or name in BUILT_IN:
        return
    for what, path, lost in _lost(standard):
        yield Fault(
            ("standards", name, "stages", *path),
            f"{what} asks less: {', '.join(f'`{each}`' for each in lost[:5])}",
            "Ask at least as much there; only what bounds exposure may open from stage to stage.",
            document="programme",
        )


def _lost(standard: Standard) -> Iterator[tuple[str, tuple[str, str], list[str]]]:
    stages = [stage for stage in Stage if stage in standard.stages]
    for tier in _TIERS:
        for earlier, later in pairwise(stages):
            lost = _between(standard, (earlier, tier), (later, tier))
            kept = [each for each in lost if each not in EXPOSURE_LIMITS]
            if kept:
                yield f"`{later.value}` after `{earlier.value}` at tier {tier}", (later.value, tier), kept
    for stage in stages:
        for lower, higher in pairwise(_TIERS):
            if lost := _between(standard, (stage, lower), (stage, higher)):
                yield f"tier {higher} at `{stage.value}`, next to tier {lower},", (stage.value, higher), lost


def _between(standard: Standard, less: tuple[Stage, str], more: tuple[Stage, str]) -> list[str]:
    before, after = (_rules(standard, *place) for place in (less, more))
    return [] if before is None or after is None else list(looser(after, before))


def _rules(standard: Standard, stage: Stage, tier: str) -> StageRules | None:
    return next((rules for known, rules in standard.stages[stage].items() if known == tier), None)


def _given(**more: object) -> dict[str, object]:
    """Return what a stage gives that is held to the rules of a system of record, and more."""
    return {
        "limited.never_widen": ["data"],
        "limited.evidence": ["Each session with its verdict"],
        "limited.on_the_hook": ["platform-lead"],
        "programme:records": ["sandbox"],
        **more,
    }


@Rule(
    "G6",
    "An early stage that touches what a system of record touches",
    "A customer who is written to by a pilot is no less written to.",
    Example(
        "limited",
        wrong=_given(),
        right=_given(**{"limited.may.sandbox": {"run_code": "review"}}),
        base="coding-assistant",
    ),
    severity=Severity.WARNING,
)
def raised(case: Case) -> Iterator[Fault]:
    """A stage that is held to the rules of a system of record is told so, and why."""
    for stage, why in case.raised.items():
        yield Fault(
            case.place(stage),
            f"`{stage.value}` is held to the rules of a system of record: {'; '.join(why)}",
            "Take that out of this stage, or give what a system of record owes.",
        )


@Rule(
    "I5",
    "The riskiest before anything was brought to its end",
    "What the organisation learns first should not be learned on whom a mistake hurts most.",
    Example(
        "factors",
        wrong={"factors.decision": "consequential", "programme:tier_3_after": 1},
        right={
            "factors.decision": "consequential",
            "programme:tier_3_after": 1,
            "programme:completed": [
                {"use_case": "minutes", "tier": 1, "ended": "2026-10-01", "evidence": "ledger head 7f3a"}
            ],
        },
    ),
)
def proven_first(case: Case) -> Iterator[Fault]:
    """The first use case of tier 3 begins once so many of tier 1 are completed as the programme asks."""
    others = [use for use in case.programme.completed if use.use_case != case.playbook.use_case]
    done = [use for use in others if use.ended <= case.as_of]
    ones = {use.use_case for use in done if use.tier == 1}
    needed = case.programme.tier_3_after
    if case.tier == _TOP and len(ones) < needed and all(use.tier != _TOP for use in done):
        yield Fault(
            ("factors",),
            f"it is of tier 3, and of tier 1 only {len(ones)} of {needed} use cases are completed",
            "Bring those to their end first; the programme lists them under `completed`, each with its evidence.",
        )


@Rule(
    "I10",
    "Nothing is said to be uncertain",
    "What nobody writes down as an assumption is found out by whoever relied on it.",
    Example(
        "assumptions",
        wrong={"factors.decision": "consequential"},
        right={
            "factors.decision": "consequential",
            "assumptions": [
                {"what": "Claims come in as before", "owner": "claims-head", "test": "Count them each month"}
            ],
        },
    ),
    severity=Severity.WARNING,
)
def uncertain(case: Case) -> Iterator[Fault]:
    """A use case of tier 3 names what it assumes, who finds out, and how."""
    if case.tier == _TOP and not case.playbook.assumptions:
        yield Fault(
            ("assumptions",),
            "no assumption is named, with who finds out whether it holds, and how",
            "Write `assumptions`: what is taken to be so, its owner, and the test that would show it wrong.",
        )


RULES = (tightens, raised, proven_first, uncertain)
