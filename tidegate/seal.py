"""Free text is kept apart: the rules and the evidence see a salted digest, so that words can be erased for good.

A token cannot be turned back without its salt and its words, which lie beside the chain and never in it. The salt
follows from a secret of the rollout and from the message's id, so that a message said again is the same message.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from tidegate.models.event import (
    Alert,
    Changed,
    Confirm,
    Fault,
    Message,
    Override,
    Question,
    Readings,
    Ready,
    Report,
    Resume,
    Sample,
    Train,
    Vote,
    Waive,
)
from tidegate.models.record import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tidegate.models.event import Event
    from tidegate.models.plan import Plan

M = TypeVar("M", bound=BaseModel)
_TOKEN = re.compile(r"text-[0-9a-f]{64}")


def token(salt: str, text: str) -> str:
    """Return what stands for a text."""
    spelled = f"{salt}\n{text}"
    return f"text-{hashlib.sha256(spelled.encode()).hexdigest()}"


def tokens(text: str) -> tuple[str, ...]:
    """Return every token in a text, each once."""
    return tuple(dict.fromkeys(_TOKEN.findall(text)))


def sealed(event: Event, secret: str, asked: Collection[str] = ()) -> tuple[Event, dict[str, Text]]:
    """Return an event whose free texts are tokens, and the texts that they stand for.

    `asked` are the questions of the plan: what else somebody answered is their words too.
    """
    found: dict[str, Text] = {}

    def seal(place: str, text: str, whose: str = "", behind: str = secret) -> str:
        salt = hashlib.sha256(f"{behind}/{whose}/{place}".encode()).hexdigest()
        mark = token(salt, text)
        found[mark] = Text(salt=salt, text=text)
        return mark

    if isinstance(event, Fault):
        # What makes us hold is in our own words; what was malformed may be in anybody's.
        return (
            event if event.holds else event.but(name=seal("name", event.name), note=seal("note", event.note))
        ), found
    if not isinstance(event, Message):
        return event, found

    # Who signs has salted their own words, so that they can sign what is put on record before anybody has seen it.
    salt = event.signature.salt if event.signature is not None else None

    def own(place: str, text: str) -> str:
        return seal(place, text, event.id, salt or secret)

    changes: dict[str, Any] = {name: own(name, text) for name in _free(event) if (text := getattr(event, name))}
    # Two people who name one incident, and an alert that fires again, speak of the same; the rules must see that.
    changes |= {name: seal(name, getattr(event, name)) for name in alike(event)}
    if isinstance(event, Alert) and event.others:
        changes["others"] = tuple(
            one.model_copy(update={"fingerprint": seal("fingerprint", one.fingerprint)}) for one in event.others
        )
    if event.signature is not None:
        signed = {name: own(name, getattr(event, name)) for name in alike(event)}
        changes["signature"] = event.signature.model_copy(update={"salt": None, "alike": signed})
    return event.model_copy(update=changes | _inside(event, own, asked)), found


_ALIKE: Mapping[type[Message], tuple[str, ...]] = MappingProxyType({Override: ("incident",), Alert: ("fingerprint",)})


def alike(event: Message) -> tuple[str, ...]:
    """Return which fields of a message are salted alike for everybody, so that the rules can compare them."""
    return _ALIKE.get(type(event), ())


def _free(event: Message) -> tuple[str, ...]:
    """Return which fields of a message are anybody's words."""
    return ("reason", *_MORE.get(type(event), ()))


_MORE: Mapping[type[Message], tuple[str, ...]] = MappingProxyType(
    {
        Ready: ("evidence",),
        Confirm: ("evidence",),
        Resume: ("cause",),
        Report: ("what", "evidence"),
        Changed: ("evidence",),
        Waive: ("control",),
        Sample: ("evidence",),
        Question: ("what", "answer"),
        Train: ("evidence", "change"),
    }
)


def _inside(event: Message, seal: Callable[[str, str], str], asked: Collection[str]) -> dict[str, Any]:
    """Return fields of a message in which somebody's words lie deeper."""
    if isinstance(event, Vote):
        answers = {
            question if question in asked else seal("question", question): seal(f"answers/{question}", text)
            for question, text in event.answers.items()
        }
        promises = tuple(
            promise.model_copy(update={"what": seal(f"promises/{place}", promise.what)})
            for place, promise in enumerate(event.promises)
        )
        return {"answers": dict(sorted(answers.items())), "promises": promises}
    if isinstance(event, Sample):
        found = tuple(
            one.model_copy(update={"what": seal(f"found/{place}", one.what)}) for place, one in enumerate(event.found)
        )
        return {"found": found}
    if isinstance(event, Readings):
        items = {
            name: reading if reading.note is None else reading.but(note=seal(f"items/{name}", reading.note))
            for name, reading in sorted(event.items.items())
        }
        return {"items": items}
    return {}


def questions(plan: Plan) -> frozenset[str]:
    """Return what a plan asks of anybody."""
    rules = [gate for stage in plan.stages.values() for gate in stage.rules.gates.values()]
    return frozenset(question for rule in rules for asked in rule.questions.values() for question in asked)


def opened(words: M, texts: Mapping[str, Text]) -> M:
    """Return the same words with every token that is known turned back into its text."""
    spelled = words.model_dump_json()
    if not any(mark in texts for mark in _TOKEN.findall(spelled)):
        return words
    return type(words).model_validate_json(_TOKEN.sub(lambda found: _text(found[0], texts, inside=True), spelled))


def read(text: str, texts: Mapping[str, Text]) -> str:
    """Return a text with every token that is known turned back."""
    return _TOKEN.sub(lambda found: _text(found[0], texts), text)


def _text(mark: str, texts: Mapping[str, Text], *, inside: bool = False) -> str:
    known = texts.get(mark)
    if known is None:
        return mark
    return json.dumps(known.text)[1:-1] if inside else known.text
