"""`ask` and `answer`: what the policy does not cover, and who says so by when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.options import AsJson, GoodUntil, MessageId, UseCase, Who, Why
from cli.telling import Manner, message, tell, unseen

if TYPE_CHECKING:
    from tidegate.models.messages import RolloutInput


def ask(
    use_case: UseCase,
    what: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="What the policy does not say; none shows all questions.")
    ] = None,
    *,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Ask what the policy does not cover; somebody owes you the answer by a date.

    Anybody of the roster may ask. Once that date has passed, more people hear of it, and nothing widens until it is
    answered. With --json and no question: {"contact": {"to", "within"}, "questions": [{"id", "what", "by", "at", "to",
    "due", "overdue", "answer", "answered_by", "answered_at"}]}; else {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate ask claims-triage "May it read letters of a lawyer?" --as ops-manager
    """
    from cli import talk

    server = talk.server()
    if what is not None:
        manner = Manner(as_json, None, mine, good)
        tell(server, message(use_case, "question", who, manner, what=what, reason=reason), manner)
        return
    try:
        told = register(server.whole(use_case))
    except talk.NoAnswer:
        raise unseen(use_case, "which questions there are") from None
    if as_json:
        render.answer(told)
    else:
        _show(use_case, told)


def answer(
    use_case: UseCase,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="Which one, by its id, such as question-3.")],
    text: Annotated[str, typer.Argument(metavar="ANSWER", help="The answer, in your own words.")],
    *,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question that the policy does not cover; whoever asked it hears the answer.

    With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate answer claims-triage question-3 "No: such letters go to the general desk." --as claims-head
    """
    from cli import talk

    manner = Manner(as_json, None, mine, good)
    words = {"answers": question.strip(), "answer": text, "reason": reason}
    tell(talk.server(), message(use_case, "question", who, manner, **words), manner)


def register(given: RolloutInput) -> dict[str, Any]:
    """Return who answers, and every question that is kept."""
    from tidegate import questions

    state, rule = given.state, questions.rule(given.plan)
    asked = {} if state is None else state.questions
    owed = {} if state is None else state.obligations
    return {
        "contact": {"to": rule.to, "within": str(rule.within)},
        "questions": [
            {"id": name, **one.model_dump(mode="json"), "overdue": name in owed and owed[name].overdue}
            for name, one in asked.items()
        ],
    }


def _show(use_case: str, told: dict[str, Any]) -> None:
    contact = told["contact"]
    render.sentence(f"{contact['to']} answers within {contact['within']}.")
    for one in told["questions"]:
        late = " (OVERDUE)" if one["overdue"] else ""
        render.heading(f"{one['id']}: asked by {one['by']}{late}")
        render.sentence(render.clean(one["what"]), "  ")
        if one["answer"] is not None:
            render.sentence(f"{one['answered_by']}: {render.clean(one['answer'])}", "  ")
        else:
            render.sentence(
                f"{one['to']} owes the answer by {one['due']}: tidegate answer {use_case} {one['id']} ANSWER", "  "
            )
    if not told["questions"]:
        render.say("There is no question.")
