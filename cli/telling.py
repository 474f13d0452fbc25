"""Says one thing to one rollout, and says what came of it: the way of every verb that a person speaks with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from cli import home, receipt, render
from cli.answers import Exit, Refusal
from cli.message import Message, compose, good_until
from cli.moments import moment

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.models.messages import Answer, RolloutInput, Standing

_SAFER = frozenset(("hold", "narrow", "redirect", "pause", "rollback", "terminate"))
"""Nobody has to look for a key before they make it safer."""


class Manner(NamedTuple):
    """How somebody wants to say it, and to hear of it."""

    as_json: bool = False
    wait: int | None = None
    """For how many seconds it is followed."""
    id: str | None = None
    until: str | None = None
    """From when on it is not heard any more."""


def speaker(who: str | None) -> str:
    """Return who says it: the person named, else the person at this keyboard."""
    found = who or home.me()
    if found is None:
        raise Refusal(
            "nobody is named who says this",
            "Add --as PERSON to these words, or say once who you are: `tidegate me PERSON`. "
            "`tidegate who-can VERB USE_CASE` names those who may.",
        )
    return found.strip().lower()


def message(use_case: str, verb: str, who: str | None, manner: Manner, **words: Any) -> Message:
    """Return what somebody says; it is not heard for ever."""
    until = good_until(use_case, moment(manner.until, "--good-until") if manner.until else None, manner.id)
    return compose(use_case, verb, speaker(who), mine=manner.id, not_after=until, **words)


def tell(server: Server, said: Message, manner: Manner, *, safer: bool = False) -> None:
    """Say it, follow it where that is wanted, and end with the code that belongs to the answer."""
    finish(server, said, hear(server, said, manner), manner, safer=safer)


def hear(server: Server, said: Message, manner: Manner) -> Answer:
    """Sign it, say it and return the answer; end with the code for unreachable if nobody gives one."""
    from cli.talk import NoAnswer

    try:
        return server.tell(signed(server, said))
    except NoAnswer:
        undelivered(said, manner)
        raise typer.Exit(Exit.UNREACHABLE) from None


def at_any_rate(use_case: str | None = None) -> Server:
    """Connect for what makes it safer; keys that cannot be used, or are not the rollout's, keep nobody from it."""
    from cli import sealing, talk

    try:
        server = talk.server()
    except sealing.BadKeys as bad:
        render.say(f"{bad.message}; it is said in plain.", err=True)
        sealing.forgo()
        return talk.server()
    return server if use_case is None or sealing.ring() is None else server.fitting(use_case)


def signed(server: Server, said: Message, given: RolloutInput | None = None) -> Message:
    """Return a message with its sender's signature where they have a key; what makes it safer needs none."""
    from cli import signing

    if said.verb in _SAFER or "signature" in said.words or not signing.within_reach():
        return said
    return signing.endorsed(said, given or server.whole(said.use_case))


def finish(server: Server, said: Message, answer: Answer, manner: Manner, *, safer: bool = False) -> None:
    """Say what came of it, and end with its code."""
    code = receipt.code_of(said, answer)
    if not manner.as_json:
        receipt.said(said, answer)
    standing = answer.standing
    if manner.wait is not None and code is Exit.DONE:
        standing, code = _follow(server, standing, manner, safer=safer)
    if manner.as_json:
        sentence = answer.sentence
        render.answer(receipt.as_json(said, answer.outcome.value, answer.reason.code.value, sentence, standing))
    else:
        # Of an answer that is no, everything stands in one place.
        receipt.now_so(standing, stop=safer, err=code is not Exit.DONE)
        receipt.next_steps(standing, err=code is not Exit.DONE)
    if code is not Exit.DONE:
        raise typer.Exit(code)


def undelivered(said: Message, manner: Manner) -> None:
    """Say that nobody answered, what may still come of it, and how the same is said again."""
    until = said.words.get("not_after")
    still = f"may still be heard until {until}" if until else "may still be heard"
    sentence = f"No worker answers: {said.verb} could not be delivered, and {still}."
    if manner.as_json:
        render.answer(receipt.as_json(said, "unknown", "no_worker", sentence, None))
        return
    render.say(sentence, err=True)
    render.say("`tidegate up` starts a worker here. To send the very same again:", err=True)
    render.say(f"    {receipt.again(sys.argv[1:], said)}", err=True)


def unseen(use_case: str, what: str) -> Refusal:
    """Return the refusal of a verb that must first see how things stand, where nobody says it."""
    return Refusal(
        f"no worker answers, so {what} cannot be seen; nothing was sent",
        f"`tidegate up` starts a worker here; `tidegate status {use_case}` shows what was last known.",
        Exit.UNREACHABLE,
    )


def _follow(server: Server, first: Standing, manner: Manner, *, safer: bool) -> tuple[Standing, Exit]:
    from cli.following import settle

    def progress(line: str) -> None:
        render.say(f"  {render.clean(line)}", err=manner.as_json)

    followed = settle(server, first, manner.wait or 0, safer=safer, tell=progress)
    if followed.well:
        return followed.last, Exit.DONE
    why = "it did not end as it was meant to" if followed.settled else f"not settled within {manner.wait} s"
    render.say(f"{why}: {render.clean(followed.last.line)}", err=True)
    return followed.last, Exit.NO
