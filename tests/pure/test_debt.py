"""Exception debt: what counts into it, how it is said, and from which figure on nothing widens any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, standard_plan, with_rules
from tidegate.debt import Debt, checks, debt, told
from tidegate.decide import begin
from tidegate.models.base import Stage
from tidegate.models.decision import Verdict
from tidegate.models.exception import ExceptionRules
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.waiver import Waiver

if TYPE_CHECKING:
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

DAY = timedelta(days=1)


def waiver(**more: Any) -> Waiver:
    """Return an exception from a drill in the pilot: asked for thirty days ago, and good for another thirty."""
    values: dict[str, Any] = {
        "item": ReadinessItem.ROLLBACK_TESTED.value, "stage": Stage.PILOT, "control": "watched by hand",
        "asked_by": "owner", "asked_at": START - 30 * DAY, "until": START + 30 * DAY, "by": "risk-a", "given": 1,
    }  # fmt: skip
    return Waiver(**{**values, **more})


def owing(*waivers: Waiver) -> State:
    """Return a state with these exceptions."""
    named = {f"waiver-{number}": one for number, one in enumerate(waivers)}
    return begin(standard_plan(), START).but(waivers=named)


def bounded(**bounds: int) -> Plan:
    """Return a plan whose pilot bounds its exceptions."""
    exceptions = ExceptionRules.model_validate({"longest": "60d", **bounds})
    return with_rules(standard_plan(), Stage.PILOT, exceptions=exceptions)


COUNTED: dict[str, tuple[dict[str, Any], Debt]] = {
    "in force": ({}, Debt(0, 1, 30, 0, 1, 2)),
    "only asked for": ({"by": None}, Debt(1, 0, 0, 0, 0, 2)),
    "over this very moment": ({"until": START}, Debt(0, 0, 0, 0, 0, 2)),
    "renewed twice, and no younger": ({"given": 3, "since": START - 90 * DAY}, Debt(0, 1, 90, 2, 1, 2)),
    "of another stage": ({"stage": Stage.LIMITED}, Debt(0, 1, 30, 0, 0, 2)),
    "from a problem": ({"item": "issue-1"}, Debt(0, 1, 30, 0, 0, 2)),
}


@pytest.mark.parametrize(("more", "found"), COUNTED.values(), ids=COUNTED)
def test_what_is_in_force_is_owed_and_nothing_else(more: dict[str, Any], found: Debt) -> None:
    """An exception counts while it is in force, as old as its first day, and as a share only of its own stage."""
    assert debt(standard_plan(), owing(waiver(**more)), Stage.PILOT, START) == found
    twice = debt(standard_plan(), owing(waiver(**more), waiver()), Stage.PILOT, START)
    assert (twice.in_force, twice.days, twice.waived) == (found.in_force + 1, found.days + 30, 1)


@pytest.mark.parametrize(("waived", "controls", "share"), [(0, 0, 0), (0, 2, 0), (1, 3, 33), (2, 3, 67), (2, 2, 100)])
def test_the_share_is_in_hundredths(waived: int, controls: int, share: int) -> None:
    """Of nothing no share is waived; of three items one is a third."""
    assert Debt(0, 0, 0, 0, waived, controls).share == share


@pytest.mark.parametrize(
    ("bounds", "most"),
    [
        ({}, ""),
        ({"max_in_force": 2}, "at most 2 in force"),
        ({"max_days": 60}, "at most 60 days"),
        ({"max_in_force": 1, "max_days": 59}, "at most 1 in force and at most 59 days"),
        ({"max_in_force": 2, "max_days": 60}, "at most 2 in force and at most 60 days"),
        ({"max_in_force": 1}, "at most 1 in force"),
        ({"max_days": 59}, "at most 59 days"),
    ],
)
def test_up_to_the_bound_it_widens_and_beyond_it_nothing_does(bounds: dict[str, int], most: str) -> None:
    """Two in force, sixty days old together, are lawful to the last; one more than the standard allows bars all."""
    plan, state = bounded(**bounds), owing(waiver(), waiver())
    over = bounds.get("max_in_force") == 1 or bounds.get("max_days") == 59
    found = checks(plan, state, 1, START)
    assert [(one.name, one.verdict, one.reason.code) for one in found] == (
        [("exceptions", Verdict.FAILED, Code.EXCEPTION_DEBT)] if over else []
    )
    assert [one.reason.facts for one in found] == ([{"count": "2", "days": "60", "most": most}] if over else [])
    assert checks(plan, owing(), 1, START) == ()
    assert checks(plan, state, 3, START) == (), "what the pilot allows is no rule of the next stage"


@pytest.mark.parametrize(
    ("stage", "most"), [(Stage.PILOT, "at most 1 in force and at most 59 days"), (Stage.LIMITED, "without a bound")]
)
def test_the_tally_says_how_much_there_is_and_may_be(stage: Stage, most: str) -> None:
    """Whoever asks hears every figure, and the bound of the stage that it is about."""
    reason = told(bounded(max_in_force=1, max_days=59), Debt(7, 1, 30, 2, 3, 4), stage)
    assert (reason.code, reason.facts) == (
        Code.EXCEPTION_TALLY,
        {"count": "1", "days": "30", "renewals": "2", "waived": "3", "controls": "4", "stage": stage, "most": most},
    )
