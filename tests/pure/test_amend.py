"""Amendments: what an old yes is still good for, and what a revision is refused for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.pure.world import (
    F,
    Story,
    became,
    but,
    exposure,
    member,
    said,
    standard_plan,
    with_member,
    with_rung,
)
from tidegate.models.base import Bound, Condition, GateKind
from tidegate.models.decision import Outcome, TurnPage
from tidegate.models.event import Amend, Choice, Reduction
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from tidegate.decide import Decision
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)


def wider(people: int = 15) -> Plan:
    """Return the standard plan with a larger first wave."""
    return with_rung(standard_plan(), 1, exposure=exposure(people))


def amended(story: Story, plan: Plan, who: str = "owner") -> Decision:
    """Propose a revision."""
    return story.message(Amend, who, plan=plan)


# -- how it is asked --------------------------------------------------------------------------------------------------


def test_tightening_is_adopted_at_once() -> None:
    """What only tightens is in force in the same breath, and exposure comes down with it."""
    story = Story().live()
    amended(story, wider(6))
    assert story.state.plan == story.plan.digest == wider(6).digest
    assert (story.people, story.state.exposure.confirmed.people) == (6, 6)
    assert (story.state.exposure.control, story.phase) == (Control.LIVE, Phase.OBSERVING)
    assert not story.state.gates


def test_widening_amendment() -> None:
    """A wider wave needs a quorum, is announced and scheduled, and widens exactly to what was signed."""
    story = Story().live()
    old = story.plan.digest
    amended(story, wider())
    assert (story.gate.kind, story.state.plan, story.people) == (GateKind.AMENDMENT, old, 10)
    assert story.gate.change == exposure(15)
    story.agree()
    assert (story.state.plan, story.phase, story.people) == (wider().digest, Phase.SCHEDULED, 10)
    story.wait(DAY)
    assert (story.people, story.phase, story.state.position.level) == (15, Phase.OBSERVING, 1)
    assert story.applied()[-1].exposure == exposure(15)
    assert isinstance(story.moves[-1], TurnPage) or any(isinstance(move, TurnPage) for move in story.moves)


def test_old_approvals_are_good_for_nothing() -> None:
    """A material proposal ends every open round; a yes to the old plan is refused."""
    story = Story().live().review()
    old = story.gate
    story.vote("risk-a")
    amended(story, wider())
    assert old.id not in story.state.gates
    assert (said(story.vote("ops-a", gate=old)), story.state.closed[-1].how) == (Code.GATE_OVER, "superseded")
    assert said(story.vote("risk-a", subject=old.subject)) is Code.WRONG_SUBJECT
    assert said(story.vote("risk-a")) is Code.APPROVED


def test_quorum_met_but_not_used() -> None:
    """Approvals that wait for their window are superseded by a material proposal as well."""
    story = Story().live().review()
    story.agree()
    amended(story, wider())
    story.wait(3 * DAY)
    assert (story.people, story.state.position.level) == (10, 1)


def test_widening_waits_while_it_is_open() -> None:
    """While a material amendment is open nothing widens, and everything still comes down."""
    story = Story()
    story.start()
    amended(story, wider())
    story.ready()
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.AMENDMENT]
    assert said(story.reduce(Reduction.PAUSE)) is Code.PAUSED


@pytest.mark.parametrize(
    ("choice", "how"), [(Choice.REJECT, "rejected"), (Choice.REQUEST_CHANGES, "changes_requested")]
)
def test_amendment_refused(choice: Choice, how: str) -> None:
    """A no leaves the old revision in force, and the way open for the next proposal."""
    story = Story().live()
    old = story.plan.digest
    amended(story, wider())
    story.vote("risk-a", choice)
    assert (story.state.proposal, story.state.plan, story.state.closed[-1].how) == (None, old, how)
    amended(story, wider(12))
    assert story.gate.change == exposure(12)


def test_a_proposal_is_no_way_around_a_review() -> None:
    """A review that a proposal ended comes back as soon as the proposal is over, and not a whole cadence later."""
    story = Story().live().review()
    amended(story, wider())
    until = story.gate.expires_at
    story.wait(until)
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.CHECKPOINT]


def test_amendment_expires() -> None:
    """An amendment that nobody answers expires; it was neither approved nor rejected, and nothing changed."""
    story = Story().live()
    old = story.plan.digest
    amended(story, wider())
    story.wait(8 * DAY)
    assert (story.state.proposal, story.state.plan, story.people) == (None, old, 10)
    assert "expired" in [gate.how for gate in story.state.closed]
    story.review()


def test_second_proposal_supersedes_the_first() -> None:
    """There is one question at a time: a newer proposal ends the older one."""
    story = Story().live()
    amended(story, wider())
    first = story.gate
    amended(story, wider(12))
    assert first.id not in story.state.gates
    story.agree()
    story.wait(DAY)
    assert story.people == 12


def test_tightening_supersedes_an_older_proposal() -> None:
    """A proposal that was compared with an older revision cannot undo a tightening unseen."""
    story = Story().live()
    amended(story, wider())
    amended(story, with_rung(story.plan, 1, pause_when=(Condition("errors", Bound.of("> 3")),)))
    assert (story.state.proposal, dict(story.state.gates)) == (None, {})
    assert story.plan.rung(1).pause_when


def test_function_only_amendment() -> None:
    """A change of notices asks operations alone, and the open round about exposure goes on."""
    story = Story().live().review()
    review = story.gate
    amended(story, but(story.plan, notices=()))
    assert story.gate.needs == {F.OPERATIONS: 1}
    assert review.id in story.state.gates
    story.vote("ops-a")
    assert (story.plan.notices, review.id in story.state.gates) == ((), True)


def test_proposer_cannot_agree() -> None:
    """Whoever proposes a revision or wrote part of it does not vote on it."""
    plan = with_member(standard_plan(), "owner", functions=(F.AI_OWNER, F.RISK))
    story = Story(plan).live()
    amended(story, with_rung(but(plan, authors=("owner", "plat-a")), 1, exposure=exposure(15)))
    assert said(story.vote("owner")) is Code.REQUESTER
    assert said(story.vote("plat-a")) is Code.REQUESTER
    assert said(story.vote("plat-b")) is Code.APPROVED


# -- what is refused --------------------------------------------------------------------------------------------------


def hired(function: F, who: str) -> Plan:
    """Return the plan with a function more for somebody."""
    plan = standard_plan()
    return with_member(plan, who, functions=(*plan.roster[who].functions, function))


@pytest.mark.parametrize(("who", "code"), [("business", Code.ADDS_THEMSELVES), ("governance", Code.AMENDMENT)])
def test_adding_oneself_to_an_open_quorum(who: str, code: Code) -> None:
    """Nobody gives themselves a function while a round of votes is open; for somebody else it is a plain change."""
    story = Story().live().review()
    assert said(amended(story, hired(F.RISK, who), "business")) is code


def test_adding_oneself_while_nothing_is_open() -> None:
    """Where nothing is being decided, a change of the roster is only a change of the roster."""
    story = Story().live()
    assert said(amended(story, hired(F.RISK, "business"), "business")) is Code.AMENDMENT


@pytest.mark.parametrize(("who", "code"), [("business", Code.AMENDMENT), ("owner", Code.NO_RIGHT)])
def test_roster_is_the_programmes(who: str, code: Code) -> None:
    """People are changed by whoever holds the right to the roster, and by nobody else."""
    assert said(amended(Story().live(), with_member(standard_plan(), "ops-b", active=False), who)) is code


@pytest.mark.parametrize("who", ["ops-a", "risk-a", "vendor", "nobody-known"])
def test_right_to_amend(who: str) -> None:
    """Only who may amend proposes a revision."""
    decision = amended(Story().live(), but(standard_plan(), title="x"), who)
    assert (said(decision), became(decision)) == (Code.NO_RIGHT, Outcome.REFUSED)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (standard_plan(), Code.SAME_PLAN),
        (standard_plan().but(title="x"), Code.BROKEN_SEAL),
        (standard_plan().but(title="x", digest="f" * 64), Code.BROKEN_SEAL),
        (but(standard_plan(), use_case="minutes"), Code.OTHER_USE_CASE),
        (but(standard_plan(), ladder=standard_plan().ladder[1:]), Code.NO_SUCH_LEVEL),
        (but(standard_plan(), title="x"), Code.AMENDMENT),
    ],
)
def test_revisions_that_are_not_ours(plan: Plan, code: Code) -> None:
    """A broken seal, another use case and the loss of the wave that people are in are refused; a true twin is taken."""
    story = Story().live()
    decision = amended(story, plan)
    assert said(decision) is code
    assert (story.plan == plan) is (code in (Code.AMENDMENT, Code.SAME_PLAN))


def test_wave_being_widened_to() -> None:
    """The wave that is just being widened to cannot be taken away from under it."""
    story = Story().climb(4).review()
    story.agree()
    story.ready()
    story.wait_for(Phase.AWAITING_APPROVAL)
    story.agree()
    story.widening()
    assert said(amended(story, but(story.plan, ladder=story.plan.ladder[:4]))) is Code.NO_SUCH_LEVEL


# -- the roster and open rounds ---------------------------------------------------------------------------------------


def test_roster_change_that_breaks_a_quorum() -> None:
    """A round that the new roster cannot satisfy ends at once, says why, and is asked anew when it can be."""
    story = Story().live().review()
    lonely = with_member(
        with_member(with_member(story.plan, "risk-a", active=False), "risk-b", active=False), "both", functions=()
    )
    gate = story.gate
    amended(story, lonely, "business")
    assert gate.id not in story.state.gates
    entry = next(entry for entry in story.entries if entry.gate == gate.id and entry.outcome is Outcome.SUPERSEDED)
    assert entry.reason.code is Code.UNSATISFIABLE
    assert "risk-a has left" in entry.reason.facts["seats"]


def test_roster_change_that_breaks_nothing() -> None:
    """A round that can still be satisfied goes on with the votes it has."""
    story = Story().live().review()
    story.vote("risk-a")
    amended(story, with_member(story.plan, "ops-b", active=False), "business")
    assert [ballot.person for ballot in story.gate.ballots] == ["risk-a"]
    story.vote("ops-a")
    assert story.phase is Phase.SCHEDULED


def test_quorum_broken_after_it_was_met() -> None:
    """Where approvals lapse with their givers and nobody else is left, it says so instead of waiting in silence."""
    story = Story().live().review()
    story.vote("risk-a")
    story.vote("ops-a")
    people = {name: one.but(active=False) for name, one in story.plan.roster.items() if F.RISK in one.functions}
    amended(story, but(story.plan, roster={**story.plan.roster, **people}), "business")
    assert Code.UNSATISFIABLE in story.codes(Outcome.SUPERSEDED)
    assert story.phase is not Phase.SCHEDULED


def test_new_people_may_vote_at_once() -> None:
    """Somebody who is hired while a round is open may take an open seat in it."""
    story = Story().live().review()
    new = but(story.plan, roster={**story.plan.roster, "risk-c": member("risk-c", (F.RISK,))})
    amended(story, new, "business")
    assert said(story.vote("risk-c")) is Code.APPROVED
