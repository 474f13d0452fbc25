"""Each target in sight before it widens: what the condition says where it holds, and of what it cannot see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pure.world import START, but, standard_plan, with_rules
from tidegate import environment
from tidegate.decide import begin
from tidegate.models.decision import Check, Verdict
from tidegate.models.exposed import TargetState
from tidegate.models.reasons import Code
from tidegate.models.state import State
from tidegate.models.target import TARGETS_TOLD
from tidegate.turn import because

PLAN = with_rules(standard_plan(), environment=True)
MANY = but(PLAN, targets=tuple(f"flags/{number:02}" for number in range(TARGETS_TOLD + 1)))


def seen(*names: str, **more: Any) -> State:
    """Return a rollout of which these targets were told."""
    state = begin(PLAN, START)
    rows = tuple(TargetState(**{"target": name, "became": "confirmed", "since": START, **more}) for name in names)
    return state.but(exposure=state.exposure.but(targets=rows))


@pytest.mark.parametrize(
    ("logging", "what"),
    [("every run, for ten years", "every run, for ten years"), (None, "what the plan does not say.")],
)
def test_where_all_is_in_sight_it_says_what_is_written_down(logging: str | None, what: str) -> None:
    """Whoever votes reads which targets are in sight, and what is written down of each run."""
    plan = but(PLAN, logging=logging)
    reason = because(Code.IN_SIGHT, targets=plan.targets, what=what)
    passed = Check(name="environment", verdict=Verdict.PASSED, reason=reason)
    assert environment.checks(plan, seen(*plan.targets), 1) == (passed,)


def test_of_more_targets_than_are_told_none_is_waited_for() -> None:
    """Of more than can be told nobody knows which were never seen, and none is waited for; of fewer each is named."""
    (passed,) = environment.checks(MANY, seen(*MANY.targets[:TARGETS_TOLD]), 1)
    assert (passed.verdict, passed.reason.code) == (Verdict.PASSED, Code.IN_SIGHT)
    (waits,) = environment.checks(MANY, seen(*MANY.targets[: TARGETS_TOLD - 1]), 1)
    assert waits.verdict is Verdict.PENDING
    assert waits.reason == because(Code.TARGET_NEVER_SEEN, targets=MANY.targets[TARGETS_TOLD - 1 :])


@pytest.mark.parametrize(("note", "why"), [(None, ""), ("refused", " (refused)")])
def test_what_is_out_of_sight_is_named_with_since_when_and_why(note: str | None, why: str) -> None:
    """Where nobody knows why, nothing stands there."""
    (check,) = environment.checks(PLAN, seen(*PLAN.targets, became="unseen", note=note), 1)
    assert check.verdict is Verdict.PENDING
    assert check.reason == because(Code.TARGET_LOST, targets=[f"flags/claims since 2026-11-23 09:00 UTC{why}"])
