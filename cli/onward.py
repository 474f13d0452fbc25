"""The verbs that go on, and those that end it: they propose, and the rules and people decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock
from cli.answers import Exit, Refusal
from cli.options import AsJson, GoodUntil, MessageId, MustWhy, UseCase, Wait, Who, Why
from cli.telling import Manner, message, tell

if TYPE_CHECKING:
    from cli.message import Message


def resume(
    use_case: UseCase,
    *,
    cause: Annotated[str, typer.Option("--cause", metavar="TEXT", help="What was wrong, and what has changed since.")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="WAVE", help="Such as pilot/pmo; else one below the last approved.")
    ] = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Propose to go on after a reduction; those who reduced it are asked.

    With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate resume minutes-summariser --cause "The prompt lost names; mended, and tried on 40 drafts."
    """
    manner = Manner(as_json, wait, mine, until)
    _say(message(use_case, "resume", who, manner, cause=cause, to=to, reason=reason), manner)


def reading(
    use_case: UseCase,
    figures: Annotated[
        list[str], typer.Argument(metavar="METRIC=VALUE...", help="What was found; METRIC= where there was nothing.")
    ],
    *,
    cases: Annotated[int, typer.Option("--n", metavar="CASES", min=0, help="Over how many cases.")] = 0,
    taken: Annotated[
        str | None, typer.Option("--taken-at", metavar="TIME", help="Of when it speaks; now if not said.")
    ] = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Give figures that people count by hand; your name stands behind them.

    Example: tidegate reading minutes-summariser corrections_per_100=6 minutes_per_document=11.5 --n 40
    """
    from cli.moments import moment

    manner = Manner(as_json, wait, mine, until)
    at = (moment(taken, "--taken-at") if taken else clock.now(use_case)).isoformat()
    items = dict(_figure(text, cases, at) for text in figures)
    _say(message(use_case, "reading", who, manner, items=items, reason=reason), manner)


def retire(
    use_case: UseCase,
    *,
    reason: Why = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only show when it is due, and what its end takes; send nothing.")
    ] = False,
    who: Who = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Propose to end it in good order.

    Those whom its standard names decide; then everybody is told, runs under way finish where the plan says so, access
    is taken away and read back, the archive is sealed, and only then it is over. With --json: {"outcome", "code",
    "sentence", "standing", "id"}; with --explain --json: {"use_case", "phase", "criteria": [{"condition", "value",
    "holds": true, false, or null where nobody knows}], "steps": [{"what", "state", "who", "due", "verb", "note"}]}.

    Example: tidegate retire claims-triage --explain
    """
    if explain:
        from cli.ending import foretold

        foretold(use_case, as_json=as_json)
        return
    if reason is None:
        raise Refusal("nobody would know why it ends", "--reason TEXT says why; --explain shows what it takes.")
    manner = Manner(as_json, wait, mine, until)
    _say(message(use_case, "retire", who, manner, reason=reason), manner)


def terminate(
    use_case: UseCase,
    *,
    reason: MustWhy,
    who: Who = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """End it now: nobody is served, and that is read back.

    Example: tidegate terminate minutes-summariser --reason "The vendor has ended the model." --wait
    """
    manner = Manner(as_json, wait, mine, until)
    _say(message(use_case, "terminate", who, manner, reason=reason), manner, safer=True)


def withdraw(
    use_case: UseCase,
    *,
    reason: MustWhy,
    who: Who = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Take it back before anybody was served.

    Example: tidegate withdraw minutes-summariser --reason "Begun with the wrong playbook."
    """
    manner = Manner(as_json, None, mine, until)
    _say(message(use_case, "withdraw", who, manner, reason=reason), manner)


def lift(
    use_case: UseCase,
    dependency: Annotated[str, typer.Argument(metavar="DEPENDENCY", help="What is barred, as `tidegate status` says.")],
    *,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Lift the bar on something shared; nothing widens by that.

    Example: tidegate lift minutes-summariser model/small-text --reason "The vendor has mended it."
    """
    manner = Manner(as_json, None, mine, until)
    _still_stopped(dependency)
    _say(message(use_case, "stop_the_line", who, manner, dependency=dependency, lift=True, reason=reason), manner)


def override(
    use_case: UseCase,
    *,
    to: Annotated[str, typer.Option("--to", metavar="WAVE", help="The next wave, such as pilot/finance.")],
    incident: Annotated[str, typer.Option("--incident", metavar="REF", help="The incident that it serves.")],
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Raise it in an emergency, with a second person; it reverts by itself and is reviewed.

    Example: tidegate override claims-triage --to limited/home --incident INC-4711
    """
    manner = Manner(as_json, wait, mine, until)
    _say(message(use_case, "override", who, manner, to=to, incident=incident, reason=reason), manner)


def _still_stopped(dependency: str) -> None:
    """Refuse to lift for one rollout what is stopped for all: the stop would bar it again."""
    from cli import line_talk, talk

    try:
        found = next((one for one in line_talk.every(talk.server()) if one.key == dependency.strip().lower()), None)
    except talk.NoAnswer:
        return  # the rollout says what it makes of it
    if found is not None:
        raise Refusal(
            f"{found.key} is stopped for every rollout that uses it, and would be barred here again",
            f"`tidegate lift-the-line {found.scope.options} --reason WHY` lifts it for all.",
            Exit.NO,
        )


def _say(said: Message, manner: Manner, *, safer: bool = False) -> None:
    from cli import talk

    tell(talk.server(), said, manner, safer=safer)


def _figure(text: str, cases: int, at: str) -> tuple[str, dict[str, Any]]:
    from decimal import Decimal, InvalidOperation

    name, equals, value = (part.strip() for part in text.partition("="))
    if not name or not equals:
        raise Refusal(f"'{text}' is no figure", "Write METRIC=VALUE, such as errors=1.5.")
    if not value:
        return name, {"status": "no_data", "n": cases, "taken_at": at}
    try:
        number = Decimal(value.removesuffix("%"))
    except InvalidOperation:
        raise Refusal(f"{name}: '{value}' is no number", "Write METRIC=VALUE, such as errors=1.5.") from None
    return name, {"status": "value", "value": f"{number:f}", "n": cases, "taken_at": at}
