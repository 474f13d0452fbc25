"""One plain sentence for every reason: the same one in the terminal, in the Temporal UI and in the evidence."""

from __future__ import annotations

import re
from types import MappingProxyType

from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.decision import Reason
from tidegate.models.exposed import Control
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.sentences import SENTENCES

_TO_AUDIENCES = MappingProxyType(
    {
        Code.NOTICE_DELIVERED: "The notice to {audience} was {result}.",
        Code.NOTICE_FAILED: "The notice to {audience} was not delivered: {result}.",
    }
)
"""How it is said of a notice whose audience is known by name; how it is called inside tells nobody anything."""


def explain(reason: Reason) -> str:
    """Say a reason in one sentence; a fact that is not there is said to be unknown, never left out."""
    sentence = SENTENCES[reason.code]
    if "audience" in reason.facts:
        sentence = _TO_AUDIENCES.get(reason.code, sentence)
    return sentence.format_map(_Facts({name: _read(fact) for name, fact in reason.facts.items()}))


_OURS = frozenset(
    word.value for words in (Code, Control, Function, GateKind, Phase, ReadinessItem, Right, Stage) for word in words
)
_WORD = re.compile(r"(?<![\w/.:-])[a-z]+(?:_[a-z]+)+(?![\w/.:-])")


def _read(fact: str) -> str:
    # What only code spells with an underscore is read out as people say it; names that others gave are kept.
    return _WORD.sub(lambda found: found[0].replace("_", " ") if found[0] in _OURS else found[0], fact)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"
