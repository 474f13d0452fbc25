"""Known problems and exceptions, told: what is refused and why, what makes room, and how far an exception reaches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, F, Story, but, standard_plan, with_rules
from tidegate import waivers
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Outcome, Reason, Verdict
from tidegate.models.event import SYSTEM, Judge, Report, Waive
from tidegate.models.exception import ExceptionRules
from tidegate.models.exposed import Control
from tidegate.models.issue import AcceptedIssue
from tidegate.models.plan import Plan
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.training import Curriculum, Learned, PlanTraining
from tidegate.models.waiver import Problem, Waiver
from tidegate.turn import Turn, because

DAY = timedelta(days=1)


def bounded(**more: Any) -> Plan:
    """Return a plan whose stages ask for training and bound their exceptions."""
    plan = standard_plan()
    asked = (*plan.rules(1).readiness, ReadinessItem.TRAINING)
    plan = with_rules(plan, readiness=asked, exceptions=ExceptionRules(longest=Span.of("30d"), **more))
    return but(plan, rights={**plan.rights, Right.ACCEPT_RISK: (F.RISK, F.AI_OWNER, F.OPERATIONS)})


def begun(plan: Plan | None = None) -> Story:
    """Return a rollout that lacks nothing but the training for its first gate."""
    story = Story(plan or bounded())
    story.start()
    story.ready()
    return story


def waiver(item: str = "training", stage: Stage = Stage.PILOT, **more: Any) -> Waiver:
    """Return an exception."""
    given = {"control": "a colleague", "asked_by": "ops-a", "asked_at": START, "until": START + 9 * DAY, **more}
    return Waiver(item=item, stage=stage, **given)


def asks(story: Story, **more: Any) -> tuple[Outcome, Reason]:
    """Ask for an exception, and return what the line says."""
    words = {"item": "training", "control": "a colleague", "until": story.now + 9 * DAY, "reason": "no room", **more}
    return line(story, "exception", Waive, "ops-a", **words)


def line(story: Story, action: str, kind: Any, who: str, **words: Any) -> tuple[Outcome, Reason]:
    """Send a message, and return the one line of evidence about it."""
    decision = story.message(kind, who, **words)
    (entry,) = [entry for entry in decision.entries if entry.action == action]
    return entry.outcome, entry.reason


# -- asked for --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"upto": "moon"}, because(Code.NO_SUCH_LEVEL, level="moon")),
        ({"upto": "w3"}, because(Code.NO_SUCH_LEVEL, level="w3")),
        ({"reason": None}, because(Code.REASON_NEEDED, what="it needs an exception")),
        ({"until": START + 31 * DAY}, because(Code.EXCEPTION_TOO_LONG, latest=START + 30 * DAY)),
        ({"item": "owner"}, because(Code.NOT_WAIVABLE, item="owner")),
    ],
    ids=["no wave", "a wave of another stage", "no why", "too long", "never"],
)
def test_what_an_exception_lacks_is_named(words: dict[str, Any], reason: Reason) -> None:
    """A scope that is not there, a why that is missing and an end too far away are each refused by name."""
    story = begun()
    assert asks(story, **words) == (Outcome.REFUSED, reason)
    assert story.state.waivers == {}
    assert asks(story, upto="w2")[0] is Outcome.DONE


@pytest.mark.parametrize("over", [(), (3,), (3, 7)], ids=str)
def test_exceptions_do_not_pile_up(over: tuple[int, ...]) -> None:
    """From thirty on none is taken in, unless one is over: the oldest of those makes room, and no other."""
    story = begun()
    kept = {f"old-{n}": waiver(f"issue-{n}", by="risk-a", over=n in over) for n in range(30)}
    story.state = story.state.but(waivers=kept)
    outcome, reason = asks(story)
    names = [name for name in story.state.waivers if name.startswith("old-")]
    if not over:
        assert (outcome, reason) == (Outcome.REFUSED, because(Code.TOO_MANY, what="exceptions"))
        assert story.state.waivers == kept
    else:
        assert (outcome, reason.code) == (Outcome.DONE, Code.EXCEPTION_ASKED)
        assert names == [name for name in kept if name != "old-3"]


@pytest.mark.parametrize(
    ("level", "upto", "stage", "waives"),
    [
        (1, None, Stage.PILOT, True),
        (2, None, Stage.PILOT, True),
        (3, None, Stage.PILOT, False),
        (1, "w1", Stage.PILOT, True),
        (2, "w1", Stage.PILOT, False),
        (2, "w2", Stage.PILOT, True),
        (2, "gone", Stage.PILOT, False),
        (3, None, Stage.LIMITED, True),
    ],
)
def test_an_exception_reaches_no_further_than_it_was_asked_for(
    level: int, upto: str | None, stage: Stage, waives: bool
) -> None:
    """In its own stage, and up to its last wave; where that wave is gone it counts nowhere."""
    story = begun()
    given = waiver("issue-1", stage, by="risk-a", upto=upto)
    problem = Problem(what="slow", by="plat-a", at=START)
    state = story.state.but(problems={"issue-1": problem}, waivers={"exception-1": given})
    (check,) = waivers.problems(story.plan, state, level, story.now)
    assert (check.name, check.verdict is Verdict.PASSED) == ("issue-1", waives)


# -- decided ----------------------------------------------------------------------------------------------------------


def judged(story: Story, who: str, given: Waiver, **more: Any) -> tuple[Outcome, Reason]:
    """Decide an exception that was asked for."""
    story.state = story.state.but(waivers={"exception-1": given})
    return line(story, "exception decided", Judge, who, **{"name": "exception-1", "accept": True, **more})


@pytest.mark.parametrize(
    ("who", "given", "reason"),
    [
        ("ops-a", waiver(), because(Code.REQUESTER, who="ops-a")),
        ("receiver", waiver(), because(Code.GAINS_BY_IT, who="receiver")),
        ("comp-a", waiver(), because(Code.NO_RIGHT, who="comp-a", right="accept_risk")),
        ("risk-a", waiver(given=2), because(Code.HIGHER_ACCEPTOR, who="risk-a", times=2)),
    ],
    ids=["who asked", "who gains", "no right", "too often"],
)
def test_why_somebody_may_not_accept_a_risk(who: str, given: Waiver, reason: Reason) -> None:
    """Each refusal says who it was, and how often it was granted where only a higher one may; before, risk may."""
    story = begun()
    assert judged(story, who, given) == (Outcome.REFUSED, reason)
    assert judged(story, "risk-a", waiver(given=1))[1].code is Code.EXCEPTION_GRANTED


def test_what_was_granted_too_often_is_granted_by_who_answers_for_it() -> None:
    """The accountable executive may, after whoever may otherwise no longer does; to deny it whoever may at all."""
    assert judged(begun(), "exec", waiver(given=2))[0] is Outcome.DONE
    assert judged(begun(), "risk-a", waiver(given=2), accept=False)[0] is Outcome.DONE


@pytest.mark.parametrize(("left", "granted"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_an_exception_is_not_granted_once_it_would_be_over(left: timedelta, granted: bool) -> None:
    """At its own end it is refused and stays asked for; a second before it is in force."""
    story = begun()
    asked = waiver()
    story.state = story.state.but(waivers={"exception-1": asked})
    event = Judge(**story.envelope("risk-a", name="exception-1", accept=True))
    turn = Turn(story.plan, story.state, asked.until - left, event.actor, None)
    said = waivers.judge(turn, event)
    entry = turn.entries[-1]
    assert (entry.action, entry.reason) == ("exception decided", said)
    if granted:
        assert (entry.outcome, said.code) == (Outcome.DONE, Code.EXCEPTION_GRANTED)
        return
    assert (entry.outcome, said) == (Outcome.REFUSED, because(Code.EXCEPTION_TOO_LONG, latest=asked.until))
    assert (turn.state.waivers, turn.moves) == ({"exception-1": asked}, [])


# -- problems ---------------------------------------------------------------------------------------------------------


def full(count: int) -> Story:
    """Return a story with so many open problems."""
    story = begun()
    known = {f"issue-{n}": Problem(what=f"p{n}", by="plat-a", at=START) for n in range(100, 100 + count)}
    story.state = story.state.but(problems=known)
    return story


def test_one_problem_too_many_is_refused_by_name() -> None:
    """The thirtieth is listed, and the next is not."""
    assert line(full(29), "issue", Report, "plat-a", what="one more")[0] is Outcome.DONE
    refused = (Outcome.REFUSED, because(Code.TOO_MANY, what="open issues"))
    assert line(full(30), "issue", Report, "plat-a", what="one more") == refused


@pytest.mark.parametrize(("count", "listed"), [(29, True), (30, False), (31, False)])
def test_what_the_rules_find_is_listed_while_there_is_room(count: int, listed: bool) -> None:
    """Where there is none, the latest problem stands for it: that bars enough."""
    story = full(count)
    turn = Turn(story.plan, story.state, story.now, SYSTEM, None)
    name = waivers.found(turn, "a change", by="risk-a")
    assert (len(turn.state.problems) == count + 1) is listed
    if listed:
        assert turn.state.problems[name] == Problem(what="a change", by="risk-a", at=story.now)
    else:
        assert name == list(story.state.problems)[-1]


@pytest.mark.parametrize("trained", [True, False])
def test_a_problem_is_settled_by_who_has_learned_to_judge_it(trained: bool) -> None:
    """Where only trained people accept risks, another's is refused by name and course, and the problem stays."""
    courses = PlanTraining(users="course/claims", managers="course/leads", recorded=True)
    story = begun(but(with_rules(bounded(), trained_only=True), training=courses))
    story.message(Report, "plat-a", what="x")
    learned = Learned(on=START.date(), until=START + 90 * DAY, ref="lms/7", by="ops-a")
    story.state = story.state.but(trained={"risk-a" if trained else "risk-b": {Curriculum.MANAGERS: learned}})
    (name,) = story.state.problems
    outcome, reason = line(story, "issue", Report, "risk-a", settles=name, evidence="release 7")
    if trained:
        assert (outcome, reason) == (Outcome.DONE, because(Code.ISSUE_SETTLED, id=name, by="risk-a"))
    else:
        lacks = because(Code.NOT_TRAINED, who="risk-a", course="course/leads", use_case="claims-triage")
        assert (outcome, reason) == (Outcome.REFUSED, lacks)
    assert (name in story.state.problems) is not trained


@pytest.mark.parametrize("served", [False, True])
def test_to_go_around_it_holds_only_who_is_served(served: bool) -> None:
    """A bypass that somebody reports bars either way; where nobody is served there is nothing to hold, nor to void."""
    story = Story().live() if served else Story()
    story.message(Report, "plat-a", what="they use the old door", bypass=True)
    assert len(story.state.problems) == 1
    assert story.state.exposure.control is (Control.HELD if served else Control.NONE)
    assert (story.state.bypassed is not None) is served


@pytest.mark.parametrize(
    ("by", "until", "ago", "expected"),
    [
        ("risk-a", DAY, timedelta(0), (Verdict.PASSED, Code.ISSUE_ACCEPTED, "risk-a", "2026-11-24T09:00:00Z")),
        ("risk-a", DAY, DAY, (Verdict.FAILED, Code.ACCEPTANCE_OVER, "risk-a", "2026-11-24T09:00:00Z")),
        (None, DAY, 2 * DAY, (Verdict.FAILED, Code.ACCEPTANCE_OVER, "nobody by name", "2026-11-24T09:00:00Z")),
        (None, None, DAY, (Verdict.PASSED, Code.ISSUE_ACCEPTED, "nobody by name", "it is solved")),
    ],
)
def test_a_problem_of_the_plan_says_who_accepted_it_until_when(
    by: str | None, until: timedelta | None, ago: timedelta, expected: tuple[Verdict, Code, str, str]
) -> None:
    """While it is accepted and after, the reviewer reads which problem it is, on whose word, and until when."""
    issue = AcceptedIssue(what="old forms", owner="ops-a", by=by, until=None if until is None else START + until)
    story = Story(but(standard_plan(), accepted_issues={Stage.PILOT: (issue,)}))
    (check,) = waivers.problems(story.plan, story.state, 1, START + ago)
    verdict, code, who, end = expected
    assert (check.name, check.verdict) == ("issue: old forms", verdict)
    assert check.reason == because(code, what="old forms", by=who, until=end)
