"""The ways down: `hold`, `narrow`, `redirect`, `pause`, `rollback`. No confirmation, no key, in any state.

Who may do what is for the rules to say: whoever it is, the message is sent. Where no worker answers, the same words go
as a signal, which lasts; and where not even the server answers, `--direct` reduces through the driver alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import receipt, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, MessageId, UseCase, Wait, Who, Why
from cli.telling import Manner, at_any_rate, finish, speaker

if TYPE_CHECKING:
    from cli.message import Message

_SHORT = 5.0
"""Seconds that a reduction waits for a worker before it is left as a message that lasts."""

Direct = Annotated[
    bool, typer.Option("--direct", help="Do it through the driver alone, now, whether or not Temporal is up.")
]
Playbook = Annotated[
    Path | None,
    typer.Option("--playbook", metavar="FILE", help="With --direct: what names the targets, if nothing here does."),
]


def hold(
    use_case: UseCase,
    *,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Stop adding people; whoever is served stays served.

    With --json: {"outcome", "code", "sentence", "standing", "id"}; the outcome is `sent` where no worker answers.

    Example: tidegate hold minutes-summariser --reason "Two drafts lost a decision."
    """
    _reduce(use_case, "hold", who, reason, Manner(as_json, wait, mine))


def narrow(
    use_case: UseCase,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="LEVEL", help="Such as pilot/pmo; else the next level down.")
    ] = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Serve fewer people, or with fewer powers.

    Example: tidegate narrow minutes-summariser --to pilot/pmo
    """
    _reduce(use_case, "narrow", who, reason, Manner(as_json, wait, mine), to=to)


def redirect(
    use_case: UseCase,
    *,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Send the work where the fallback plan says: to a queue of people, or to another model.

    Example: tidegate redirect minutes-summariser
    """
    _reduce(use_case, "redirect", who, reason, Manner(as_json, wait, mine))


def pause(
    use_case: UseCase,
    *,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    direct: Direct = False,
    playbook: Playbook = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Serve nobody; the plan stays.

    With --direct it needs neither server nor worker: the targets are reduced at once and read back, and the rollout
    hears of it later. With --direct --json: {"outcome": `done` or `unconfirmed`, "code": `direct`, "sentence", "id",
    "targets": [{"target", "confirmed", "people": null if unknown, "note"}], "manual"}.

    Example: tidegate pause minutes-summariser --direct
    """
    manner = Manner(as_json, wait, mine)
    if direct:
        _directly(use_case, "pause", who, reason, manner, playbook)
    else:
        _reduce(use_case, "pause", who, reason, manner)


def rollback(
    use_case: UseCase,
    *,
    to: Annotated[str | None, typer.Option("--to", metavar="WAVE", help="Such as pilot/pmo; else to nothing.")] = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    direct: Direct = False,
    playbook: Playbook = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Go back to an earlier wave, or to nothing, and work by hand.

    With --direct it goes to nothing, as `tidegate pause --direct` does.

    Example: tidegate rollback minutes-summariser --to pilot/pmo
    """
    manner = Manner(as_json, wait, mine)
    if direct and to is not None:
        raise Refusal("--direct goes to nothing, and not to a wave", "Leave out --to, or leave out --direct.")
    if direct:
        _directly(use_case, "rollback", who, reason, manner, playbook)
    else:
        _reduce(use_case, "rollback", who, reason, manner, to=to)


def _reduce(
    use_case: str, verb: str, who: str | None, reason: str | None, manner: Manner, *, to: str | None = None
) -> None:
    from cli import sealing, talk
    from cli.message import compose

    # It never goes stale: a reduction that comes late is still a reduction.
    said = compose(use_case, verb, speaker(who), mine=manner.id, to=to, reason=reason)
    try:
        server = at_any_rate(use_case)
        try:
            answer = server.tell(said, _SHORT, _SHORT)
        except talk.NoAnswer:
            server.signal(said)
            _lasts(said, manner, "no_worker", "and waits for a worker, for none answers")
            raise typer.Exit(Exit.UNREACHABLE) from None
        except sealing.Unread as unread:
            server.signal(said)
            _lasts(said, manner, "unread", f"and nobody here can read what came of it: {unread.message}")
            raise typer.Exit(Exit.UNREACHABLE) from None
    except Refusal as refusal:
        if refusal.code is not Exit.UNREACHABLE:
            raise
        raise Refusal(f"{refusal.message}; nothing is known to be reduced", _now(use_case), refusal.code) from None
    finish(server, said, answer, manner, safer=True)


def _lasts(said: Message, manner: Manner, code: str, why: str) -> None:
    silent = code == "no_worker"
    sentence = f"{'NOT YET IN FORCE' if silent else 'SENT'}: {said.verb} was sent and lasts, {why}."
    if manner.as_json:
        render.answer(receipt.as_json(said, "sent", code, sentence, None))
        return
    render.say(sentence, err=True)
    if silent:
        render.say(
            "Whoever was served is still served. It takes effect when a worker is there: `tidegate up`.", err=True
        )
    render.say(_now(said.use_case), err=True)


def _now(use_case: str) -> str:
    return f"If it must be now, without Temporal: `tidegate pause {use_case} --direct`"


def _directly(
    use_case: str, verb: str, who: str | None, reason: str | None, manner: Manner, playbook: Path | None
) -> None:
    from cli import direct
    from cli.message import compose

    said = compose(use_case, verb, speaker(who), mine=manner.id, reason=reason)
    if manner.wait is not None:
        raise Refusal("--direct waits for nobody: it reads back by itself", "Leave out --wait.")
    if not direct.reduce(said, playbook, as_json=manner.as_json):
        raise typer.Exit(Exit.NO)
