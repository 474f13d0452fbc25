"""Questions that the policy does not cover: asked by anybody, owed by somebody, and answered by a name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.pure.world import START, Story, but, said, standard_plan, with_gate, with_member
from tidegate.decide import Decision
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import ActorKind, Confirm, Question
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.question import Asked
from tidegate.models.reasons import Code
from tidegate.models.sampling import PlanQuestions
from tidegate.onepager import onepager
from tidegate.questions import answerers
from tidegate.standing import standing
from tidegate.turn import because

DAY = timedelta(days=1)
WHAT = "May it read letters of a lawyer?"


def ask(story: Story, who: str = "ops-a", **more: Any) -> Decision:
    """Ask a question."""
    return story.message(Question, who, what=WHAT, **more)


def answer(story: Story, who: str = "owner", **more: Any) -> Decision:
    """Answer the last question."""
    name = next(reversed(story.state.questions))
    return story.message(Question, who, **{"answers": name, "answer": "No.", **more})


def test_a_question_is_owed_by_somebody_by_a_date() -> None:
    """The AI owner owes an answer within two business days unless the plan names somebody else and another time."""
    story = Story()
    assert said(ask(story)) is Code.QUESTION_ASKED
    (one,) = story.state.questions.values()
    assert (one.by, one.to, one.due - story.now) == ("ops-a", "owner", 2 * DAY)
    plan = but(standard_plan(), questions=PlanQuestions(to="comp-a", within=Span.of("4h")))
    other = Story(plan)
    ask(other)
    (two,) = other.state.questions.values()
    assert (two.to, two.due - other.now) == ("comp-a", timedelta(hours=4))
    (owed,) = other.state.obligations.values()
    assert (owed.kind, owed.owner, owed.due, WHAT in owed.what) == ("question", "comp-a", two.due, True)


def test_whoever_asked_hears_the_answer() -> None:
    """An answer ends the duty, stands with a name and a time, and goes to the one who asked."""
    story = Story()
    ask(story)
    assert said(answer(story)) is Code.QUESTION_ANSWERED
    (one,) = story.state.questions.values()
    assert (one.answer, one.answered_by, one.answered_at) == ("No.", "owner", story.now)
    assert story.state.obligations == {}
    told = [(move.about.code, move.to) for move in story.moves if isinstance(move, Notify)]
    assert told == [(Code.QUESTION_ASKED, ("owner",)), (Code.QUESTION_ANSWERED, ("ops-a",))]
    assert said(answer(story)) is Code.NO_QUESTION
    assert said(story.message(Question, "owner", answers="question-99", answer="No.")) is Code.NO_QUESTION


@pytest.mark.parametrize("answered", [True, False])
def test_a_question_that_nobody_answers_escalates(answered: bool) -> None:
    """Past its date people are paged and no gate opens; whoever is served stays served."""
    story = Story().live()
    people = story.people
    ask(story)
    if answered:
        answer(story)
    story.wait(3 * DAY)
    pages = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.OVERDUE]
    assert (bool(pages), story.people, story.state.exposure.control) == (not answered, people, Control.LIVE)
    assert all(page.urgent and {"owner", "governance"} <= set(page.to) for page in pages)
    overdue = [owed for owed in story.state.obligations.values() if owed.overdue]
    assert bool(overdue) is not answered
    if not answered:
        assert said(answer(story)) is Code.QUESTION_ANSWERED
        assert story.state.obligations == {}


@pytest.mark.parametrize(
    ("who", "kind", "code"),
    [
        ("ops-a", ActorKind.HUMAN, Code.QUESTION_ASKED),
        ("vendor", ActorKind.HUMAN, Code.QUESTION_ASKED),
        ("gone", ActorKind.HUMAN, Code.UNKNOWN_PERSON),
        ("nobody", ActorKind.HUMAN, Code.UNKNOWN_PERSON),
        ("ops-a", ActorKind.AGENT, Code.UNKNOWN_PERSON),
    ],
)
def test_anybody_of_the_roster_may_ask(who: str, kind: ActorKind, code: Code) -> None:
    """Whoever works with it may ask, a supplier too; who left, a stranger and a machine may not."""
    decision = ask(Story(), who, actor_kind=kind)
    assert said(decision) is code
    (line,) = decision.entries
    assert line.action == "question"
    if code is Code.UNKNOWN_PERSON:
        assert (line.outcome, line.reason) == (Outcome.REFUSED, because(code, who=who))


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("owner", Code.QUESTION_ANSWERED),
        ("governance", Code.QUESTION_ANSWERED),
        ("exec", Code.QUESTION_ANSWERED),
        ("risk-a", Code.NOT_YOURS),
        ("vendor", Code.NOT_YOURS),
    ],
)
def test_who_owes_it_or_stands_above_answers(who: str, code: Code) -> None:
    """The contact, who acts for them, and those above them answer; nobody else does."""
    story = Story()
    ask(story)
    assert said(answer(story, who)) is code


def test_a_deputy_answers_and_nobody_answers_themselves() -> None:
    """Who acts for the contact may answer; a contact who asks waits for somebody above them."""
    plan = but(standard_plan(), questions=PlanQuestions(to="comp-a"))
    story = Story(plan)
    ask(story)
    assert said(answer(story, "comp-deputy")) is Code.QUESTION_ANSWERED
    own = Story(plan)
    ask(own, "comp-a")
    assert said(answer(own, "comp-a")) is Code.NOT_YOURS
    assert said(answer(own, "governance")) is Code.QUESTION_ANSWERED


PLAN = standard_plan()
WITHOUT = {name: one for name, one in PLAN.roster.items() if name != "comp-a"}


@pytest.mark.parametrize(
    ("plan", "able"),
    [
        (PLAN, ("comp-a", "comp-deputy", "governance", "exec")),
        (with_member(PLAN, "comp-deputy", organisation="vendor"), ("comp-a", "governance", "exec")),
        (with_member(PLAN, "comp-a", active=False), ("comp-deputy", "governance", "exec")),
        (but(PLAN, roster=WITHOUT), ("governance", "exec")),
    ],
)
def test_who_answers_is_here_and_no_supplier(plan: Plan, able: tuple[str, ...]) -> None:
    """A supplier answers for no policy, whosever deputy they are; where the contact is gone, others still can."""
    asked = Asked(what=WHAT, by="ops-a", at=START, to="comp-a", due=START + DAY)
    assert answerers(plan, asked) == able


@pytest.mark.parametrize("signs", [True, False])
def test_where_decisions_are_signed_so_is_an_answer(signs: bool) -> None:
    """Asking needs no key anywhere; an answer needs one wherever approvals do."""
    story = Story(with_gate(standard_plan(), GateKind.RESUME, signed=signs))
    assert said(ask(story)) is Code.QUESTION_ASKED
    assert said(answer(story)) is (Code.SIGNATURE_REQUIRED if signs else Code.QUESTION_ANSWERED)
    if signs:
        assert said(answer(story, verified=True)) is Code.QUESTION_ANSWERED


def test_an_answer_is_owed_and_no_confirmation() -> None:
    """That somebody says it is done answers nothing."""
    story = Story()
    ask(story)
    (name,) = story.state.questions
    assert said(story.message(Confirm, "owner", what=name, evidence="told her")) is Code.ANSWER_NEEDED


def test_what_is_kept_is_bounded() -> None:
    """Thirty questions may be open, and of those that were answered the last twenty stay to be read."""
    story = Story()
    for _ in range(30):
        assert said(ask(story)) is Code.QUESTION_ASKED
    (line,) = ask(story).entries
    assert (line.action, line.outcome, line.reason) == (
        "question", Outcome.REFUSED, because(Code.TOO_MANY, what="open questions"),
    )  # fmt: skip
    for name in tuple(story.state.questions):
        story.message(Question, "owner", answers=name, answer=f"about {name}")
    assert (len(story.state.questions), story.state.obligations) == (20, {})
    assert said(ask(story)) is Code.QUESTION_ASKED


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ({"what": "May it?"}, True),
        ({"answers": "question-1", "answer": "No."}, True),
        ({}, False),
        ({"what": "May it?", "answers": "question-1", "answer": "No."}, False),
        ({"answers": "question-1"}, False),
        ({"answer": "No."}, False),
        ({"what": " "}, False),
    ],
)
def test_a_message_asks_or_answers(words: dict[str, Any], heard: bool) -> None:
    """What is neither a question nor a whole answer is not heard."""
    text = json.dumps({"id": "m", "actor": {"subject": "ops-a"}, **words})
    if heard:
        Question.model_validate_json(text)
    else:
        with pytest.raises(ValidationError):
            Question.model_validate_json(text)


def test_the_one_page_and_the_steps_name_who_answers() -> None:
    """Everybody finds on the one page whom to ask and how, and the contact sees what they owe."""
    story = Story()
    ask(story)
    rows = {row.question: row.answers for row in onepager(story.plan)}
    owners = rows["Who owns the business outcome?"]
    assert "What the policy does not cover: owner (owner) answers within 2bd." in owners
    assert 'To ask: tidegate ask claims-triage "QUESTION"' in owners
    (name,) = story.state.questions
    steps = standing(story.plan, story.state, story.now).steps
    assert [step.who for step in steps if step.verb == f'answer {name} "ANSWER"'] == [("owner",)]
