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
_OF_NOBODY = MappingProxyType(
    {
        Code.HELD: "HELD at {label}. Nobody is served, and nobody is added.",
        Code.NARROWED: "NARROWED to {label}. Nobody is served.",
        Code.REDIRECTED: "{label}. The assistant serves nobody.",
        Code.ROLLING_BACK: "ROLLING BACK to {label}. Nobody will be served.",
        Code.DRIFT_TIGHTER: "Somebody reduced {label} outside: it now serves nobody, and is held there.",
    }
)
"""How it is said where nobody is left: `up to 0 people` is a riddle to whoever is tired."""
_AT_NOTHING = MappingProxyType(
    {
        Code.ALREADY: "Nobody is served already; {verb} changes nothing.",
        Code.CONFIRMED: "That nobody is served is confirmed by read-back (epoch {epoch}).",
        Code.SETTLING: "That nobody is served is read back (epoch {epoch}); an earlier widening is still being fenced.",
        Code.STOP_NOT_CONFIRMED: "STOP NOT CONFIRMED: that nobody is served could not be read back ({result}). "
        "Follow {manual}.",
        Code.TRY_AGAIN: "It is tried again: nobody is to be served.",
    }
)
"""How it is said of the level below all waves, which is called `nothing`: `nothing is confirmed` says another thing."""


def explain(reason: Reason) -> str:
    """Say a reason in one sentence; a fact that is not there is said to be unknown, never left out."""
    sentence = SENTENCES[reason.code]
    if "audience" in reason.facts:
        sentence = _TO_AUDIENCES.get(reason.code, sentence)
    if reason.facts.get("people") == "0":
        sentence = _OF_NOBODY.get(reason.code, sentence)
    if reason.facts.get("label") == "nothing":
        sentence = _AT_NOTHING.get(reason.code, sentence)
    said = sentence.format_map(_Facts({name: _read(fact) for name, fact in reason.facts.items()}))
    return _STOPS.sub(".", said)


_OURS = frozenset(
    word.value for words in (Code, Control, Function, GateKind, Phase, ReadinessItem, Right, Stage) for word in words
)
_STOPS = re.compile(r"(?<!\.)\.\.(?=\s|$)")
"""Two full stops: somebody's sentence stands at the end of ours."""
_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")
_WORD = re.compile(r"(?<![\w/.:-])[a-z]+(?:_[a-z]+)+(?![\w/.:-])")


def _read(fact: str) -> str:
    # What only code spells with an underscore is read out as people say it; names that others gave are kept.
    # A moment is said as everywhere else; to the second it stands in the facts.
    fact = _MOMENT.sub(r"\1 \2 UTC", fact)
    return _WORD.sub(lambda found: found[0].replace("_", " ") if found[0] in _OURS else found[0], fact)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"
