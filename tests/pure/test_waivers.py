"""Known problems and exceptions: who may say so, who accepts it, until when, and what is never waived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.beginnings import opened
from tests.pure.world import F, Story, became, but, said, standard_plan, with_gate, with_rules
from tidegate.materiality import Weight, diff
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import ActorKind, Judge, Report, Waive
from tidegate.models.exposed import Control
from tidegate.models.issue import AcceptedIssue
from tidegate.models.plan import Plan
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.waivers import NEVER

DAY = timedelta(days=1)


def allowing(plan: Plan | None = None, *functions: F) -> Plan:
    """Return a plan in which risk may accept risks, and whose pilot asks for training too."""
    plan = plan or with_rules(
        standard_plan(), Stage.PILOT, readiness=(*standard_plan().rules(1).readiness, ReadinessItem.TRAINING)
    )
    return but(plan, rights={**plan.rights, Right.ACCEPT_RISK: functions or (F.RISK,)})


def begun(plan: Plan | None = None) -> Story:
    """Return a rollout that lacks nothing but the training for its first gate."""
    story = Story(plan or allowing())
    story.start()
    story.ready()
    assert story.phase is Phase.PREPARING
    return story


def asked(story: Story, who: str = "ops-a", item: str = "training", days: int = 30, **more: Any) -> Code:
    """Ask for an exception."""
    until = story.now + timedelta(days=days)
    return said(story.message(Waive, who, item=item, control="a colleague sits beside", until=until, **more))


def decided(story: Story, who: str = "risk-a", *, accept: bool = True, **more: Any) -> Code:
    """Grant or deny the exception that was asked for last."""
    return said(story.message(Judge, who, name=list(story.state.waivers)[-1], accept=accept, **more))


# -- problems ---------------------------------------------------------------------------------------------------------


def test_a_problem_that_is_found_voids_what_was_agreed() -> None:
    """Who finds a problem after the votes voids them, and nothing widens; without it the same votes widen."""
    for finds in (True, False):
        story = opened(allowing(standard_plan()))
        story.agree()
        if finds:
            assert said(story.message(Report, "comp-deputy", what="old forms are misread")) is Code.ISSUE_OPENED
        story.wait(2 * DAY)
        assert (story.people, story.phase is Phase.PREPARING) == ((0, True) if finds else (10, False))


def test_a_problem_stands_in_the_briefing() -> None:
    """A problem found while a wave is watched is in the next briefing, and nobody approves over it."""
    story = Story(allowing(standard_plan())).live()
    story.message(Report, "plat-a", what="old forms are misread")
    name = next(iter(story.state.problems))
    story.review()
    checks = {check.name: check.verdict for check in story.gate.briefing.checks}
    assert checks[name] is Verdict.FAILED
    assert said(story.vote("risk-a")) is Code.PREMATURE
    assert said(story.message(Report, "risk-b", settles=name, evidence="release 7")) is Code.ISSUE_SETTLED
    assert name not in [check.name for check in story.gate.briefing.checks]
    assert said(story.vote("risk-a")) is Code.APPROVED


@pytest.mark.parametrize(
    ("who", "kind", "code"),
    [
        ("stranger", ActorKind.HUMAN, Code.UNKNOWN_PERSON),
        ("gone", ActorKind.HUMAN, Code.UNKNOWN_PERSON),
        ("ops-a", ActorKind.AGENT, Code.UNKNOWN_PERSON),
        ("vendor", ActorKind.HUMAN, Code.ISSUE_OPENED),
        ("governance", ActorKind.HUMAN, Code.ISSUE_OPENED),
    ],
)
def test_anybody_of_the_roster_finds_problems(who: str, kind: ActorKind, code: Code) -> None:
    """Whoever is known and here may say what is wrong, a vendor too; nobody else and nothing else bars a rollout."""
    story = begun()
    assert said(story.message(Report, who, actor_kind=kind, what="x")) is code
    assert bool(story.state.problems) is (code is Code.ISSUE_OPENED)


@pytest.mark.parametrize(
    ("who", "words", "code"),
    [
        ("risk-a", {"evidence": "release 7"}, Code.ISSUE_SETTLED),
        ("risk-a", {}, Code.EVIDENCE_NEEDED),
        ("ops-a", {"evidence": "release 7"}, Code.NO_RIGHT),
        ("owner", {"evidence": "release 7"}, Code.REQUESTER),
        ("risk-a", {"evidence": "release 7", "actor_kind": ActorKind.AGENT}, Code.UNKNOWN_PERSON),
    ],
)
def test_who_settles_a_problem(who: str, words: dict[str, Any], code: Code) -> None:
    """A problem is settled by who may accept a risk and did not ask for it, and with evidence."""
    story = begun(allowing(None, F.RISK, F.AI_OWNER))
    story.message(Report, "plat-a", what="x")
    name = next(iter(story.state.problems))
    assert said(story.message(Report, who, settles=name, **words)) is code
    assert (name in story.state.problems) is (code is not Code.ISSUE_SETTLED)


@pytest.mark.parametrize(("who", "code"), [("risk-a", Code.ISSUE_SETTLED), ("ops-a", Code.NO_RIGHT)])
def test_a_plan_from_before_there_was_the_right(who: str, code: Code) -> None:
    """Where a plan names nobody who may accept a risk, risk may: what was found must find an end."""
    story = Story()
    story.start()
    assert Right.ACCEPT_RISK not in story.plan.rights
    story.message(Report, "plat-a", what="x")
    name = next(iter(story.state.problems))
    assert said(story.message(Report, who, settles=name, evidence="release 7")) is code


def test_what_is_not_there_is_not_settled() -> None:
    """Of a problem that nobody found there is nothing to say, and an empty report says nothing."""
    story = begun()
    assert became(story.message(Report, "risk-a", settles="issue-9", evidence="x")) is Outcome.NOOP
    assert said(story.message(Report, "risk-a")) is Code.EVIDENCE_NEEDED


def test_problems_do_not_pile_up() -> None:
    """From thirty open problems on no further one is listed; one that is settled makes room."""
    story = begun()
    for number in range(30):
        assert said(story.message(Report, "plat-a", what=f"problem {number}")) is Code.ISSUE_OPENED
    assert said(story.message(Report, "plat-a", what="one more")) is Code.TOO_MANY
    story.message(Report, "risk-a", settles=next(iter(story.state.problems)), evidence="x")
    assert said(story.message(Report, "plat-a", what="one more")) is Code.ISSUE_OPENED


# -- what the playbook knows ------------------------------------------------------------------------------------------


def known(until: int | None, by: str | None = "risk-a") -> Plan:
    """Return a plan with a problem that is accepted in the pilot for so many days."""
    end = None if until is None else Story().now + timedelta(days=until)
    issue = AcceptedIssue(what="old forms", owner="ops-a", by=by, until=end)
    return but(allowing(standard_plan()), accepted_issues={Stage.PILOT: (issue,)})


def test_the_briefing_says_who_accepted_a_problem() -> None:
    """A reviewer sees each problem that the plan lives with, who accepted it, and until when."""
    story = opened(known(90))
    check = next(check for check in story.gate.briefing.checks if check.name == "issue: old forms")
    assert (check.verdict, check.reason.code) == (Verdict.PASSED, Code.ISSUE_ACCEPTED)
    assert (check.reason.facts["by"], check.reason.facts["until"]) == ("risk-a", "2027-02-21T09:00:00Z")
    story.agree()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    assert "issue: old forms" in [check.name for check in story.gate.briefing.checks]


@pytest.mark.parametrize(("days", "widens"), [(3, False), (90, True)])
def test_an_acceptance_ends(days: int, widens: bool) -> None:
    """A problem that was accepted until yesterday bars the next wave; one that is accepted still does not."""
    story = Story(known(days)).live().review()
    if not widens:
        assert said(story.vote("risk-a")) is Code.PREMATURE
    story.agree()
    story.wait(2 * DAY)
    assert story.people == (20 if widens else 10)


@pytest.mark.parametrize(
    ("old", "new", "weight"),
    [
        (known(30), known(60), Weight.MATERIAL),
        (known(30), known(None), Weight.MATERIAL),
        (known(30), known(30, "risk-b"), Weight.MATERIAL),
        (known(60), known(30), Weight.RECORDED),
        (known(None), known(30), Weight.RECORDED),
        (allowing(standard_plan()), known(30), Weight.RECORDED),
        (known(30), allowing(standard_plan()), Weight.RECORDED),
    ],
)
def test_living_with_it_longer_asks_everybody(old: Plan, new: Plan, weight: Weight) -> None:
    """To accept a known problem for longer or on another's word is material; for less, or one more, is recorded."""
    assert [change.weight for change in diff(old, new)] == [weight]


# -- exceptions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [True, False])
def test_an_exception_is_granted_or_denied(accept: bool) -> None:
    """What is waived passes and is shown as waived; what is denied is owed as before."""
    story = begun()
    assert asked(story) is Code.EXCEPTION_ASKED
    assert not story.state.gates
    assert decided(story, accept=accept) is (Code.EXCEPTION_GRANTED if accept else Code.EXCEPTION_DENIED)
    assert (story.phase is Phase.AWAITING_APPROVAL) is accept
    if accept:
        check = next(check for check in story.gate.briefing.checks if check.name == "training")
        assert (check.verdict, check.reason.code) == (Verdict.PASSED, Code.EXCEPTED)
        assert check.reason.facts["control"] == "a colleague sits beside"


@pytest.mark.parametrize(
    ("who", "words", "code"),
    [
        ("risk-a", {}, Code.EXCEPTION_GRANTED),
        ("ops-b", {}, Code.NO_RIGHT),
        ("owner", {}, Code.REQUESTER),
        ("ops-a", {}, Code.REQUESTER),
        ("gone", {}, Code.NO_RIGHT),
        ("risk-a", {"actor_kind": ActorKind.AGENT}, Code.NO_RIGHT),
    ],
)
def test_who_accepts_the_risk(who: str, words: dict[str, Any], code: Code) -> None:
    """An exception is granted by who may accept a risk, and by nobody who asked for it or gains by it."""
    rights = (F.RISK, F.AI_OWNER) if who == "owner" else (F.RISK, F.OPERATIONS) if who == "ops-a" else (F.RISK,)
    story = begun(allowing(None, *rights))
    asked(story)
    assert decided(story, who, **words) is code


@pytest.mark.parametrize(("verified", "code"), [(False, Code.SIGNATURE_REQUIRED), (True, Code.EXCEPTION_GRANTED)])
def test_a_risk_is_accepted_like_a_vote(verified: bool, code: Code) -> None:
    """Where votes are signed, a risk is accepted by a signed word alone."""
    story = begun(with_gate(allowing(), GateKind.FIRST_EXPOSURE, signed=True))
    asked(story)
    assert decided(story, verified=verified) is code


@pytest.mark.parametrize("item", [*NEVER, "evaluation", "issue-9", "freeze"])
def test_what_is_never_waived(item: str) -> None:
    """Neither identity, evidence nor the way down is waived, nor what the stage does not ask; training is."""
    plan = with_rules(allowing(), Stage.PILOT, readiness=(*NEVER, ReadinessItem.TRAINING))
    story = begun(plan)
    assert asked(story, item=item) is Code.NOT_WAIVABLE
    assert asked(story) is Code.EXCEPTION_ASKED


@pytest.mark.parametrize(
    ("days", "code"), [(0, Code.EXCEPTION_TOO_LONG), (181, Code.EXCEPTION_TOO_LONG), (180, Code.EXCEPTION_ASKED)]
)
def test_an_exception_has_an_end(days: int, code: Code) -> None:
    """An exception ends in time to come, and within what the standard allows evidence to be old."""
    assert asked(begun(), days=days) is code


@pytest.mark.parametrize("trained", [True, False])
def test_an_exception_ends_by_itself(trained: bool) -> None:
    """When an exception ends and what it waived is still missing, what is served is held; if it is met, it goes on."""
    story = begun()
    asked(story, days=10)
    decided(story)
    story.agree()
    story.wait_for(Phase.OBSERVING)
    if trained:
        story.ready(ReadinessItem.TRAINING)
    story.wait(story.now + 9 * DAY)
    assert Code.EXCEPTION_OVER in story.codes()
    assert story.state.exposure.control is (Control.LIVE if trained else Control.HELD)


def test_an_exception_nobody_decides_lapses() -> None:
    """What nobody granted by its own end was never in force and is gone."""
    story = begun()
    asked(story, days=2)
    story.wait(3 * DAY)
    assert (story.state.waivers, story.phase) == ({}, Phase.PREPARING)
    assert Code.EXCEPTION_UNDECIDED in story.codes()


def test_renewals_are_counted() -> None:
    """An exception that is granted again says how often; the one in force stays so until the new one is granted."""
    story = begun()
    asked(story, days=5)
    decided(story)
    story.wait(6 * DAY)
    assert asked(story) is Code.EXCEPTION_ASKED
    assert asked(story) is Code.EXCEPTION_OPEN
    decided(story)
    assert [(waiver.given, waiver.over) for waiver in story.state.waivers.values()] == [(2, False)]
    asked(story, days=60)
    assert [waiver.by for waiver in story.state.waivers.values()] == ["risk-a", None]
    assert story.phase is Phase.AWAITING_APPROVAL
    assert decided(story, accept=False) is Code.EXCEPTION_DENIED
    assert [waiver.given for waiver in story.state.waivers.values()] == [2]


def test_a_problem_may_be_lived_with() -> None:
    """Who may accept a risk lets a stage go on with a problem until a day, and the briefing says so."""
    story = Story(allowing(standard_plan())).live()
    story.message(Report, "plat-a", what="slow at noon")
    name = next(iter(story.state.problems))
    asked(story, item=name, days=60)
    assert decided(story) is Code.EXCEPTION_GRANTED
    story.review()
    checks = {check.name: check.reason.code for check in story.gate.briefing.checks}
    assert checks[name] is Code.EXCEPTED
    story.agree()
    story.wait(2 * DAY)
    assert story.people == 20


STEPS = ("ask", "yes", "yes", "no", "agree", "agree", "wait", "find", "settle")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 40)), max_size=20))
def test_nobody_is_served_over_what_is_neither_met_nor_waived(steps: list[tuple[str, int]]) -> None:
    """Whatever is asked for, granted and forgotten: where a wave begins, each item was met or waived just then."""
    story = begun()
    for what, days in steps:
        if what == "ask":
            asked(story, item=next(iter(story.state.problems), "training"), days=days)
        elif what in ("yes", "no") and story.state.waivers:
            decided(story, accept=what == "yes")
        elif what == "agree" and story.state.gates:
            story.agree()
        elif what == "wait":
            story.wait(timedelta(days=days))
        elif what == "find":
            story.message(Report, "plat-a", what="x")
        elif what == "settle" and story.state.problems:
            story.message(Report, "risk-a", settles=next(iter(story.state.problems)), evidence="x")
    for heard in story.heard:
        if Code.AUTHORISED in [entry.reason.code for entry in heard.decision.entries]:
            in_force = {one.item for one in heard.decision.state.waivers.values() if one.in_force(heard.now)}
            assert {"training", *heard.decision.state.problems} <= in_force


def test_the_property_is_not_empty() -> None:
    """With the exception in force the same wave begins."""
    story = begun()
    asked(story, days=30)
    decided(story)
    story.agree()
    story.wait(3 * DAY)
    assert story.people == 10


def test_the_span_is_the_standards() -> None:
    """A standard that lets evidence age less lets exceptions last less."""
    story = begun(with_rules(allowing(), evidence_max_age=Span.of("20d")))
    assert asked(story, days=21) is Code.EXCEPTION_TOO_LONG
    assert asked(story, days=20) is Code.EXCEPTION_ASKED


@pytest.mark.parametrize("end", ["denied", "undecided"])
def test_a_no_does_not_forget_how_often_it_was_granted(end: str) -> None:
    """Who asks again after a no, or after nobody answered, has what was granted before counted as ever."""
    story = begun()
    asked(story, days=5)
    decided(story)
    story.wait(6 * DAY)
    asked(story, days=5)
    if end == "denied":
        decided(story, accept=False)
    else:
        story.wait(6 * DAY)
    asked(story)
    decided(story)
    assert [(waiver.given, waiver.over) for waiver in story.state.waivers.values()] == [(2, False)]
