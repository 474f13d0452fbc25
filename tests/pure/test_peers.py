"""How approvals failed elsewhere, and do not fail here; beside each, a twin that differs in one thing and passes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.pure.beginnings import asking, opened
from tests.pure.world import (
    START,
    F,
    Story,
    became,
    but,
    member,
    said,
    standard_plan,
    with_member,
    with_metric,
    with_rules,
)
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.event import (
    ActorKind,
    Choice,
    Confirm,
    Promise,
    Reduction,
    Start,
)
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.standard import GateRule
from tidegate.models.state import Phase

DAY = timedelta(days=1)


def quorum(story: Story) -> bool:
    """Whether the first gate was agreed to."""
    return story.phase in (Phase.SCHEDULED, Phase.WIDENING, Phase.OBSERVING)


# -- time is not consent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, -1])
def test_silence_is_not_a_yes(late: int) -> None:
    """A vote in the last minute makes a quorum; one at the deadline finds the round expired, and not granted."""
    story = opened()
    story.vote("risk-a")
    end = story.gate.expires_at
    story.now = end + timedelta(minutes=late)
    assert said(story.vote("ops-a")) is (Code.APPROVED if late else Code.GATE_EXPIRED)
    story.wait(10 * DAY)
    assert (Code.QUORUM in story.codes()) is bool(late)
    assert Code.AUTHORISED not in story.codes()


@pytest.mark.parametrize("choice", [Choice.REJECT, Choice.REQUEST_CHANGES, Choice.VETO, Choice.ABSTAIN])
def test_a_no_does_not_age_into_a_yes(choice: Choice) -> None:
    """Whatever was said instead of yes is no yes when time runs out."""
    story = opened()
    story.vote("risk-a", choice)
    story.wait(60 * DAY)
    assert story.people == 0
    assert not {Code.QUORUM, Code.AUTHORISED} & set(story.codes())


def test_the_button_of_a_dead_round() -> None:
    """A yes to a round that timed out is refused with the reason and the date, and changes nothing."""
    story = opened()
    gate = story.gate
    story.wait(8 * DAY)
    late = story.vote("risk-a", gate=gate)
    assert (said(late), became(late)) == (Code.GATE_OVER, Outcome.REFUSED)
    assert late.receipt is not None
    assert late.receipt.reason.facts["how"] == "expired"
    story.ready(None, "owner")
    assert said(story.vote("risk-a")) is Code.APPROVED


def test_nothing_advances_at_the_end_of_a_window() -> None:
    """Weeks of good figures advance nobody; people do."""
    story = Story().live()
    story.wait(60 * DAY)
    assert story.people <= 10
    assert story.state.exposure.peak == 1


# -- who counts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("second", "counts"), [(" Risk-A ", False), ("RISK-A", False), ("risk-b", True)])
def test_spellings_of_one_person(second: str, counts: bool) -> None:  # the expected answer
    """Another spelling of the same name is the same person, and another person is another vote."""
    story = opened(asking(functions={F.RISK: 2}))
    story.vote("risk-a")
    assert said(story.vote(second)) is (Code.APPROVED if counts else Code.ALREADY_VOTED)
    assert quorum(story) is counts


@pytest.mark.parametrize("functions", [{}, {F.RISK: 0}])
def test_no_approvers_is_not_anybody(functions: dict[F, int]) -> None:
    """A gate that asks nobody cannot be written; the one that asks a single person can."""
    with pytest.raises(ValidationError):
        GateRule(functions=functions)
    assert GateRule(functions={F.RISK: 1}).functions


def test_a_round_that_nobody_could_satisfy() -> None:
    """A quorum that the roster cannot give is told at once, and not by silence until it expires."""
    plan = with_member(asking(functions={F.COMPLIANCE: 1}), "comp-a", active=False)
    story = Story(plan)
    story.start()
    story.ready()
    assert not story.state.gates
    assert Code.UNSATISFIABLE in story.codes(Outcome.REFUSED)
    opened(asking(functions={F.COMPLIANCE: 1}))


@pytest.mark.parametrize(("people", "enough"), [(("ops-a", "ops-b", "receiver"), False), (("ops-a", "risk-a"), True)])
def test_one_of_each_and_not_any_of_all(people: tuple[str, ...], enough: bool) -> None:  # the answer
    """Each function gives its own yes; any number of another's does not stand in for it."""
    story = opened()
    for name in people:
        story.vote(name)
    assert quorum(story) is enough


@pytest.mark.parametrize(("second", "code"), [("both", Code.ALREADY_VOTED), ("ops-a", Code.APPROVED)])
def test_one_person_counts_for_one(second: str, code: Code) -> None:
    """Somebody of two functions fills one seat, whichever they name; the other wants somebody else."""
    story = opened()
    assert said(story.vote("both", function=F.RISK)) is Code.APPROVED
    assert said(story.vote(second, function=F.OPERATIONS)) is code
    assert quorum(story) is (code is Code.APPROVED)


@pytest.mark.parametrize(("starter", "code"), [("starter", Code.REQUESTER), ("owner", Code.APPROVED)])
def test_initiators_do_not_approve(starter: str, code: Code) -> None:
    """Whoever asked for it does not decide it, whatever other function they hold."""
    plan = standard_plan()
    people = {**plan.roster, "starter": member("starter", (F.BUSINESS_OWNER, F.RISK))}
    story = opened(but(plan, roster=people), starter)
    assert said(story.vote("starter")) is code


def test_authors_do_not_approve() -> None:
    """Whoever wrote part of the plan does not decide it; a colleague of the same function does."""
    story = opened(but(standard_plan(), authors=("owner", "risk-a")))
    assert said(story.vote("risk-a")) is Code.REQUESTER
    assert said(story.vote("risk-b")) is Code.APPROVED


@pytest.mark.parametrize("who", ["governance", "exec", "business"])
def test_rank_is_no_seat(who: str) -> None:
    """Nobody is so high up that they may approve what their function is not asked."""
    story = opened()
    assert said(story.vote(who, verified=True)) is Code.NO_SEAT


@pytest.mark.parametrize("choice", [Choice.APPROVE, Choice.REJECT])
def test_naming_an_unasked_function(choice: Choice) -> None:
    """To name a function that one holds and that nobody asked opens no seat, for yes or for no."""
    story = opened()
    assert said(story.vote("business", choice, function=F.BUSINESS_OWNER)) is Code.NOT_NEEDED
    assert story.phase is Phase.AWAITING_APPROVAL


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("vendor", Code.VENDOR),
        ("gone", Code.INACTIVE_PERSON),
        ("stranger", Code.UNKNOWN_PERSON),
        ("ops-a", Code.APPROVED),
    ],
)
def test_outsiders_do_not_approve(who: str, code: Code) -> None:
    """A vendor's person, somebody who left and a stranger have no vote, and each hears why."""
    assert said(opened().vote(who)) is code


@pytest.mark.parametrize("kind", list(ActorKind))
def test_only_people_consent(kind: ActorKind) -> None:
    """A service account, an agent or a timer under a person's name is refused; the person is heard."""
    decision = opened().vote("risk-a", actor_kind=kind, verified=True)
    assert said(decision) is (Code.APPROVED if kind is ActorKind.HUMAN else Code.NOT_A_PERSON)


@pytest.mark.parametrize(("verified", "code"), [(False, Code.SIGNATURE_REQUIRED), (True, Code.APPROVED)])
def test_a_name_is_not_a_signature(verified: bool, code: Code) -> None:  # the case itself
    """Where a signature is asked, a name alone does not count."""
    assert said(opened(asking(signed=True)).vote("risk-a", verified=verified)) is code


# -- what it is a yes to ----------------------------------------------------------------------------------------------


def test_a_yes_to_plan_a_is_none_to_plan_b() -> None:
    """A vote names what was reviewed; for anything else it is refused."""
    story = opened()
    assert said(story.vote("risk-a", subject="0" * 64)) is Code.WRONG_SUBJECT
    assert said(story.vote("risk-a")) is Code.APPROVED


def test_subjects_never_repeat() -> None:
    """Two rounds about the same wave are two questions: an answer to the first is none to the second."""
    story = opened()
    first = story.gate
    story.vote("ops-a", Choice.REQUEST_CHANGES)
    story.now += timedelta(minutes=5)
    story.ready(None, "owner")
    assert (story.gate.label, story.gate.subject == first.subject) == (first.label, False)
    assert said(story.vote("risk-a", subject=first.subject)) is Code.WRONG_SUBJECT


def test_no_yes_before_there_is_a_question() -> None:
    """A yes that comes while the question is still being prepared is refused, and not kept for later."""
    story = opened()
    gate = story.gate
    early = Story()
    early.start()
    assert said(early.vote("risk-a", gate=gate)) is Code.UNKNOWN_GATE
    early.ready()
    assert early.gate.ballots == ()


@pytest.mark.parametrize(("value", "code"), [(6, Code.PREMATURE), (5, Code.APPROVED)])
def test_no_yes_against_the_figures(value: int, code: Code) -> None:
    """Where a condition has failed nobody can say yes, and everybody can say no."""
    story = Story().live()
    story.wait(6 * DAY)
    story.value = None
    story.now += DAY
    story.read(value)
    story.review()
    assert said(story.vote("risk-a")) is code
    assert said(story.vote("ops-a", Choice.REJECT)) is Code.REJECTED


@pytest.mark.parametrize(("value", "code"), [(9, Code.WRONG_SUBJECT), (4, Code.ALREADY_VOTED)])
def test_new_evidence_is_a_new_question(value: int, code: Code) -> None:
    """When what the reviewers saw has turned, their votes do not follow to the new briefing."""
    story = Story().live().review()
    old = story.gate
    story.vote("risk-a")
    story.read(value)
    kept = old.id in story.state.gates
    assert kept is (code is Code.ALREADY_VOTED)
    assert said(story.vote("risk-a", gate=story.gate, subject=old.subject)) is code


@pytest.mark.parametrize(("value", "used"), [(9, False), (4, True)])
def test_a_guardrail_between_yes_and_use(value: int, used: bool) -> None:  # the expected answer
    """Approvals are void when the evidence they rest on fails before they are used."""
    story = Story().live().review()
    story.agree()
    story.read(value)
    assert (Code.EVIDENCE_VOID in story.codes()) is not used
    story.wait(2 * DAY)
    assert (story.people == 20) is used


@pytest.mark.parametrize(("age", "used"), [("12h", False), ("3d", True)])
def test_a_briefing_grows_old(age: str, used: bool) -> None:  # the expected answer
    """A yes to a briefing that is too old when it would be used is void."""
    story = opened(with_rules(standard_plan(), briefing_max_age=Span.of(age)))
    story.agree()
    story.wait(2 * DAY)
    assert (story.people == 10) is used


@pytest.mark.parametrize(("expiry", "used"), [("12h", False), ("2d", True)])
def test_expiry_counts_when_it_is_used(expiry: str, used: bool) -> None:  # the expected answer
    """A yes that was good at the quorum and has lapsed at its use is asked for again."""
    story = opened(asking(vote_expiry=Span.of(expiry)))
    story.agree()
    story.wait(DAY)
    assert (story.people == 10) is used
    assert (Code.REOPENED in story.codes()) is not used


def test_a_yes_is_used_once() -> None:
    """A used approval replayed is refused; the next wave asks anew."""
    story = opened()
    gate = story.gate
    ballot = story.ballot("risk-a", id="once")
    first = story.say(ballot)
    story.vote("ops-a")
    story.wait_for(Phase.OBSERVING)
    assert story.say(ballot).receipt == first.receipt
    assert said(story.vote("risk-a", gate=gate)) is Code.GATE_OVER
    story.review()
    assert story.gate.ballots == ()
    assert sum(code is Code.AUTHORISED for code in story.codes()) == 1


@pytest.mark.parametrize("back", [True, False])
def test_a_quorum_taken_back(back: bool) -> None:  # the case itself
    """A yes taken back between quorum and use is not used."""
    story = opened()
    story.vote("risk-a")
    story.vote("ops-a")
    if back:
        story.vote("ops-a", Choice.REVOKE)
    story.wait(3 * DAY)
    assert (story.people == 10) is not back


# -- a yes that is tied to something ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "code"), [("  .", Code.APPROVED), ("", Code.UNANSWERED)])
def test_an_empty_review_is_none(answer: str, code: Code) -> None:
    """Where a function must answer a question, a yes without an answer does not count."""
    story = opened(asking(questions={F.RISK: ("What is the worst case?",)}))
    answers = {"What is the worst case?": answer} if answer else {}
    assert said(story.vote("risk-a", answers=answers)) is code
    assert said(story.vote("ops-a")) is Code.APPROVED


@pytest.mark.parametrize("kept", [True, False])
def test_conditions_have_consequences(kept: bool) -> None:  # the case itself
    """A condition that is not met by its day holds the rollout; one that is met leaves it alone."""
    story = opened()
    due = START + 5 * DAY
    promise = Promise(what="alarms wired", owner="plat-a", due=due)
    assert said(story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS)) is Code.NO_CONDITIONS
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    story.vote("ops-a")
    story.wait_for(Phase.OBSERVING)
    name = next(iter(story.state.obligations))
    if kept:
        assert said(story.message(Confirm, "ops-a", what=name, evidence="x")) is Code.NOT_YOURS
        story.message(Confirm, "plat-a", what=name, evidence="alarm test 4")
    story.wait(due)
    assert story.state.exposure.control is (Control.LIVE if kept else Control.HELD)


def test_refusals_are_evidence() -> None:
    """Every refusal is a line of evidence with its reason, its actor and what it spoke of."""
    story = opened()
    story.vote("vendor")
    story.message(Start, "risk-a")
    refused = [entry for entry in story.entries if entry.outcome is Outcome.REFUSED]
    assert [(entry.actor, entry.reason.code) for entry in refused] == [("vendor", Code.VENDOR)]
    assert refused[0].subject == story.gate.subject


def test_reducing_asks_for_no_approval() -> None:
    """While a round of votes is open about more, anybody listed takes it down at once, and the round is over."""
    story = Story(with_metric(standard_plan(), "errors", blind_limit=None)).live().review()
    gate = story.gate
    assert said(story.reduce(Reduction.PAUSE, "data-a")) is Code.PAUSED
    assert gate.id not in story.state.gates
