"""`drill`: a way down is tried on test subjects, or really, timed and read back; what came of it stands on record.

It measures nothing and decides nothing: the rollout has it done, and this waits until its state says how it went.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import receipt, render
from cli.answers import Exit, Refusal
from cli.message import compose
from cli.options import AsJson, GoodUntil, MessageId, UseCase, Who, Why
from cli.telling import Manner, hear, message, speaker, unseen

if TYPE_CHECKING:
    from cli.message import Message
    from cli.talk import Server
    from tidegate.models.drill import DrillRecord
    from tidegate.models.messages import Answer

_LOOK = 0.2
"""Seconds between two looks at whether it is over."""


class Way(StrEnum):
    """The ways down that can be drilled."""

    NARROW = "narrow"
    PAUSE = "pause"
    ROLLBACK = "rollback"


def drill(
    use_case: UseCase,
    verb: Annotated[Way, typer.Argument(metavar="VERB", help="narrow, pause or rollback.")],
    *,
    subjects: Annotated[
        str | None,
        typer.Option("--subjects", metavar="COHORT", help="Test subjects; else the programme's only such cohort."),
    ] = None,
    real: Annotated[
        bool, typer.Option("--real", help="Do it to those who are really served; going on is `tidegate resume` then.")
    ] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="LEVEL", help="Of a narrowing: how far down.")] = None,
    who: Who = None,
    reason: Why = None,
    wait: Annotated[int, typer.Option("--wait", metavar="SECONDS", min=1, help="How long to wait for its end.")] = 60,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Try a way down on test subjects, or really, and say how long it took.

    On test subjects, a copy of each target (`FLAG-drill`) serves a cohort of kind `test` and takes it away again; who
    is really served notices nothing. With --real it reduces, as the verb itself would. A gate whose standard wants a
    drill younger than so many days is opened by one of `rollback` that passed, and shut by one that failed.

    With --json: {"outcome", "code", "sentence", "standing", "id", "drill": {"by", "at", "on", "millis", "passed",
    "targets": [{"target", "confirmed", "note"}]}, null where it was refused or is not over}.

    Example: tidegate drill minutes-summariser rollback --subjects test/minutes
    """
    from cli import talk

    if real and subjects is not None:
        raise Refusal("--real is done to those who are served, and not to test subjects", "Leave out one of the two.")
    manner = Manner(as_json, None, mine, good)
    words: dict[str, Any] = {"way": verb.value, "subjects": subjects, "to": to, "reason": reason}
    if real:
        # It is a reduction: it never goes stale, and asks for no key.
        said = compose(use_case, "drill", speaker(who), mine=mine, real=True, **words)
    else:
        said = message(use_case, "drill", who, manner, **words)
    server = talk.server()
    try:
        known = _last(server, use_case, verb)
        answer = server.tell(said) if real else hear(server, said, manner)
        record = _over(server, use_case, verb, known, wait) if answer.reason.code.value in _BEGUN else None
        if record is not None:
            # The answer says how it stood when the drill began.
            answer = answer.but(standing=server.standing(use_case))
    except talk.NoAnswer:
        raise unseen(use_case, "what comes of a drill") from None
    _say(said, answer, record, as_json=as_json)


_BEGUN = ("drill_begun", "narrowed", "paused", "rolling_back")
"""With these a drill is under way; any other answer says why there is none."""


def _last(server: Server, use_case: str, verb: Way) -> DrillRecord | None:
    state = server.whole(use_case).state
    return None if state is None else state.drills.get(verb.value)


def _over(server: Server, use_case: str, verb: Way, known: DrillRecord | None, wait: int) -> DrillRecord | None:
    """Return the record of the drill once it is over; nothing if that takes too long."""
    until = time.monotonic() + wait
    while time.monotonic() < until:
        record = _last(server, use_case, verb)
        if record is not None and record != known:
            return record
        time.sleep(_LOOK)
    return None


def _say(said: Message, answer: Answer, record: DrillRecord | None, *, as_json: bool) -> None:
    begun = answer.reason.code.value in _BEGUN
    code = receipt.code_of(said, answer)
    if code is Exit.DONE and (record is None or not record.passed):
        code = Exit.NO
    if as_json:
        words = receipt.as_json(said, answer.outcome.value, answer.reason.code.value, answer.sentence, answer.standing)
        render.answer({**words, "drill": None if record is None else record.model_dump(mode="json")})
    else:
        receipt.said(said, answer)
        if record is not None:
            _record(said, record)
        elif begun:
            render.say(f"It is not over yet: `tidegate status {said.use_case}` shows when it is.", err=True)
        elif code is not Exit.DONE and answer.outcome.value in ("done", "noop"):
            render.say("Nothing was drilled.", err=True)
    if code is not Exit.DONE:
        raise typer.Exit(code)


def _record(said: Message, record: DrillRecord) -> None:
    verdict = "PASSED" if record.passed else "FAILED"
    render.sentence(f"DRILL {verdict} after {record.millis / 1000:.1f} s: {said.words['way']} of {record.on}.")
    for one in record.targets:
        note = "read back as wanted" if one.confirmed else one.note or "not as wanted"
        render.sentence(f"{one.target}: {note}", "  ")
    if said.words.get("real"):
        render.say(f"It is reduced now. To go on: `tidegate resume {said.use_case}`")
    if not record.passed:
        render.say(render.clean(f"Why: `tidegate evidence list {said.use_case}`"), err=True)
