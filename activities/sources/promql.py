"""Which series a query of Prometheus looks at: just enough of its language to ask when they were last heard of.

Of what it cannot read it says so; whoever asks with such a query says by `fresh` how new the data are.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<gap>\s+|\#[^\n]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+[smhdwy]|\d+ms)+(?![\w.])|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_:][\w:.]*)
    |(?P<sign>[-+*/%^=!<>~(),@{}\[\]:])""",
    re.VERBOSE,
)
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"})
_LENGTH = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class Series(NamedTuple):
    """One selector of a query."""

    selector: str
    """With its labels, without its range."""
    moved: bool
    """Whether it looks at another time than now."""


class Looked(NamedTuple):
    """What a query looks at."""

    series: tuple[Series, ...]
    window: float
    """Over how many seconds it looks at most; 0 where it only looks at now."""


def looked_at(query: str) -> Looked:
    """Return the series of a query. Raises ValueError where it cannot be read."""
    tokens = _tokens(query)
    found: list[Series] = []
    longest = 0.0
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        after = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "word" and word.lower() in _LISTS:
            at = _past(tokens, at + 1, "(", ")") if after == "(" else at + 1
        elif kind == "word" and (word.lower() in _WORDS or after.lower() in ("(", "by", "without")):
            at += 1
        elif kind == "word" or word == "{":
            begin = at
            at = at + 1 if kind == "word" else at
            at = _past(tokens, at, "{", "}")
            selector = "".join(each for _, each in tokens[begin:at])
            end = _past(tokens, at, "[", "]")
            longest = max(longest, _seconds("".join(each for _, each in tokens[at:end]).partition(":")[0]))
            at = end
            moved = at < len(tokens) and tokens[at][1].lower() in ("offset", "@")
            found.append(Series(selector, moved))
        elif word == "[":  # a subquery: it looks back over all of it
            end = _past(tokens, at, "[", "]")
            longest = max(longest, _seconds("".join(each for _, each in tokens[at:end]).partition(":")[0]))
            at = end
        else:
            at += 1
    return Looked(tuple(dict.fromkeys(found)), longest)


def _tokens(query: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(query):
        token = _TOKEN.match(query, at)
        if token is None or token.lastgroup is None:
            raise ValueError(f"'{query[at : at + 10]}' cannot be read")
        if token.lastgroup != "gap":
            found.append((token.lastgroup, token[0]))
        at = token.end()
    return found


def _past(tokens: list[tuple[str, str]], at: int, opens: str, closes: str) -> int:
    """Return the place behind a bracket that may begin here."""
    if at >= len(tokens) or tokens[at][1] != opens:
        return at
    for place in range(at, len(tokens)):
        if tokens[place] == ("sign", closes):
            return place + 1
    raise ValueError(f"a '{opens}' is never closed")


def _seconds(said: str) -> float:
    return sum(int(number) * _SECONDS[unit] for number, unit in _LENGTH.findall(said))
