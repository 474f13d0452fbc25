"""Attacks through the public door, each beside its honest twin: consent to exactly one change, and safety at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.world import (
    START,
    F,
    Story,
    became,
    but,
    exposure,
    freeze,
    said,
    standard_plan,
    with_member,
    with_metric,
    with_rung,
)
from tidegate.models.base import Band, Bound, GateKind
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import (
    ActorKind,
    Amend,
    Applied,
    Choice,
    Confirm,
    Delegate,
    Observed,
    Override,
    Postpone,
    Ready,
    Reassign,
    Reduction,
    Remind,
    Resume,
    Stored,
    Withdraw,
)
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUIET = but(standard_plan(), notices=())


def pending(story: Story) -> int:
    """Return the epoch that has not been answered."""
    assert story.state.exposure.pending is not None
    return story.state.exposure.pending.epoch


def fails(story: Story, result: str = "failed", **more: object) -> None:
    """Let the backends say that what was asked did not happen."""
    story.say(Applied.model_validate({"epoch": pending(story), "result": result, **more}))


def stopping(verb: Reduction, level: int = 2) -> Story:
    """Return a reduction that the backends have been asked for and have not answered."""
    story = Story(QUIET).climb(level)
    story.auto = False
    story.reduce(verb)
    story.say(Stored(number=story.state.written))
    return story


def scheduled(plan: Plan) -> Story:
    """Return a first wave that its revision makes wider, agreed to and not yet begun."""
    story = Story(plan).live()
    story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=exposure(15)))
    story.agree()
    assert story.phase is Phase.SCHEDULED
    return story


# -- seats ------------------------------------------------------------------------------------------------------------


def test_an_author_is_not_written_out() -> None:
    """To take an author out of a revision makes an approver, and so asks the quorum; to name one more asks nobody."""
    plan = but(standard_plan(), authors=("owner", "risk-a"))
    story = Story(plan)
    story.start()
    story.message(Amend, "owner", plan=but(plan, authors=()))
    assert (story.plan.authors, story.gate.kind) == (plan.authors, GateKind.AMENDMENT)
    story.message(Amend, "owner", plan=but(plan, authors=(*plan.authors, "ops-a")))
    assert "ops-a" in story.plan.authors


@pytest.mark.parametrize(
    ("changes", "answer"),
    [({"deputy": "business"}, Code.ADDS_THEMSELVES), ({"deputy": "comp-deputy"}, Code.AMENDMENT)],
)
def test_nobody_deputises_themselves(changes: dict[str, str], answer: Code) -> None:
    """While a round is open nobody gains a seat in it by naming themselves the deputy of who is away."""
    story = opened()
    away = ((story.now - DAY, story.now + 9 * DAY),)
    decision = story.message(Amend, "business", plan=with_member(story.plan, "risk-b", away=away, **changes))
    assert said(decision) is answer


@pytest.mark.parametrize(
    ("authors", "kind", "answer"),
    [
        (("owner", "risk-a"), ActorKind.HUMAN, Code.REQUESTER),
        (("owner",), ActorKind.AGENT, Code.NOT_HEAD),
        (("owner",), ActorKind.HUMAN, Code.REASSIGNED),
    ],
)
def test_who_chooses_the_chooser(authors: tuple[str, ...], kind: ActorKind, answer: Code) -> None:
    """Neither who wrote it nor an agent under the head's name says who decides for a function; the head does."""
    story = opened(but(standard_plan(), authors=authors))
    decision = story.message(Reassign, "risk-a", actor_kind=kind, gate=story.gate.id, function=F.RISK, to="governance")
    assert said(decision) is answer


@pytest.mark.parametrize(("authors", "answer"), [(("owner", "both"), Code.NO_SEAT), (("owner",), Code.APPROVED)])
def test_a_chain_leads_through_nobody_who_asked(authors: tuple[str, ...], answer: Code) -> None:
    """Who may not decide passes nobody else's seat on either; who may, does."""
    story = opened(but(standard_plan(), authors=authors))
    until = story.now + 9 * DAY
    story.message(Delegate, "risk-a", to="both", function=F.RISK, until=until)
    story.message(Delegate, "both", to="governance", function=F.RISK, until=until)
    assert said(story.vote("governance", function=F.RISK, on_behalf_of="risk-a")) is answer


@pytest.mark.parametrize(("verified", "answer"), [(False, Code.NO_SEAT), (True, Code.APPROVED)])
def test_no_signed_seat_by_an_unsigned_word(verified: bool, answer: Code) -> None:
    """Where signatures count, a seat is passed on by a signed word only."""
    story = opened(asking(signed=True))
    until = story.now + 9 * DAY
    story.message(Delegate, "risk-a", verified=verified, to="comp-a", function=F.RISK, until=until)
    assert said(story.vote("comp-a", verified=True, function=F.RISK)) is answer


def test_no_unsigned_roster_where_signatures_count() -> None:
    """Who may change people and their keys unsigned could sign as anybody; a signed change is heard."""
    story = opened(asking(signed=True))
    plan = with_member(story.plan, "risk-b", active=False)
    assert said(story.message(Amend, "business", plan=plan)) is Code.SIGNATURE_REQUIRED
    assert said(story.message(Amend, "business", verified=True, plan=plan)) is Code.AMENDMENT


def test_a_veto_is_lifted_like_a_vote() -> None:
    """An unsigned word lifts no veto where votes are signed; a signed one does."""
    story = opened(asking(signed=True))
    story.vote("risk-a", Choice.VETO)
    assert said(story.vote("risk-a", Choice.WITHDRAW_VETO)) is Code.SIGNATURE_REQUIRED
    assert said(story.vote("risk-a", Choice.WITHDRAW_VETO, verified=True)) is Code.VETO_WITHDRAWN


def test_an_approver_never_reviews_the_override() -> None:
    """However many rounds have ended since, who gave an override does not review it; somebody else does."""
    story = Story().live()
    for who in ("exec", "both"):
        story.message(Override, who, to="pilot/w2", incident="flood")
    name = next(key for key, owed in story.state.obligations.items() if owed.kind == "override_review")
    for number in range(25):
        notice = story.plan.notices[0].but(audience=f"floor {number}")
        story.message(Amend, "owner", plan=but(story.plan, notices=(notice,)))
    assert said(story.message(Confirm, "both", what=name, evidence="x")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "risk-a", what=name, evidence="x")) is Code.OBLIGATION_MET


def test_a_vote_taken_back_stays_so() -> None:
    """A yes that was taken back counts no more, however late it arrives again; a new one does."""
    story = opened()
    old = story.ballot("risk-a")
    story.say(old)
    story.vote("risk-a", Choice.REVOKE)
    story.now += 25 * HOUR
    story.message(Remind, "ops-a", gate=story.gate.id)
    assert said(story.say(old)) is Code.ID_CONFLICT
    assert said(story.vote("risk-a")) is Code.APPROVED


def test_the_receiver_drills_in_person() -> None:
    """An agent under the receiver's name has not run the receiver's drill."""
    story = Story()
    drill = {"item": ReadinessItem.RECEIVER_DRILL, "evidence": "x"}
    assert said(story.message(Ready, "receiver", actor_kind=ActorKind.AGENT, **drill)) is Code.ONLY_RECEIVER
    assert said(story.message(Ready, "receiver", **drill)) is Code.READINESS_MET


# -- consent to exactly this ------------------------------------------------------------------------------------------


def test_an_old_agreement_adopts_no_newer_proposal() -> None:
    """Who agrees again to what a revision in force widens has not agreed to the revision that came after it."""
    story = scheduled(but(standard_plan(), freezes=(freeze(START + 25 * HOUR, START + 90 * DAY),)))
    first = story.gate
    story.wait_for(Phase.AWAITING_APPROVAL)
    newer = with_rung(story.plan, 1, exposure=exposure(18))
    story.message(Amend, "owner", plan=newer)
    story.agree(story.state.gates[first.id])
    assert story.plan != newer
    assert story.state.proposal is not None
    story.agree(story.state.gates[story.state.proposal.gate])
    assert story.plan == newer


def test_a_rejected_proposal_undoes_nothing_else() -> None:
    """The no to a second revision leaves what the first has scheduled as it was, and time goes on."""
    story = scheduled(standard_plan())
    story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=exposure(18)))
    story.vote("risk-a", Choice.REJECT)
    assert (story.phase, len(story.state.gates), story.people) == (Phase.SCHEDULED, 1, 10)
    story.wait(2 * DAY)
    assert story.people == 15


def test_a_notice_of_one_function_widens_nobody() -> None:
    """A change that concerns one function brings no exposure back that only the whole quorum may give."""
    story = Story().climb(2)
    story.say(Observed(exposure=exposure(5), epoch=story.state.exposure.epoch))
    story.message(Resume, "owner", cause="understood")
    story.agree()
    notice = story.plan.notices[0].but(audience="others")
    story.message(Amend, "owner", plan=but(story.plan, notices=(notice,)))
    assert (story.gate.change, list(story.gate.needs)) == (None, [F.OPERATIONS])
    story.message(Amend, "owner", plan=with_rung(story.plan, 2, exposure=exposure(30)))
    assert story.gate.change == exposure(30)


def test_what_is_no_longer_told_apart_is_wider() -> None:
    """A revision that stops telling paths apart serves them all, and asks everybody; one path less asks nobody."""
    plan = with_rung(standard_plan(), 1, exposure=exposure(10, paths=("intake", "refunds")))
    story = Story(plan).live()
    story.message(Amend, "owner", plan=with_rung(plan, 1, exposure=exposure(10)))
    assert story.gate.kind is GateKind.AMENDMENT
    story.message(Amend, "owner", plan=with_rung(plan, 1, exposure=exposure(10, paths=("intake",))))
    assert story.state.exposure.desired.paths == ("intake",)


def test_other_people_are_told_too() -> None:
    """Who was not told by the old notice is told by the new one before anything widens."""
    story = opened()
    story.agree()
    story.wait(HOUR)
    notice = story.plan.notices[0].but(audience="others")
    story.message(Amend, "owner", plan=but(story.plan, notices=(notice,)))
    story.agree()
    told = [move.about.facts["audience"] for move in story.moves if isinstance(move, Notify) and move.required]
    assert told == ["the claims floor", "others"]
    story.wait(START + DAY)
    assert story.people == 0
    story.wait(2 * HOUR)
    assert story.people == 10


@pytest.mark.parametrize("choice", [Choice.VETO, Choice.REJECT, Choice.REVOKE])
def test_a_no_is_heard_before_a_yes(choice: Choice) -> None:
    """Of votes that arrive together each no is heard first, and nothing is begun that it would have stopped."""
    story = opened(QUIET)
    story.vote("risk-a")
    who = "risk-a" if choice is Choice.REVOKE else "risk-b" if choice is Choice.VETO else "ops-b"
    story.say_all(story.ballot("ops-a"), story.ballot(who, choice))
    assert not story.applied()


def test_a_yes_and_its_end_arrive_together() -> None:
    """Who says yes and takes it back in one breath has said nothing; who only says yes has."""
    story = opened(QUIET)
    story.say_all(story.ballot("risk-a"), story.ballot("risk-a", Choice.REVOKE))
    assert story.gate.ballots == ()
    story.say_all(story.ballot("risk-a"))
    assert len(story.gate.ballots) == 1


def test_what_has_expired_is_not_postponed() -> None:
    """A round whose time is over gets no more of it, even before its end was acted on; an open one does."""
    story = opened()
    gate = story.gate
    assert became(story.message(Postpone, "exec", gate=gate.id, until=gate.expires_at + HOUR)) is Outcome.DONE
    story = opened()
    story.now = gate.expires_at
    assert said(story.message(Postpone, "exec", gate=gate.id, until=story.now + DAY)) is Code.GATE_EXPIRED


@pytest.mark.parametrize("verb", [Reduction.PAUSE, Reduction.HOLD])
def test_nothing_goes_on_before_it_has_stopped(verb: Reduction) -> None:
    """While a stop is not confirmed no votes undo it; once it is confirmed they count."""
    story = stopping(verb)
    story.ready()
    story.message(Resume, "business", cause="understood")
    story.vote("risk-b", function=F.RISK)
    fails(story)
    for who in ("ops-b", "risk-a"):
        story.vote(who)
    assert (story.state.exposure.control, story.applied()[-1].verb) == (Control.STOP_NOT_CONFIRMED, verb.value)
    story.auto = True
    story.wait(HOUR)
    assert story.state.exposure.control is Control.LIVE


def test_a_rollout_that_was_served_is_not_withdrawn() -> None:
    """What may still serve somebody, or once did, is ended in good order; what never did is withdrawn."""
    story = opened()
    story.agree()
    story.widening()
    fails(story, "unknown")
    story.say(Applied(epoch=pending(story), result="confirmed"))
    assert said(story.message(Withdraw, "owner")) is Code.STILL_SETTLING
    story = Story().live()
    story.reduce(Reduction.ROLLBACK)
    assert said(story.message(Withdraw, "owner")) is Code.ALREADY_SERVED
    assert said(opened().message(Withdraw, "owner")) is Code.WITHDRAWN


def test_thresholds_are_not_masked() -> None:
    """A milder band that covers a graver one hides nothing: the gravest that holds acts."""
    plan = standard_plan()
    bands = ((Band.WATCH, Bound.of("> 6")), *plan.metrics["errors"].bands)
    for value, people in ((99, 0), (7, 10)):
        story = Story(with_metric(plan, "errors", bands=bands)).live()
        story.read(value)
        assert story.people == people
