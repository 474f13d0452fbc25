"""What somebody reads after they said something: what came of it, what is now true for those served, and who is next.

It decides nothing: every sentence comes from the rules, and this page only adds the command that goes with it.
"""

from __future__ import annotations

import difflib
import shlex
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cli import render, runbook
from cli.answers import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cli.message import Message
    from tidegate.models.messages import Answer, Standing, Step

KEYS = MappingProxyType(
    {
        "outcome": "`done`, `noop` (it was so already), `refused`, `superseded` or `expired`; `sent` when it lasts and "
        "waits for a worker, `unknown` when nobody answered",
        "code": "why, as one word that never changes; `no_worker` when nobody answered",
        "sentence": "why, in words",
        "standing": "where the rollout stands now, as `status --json` says it; null when nobody answered",
        "id": "the id of the message: the same words under the same id count once",
    }
)
"""Every key of what a verb that says something prints with `--json`."""

NOT_THEM = frozenset(
    {
        "unknown_person", "inactive_person", "not_a_person", "vendor", "requester", "no_seat", "no_right",
        "only_function", "only_receiver", "not_head", "not_yours", "not_your_veto", "no_veto", "no_delegate",
        "not_freeze_approver", "stepped_back", "gains_by_it", "higher_acceptor", "not_trained", "training_lapsed",
        "own_training",
        "late_key",
    }
)  # fmt: skip
"""Refused because of who they are."""

_MENDS = MappingProxyType(
    {
        "unanswered": 'Answer it: --answer "QUESTION=TEXT"; `{status}` shows the round.',
        "already_voted": "`tidegate revoke {use_case}` takes the first vote back.",
        "no_freeze": "`{status}` shows what it waits for.",
        "reason_needed": "Add --reason TEXT.",
        "wrong_subject": "What it is about has changed. Say it again to see what it is now.",
        "evidence_needed": "Add --evidence WHERE.",
        "signature_required": "`tidegate keys list` shows whose keys count; `tidegate keys check` tries yours.",
        "id_conflict": "Leave --id out, or name another.",
        "too_late": "Say it again without --id and --good-until.",
        "gate_over": "`{status}` shows what is open now.",
        "gate_expired": "`{status}` shows what is open now.",
        "unknown_gate": "`{status}` shows what is open now.",
        "no_such_level": "`{status}` names where it stands; levels are written like pilot/pmo.",
        "would_widen": "`tidegate narrow {use_case}` without --to takes the next level down.",
        "premature": "`{status}` shows which conditions are not met.",
        "busy": "Try again in a while. What makes it safer is heard at once.",
        "unlisted": "Ask somebody who is listed, or use the driver alone: `tidegate pause {use_case} --direct`.",
    }
)
_DONE = ("done", "noop")
_MORE = ("narrow", "redirect", "pause", "rollback")
_OPEN = ("none", "live")
_SHOWN = 3


def only_held(message: Message, answer: Answer) -> bool:
    """Whether somebody asked for more than a hold, and a hold is all that the word of an unlisted sender does."""
    reason = answer.reason
    held = reason.code.value == "held" or (reason.code.value == "already" and reason.facts.get("verb") == "hold")
    return held and message.verb in _MORE


def code_of(message: Message, answer: Answer) -> Exit:
    """Return the exit code that an answer means."""
    if answer.outcome.value in _DONE:
        return Exit.NOT_PERMITTED if only_held(message, answer) else Exit.DONE
    return Exit.NOT_PERMITTED if answer.reason.code.value in NOT_THEM else Exit.NO


def as_json(message: Message, outcome: str, code: str, sentence: str, standing: Standing | None) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "outcome": outcome,
        "code": code,
        "sentence": sentence,
        "standing": None if standing is None else standing.model_dump(mode="json"),
        "id": message.id,
    }


def said(message: Message, answer: Answer) -> None:
    """Say what became of a message."""
    if answer.outcome.value not in _DONE:
        render.say(f"{answer.outcome.value}: {render.clean(answer.sentence)}", err=True)
        mend = _mend(message, answer)
        if mend:
            render.say(f"  {render.clean(mend)}", err=True)
        return
    render.sentence(answer.sentence)
    if only_held(message, answer):
        who = render.clean(str(message.words["as"]))
        render.sentence(f"{who} is not listed to {message.verb}: it is only held instead, and somebody is paged.")


def _mend(message: Message, answer: Answer) -> str:
    """Return the words that mend a refusal; where somebody else has to say it, how they are found."""
    from tidegate import who

    code = answer.reason.code.value
    if code in _MENDS:
        return _MENDS[code].format(use_case=message.use_case, status=f"tidegate status {message.use_case}")
    if answer.reason.facts.get("right") == "roster":
        return (
            "Who may change who is who: the functions that `rights: {roster: ...}` of the programme names, else "
            "accountable_exec and compliance."
        )
    verb = message.verb.replace("_", "-")
    if code not in NOT_THEM or verb not in who.verbs():
        return ""
    known = {name for step in answer.standing.steps for name in step.who}
    close = difflib.get_close_matches(str(message.words["as"]), known, n=1) if code == "unknown_person" else ()
    meant = f"Did you mean {close[0]}? " if close else ""
    return f"{meant}`tidegate who-can {verb} {message.use_case}` names everybody who may."


def now_so(standing: Standing, *, stop: bool = True, err: bool = False, every: bool = False, book: bool = True) -> None:
    """Say what is true for the people served, whether that was read back, and how it is stopped."""
    use_case = standing.use_case
    if standing.control == "stop_not_confirmed":
        render.say(f"STOP NOT CONFIRMED: up to {standing.served:,} people may still be served.", err=err)
    elif standing.epoch and not standing.confirmed:
        more = standing.served > standing.people
        until = f" Until it is, up to {standing.served:,} people may still be served." if more else ""
        render.say(f"Not read back yet: `tidegate status {use_case}` says when it is.{until}", err=err)
    elif standing.epoch:
        people = render.counted(standing.served, "person", "people")
        serves = f"up to {people} served" if standing.served else "nobody is served"
        render.say(f"That is read back: {serves}.", err=err)
    runbook.targets_of(standing, every=every, err=err)
    if standing.control == "stop_not_confirmed":
        if book:
            render.say(f"What is confirmed, and who does what now: `tidegate runbook {use_case}`", err=err)
    elif stop and standing.control not in _OPEN and max(standing.people, standing.served):
        render.say(f"To stop serving them: `tidegate pause {use_case}`", err=err)


def next_steps(standing: Standing, *, err: bool = False, every: bool = False) -> None:
    """Say who moves it on, and with which words."""
    steps = standing.steps if every else standing.steps[:_SHOWN]
    for step in steps:
        who = render.listed([render.spoken(name) for name in step.who], "or") or "nobody yet"
        render.say(f"Next: {render.clean(who)}: {render.clean(step.why)}", err=err)
        render.say(f"    {render.clean(typed(standing.use_case, step))}", err=err)
    left = len(standing.steps) - len(steps)
    if left:
        render.say(f"and {left} more: `tidegate status {standing.use_case}`", err=err)
    if standing.coming is not None and not standing.steps:
        coming = standing.coming
        render.say(f"By itself: {render.clean(coming.what)}, by {coming.at:%Y-%m-%d %H:%M} UTC", err=err)


def typed(use_case: str, step: Step) -> str:
    """Return the whole command of a step."""
    from tidegate import asks

    return f"tidegate {asks.typed(step.verb, use_case)}"


def again(words: Iterable[str], message: Message) -> str:
    """Return the command that sends the very same message again."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word.startswith(("--id=", "--good-until=")):
            skip = False
            continue
        if word in ("--id", "--good-until"):
            skip = True
            continue
        kept.append(word)
    until = message.words.get("not_after")
    return shlex.join(["tidegate", *kept, "--id", message.id, *(["--good-until", until] if until else [])])
