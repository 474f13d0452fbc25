"""What is frozen: which widening a revision brings in by the way, and whose own yes that needs."""

from __future__ import annotations

import pytest

from tests.pure.world import but, exposure, standard_plan, with_member, with_rung
from tidegate import frozen
from tidegate.models.base import Stage
from tidegate.models.plan import Plan

MANY = {"models": ("small-text", "large-text")}
WORDS = ("models", "data", "cohorts")


def cold(stage: Stage, *what: str, plan: Plan | None = None) -> Plan:
    """Return a plan that has frozen so much in one stage."""
    plan = plan or standard_plan()
    return but(plan, stages={**plan.stages, stage: plan.stages[stage].but(frozen=what)})


def test_what_is_as_it_was_touches_nothing() -> None:
    """A wave is compared with itself as it was, though the stage began with more than the stage before it."""
    plan = with_rung(standard_plan(), 3, exposure=exposure(50, **MANY))
    for stage in Stage:
        if stage in plan.stages:
            old = cold(stage, *WORDS, plan=plan)
            assert frozen.touched(old, but(old, title="Again")) == ()


@pytest.mark.parametrize(
    ("level", "stage"), [(1, Stage.PILOT), (2, Stage.PILOT), (4, Stage.LIMITED), (5, Stage.SYSTEM_OF_RECORD)]
)
def test_every_wave_of_the_stage_is_looked_at_and_no_other(level: int, stage: Stage) -> None:
    """The first and the last of the ladder too; what is widened is named alone, and where it is frozen alone."""
    plan = standard_plan()
    wider = exposure(plan.exposure(level).people, **MANY)
    for frozen_in in plan.stages:
        old = cold(frozen_in, *WORDS)
        found = frozen.touched(old, with_rung(old, level, exposure=wider))
        assert found == ((f"{stage.value}: models",) if frozen_in is stage else ())


def test_a_new_wave_is_seen_against_the_wave_before_it() -> None:
    """Called otherwise, a wave is a new one: the first adds all that it serves, a later one what is more."""
    old = cold(Stage.PILOT, *WORDS)
    assert frozen.touched(old, with_rung(old, 1, wave="w0")) == ("pilot: models", "pilot: data", "pilot: cohorts")
    assert frozen.touched(old, with_rung(old, 2, wave="w9")) == ("pilot: cohorts",)
    assert frozen.touched(old, with_rung(old, 2, wave="w9", exposure=exposure(10))) == ()


def test_to_thaw_it_is_to_widen_it() -> None:
    """What is frozen no more is named, also where its stage is gone; what is frozen beside it is no widening."""
    old = cold(Stage.LIMITED, "models", "data")
    assert frozen.touched(old, cold(Stage.LIMITED, "data")) == ("limited: models",)
    assert frozen.touched(old, cold(Stage.LIMITED, "models", "data", "cohorts")) == ()
    ladder = tuple(rung for rung in old.ladder if rung.stage is not Stage.LIMITED)
    stages = {name: stage for name, stage in old.stages.items() if name is not Stage.LIMITED}
    assert frozen.touched(old, but(old, ladder=ladder, stages=stages)) == ("limited: models", "limited: data")


OUTSIDE = with_member(standard_plan(), "exec", organisation="vendor")


@pytest.mark.parametrize(
    ("plan", "barred", "who"),
    [
        (standard_plan(), (), "exec"),
        (standard_plan(), ("exec",), "governance"),
        (standard_plan(), ("exec", "governance"), "business"),
        (standard_plan(), ("exec", "governance", "business"), None),
        (but(standard_plan(), accountable_exec=None), (), "governance"),
        (but(standard_plan(), accountable_exec="nobody-here"), (), "governance"),
        (with_member(standard_plan(), "exec", active=False), (), "governance"),
        (OUTSIDE, (), "governance"),
        (OUTSIDE, ("governance",), "business"),
    ],
)
def test_the_first_who_answers_for_it_and_did_not_ask_says_yes(
    plan: Plan, barred: tuple[str, ...], who: str | None
) -> None:
    """Never who asked, who has left or who is of a vendor; where nobody is left, nobody can."""
    assert frozen.approver(plan, barred) == who
