"""Questions that the policy does not cover: anybody may ask, somebody owes the answer by a date.

One that is not answered in time goes to more people, and nothing widens until it is: what nobody can say must not be
done by more. An answer is on record with a name, and the one who asked hears it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind
from tidegate.models.owing import Obligation
from tidegate.models.question import Asked
from tidegate.models.reasons import Code
from tidegate.models.sampling import PlanQuestions
from tidegate.roster import can_vote
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Question
    from tidegate.models.plan import Plan

_OPEN_AT_MOST = 30
_ANSWERED_KEPT = 20


def rule(plan: Plan) -> PlanQuestions:
    """Return who answers and how soon: what the plan says, else the AI owner within two business days."""
    return plan.questions or PlanQuestions(to=plan.ai_owner)


def take(turn: Turn, event: Question) -> Reason:
    """Take in a question, or its answer."""
    member = turn.plan.roster.get(event.actor.subject)
    if member is None or not member.active or event.actor.kind is not ActorKind.HUMAN:
        return turn.note("question", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=event.actor.subject))
    if event.answers is not None:
        return _answer(turn, event, event.answers)
    if sum(one.answer is None for one in turn.state.questions.values()) >= _OPEN_AT_MOST:
        return turn.note("question", Outcome.REFUSED, because(Code.TOO_MANY, what="open questions"))
    asks, who, what = rule(turn.plan), event.actor.subject, event.what or ""
    if turn.plan.questions is None:
        # Where nobody is named, whoever decides about it now answers.
        asks = asks.but(to=lead(turn.plan, turn.state))
    due = calendar.later(turn.plan.calendar, turn.now, asks.within)
    name = turn.name("question")
    asked = Asked(what=what, by=who, at=turn.now, to=asks.to, due=due)
    owed = Obligation(kind="question", what=f"an answer to {name}: {what}", owner=asks.to, due=due, then="block")
    turn.change(
        questions={**turn.state.questions, name: asked},
        obligations={**turn.state.obligations, name: owed},
    )
    reason = because(Code.QUESTION_ASKED, id=name, by=who, to=asks.to, due=due, what=what)
    turn.tell(reason, (asks.to,))
    return turn.note("question", Outcome.DONE, reason)


def _answer(turn: Turn, event: Question, name: str) -> Reason:
    asked, who = turn.state.questions.get(name), event.actor.subject
    if asked is None or asked.answer is not None:
        return turn.note("answer", Outcome.NOOP, because(Code.NO_QUESTION, id=name))
    able = answerers(turn.plan, asked)
    if who not in able:
        return turn.note("answer", Outcome.REFUSED, because(Code.NOT_YOURS, who=who, what=name, owner=able))
    given = asked.but(answer=event.answer, answered_by=who, answered_at=turn.now)
    kept = {**turn.state.questions, name: given}
    answered = [other for other, one in kept.items() if one.answer is not None]
    for other in answered[:-_ANSWERED_KEPT]:
        del kept[other]
    left = {other: owed for other, owed in turn.state.obligations.items() if other != name}
    turn.change(questions=kept, obligations=left)
    reason = because(Code.QUESTION_ANSWERED, id=name, by=who, what=event.answer)
    turn.tell(reason, (asked.by,))
    return turn.note("answer", Outcome.DONE, reason)


def answerers(plan: Plan, asked: Asked) -> tuple[str, ...]:
    """Return who may answer: who owes it, who acts for them, and those above them; nobody answers themselves."""
    member = plan.roster.get(asked.to)
    names = (asked.to, member.deputy if member is not None else None, plan.governance_owner, plan.accountable_exec)
    found = (name for name in names if name is not None and can_vote(plan.roster.get(name)))
    return tuple(name for name in dict.fromkeys(found) if name != asked.by)
