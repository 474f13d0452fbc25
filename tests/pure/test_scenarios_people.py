"""Scenarios of domain.md about people: who is away, who left, who votes twice, who was told, who may override."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import (
    START,
    F,
    Story,
    became,
    said,
    standard_plan,
    with_gate,
    with_member,
    with_rules,
)
from tidegate.calendar import working
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify, Outcome, Verdict
from tidegate.models.event import Amend, Choice, Confirm, Noticed, Override, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.schedule import open_points

DAY = timedelta(days=1)


def asked(story: Story, code: Code) -> list[Notify]:
    """Return what was sent to people for a reason."""
    return [move for move in story.moves if isinstance(move, Notify) and move.about.code is code]


def overridden() -> Story:
    """Return a first wave that an emergency has raised to the second."""
    story = Story().live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, "ops-a", to="w2", incident="INC-7")
    return story


def review_of(story: Story) -> str:
    """Return the name of the review that an override owes."""
    return next(name for name, owed in story.state.obligations.items() if owed.kind == "override_review")


# -- 1: an approver on leave ------------------------------------------------------------------------------------------


def test_scenario_01_approver_on_leave() -> None:
    """Known leave routes the request to the deputy at once, and the record names both people."""
    away = ((START - DAY, START + 30 * DAY),)
    story = Story(with_member(asking(functions={F.COMPLIANCE: 1}), "comp-a", away=away))
    story.start()
    story.ready()
    assert asked(story, Code.GATE_OPENED)[0].to == ("comp-a", "comp-deputy")
    assert said(story.vote("comp-deputy")) is Code.APPROVED
    entry = next(entry for entry in story.entries if entry.reason.code is Code.APPROVED)
    assert (entry.actor, entry.on_behalf_of, entry.function) == ("comp-deputy", "comp-a", F.COMPLIANCE)
    assert story.phase is Phase.SCHEDULED


def test_scenario_01_deputy_of_somebody_present() -> None:
    """A deputy holds no seat while the approver is here and has had time to answer."""
    story = opened(asking(functions={F.COMPLIANCE: 1}))
    assert said(story.vote("comp-deputy")) is Code.NO_SEAT


def test_scenario_01_nobody_answers() -> None:
    """Unknown leave is reminded in working hours, goes to deputies, heads and the programme, and ends as expired."""
    story = Story(asking(functions={F.COMPLIANCE: 1}), START + timedelta(hours=14))
    story.start()
    story.ready()
    gate = story.gate
    story.wait(gate.expires_at + DAY)
    reminders = [entry.at for entry in story.entries if entry.reason.code is Code.REMINDED]
    assert len(reminders) >= 3
    assert all(working(story.plan.calendar, at) for at in reminders)
    steps = [entry.reason.facts["step"] for entry in story.entries if entry.reason.code is Code.ESCALATED]
    assert steps == ["deputies", "heads of function", "the programme"][: len(steps)]
    assert len(steps) >= 2
    assert story.state.closed[-1].how == "expired"
    assert Code.AUTHORISED not in story.codes()
    assert story.state.exposure.desired == NOTHING
    assert story.phase is Phase.PREPARING


def test_scenario_01_escalation_seats_the_deputy() -> None:
    """Once a request has waited too long, the deputy may answer it, and both names are in the record."""
    story = opened(asking(functions={F.COMPLIANCE: 1}))
    story.wait(2 * DAY)
    assert story.gate.escalations == 1
    assert said(story.vote("comp-deputy")) is Code.APPROVED
    assert story.gate.ballots[0].principal == "comp-a"


def test_scenario_01_overdue_checkpoint_narrows() -> None:
    """An unanswered checkpoint holds, then narrows, then pauses, each at its own deadline and never before."""
    story = Story().climb(2).review()
    story.wait(story.gate.expires_at - timedelta(minutes=1))
    assert story.state.exposure.control is Control.LIVE
    story.wait(timedelta(minutes=1))
    assert (story.state.exposure.control, story.people) == (Control.HELD, 20)
    story.wait(5 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)
    story.wait(5 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)


# -- 9: an emergency override -----------------------------------------------------------------------------------------


def test_scenario_09_emergency_override() -> None:
    """Two people raise it at once, everybody is paged, it reverts by itself, and a review is owed."""
    story = overridden()
    assert (story.people, story.state.position.level) == (20, 2)
    page = asked(story, Code.OVERRIDE)[0]
    assert page.urgent
    assert set(page.to) == set(story.plan.roster)
    assert story.state.obligations[review_of(story)].then == "block"
    story.wait(story.plan.rules(2).override_max.wall)
    assert (story.people, story.state.position.level, story.phase) == (10, 1, Phase.OBSERVING)
    assert Code.OVERRIDE_OVER in story.codes()
    assert story.state.exposure.peak == 1


@pytest.mark.parametrize("second", ["exec", "ops-a"])
def test_scenario_09_two_people(second: str) -> None:
    """One of the two who override answers for it all, and nobody is both of them."""
    story = Story().live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, second, to="w2", incident="INC-7")
    assert story.people == (20 if second == "ops-a" else 10)


def test_scenario_09_nobody_answers_questions_first() -> None:
    """What a reviewer is asked elsewhere is asked in the review after it: an emergency waits for no form."""
    asks = dict.fromkeys(F, ("What would go wrong?",))
    story = Story(with_gate(standard_plan(), GateKind.OVERRIDE, questions=asks)).live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, "ops-a", to="w2", incident="INC-7")
    assert (story.people, story.state.position.level) == (20, 2)


def test_scenario_09_without_the_executive() -> None:
    """Two operators do not override without whoever answers for it all."""
    story = Story().live()
    story.message(Override, "ops-a", to="w2", incident="INC-7")
    story.message(Override, "ops-b", to="w2", incident="INC-7")
    assert story.people == 10


def test_scenario_09_overdue_review_blocks() -> None:
    """A review that is not held in time bars every widening until it is, and a second override is refused."""
    story = overridden()
    story.wait(7 * DAY)
    assert said(story.message(Override, "exec", to="w2", incident="INC-8")) is Code.REVIEW_OWED
    story.review()
    story.agree()
    story.wait(3 * DAY)
    points = open_points(story.plan, story.state, story.gate, story.now)
    assert [point.reason.code for point in points] == [Code.OVERDUE]
    assert story.people == 10
    assert said(story.message(Confirm, "risk-a", what=review_of(story), evidence="ratified")) is Code.OBLIGATION_MET
    story.wait_for(Phase.OBSERVING)
    assert story.people == 20


def test_scenario_09_nobody_reviews_their_own() -> None:
    """Whoever overrode does not review it, in whatever other function they act."""
    story = Story().live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, "both", to="w2", incident="INC-7")
    name = review_of(story)
    assert said(story.message(Confirm, "both", what=name, evidence="fine")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "risk-a", what=name, evidence="fine")) is Code.OBLIGATION_MET


@pytest.mark.parametrize(("level", "code"), [("w3", Code.TOO_HIGH), ("w1", Code.ALREADY), ("w9", Code.NO_SUCH_LEVEL)])
def test_scenario_09_one_step_up(level: str, code: Code) -> None:
    """An override raises by one wave: it skips none, and it never lowers anything by its back door."""
    story = Story().live()
    assert said(story.message(Override, "exec", to=level, incident="INC-7")) is code
    assert not story.state.gates


def test_scenario_09_not_what_somebody_reduced() -> None:
    """An override does not undo a reduction."""
    story = Story().live()
    story.reduce(Reduction.HOLD, "risk-a")
    assert said(story.message(Override, "exec", to="w2", incident="INC-7")) is Code.NOT_OPEN


def test_scenario_09_the_ground_has_moved() -> None:
    """A half-asked override ends when exposure widens by the ordinary way: it asked for a step from somewhere else."""
    story = Story().live()
    story.message(Override, "exec", to="w2", incident="INC-7")
    override = story.gate
    story.review()
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert said(story.vote("ops-a", gate=override)) is Code.GATE_OVER
    assert (story.people, story.state.emergency) == (20, None)


def test_scenario_09_overtakes_what_was_agreed() -> None:
    """An override overtakes the widening that people had agreed to, and nothing of that waits behind it."""
    story = Story().live().review()
    story.agree()
    story.message(Override, "exec", to="w2", incident="INC-7")
    story.message(Override, "ops-a", to="w2", incident="INC-7")
    assert story.people == 20
    assert not story.state.gates
    story.wait(10 * DAY)
    assert story.people <= 10


# -- 11: moved or left between the yes and its use --------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"active": False}, {"functions": ()}, {"organisation": "vendor"}])
def test_scenario_11_approver_left(change: dict[str, object]) -> None:
    """A yes whose giver has lost the seat no longer counts: the gate opens again and says what it lacks."""
    story = opened()
    story.vote("risk-a")
    story.vote("ops-b")
    assert story.gate.satisfied_at is not None
    story.message(Amend, "business", plan=with_member(story.plan, "risk-a", **change))
    assert story.phase is Phase.AWAITING_APPROVAL
    reopened = next(entry for entry in story.entries if entry.reason.code is Code.REOPENED)
    assert reopened.reason.facts["lacking"] == "risk"
    story.vote("risk-b")
    story.wait_for(Phase.OBSERVING)


def test_scenario_11_somebody_else_left() -> None:
    """The yes of those who are still here goes on counting."""
    story = opened()
    story.vote("risk-a")
    story.vote("ops-b")
    story.message(Amend, "business", plan=with_member(story.plan, "risk-b", active=False))
    assert story.phase is Phase.SCHEDULED


def test_scenario_11_owner_vacancy() -> None:
    """When the owner leaves, it is held, somebody is asked for a name by a date, and stands in until there is one."""
    story = Story().live()
    story.message(Amend, "business", plan=with_member(story.plan, "owner", active=False))
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    assert asked(story, Code.VACANT)[0].to == ("governance", "business")
    owed = story.state.obligations["vacancy-ai_owner"]
    assert (owed.owner, owed.overdue) == ("governance", False)
    assert said(story.message(Confirm, "governance", what="vacancy-ai_owner", evidence="soon")) is Code.NAME_NEEDED
    story.message(Amend, "business", plan=with_member(story.plan, "data-a", active=False))
    assert "vacancy-ai_owner" in story.state.obligations
    story.message(Amend, "business", plan=with_member(story.plan, "owner", active=True))
    assert "vacancy-ai_owner" not in story.state.obligations
    before = story.state.exposure.control
    story.message(Resume, "business", cause="a new owner is named")
    story.agree()
    # A name alone lets nothing go on; people do.
    assert (before, story.state.exposure.control) == (Control.HELD, Control.LIVE)


# -- 16: duplicates ---------------------------------------------------------------------------------------------------


def test_scenario_16_duplicate_messages() -> None:
    """The same message twice is decided once and gets the same answer."""
    story = opened()
    ballot = story.ballot("risk-a", id="click")
    first = story.say(ballot)
    state = story.state
    again = story.say(ballot)
    assert again.receipt == first.receipt
    assert (again.entries, again.moves) == ((), ())
    assert story.state == state


def test_scenario_16_same_id_other_words() -> None:
    """The same id with other words is a conflict, and the first answer stands."""
    story = opened()
    story.vote("risk-a", id="click")
    conflict = story.vote("risk-a", Choice.REJECT, id="click")
    assert (said(conflict), became(conflict)) == (Code.ID_CONFLICT, Outcome.REFUSED)
    assert len(story.gate.ballots) == 1
    assert said(story.vote("risk-a", id="click-2")) is Code.ALREADY_VOTED


# -- 17: change of mind -----------------------------------------------------------------------------------------------


def test_scenario_17_reject_then_approve() -> None:
    """A rejection ends the round; a late yes hears that, and people are asked again only when it is ready again."""
    story = opened()
    gate = story.gate
    story.vote("risk-a", Choice.REJECT)
    assert story.phase is Phase.PREPARING
    late = story.vote("risk-b", gate=gate)
    assert (said(late), became(late)) == (Code.GATE_OVER, Outcome.REFUSED)
    assert late.receipt is not None
    assert late.receipt.reason.facts["how"] == "rejected"
    story.wait(3 * DAY)
    assert not story.state.gates
    story.ready(None, "owner")
    assert story.gate.id != gate.id


def test_scenario_17_change_of_mind() -> None:
    """First decision wins; changing it begins with revoke."""
    story = opened()
    story.vote("risk-a")
    assert said(story.vote("risk-a", Choice.REJECT)) is Code.ALREADY_VOTED
    assert said(story.vote("risk-a", Choice.REVOKE)) is Code.REVOKED
    assert said(story.vote("risk-a", Choice.REJECT)) is Code.REJECTED


def test_scenario_17_quorum_then_revoke() -> None:
    """A yes taken back before use opens the gate again; nothing widens without a new one."""
    story = opened()
    story.vote("risk-a")
    story.vote("ops-a")
    story.vote("risk-a", Choice.REVOKE)
    assert story.phase is Phase.AWAITING_APPROVAL
    story.wait(3 * DAY)
    assert story.people == 0
    story.vote("risk-b")
    story.wait_for(Phase.OBSERVING)


def test_scenario_17_revoke_after_use() -> None:
    """A yes taken back after use is a hold, and asks nobody's leave."""
    story = opened()
    gate = story.gate
    story.vote("risk-a")
    story.vote("ops-a")
    story.wait_for(Phase.OBSERVING)
    assert said(story.vote("risk-a", Choice.REVOKE, gate)) is Code.HELD
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)


def test_scenario_17_veto_after_quorum() -> None:
    """A veto before use bars the widening until the same function withdraws it."""
    story = opened()
    story.vote("risk-a")
    story.vote("ops-a")
    gate = story.gate
    assert said(story.vote("comp-a", Choice.VETO)) is Code.VETOED
    story.wait(3 * DAY)
    assert (story.people, story.phase) == (0, Phase.SCHEDULED)
    assert said(story.vote("risk-b", Choice.WITHDRAW_VETO, gate)) is Code.NOT_YOUR_VETO
    assert said(story.vote("comp-a", Choice.WITHDRAW_VETO, gate)) is Code.VETO_WITHDRAWN
    assert story.people == 10


def test_scenario_17_veto_after_use() -> None:
    """A veto that comes after use holds, and stands."""
    story = opened()
    gate = story.gate
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.vote("comp-a", Choice.VETO, gate)
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    assert F.COMPLIANCE in story.state.vetoes


def test_scenario_17_veto_overruled() -> None:
    """The accountable executive lifts another's veto, and only with a reason."""
    story = opened()
    story.vote("risk-a", Choice.VETO)
    gate = story.gate
    assert said(story.vote("exec", Choice.WITHDRAW_VETO, gate)) is Code.NOT_YOUR_VETO
    assert said(story.vote("exec", Choice.WITHDRAW_VETO, gate, reason="board minute 12")) is Code.VETO_OVERRULED
    assert not story.state.vetoes


# -- 19: a notice does not arrive -------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["partial", "failed", "delivered"])
def test_scenario_19_notification_fails(result: Literal["partial", "failed", "delivered"]) -> None:
    """A required notice that is not wholly delivered keeps the gate shut."""
    story = opened()
    story.vote("risk-a")
    story.auto = False
    story.vote("ops-a")
    story.say(Noticed(key=f"{story.gate.id}-0", result=result))
    story.auto = result == "delivered"
    story.now += 2 * DAY
    story.say_all()
    points = open_points(story.plan, story.state, story.gate, story.now) if story.state.gates else ()
    assert [point.reason.code for point in points] == ([] if result == "delivered" else [Code.NOTICE_OPEN])
    assert all(point.verdict is Verdict.PENDING for point in points)
    assert story.people == (10 if result == "delivered" else 0)


def test_scenario_19_fallback_waits_for_no_notice() -> None:
    """A reduction is asked of the backends in the same breath, whatever becomes of its notice."""
    story = Story().live()
    story.auto = False
    moves = story.reduce(Reduction.PAUSE).moves
    assert moves[0].kind == "apply"
    assert all(not move.required for move in moves if isinstance(move, Notify))


# -- 24: the standard changes -----------------------------------------------------------------------------------------


def test_scenario_24_stricter_standard_while_running() -> None:
    """A stricter standard is in force at once and binds the next gate; the open round keeps the quorum it has."""
    story = Story().live().review()
    before = story.gate
    story.message(
        Amend, "owner", plan=with_gate(story.plan, GateKind.CHECKPOINT, functions={F.RISK: 2, F.OPERATIONS: 1})
    )
    assert story.state.plan == story.plan.digest
    assert story.gate.id == before.id
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert story.review().gate.needs == {F.RISK: 2, F.OPERATIONS: 1}


def test_scenario_24_looser_standard_asks_everybody() -> None:
    """A looser standard is a question to the quorum and changes nothing before its answer."""
    story = Story().live()
    old = story.plan.digest
    story.message(Amend, "owner", plan=with_rules(story.plan, narrow_after=Span.of("30d")))
    assert story.state.plan == old
    assert story.gate.kind is GateKind.AMENDMENT
