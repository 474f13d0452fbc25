"""Amendments, told: who cannot be asked, who is asked for what raises a stage, and what the lines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import F, Story, but, exposure, standard_plan, with_member, with_rung
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.change import PreApproved
from tidegate.models.decision import Outcome
from tidegate.models.event import Amend, Reduction
from tidegate.models.handing import Takeover
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.decide import Decision
    from tidegate.models.plan import Plan

PLAN = standard_plan()


def staged(plan: Plan, stage: Stage, **changes: Any) -> Plan:
    """Return the plan with something of one stage changed."""
    return but(plan, stages={**plan.stages, stage: plan.stages[stage].but(**changes)})


def amended(story: Story, plan: Plan, who: str = "owner") -> Decision:
    """Propose a revision."""
    return story.message(Amend, who, plan=plan)


def lines(decision: Decision, action: str) -> list[tuple[Any, ...]]:
    """Return each line of evidence about one thing: what became of it, why, and which round and plan it names."""
    return [(one.outcome, one.reason, one.gate, one.subject) for one in decision.entries if one.action == action]


def heard(decision: Decision) -> Any:
    """Return what the sender hears."""
    assert decision.receipt is not None
    return decision.receipt.reason


SENDER = because(Code.UNSATISFIABLE, kind="amendment", seats="see the programme")
FROZEN = staged(PLAN, Stage.PILOT, frozen=("cohorts",))


def unasked(decision: Decision, story: Story, seats: str) -> None:
    """See that no round was opened, that the evidence says whose seat is empty, and that the plan stays."""
    reason = because(Code.UNSATISFIABLE, kind="amendment", seats=seats)
    assert lines(decision, "gate not opened") == [(Outcome.REFUSED, reason, None, None)]
    assert heard(decision) == SENDER
    assert (story.state.gates, story.state.proposal) == ({}, None)


@pytest.mark.parametrize("left", [True, False])
def test_what_is_frozen_needs_somebody_who_answers_for_it(left: bool) -> None:
    """Where all who answer for it wrote the revision, nobody can say the own yes that it needs; else one is asked."""
    authors = ("owner", "business", "exec") if left else ("owner", "business")
    plan = but(FROZEN, authors=(*authors, "governance") if left else authors)
    story = Story(plan).live()
    decision = amended(story, with_rung(plan, 1, exposure=exposure(15)))
    if left:
        unasked(decision, story, "whoever answers for it, and did not ask for it")
        return
    assert story.gate.persons == ("exec",)
    assert story.gate.label.endswith(", which widens what is frozen (pilot: cohorts)")


@pytest.mark.parametrize(("heir", "able"), [("gone", False), ("ops-b", True)])
def test_who_is_to_answer_for_it_must_be_there(heir: str, able: bool) -> None:
    """What hands the operation to somebody who left opens no round, and says who; one who is here is asked."""
    story = Story().operate()
    taken = Takeover(by="receiver", at=story.now, pack="a" * 64, effective=story.now, in_force=True)
    story.state = story.state.but(takeover=taken)
    handoff = story.plan.handoff
    assert handoff is not None
    decision = amended(story, but(story.plan, handoff=handoff.but(receiver=heir)), "business")
    if able:
        assert story.gate.persons == (heir,)
    else:
        unasked(decision, story, "gone, who would answer for it")


def test_what_raises_a_stage_asks_whoever_either_stage_asks() -> None:
    """Neither the quorum of the stage that it stands in nor that of the stage that is raised gets smaller."""
    asks = {Stage.PILOT: {F.RISK: 2, F.PLATFORM: 1}, Stage.LIMITED: {F.RISK: 1, F.COMPLIANCE: 1}}
    plan = PLAN
    for stage, functions in asks.items():
        rules = plan.stages[stage].rules
        gate = rules.gates[GateKind.AMENDMENT].model_copy(update={"functions": functions})
        stricter = rules.model_copy(update={"gates": {**rules.gates, GateKind.AMENDMENT: gate}})
        plan = staged(plan, stage, rules=stricter)
    story = Story(plan).live()
    amended(story, staged(plan, Stage.LIMITED, raised=("pays",)))
    assert story.gate.needs == {F.RISK: 2, F.PLATFORM: 1, F.COMPLIANCE: 1}


def test_what_was_approved_beforehand_is_named() -> None:
    """The line says which kinds of change they were, and of which plan."""
    plan = but(PLAN, pre_approved=(PreApproved.NOTICES, PreApproved.CHANNELS))
    later = but(plan, notices=(plan.notices[0].but(lead=Span.of("3d")),))
    both = but(later, channels={"room": Backend(kind="log")})
    for new, kinds in ((later, ("notices",)), (both, ("channels", "notices"))):
        decision = amended(Story(plan).live(), new)
        ((outcome, reason, gate, subject),) = lines(decision, "standard change")
        assert (outcome, reason.code, gate, subject) == (Outcome.DONE, Code.PRE_APPROVED, None, new.digest)
        assert sorted(reason.facts["kinds"].split(", ")) == list(kinds)
    tighter = with_rung(plan, 1, exposure=exposure(6))
    assert lines(amended(Story(plan).live(), tighter), "standard change") == []


def test_a_revision_that_would_leave_somebody_behind_ends_with_its_round() -> None:
    """Agreed to while somebody is served again, it is refused: the line names the round, the plan and the target."""
    story = Story().live()
    story.reduce(Reduction.PAUSE)
    moved = but(story.plan, drivers={"flags/claims": Backend(kind="flagd", settings={"file": "new.json"})})
    amended(story, moved)
    gate = story.gate
    story.state = story.state.but(exposure=story.state.exposure.but(desired=exposure(5), confirmed=exposure(5)))
    story.agree(gate)
    found = [line for decision in story.decisions for line in lines(decision, "revision refused")]
    reason = because(Code.LEFT_BEHIND, targets=("flags/claims",))
    assert found == [(Outcome.REFUSED, reason, gate.id, moved.digest)]
    assert [one.how for one in story.state.closed if one.id == gate.id] == ["superseded"]


def test_a_person_more_is_no_change_of_a_kind() -> None:
    """Of a roster nothing was approved beforehand, and nothing of that is written."""
    plan = but(PLAN, pre_approved=(PreApproved.NOTICES,))
    decision = amended(Story(plan).live(), with_member(plan, "ops-b", active=False), "business")
    assert lines(decision, "standard change") == []
    assert heard(decision).code is Code.AMENDMENT
