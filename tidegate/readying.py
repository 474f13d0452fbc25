"""What would make it ready: for each thing that is owed before a stage, what is typed and by whom.

Pure, and part of `standing`: whether an item is met is known in `readiness`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import gates, readiness, rehearsed, training
from tidegate.explain import explain
from tidegate.models.base import Function
from tidegate.models.decision import Verdict
from tidegate.models.messages import Step
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.sides import holding, lead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.decision import Check
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

DRILL = "drill rollback"
"""How a drill is run where nobody's word for it will do; where there are no test subjects, it is done for real."""


def steps(plan: Plan, state: State, level: int, now: datetime) -> Iterator[Step]:
    """Name what a stage still owes, who gives it, and how."""
    for check in gates.readiness(plan, state, level, now):
        if check.verdict is Verdict.PASSED:
            continue
        if check.name in plan.metrics:
            yield Step(verb="diagnose", who=(plan.metrics[check.name].reviewer,), why=explain(check.reason))
            continue
        if check.name == rehearsed.CONDITION:
            yield rehearsed.step(plan, state, check)
            continue
        if check.reason.code in (Code.GROUP_UNTRAINED, Code.TRAINING_OWED):
            yield _untrained(plan, state, check)
            continue
        shown = check.name in tuple(ReadinessItem) and check.name not in readiness.ONLY_SEEN
        data = check.name == ReadinessItem.DATA_STEWARD.value
        right = Right.READY if shown else Right.AMEND
        if check.reason.code is Code.EXCEPTION_DEBT:
            yield Step(verb="exception show", who=(lead(plan, state),), why=explain(check.reason))
            continue
        yield Step(
            verb=mends(check),
            who=(Function.DATA_STEWARD.value,) if data else holding(plan, state, right),
            why=explain(check.reason),
        )


def mends(check: Check) -> str:
    """Return what is typed to mend one thing without which it is not ready."""
    if check.reason.code is Code.DRILL_NEEDED:
        return DRILL
    if check.name == rehearsed.CONDITION:
        return rehearsed.STEP
    if check.name not in tuple(ReadinessItem) or check.name in readiness.ONLY_SEEN:
        return "amend PLAYBOOK"
    return f"ready {check.name} --evidence WHERE"


def _untrained(plan: Plan, state: State, check: Check) -> Step:
    """Say who puts training on record: of the programme's own people here, of a cohort where its list is kept."""
    facts, why = check.reason.facts, explain(check.reason)
    if facts.get("cohort") == training.PROGRAMME:
        verb = f"training --person PERSON --course {facts['group']} --on DATE --evidence WHERE"
        return Step(verb=verb, who=holding(plan, state, Right.READY), why=why)
    return Step(verb="training", who=(plan.business_owner,), why=why)


def drilling(plan: Plan) -> str:
    """Return how a drill is run under this plan."""
    return DRILL if plan.test_subjects else f"{DRILL} --real"
