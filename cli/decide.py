"""The verbs of a vote: `approve`, `reject`, `request-changes`, `abstain`, `veto`, `withdraw-veto`, `revoke`.

Each shows what is voted about, and sends exactly that by its digest: what has changed meanwhile is not voted about.
"""

from __future__ import annotations

import sys
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, Gate, GoodUntil, InFunction, MessageId, UseCase, Wait, Who, Why
from cli.telling import Manner, finish, hear, message, signed, speaker, unseen

if TYPE_CHECKING:
    from cli.message import Message
    from cli.talk import Server
    from tidegate.models.gate import Gate as Round
    from tidegate.models.messages import Answer, RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

For = Annotated[
    str | None, typer.Option("--for", metavar="PERSON", help="In whose place, where you are delegate or deputy.")
]


class Wish(NamedTuple):
    """What somebody wants to say about a round of votes."""

    choice: str
    gate: str | None = None
    function: str | None = None
    behalf: str | None = None
    reason: str | None = None
    answers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def approve(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    behalf: For = None,
    reason: Why = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="QUESTION=TEXT", help="What your function is asked; its number will do."),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar='"WHAT; OWNER; DUE[; THEN]"',
            help="What the yes is tied to; unmet, it does THEN: hold, narrow or pause; hold if not said.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="At a keyboard: do not ask whether you mean it.")] = False,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say yes to the round of votes that is open.

    It shows what is signed: the exact exposure before and after, the evidence, and who else has signed. A yes counts
    for exactly that, for a while, once. With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate approve minutes-summariser --as risk-officer --answer "1=Minutes of the board; the author would."
    """
    choice = "approve_with_conditions" if condition else "approve"
    wish = Wish(choice, gate, function, behalf, reason, tuple(answer or ()), tuple(condition or ()))
    _vote(use_case, who, wish, Manner(as_json, wait, mine, until), ask=not yes)


def reject(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    behalf: For = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say no to the round of votes that is open; it ends, and nothing widens.

    Example: tidegate reject minutes-summariser --reason "Names are lost in every tenth draft."
    """
    wish = Wish("reject", gate, function, behalf, reason)
    _vote(use_case, who, wish, Manner(as_json, None, mine, until))


def request_changes(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    behalf: For = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Send it back: it is asked again once somebody says that it is ready.

    Example: tidegate request-changes minutes-summariser --as risk-officer --reason "Name who checks the drafts."
    """
    wish = Wish("request_changes", gate, function, behalf, reason)
    _vote(use_case, who, wish, Manner(as_json, None, mine, until))


def abstain(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    behalf: For = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say that you will not decide; somebody else of your function must.

    Example: tidegate abstain minutes-summariser --reason "I helped to write the prompt."
    """
    wish = Wish("abstain", gate, function, behalf, reason)
    _vote(use_case, who, wish, Manner(as_json, None, mine, until))


def veto(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Block it until the veto is withdrawn; of a yes that has been used it makes a hold.

    Example: tidegate veto minutes-summariser --reason "The contract with the vendor is not signed."
    """
    _vote(use_case, who, Wish("veto", gate, function, None, reason), Manner(as_json, None, mine, until))


def withdraw_veto(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Take back the veto of your function.

    Example: tidegate withdraw-veto minutes-summariser --reason "It is signed now."
    """
    _vote(use_case, who, Wish("withdraw_veto", gate, None, None, reason), Manner(as_json, None, mine, until))


def revoke(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Take back your own vote; one that has been used becomes a hold.

    Example: tidegate revoke minutes-summariser --reason "I was shown the wrong figures."
    """
    _vote(use_case, who, Wish("revoke", gate, None, None, reason), Manner(as_json, None, mine, until))


def _vote(use_case: str, who: str | None, wish: Wish, manner: Manner, *, ask: bool = False) -> None:
    from cli import talk

    person = speaker(who)
    server = talk.server()
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what there is to vote about") from None
    finish(server, *cast(server, given, person, wish, manner, ask=ask), manner)


def cast(
    server: Server,
    given: RolloutInput,
    person: str,
    wish: Wish,
    manner: Manner,
    *,
    ask: bool = False,
    seen: bool = False,
) -> tuple[Message, Answer]:
    """Show what is voted about unless it was seen, send the vote, and return it with its answer; end if not meant."""
    from cli import briefing
    from tidegate.decide import begin

    now = clock.now(given.plan.use_case)
    plan, state = given.plan, given.state or begin(given.plan, now)
    repeated = _repeated(server, given, state, wish, person, manner)
    if repeated is not None:
        return repeated
    gate, name = _about(plan, state, person, wish, now)
    answers: dict[str, str] = {}
    if gate is not None:
        if not manner.as_json and not seen:
            briefing.show(plan, state, gate)
        answers = _answers(plan, state, gate, person, wish, now)
        if ask and sys.stdin.isatty() and not manner.as_json and not typer.confirm(f"{person} approves this?"):
            render.say("Nothing was sent.")
            raise typer.Exit(Exit.NO)
    promises = [_promise(text, plan) for text in wish.conditions] or None
    said = message(
        plan.use_case,
        wish.choice,
        person,
        manner,
        gate=name,
        # Of a round that is over, nothing is compared any more; but every vote says which plan it knew.
        subject=gate.subject if gate is not None else plan.digest,
        function=_function(wish.function),
        on_behalf_of=wish.behalf,
        reason=wish.reason,
        answers=answers or None,
        promises=promises,
    )
    said = signed(server, said, given)
    if "signature" not in said.words:
        _unsigned(plan.use_case, person, gate, wish)
        if not manner.as_json:
            render.say(f"Unsigned: recorded as said by {render.clean(person)}, and unverified.")
    return said, hear(server, said, manner)


def _unsigned(use_case: str, person: str, gate: Round | None, wish: Wish) -> None:
    """Refuse at once what would be refused for want of a signature; a no is heard without one as far as it may be."""
    if gate is None or not gate.signed or wish.choice in ("veto", "revoke"):
        return
    raise Refusal(
        f"{gate.id} of {use_case} counts only signed decisions, and no key of {person}'s is here",
        f"`tidegate keys list {person}` shows which keys the programme knows; TIDEGATE_KEY or "
        f"`tidegate me {person} --key FILE` says where yours lies.",
        Exit.NOT_PERMITTED,
    )


def _about(plan: Plan, state: State, person: str, wish: Wish, now: datetime) -> tuple[Round | None, str]:
    """Return the round that is voted about, if it is open, and its name."""
    from cli.choosing import open_round, over, vetoed

    if wish.choice == "withdraw_veto":
        name = wish.gate or vetoed(plan, state, person) or "veto"
        return state.gates.get(name), name
    gate = open_round(plan, state, person, now, named=wish.gate, choice=wish.choice)
    if gate is not None:
        return gate, gate.id
    return None, wish.gate or over(state, person, wish.choice) or "none"


_SAID = MappingProxyType(
    {
        "approve": "approved",
        "approve_with_conditions": "approved_with_conditions",
        "reject": "rejected",
        "request_changes": "changes_requested",
        "abstain": "abstained",
        "revoke": "revoked",
    }
)
"""Why, where a vote was heard."""


def _repeated(
    server: Server, given: RolloutInput, state: State, wish: Wish, person: str, manner: Manner
) -> tuple[Message, Answer] | None:
    """Return the answer that the same vote got before: its round may be over by now, so it cannot be said again."""
    from tidegate.explain import explain
    from tidegate.models.messages import Answer

    known = state.receipts.get(manner.id) if manner.id is not None else None
    if known is None or known.reason.code.value != _SAID.get(wish.choice):
        return None
    over = next((gate for gate in state.closed if gate.id == known.reason.facts.get("gate")), None)
    if over is None:
        return None
    # Only who said it hears what it led to; anybody else has used the id for something else.
    lately = any(entry.cause == manner.id and entry.actor == person for entry in given.lately)
    if not lately and not (wish.choice.startswith("approve") and person in over.approvers):
        return None
    standing = server.standing(given.plan.use_case)
    answer = Answer(outcome=known.outcome, reason=known.reason, sentence=explain(known.reason), standing=standing)
    return message(given.plan.use_case, wish.choice, person, manner), answer


def _function(named: str | None) -> str | None:
    return None if named is None else named.strip().lower().replace("-", "_").replace(" ", "_")


def _answers(plan: Plan, state: State, gate: Round, person: str, wish: Wish, now: datetime) -> dict[str, str]:
    """Return the answers by their questions; at a keyboard those that are missing are asked for."""
    from cli.briefing import questions
    from tidegate.models.base import Function
    from tidegate.models.event import Actor
    from tidegate.rights import Seat, seat_for

    if not wish.choice.startswith("approve"):
        return {}
    named = _function(wish.function)
    if named is not None and named not in tuple(Function):
        raise Refusal(f"--function {wish.function}: there is no such function", f"One of {', '.join(Function)}.")
    function = None if named is None else Function(named)
    seat = seat_for(plan, state, gate, Actor(subject=person), function, wish.behalf, now)
    asked = questions(plan, gate, seat.function) if isinstance(seat, Seat) else ()
    answers = dict(_answer(text, asked) for text in wish.answers)
    for question in asked:
        if question not in answers and sys.stdin.isatty():
            answers[question] = str(typer.prompt(f"  {render.clean(question)}"))
    return answers


def _answer(text: str, asked: tuple[str, ...]) -> tuple[str, str]:
    for number, question in enumerate(asked, start=1):
        for spelling in (question, str(number)):
            if text.startswith(f"{spelling}="):
                return question, text.removeprefix(f"{spelling}=").strip()
    question, equals, answer = text.partition("=")
    if not equals:
        raise Refusal(
            f"--answer {text}: it says no question", 'Write --answer "QUESTION=TEXT", or its number: "1=TEXT".'
        )
    return question.strip(), answer.strip()


_PARTS = (3, 4)


def _promise(text: str, plan: Plan) -> dict[str, str]:
    from cli.moments import moment
    from tidegate.models.event import Consequence

    parts = [part.strip() for part in text.split(";")]
    if len(parts) not in _PARTS or not all(parts):
        raise Refusal(
            f"--condition {text}: it needs three parts, or four",
            'Write --condition "WHAT; OWNER; DUE", or with what follows if it is not met: "WHAT; OWNER; DUE; pause".',
        )
    what, owner, due, then = (*parts, Consequence.HOLD.value)[:4]
    if then.lower() not in tuple(Consequence):
        raise Refusal(f"--condition {text}: '{then}' is nothing that can follow", f"One of {', '.join(Consequence)}.")
    at = moment(due, "--condition", plan.calendar).isoformat()
    return {"what": what, "owner": owner, "due": at, "consequence": then.lower()}
