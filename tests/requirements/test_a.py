"""Scope control: rows A4 to A8 and A10 to A19 of the requirements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.world import F, Story, but, exposure, standard_plan, with_rung
from tests.requirements.test_b import STAGED, made, plan_of
from tidegate.models.base import Mode, Stage
from tidegate.models.event import Amend, Delegate
from tidegate.models.plan import Plan

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def frozen(*what: str) -> Plan:
    """Return the standard plan whose pilot never widens some dimensions."""
    plan = standard_plan()
    return but(plan, stages={**plan.stages, Stage.PILOT: plan.stages[Stage.PILOT].but(frozen=what)})


WIDER = {
    "cohorts": exposure(40),
    "models": exposure(10, models=("small-text", "large-text")),
    "data": exposure(10, data=("store", "mail")),
    "verbs": exposure(10, grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.ALLOW}),
    "budget": exposure(10, runs_per_day=100),
}


@pytest.mark.parametrize("what", WIDER)
def test_a17_what_is_frozen_is_widened_only_with_the_own_yes_of_who_answers_for_it(what: str) -> None:
    """A revision that widens a frozen dimension waits for one person by name, whom no delegate replaces."""
    start = exposure(10, runs_per_day=10) if what == "budget" else exposure(10)
    for cold in (True, False):
        story = Story(with_rung(frozen(*((what,) if cold else ())), 1, exposure=start)).live()
        lent = {"to": "ops-b", "function": F.ACCOUNTABLE_EXEC, "until": story.now + DAY}
        story.message(Delegate, "exec", **lent)
        story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=WIDER[what]))
        assert story.gate.persons == (("exec",) if cold else ())
        story.vote("risk-a")
        story.vote("plat-a")
        story.vote("ops-b", on_behalf_of="exec")
        assert (story.plan.exposure(1) == WIDER[what]) is not cold
        if cold:
            assert (what in story.gate.label) is True
            story.vote("exec")
            assert story.plan.exposure(1) == WIDER[what]


def test_a17_what_is_frozen_is_not_thawed_by_the_way() -> None:
    """To take a dimension off the list is as grave as to widen it; a wave of the plan itself may not widen it."""
    story = Story(frozen("models")).live()
    story.message(Amend, "owner", plan=frozen())
    assert story.gate.persons == ("exec",)
    assert plan_of(STAGED).stages[Stage.SYSTEM_OF_RECORD].frozen == ("data", "verbs", "models")
    late = {"limited.never_widen": ["models"], "limited.waves[1].models": ["triage-large"]}
    assert "A17a" in {finding.rule for finding in made(STAGED, **late).findings}
