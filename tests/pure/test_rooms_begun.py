"""What is asked at the door of a system of record, who has a right that no plan gives, plans that lack much."""

from __future__ import annotations

import pytest

from tests.pure.world import START, Story, but, standard_plan, with_rules
from tidegate import proven, rights
from tidegate.materiality import diff
from tidegate.models.decision import Outcome
from tidegate.models.event import Actor, Amend
from tidegate.models.plan import Rung
from tidegate.models.programme import Right

FIVE = standard_plan().ladder
LADDERS = {
    "two waves of a system of record": ((*FIVE, FIVE[-1].but(wave="w6")), [5]),
    "straight from a pilot": ((FIVE[0], FIVE[-1]), [2]),
    "no system of record": (FIVE[:4], []),
}


@pytest.mark.parametrize(("ladder", "asked"), LADDERS.values(), ids=LADDERS)
def test_maturity_is_asked_before_the_first_wave_of_a_system_of_record_alone(
    ladder: tuple[Rung, ...], asked: list[int]
) -> None:
    """Wherever it begins it is asked, and never again after that."""
    plan = with_rules(but(standard_plan(), ladder=ladder), maturity=True)
    assert [level for level in range(1, len(plan.ladder) + 1) if proven.asked(plan, level)] == asked


def test_a_right_that_a_plan_gives_nobody_is_nobodys() -> None:
    """Whoever holds it elsewhere has lost it, and asking is no error."""
    plan, actor = standard_plan(), Actor(subject="ops-a")
    assert rights.may(plan, actor, Right.REDUCE)
    silent = but(plan, rights={right: who for right, who in plan.rights.items() if right is not Right.REDUCE})
    assert not rights.may(silent, actor, Right.REDUCE)


def test_only_another_vendor_is_another_vendor() -> None:
    """A model that stays with its vendor is no change; the same model of another is one."""
    plan = but(standard_plan(), vendors={"small-text": "acme"})
    assert "small-text" in plan.models
    assert diff(plan, plan, START) == ()
    (change,) = diff(plan, but(plan, vendors={"small-text": "other"}), START)
    assert change.what == "model small-text: another vendor"


def test_a_plan_that_hands_over_to_nobody_may_be_revised() -> None:
    """Nothing of a supplier is asked of it."""
    story = Story(but(standard_plan(), handoff=None)).live()
    story.message(Amend, "owner", plan=but(story.plan, title="Claims, again"))
    assert (story.plan.title, story.codes(Outcome.REFUSED)) == ("Claims, again", [])
