"""Revisions at their edges: who is asked for them and for what, and what an agreement to one widens, and does not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.pure.world import F, Story, but, exposure, standard_plan, with_rung
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.cycle import Cycle
from tidegate.models.event import Amend
from tidegate.models.handing import Takeover
from tidegate.models.member import CohortRoll, Members, Resolved
from tidegate.models.plan import Plan
from tidegate.models.standard import GateRule
from tidegate.models.state import Phase

DAY = timedelta(days=1)
MORE = {"models": ("large-text", "small-text")}


def staged(plan: Plan, stage: Stage, **changes: Any) -> Plan:
    """Return the plan with something of one stage changed."""
    return but(plan, stages={**plan.stages, stage: plan.stages[stage].but(**changes)})


def asking(plan: Plan, stage: Stage, functions: dict[F, int]) -> Plan:
    """Return the plan in which one stage asks these functions about a revision."""
    gates = {**plan.stages[stage].rules.gates, GateKind.AMENDMENT: GateRule(functions=functions)}
    return staged(plan, stage, rules=plan.stages[stage].rules.model_copy(update={"gates": gates}))


# -- who is asked -----------------------------------------------------------------------------------------------------


def test_a_wider_revision_is_a_yes_to_exactly_these_people() -> None:
    """Where it is read who is in a cohort, what is voted on names the list that was read last."""
    source = Members(csv="all.csv", person="id")
    plan = but(standard_plan(), cohorts={"team/all": CohortRoll(source=source)})
    story = Story(plan)
    story.rolls = lambda _: Resolved(digest="1" * 64, people=40)
    story.live()
    story.message(Amend, "owner", plan=with_rung(plan, 1, exposure=exposure(15)))
    change = story.gate.change
    assert change is not None
    assert (change.unnamed, change.cohorts["team/all"].who) == (exposure(15), ("1" * 64,))


@pytest.mark.parametrize(("by", "asked"), [("business", ()), ("receiver", ("business",))])
def test_whoever_asks_to_follow_the_receiver_has_said_so(by: str, asked: tuple[str, ...]) -> None:
    """By their own wish they are not asked again, and cannot be in the way of it; by another's they are."""
    story = Story().operate()
    taken = Takeover(by="receiver", at=story.now, pack="a" * 64, effective=story.now, in_force=True)
    story.state = story.state.but(takeover=taken)
    handoff = story.plan.handoff
    assert handoff is not None
    story.message(Amend, by, plan=but(story.plan, handoff=handoff.but(receiver="business")))
    assert (story.gate.kind, story.gate.persons) == (GateKind.AMENDMENT, asked)


def test_who_votes_reads_all_that_is_frozen_and_would_be_wider() -> None:
    """Each of it stands in what the round of votes is called."""
    plan = staged(standard_plan(), Stage.PILOT, frozen=("models", "data", "cohorts"))
    story = Story(plan).live()
    new = with_rung(plan, 1, exposure=exposure(15, **MORE))
    story.message(Amend, "owner", plan=new)
    words = "which widens what is frozen (pilot: models, pilot: cohorts)"
    assert story.gate.label == f"revision {new.digest[:12]}, {words}"


OURS, THEIRS = {F.RISK: 2, F.PLATFORM: 1}, {F.RISK: 1, F.COMPLIANCE: 1}


@pytest.mark.parametrize("before", [True, False])
def test_only_a_stage_that_a_revision_raises_asks_its_people(before: bool) -> None:
    """What is raised already was agreed to by them when it was; what is raised now asks them too."""
    plan = asking(asking(standard_plan(), Stage.PILOT, OURS), Stage.LIMITED, THEIRS)
    higher = staged(plan, Stage.LIMITED, raised=("pays",))
    story = Story(higher if before else plan).live()
    story.message(Amend, "owner", plan=with_rung(higher, 1, exposure=exposure(15)))
    assert story.gate.needs == (OURS if before else {**OURS, **THEIRS, F.RISK: 2})


@pytest.mark.parametrize("raised", [(), ("pays",)])
def test_a_stage_more_is_a_revision_like_any_other(raised: tuple[str, ...]) -> None:
    """Whoever is asked about a revision is asked about it; a new stage that is raised asks its own people too."""
    whole = asking(asking(standard_plan(), Stage.PILOT, OURS), Stage.SYSTEM_OF_RECORD, THEIRS)
    stages = {name: stage for name, stage in whole.stages.items() if name is not Stage.SYSTEM_OF_RECORD}
    story = Story(but(whole, ladder=whole.ladder[:4], stages=stages)).live()
    story.message(Amend, "owner", plan=staged(whole, Stage.SYSTEM_OF_RECORD, raised=raised))
    assert story.gate.needs == ({**OURS, **THEIRS, F.RISK: 2} if raised else OURS)


# -- what follows from a yes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opens", [540, 600])
def test_a_holiday_that_is_over_makes_nothing_material(opens: int) -> None:
    """What few were asked about leaves what has repeated, though a holiday of the past is gone; other hours do not."""
    plan = standard_plan()
    old = but(plan, calendar=plan.calendar.but(holidays=(date(2026, 9, 1),)))
    story = Story(old).live()
    cycle = Cycle(stage=Stage.PILOT, wave="w1", since=story.now - DAY, until=story.now)
    story.state = story.state.but(cycles=(cycle,))
    notices = (plan.notices[0].but(lead=Span.of("3d")),)
    new = but(plan, notices=notices, calendar=plan.calendar.but(opens=opens))
    story.message(Amend, "owner", plan=new)
    story.agree()
    assert story.plan.digest == new.digest
    assert story.state.cycles == ((cycle,) if opens == plan.calendar.opens else ())


@pytest.mark.parametrize("left", [True, False])
def test_what_was_agreed_for_a_wave_that_was_left_since_widens_nothing(left: bool) -> None:
    """A yes is to exactly that: where more people are served by now, nobody has agreed to more models for them."""
    story = Story().live().review()
    if left:
        story.agree()
        story.widening()
    plan = story.plan
    for level in range(1, 6):
        plan = with_rung(plan, level, exposure=exposure(plan.exposure(level).people, **MORE))
    story.message(Amend, "owner", plan=plan)
    gate = story.gate
    assert (gate.kind, gate.change) == (GateKind.AMENDMENT, exposure(10, **MORE))
    story.auto = True
    story.answer()
    story.agree(gate)
    assert story.plan.digest == plan.digest
    story.wait(2 * DAY)
    assert story.phase is Phase.OBSERVING
    assert story.state.exposure.desired == (exposure(20) if left else exposure(10, **MORE))
