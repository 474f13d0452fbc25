"""What each kind of source needs to know: its settings, which of them are secrets, and what a metric may ask of it.

Known here without asking any source, so that `tidegate check` and the worker say the same. To speak to one is for the
rooms under `activities/sources`.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Span
from tidegate.references import HOW, is_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Kind(NamedTuple):
    """One kind of source."""

    needed: tuple[str, ...]
    """The settings without which it cannot be asked."""
    more: tuple[str, ...] = ()
    """The settings that it may have beside these."""
    windowed: bool = False
    """Whether it is told where the window begins."""
    counted: bool = False
    """Whether cases and freshness are asked for by questions of their own."""


class Wrong(NamedTuple):
    """What is wrong with the settings of a source."""

    setting: str | None
    """Which one; none where it is the source as a whole."""
    says: str
    mend: str


_HTTP = ("token", "user", "password")
_FILE = Kind(("file",), ("lag",))

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "by-hand": Kind(()),
        "csv": _FILE,
        "data-check": Kind(("dsn",), ("lag",), windowed=True),
        "file": _FILE,
        "http-json": Kind(("url",), (*_HTTP, "lag", "n", "question", "since", "taken_at", "value"), windowed=True),
        "jsonl": _FILE,
        "litellm": Kind(("url", "team", "token")),
        "prometheus": Kind(("url",), (*_HTTP, "lag"), counted=True),
        "sql": Kind(("dsn",), ("lag",), windowed=True),
    }
)
"""Every kind that a worker has."""

ASKS_SQL = ("sql", "data-check")
GIVEN = ("as_of", "metric", "since", "use_case")
"""What a question to a database, or to a service, may leave open."""

_SECRET = ("dsn", "password", "token")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+(/[A-Za-z0-9._~/%-]*)?")
_OPEN = re.compile(r"(?<![:\w\\]):(\w+)\b(?!:)")
_CAST = re.compile(r"(?<![:\w\\]):(\w+)::(\w+)")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_VIEW = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")
_SELECT = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)
_BRACED = re.compile(r"\{([^{}]*)\}")


def wrong(kind: str, settings: Mapping[str, str]) -> Iterator[Wrong]:
    """Find what is wrong with a source: an unknown kind, a lacking, unknown or unreadable setting, a bare secret."""
    known = KINDS.get(kind)
    if known is None:
        yield Wrong(None, f"there is no source of the kind `{kind:.60}`", f"There is {', '.join(KINDS)}.")
        return
    for name in known.needed:
        if not settings.get(name):
            yield Wrong(None, f"a source of the kind `{kind}` needs the setting `{name}`", f"Write `{name}`.")
    for name in sorted(settings.keys() - {*known.needed, *known.more}):
        there = ", ".join((*known.needed, *known.more)) or "none"
        yield Wrong(name, f"a source of the kind `{kind}` has no setting `{name:.60}`", f"There is {there}.")
    for name, value in sorted(settings.items()):
        if name in (*known.needed, *known.more) and value:
            yield from _unreadable(name, value)
    if ("user" in settings) != ("password" in settings) and "user" in known.more:
        yield Wrong(None, "`user` and `password` go together", "Write both, or `token` instead.")
    if "token" in settings and "user" in settings:
        yield Wrong("token", "it has a token and a password, and one is sent", "Keep one of the two.")


def lag(settings: Mapping[str, str]) -> Span | None:
    """Return how late what happened reaches a source; none if it says nothing of it."""
    said = settings.get("lag")
    return None if said is None else Span.of(said)


def question(query: str) -> str | None:
    """Return what a database is asked: a SELECT, or all of a view that is only named; none if it is neither."""
    if _VIEW.fullmatch(query):
        return f"SELECT * FROM {query}"  # noqa: S608  # a name and nothing else
    return query if _SELECT.match(query) else None


def unknown(question: str) -> tuple[str, ...]:
    """Return the names that a question to a database leaves open and that nobody fills in."""
    return tuple(name for name in _OPEN.findall(_QUOTED.sub(" ", question)) if name not in GIVEN)


def cast(question: str) -> tuple[str, str] | None:
    """Return the name and the type of a cast that follows a name without a gap: both are read as something else."""
    found = _CAST.search(_QUOTED.sub(" ", question))
    return None if found is None else (found[1], found[2])


def _unreadable(name: str, value: str) -> Iterator[Wrong]:
    if name in _SECRET and not is_reference(value):
        # The value is not repeated: it may be the secret.
        yield Wrong(name, f"`{name}` names no secret", f"{HOW[0].upper()}{HOW[1:]}.")
    if name == "url" and _ADDRESS.fullmatch(value) is None:
        yield Wrong(name, "it is no address", "Write one such as https://metrics.example.org, with no question in it.")
    if name == "lag" and not _length(value):
        yield Wrong(name, "it is no length of time on the clock", "Write one such as 5m.")
    if name == "question" and (odd := [each for each in _BRACED.findall(value) if each not in GIVEN]):
        there = ", ".join(f"{{{each}}}" for each in GIVEN)
        yield Wrong(name, f"nobody fills in {{{odd[0]:.40}}}", f"There is {there}.")


def _length(said: str) -> bool:
    try:
        return not Span.of(said).business
    except ValueError:
        return False
