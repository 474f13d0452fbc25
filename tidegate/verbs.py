"""What people may send a rollout, by name: verbs are data, and every door hears them in the same way.

A message is one JSON object: `as` says who, `id` makes it the same message when it comes again, the rest belongs to the
verb. What cannot be understood becomes a `Fault` that holds nothing; no message is ever an error.

    approve   {"as": "risk-officer", "gate": "checkpoint-3", "subject": "<digest>", "reason": "..."}
    hold      {"as": "ops-lead", "reason": "..."}
"""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from tidegate.models.event import (
    Actor,
    ActorKind,
    Alert,
    Amend,
    Changed,
    Choice,
    Confirm,
    Delegate,
    Drill,
    Fault,
    HandOver,
    Judge,
    LetThrough,
    Message,
    Moved,
    Override,
    Postpone,
    Question,
    Readings,
    Ready,
    Reassign,
    Reduce,
    Reduction,
    Rehearsed,
    Remind,
    Report,
    Resume,
    Retire,
    Sample,
    Start,
    StopTheLine,
    Terminate,
    Train,
    Turnover,
    Vote,
    Waive,
    Withdraw,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.event import Event

LARGEST = 600 * 1024
"""Bytes. A revision of the plan is the longest thing that anybody has to say."""
_NAME, _NOTE = 60, 200
_LARGEST_NUMBER = 2**53 - 1
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A sign that no database keeps; whoever wrote it is heard all the same."""


class Verb(NamedTuple):
    """One thing that can be said: the model that checks it, and what its name alone already says."""

    model: type[Message]
    says: Mapping[str, str]
    kind: ActorKind = ActorKind.HUMAN


_PLAIN: tuple[tuple[str, type[Message]], ...] = (
    ("start", Start),
    ("ready", Ready),
    ("delegate", Delegate),
    ("remind", Remind),
    ("reassign", Reassign),
    ("postpone", Postpone),
    ("let_through", LetThrough),
    ("confirm", Confirm),
    ("resume", Resume),
    ("amend", Amend),
    ("override", Override),
    ("issue", Report),
    ("changed", Changed),
    ("exception", Waive),
    ("exception_decision", Judge),
    ("hand_over", HandOver),
    ("rehearsed", Rehearsed),
    ("retire", Retire),
    ("terminate", Terminate),
    ("withdraw", Withdraw),
    ("reading", Readings),
    ("stop_the_line", StopTheLine),
    ("drill", Drill),
    ("sample", Sample),
    ("question", Question),
    ("training", Train),
    ("moved", Moved),
)

VERBS: Mapping[str, Verb] = MappingProxyType(
    {choice.value: Verb(Vote, MappingProxyType({"choice": choice.value})) for choice in Choice}
    | {way.value: Verb(Reduce, MappingProxyType({"verb": way.value})) for way in Reduction}
    | {name: Verb(model, MappingProxyType({})) for name, model in _PLAIN}
    # Monitoring has no person behind it. It can only make things safer, so who it says it is opens nothing.
    | {"alert": Verb(Alert, MappingProxyType({}), ActorKind.SERVICE)}
    | {"turnover": Verb(Turnover, MappingProxyType({}), ActorKind.SERVICE)}
)
"""Every verb by its name."""


def heard(name: str, said: bytes | None, fresh: str) -> Event:
    """Return the event that a message is; `fresh` is its id where it brings none."""
    verb = VERBS.get(name)
    if verb is None:
        return _fault(name, "there is no message of that name")
    if said is None:
        return _fault(name, "it must carry exactly one JSON object")
    if len(said) > LARGEST:
        return _fault(name, f"it is larger than {LARGEST // 1024} kB")
    try:
        words = json.loads(_NUL.sub(rb"\1\\ufffd", said))
    except (ValueError, RecursionError):
        return _fault(name, "it is not JSON")
    if not isinstance(words, dict):
        return _fault(name, "it must be a JSON object")
    if not _storable(words):
        return _fault(name, "it holds a number that cannot be put on record")
    return _event(name, verb, words, fresh)


def _event(name: str, verb: Verb, words: dict[str, Any], fresh: str) -> Event:
    # Who somebody is and how we know are never theirs to say.
    for word in ("actor", "kind", *verb.says):
        if word in words:
            return _fault(name, f"'{word}' may not be given")
    who = words.pop("as", None)
    if not isinstance(who, str):
        return _fault(name, "'as' must say who sends it")
    try:
        actor = Actor(subject=who, kind=verb.kind)
        rest = {**words, **verb.says, "id": words.get("id") or fresh, "actor": actor.model_dump(mode="json")}
        # Names in one order, so that what is read from the record again is the same.
        return verb.model.model_validate_json(json.dumps(rest, sort_keys=True))  # type: ignore[return-value]  # all are events
    except ValidationError as error:
        return _fault(name, _first(error))
    except (ValueError, RecursionError):
        return _fault(name, "it cannot be read")


def _storable(words: object) -> bool:
    """Whether every spelling has room for its numbers."""
    left = [words]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, int) and abs(one) > _LARGEST_NUMBER:
            return False
    return True


def _first(error: ValidationError) -> str:
    # What was sent is not repeated: it may be anything, and of any length.
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in found["loc"])[:_NAME]
    return f"{where}: {found['msg']}" if where else str(found["msg"])


def _fault(name: str, note: str) -> Fault:
    return Fault(name=line(name, _NAME), note=line(note), holds=False)


def line(text: str, longest: int = _NOTE) -> str:
    """Return a text as one short printable line."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:longest]).strip()
    return shown or "?"
