"""What the rollouts of one programme have in common lies in a worker's memory once: people, rules, calendars, metrics.

A plan is six times as large in memory as it is in JSON, and most of it is the programme's, not the use case's. Words
are frozen, so that whoever reads one cannot tell whether somebody else reads it too; and they are taken for the same
only where every byte of what was said is, the order of names included: a seal covers what was said, and not what was
left to its default. What no rollout holds any more is forgotten.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel

from tidegate.models.messages import RolloutInput

M = TypeVar("M", bound=BaseModel)
_KNOWN: WeakValueDictionary[tuple[type[BaseModel], bytes], BaseModel] = WeakValueDictionary()


def once(value: Any) -> Any:
    """Return what a run begins with, with the words of its plan that lie in memory already; anything else as it is."""
    if not isinstance(value, RolloutInput):
        return value
    plan = value.plan
    same = {name: found for name, word in plan if (found := _part(word)) is not word}
    return value.but(plan=plan.but(**same)) if same else value


def _part(word: Any) -> Any:
    """Return one word of a plan, or several, with each model as it is known."""
    match word:
        case BaseModel():
            return _known(word)
        case dict() if any(isinstance(one, BaseModel) for one in word.values()):
            return {name: _known(one) if isinstance(one, BaseModel) else one for name, one in word.items()}
        case tuple() if any(isinstance(one, BaseModel) for one in word):
            return tuple(_known(one) if isinstance(one, BaseModel) else one for one in word)
        case _:
            return word


def _known(word: M) -> M:
    """Return the word that is known and says the very same; else this one is known from now on."""
    key = (type(word), blake2b(word.model_dump_json(exclude_unset=True).encode(), digest_size=32).digest())
    found = _KNOWN.setdefault(key, word)
    return found if isinstance(found, type(word)) else word
