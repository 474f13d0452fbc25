"""The small verbs around a round of votes: `delegate`, `remind`, `reassign`, `postpone`, `let-through`, `confirm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import clock
from cli.answers import Exit, Refusal
from cli.options import AsJson, Evidence, Gate, GoodUntil, MessageId, MustWhy, UseCase, Who, Why
from cli.telling import Manner, message, speaker, tell, unseen

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.models.messages import RolloutInput

_OUTCOMES = ("keep", "change", "retire")

To = Annotated[str, typer.Option("--to", metavar="PERSON", help="Who.")]
OfFunction = Annotated[str, typer.Option("--function", metavar="FUNCTION", help="In which function.")]
Until = Annotated[
    str, typer.Option("--until", metavar="DATE", help="Until the end of that day, or until a time: 2027-03-31T14:00Z.")
]


def delegate(
    use_case: UseCase,
    *,
    to: To,
    function: OfFunction,
    until: Until,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody act in your place for a while; both names stand in the record.

    A time in the past ends it. With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate delegate minutes-summariser --to risk-deputy --function risk --until 2027-03-31
    """
    from cli.moments import moment

    server, given = _seen(use_case)
    manner = Manner(as_json, None, mine, good)
    at = moment(until, "--until", given.plan.calendar).isoformat()
    said = message(use_case, "delegate", who, manner, to=_id(to), function=_word(function), until=at, reason=reason)
    tell(server, said, manner)


def remind(
    use_case: UseCase,
    *,
    who: Who = None,
    gate: Gate = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Ask those who have not answered again, now.

    Example: tidegate remind minutes-summariser
    """
    manner = Manner(as_json, None, mine, good)
    server, name, _ = _round(use_case, who, gate)
    tell(server, message(use_case, "remind", who, manner, gate=name), manner)


def reassign(
    use_case: UseCase,
    *,
    function: OfFunction,
    to: To,
    who: Who = None,
    gate: Gate = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Name, as head of a function, who else may decide this one round for it.

    Example: tidegate reassign minutes-summariser --function risk --to risk-deputy
    """
    manner = Manner(as_json, None, mine, good)
    server, name, _ = _round(use_case, who, gate)
    said = message(use_case, "reassign", who, manner, gate=name, function=_word(function), to=_id(to), reason=reason)
    tell(server, said, manner)


def postpone(
    use_case: UseCase,
    *,
    until: Until,
    who: Who = None,
    gate: Gate = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Give a round of votes more time, once.

    Example: tidegate postpone minutes-summariser --until 2027-03-31 --reason "The auditor comes on the 29th."
    """
    from cli.moments import moment

    manner = Manner(as_json, None, mine, good)
    server, name, given = _round(use_case, who, gate)
    at = moment(until, "--until", given.plan.calendar).isoformat()
    tell(server, message(use_case, "postpone", who, manner, gate=name, until=at, reason=reason), manner)


def let_through(
    use_case: UseCase,
    *,
    reason: MustWhy,
    freeze: Annotated[
        str | None,
        typer.Option("--freeze", metavar="NAME", help="Which freeze; the one that it waits for if not said."),
    ] = None,
    who: Who = None,
    gate: Gate = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Let this one change through a freeze, if the freeze names your function.

    It replaces no approval, and ends with the round of votes it belongs to. With --json: {"outcome", "code",
    "sentence", "standing", "id"}.

    Example: tidegate let-through minutes-summariser --freeze year-end --reason "The books do not touch this tool."
    """
    from cli import briefing
    from cli.choosing import frozen_round

    manner = Manner(as_json, None, mine, good)
    speaker(who)
    server, given = _seen(use_case)
    if given.state is None:
        said = f"{use_case} has not begun: no change waits for a freeze"
        raise Refusal(said, "`tidegate start` sets it going.", Exit.NO)
    round_, name = frozen_round(given.plan, given.state, clock.now(use_case), gate, freeze)
    if not as_json:
        briefing.show(given.plan, given.state, round_)
    words = {"gate": round_.id, "subject": round_.subject, "freeze": name, "reason": reason}
    tell(server, message(use_case, "let_through", who, manner, **words), manner)


def confirm(
    use_case: UseCase,
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="`stop`, `notice:0`, or what is owed, as `tidegate status` names it.")
    ],
    *,
    who: Who = None,
    evidence: Evidence = None,
    wrong: Annotated[
        bool, typer.Option("--not-ratified", help="Of the review of an override: it was wrong; it ends and is held.")
    ] = False,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="OUTCOME", help="Of a review after launch: keep, change, retire.")
    ] = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say that something is so: a notice understood, a duty met, a stop seen.

    Who reviews an override ratifies it so, or says --not-ratified. Who closes a review after launch says with --outcome
    what comes of it.

    Example: tidegate confirm minutes-summariser stop --evidence "Looked at the flag on both hosts at 14:05."
    """
    from cli import talk

    if outcome is not None and _word(outcome) not in _OUTCOMES:
        raise Refusal(f"'{outcome}' is no outcome of a review", f"Write one of {', '.join(_OUTCOMES)}.")
    manner = Manner(as_json, None, mine, good)
    said = message(
        use_case,
        "confirm",
        who,
        manner,
        what=what.strip(),
        evidence=evidence,
        ratified=False if wrong else None,
        outcome=outcome and _word(outcome),
    )
    tell(talk.server(), said, manner)


def _seen(use_case: str) -> tuple[Server, RolloutInput]:
    from cli import talk

    server = talk.server()
    try:
        return server, server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "where it stands") from None


def _round(use_case: str, who: str | None, named: str | None) -> tuple[Server, str, RolloutInput]:
    """Return the server, the round of votes that is meant, and how everything stands."""
    from cli.choosing import open_round

    person = speaker(who)
    server, given = _seen(use_case)
    if named is not None or given.state is None:
        return server, named or "none", given
    gate = open_round(given.plan, given.state, person, clock.now(use_case), named=None)
    return server, gate.id if gate is not None else "none", given


def _word(said: str) -> str:
    return said.strip().lower().replace("-", "_").replace(" ", "_")


def _id(said: str) -> str:
    return said.strip().lower()
