"""What a rollout asks of people: one line for each thing, who may do it, by when, and what happens if nobody does.

Packed small, so that the server's own list carries it and answers an inbox without any worker. It imports no rule and
no model: who reads an inbox need not load them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 1_600
"""Bytes that the asks of one rollout may take where the server keeps them."""

THEN = MappingProxyType(
    {
        "expires": "it expires, and nothing widens",
        "missed": "the review counts as missed, and it is made safer",
        "lapses": "the approvals lapse, and people are asked again",
        "hold": "it is held",
        "narrow": "it is narrowed",
        "block": "nothing widens any more",
        "blind": "it is narrowed, because nobody has looked",
        "seen": "people must review it without enough figures",
        "nudge": "it waits, and those who can act are asked again",
        "served": "people may still be served",
        "rises": "more people are asked, up to the executives",
        "undecided": "the exception is not granted",
    }
)
"""What happens if nobody does it, by a short word."""


GROUPS = ("exception", "request")
"""Verbs with verbs of their own: what is meant stands behind both words."""


def typed(verb: str, name: str) -> str:
    """Return what is typed after `tidegate`, with the use case in its place: `drill NAME rollback`."""
    words = verb.split(" ")
    at = 2 if words[0] in GROUPS else 1
    return " ".join(part for part in (*words[:at], name, *words[at:]) if part)


class Chair(NamedTuple):
    """Somebody who may do it."""

    person: str
    function: str = ""
    """In which function, where that matters."""
    principal: str = ""
    """In whose place, if not their own."""
    since: datetime | None = None
    """From when on; none is now."""
    until: datetime | None = None
    """Until when; none is until it is done."""

    def sits(self, now: datetime) -> bool:
        """Whether they may do it at that moment."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


class Ask(NamedTuple):
    """One thing that a rollout waits for."""

    kind: str
    """`vote`, `confirm`, `owed`, `reading`, `veto` or `right`."""
    verb: str
    """What is typed, without the use case, such as `review --gate checkpoint-3`."""
    about: str
    """What it is for, in a few words."""
    due: datetime | None = None
    """When something happens if nobody does it."""
    then: str = ""
    """What happens then: a key of THEN."""
    since: datetime | None = None
    """From when on it waits; none is now."""
    chairs: tuple[Chair, ...] = ()
    """Who may do it."""

    def of(self, person: str, now: datetime) -> tuple[Chair, ...]:
        """Return the chairs on which somebody could do it at that moment."""
        return tuple(chair for chair in self.chairs if chair.person == person and chair.sits(now))

    def waits(self, now: datetime) -> bool:
        """Whether it waits at that moment."""
        return self.since is None or self.since <= now


class Packed(NamedTuple):
    """What could be read of asks that were packed."""

    asks: tuple[Ask, ...]
    whole: bool
    """Whether everything is there: what does not fit is left out, the latest first."""


def by_date(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """Return them with the oldest deadline first; what has none comes last."""
    return tuple(sorted(asks, key=_place))


def _place(ask: Ask) -> tuple[bool, datetime, str]:
    return ask.due is None, ask.due or datetime.max.replace(tzinfo=UTC), ask.verb


def pack(asks: Iterable[Ask]) -> dict[str, Any]:
    """Return asks as small JSON; of what does not fit the latest is left out, and it says so."""
    kept = by_date(asks)
    packed = _packed(kept, whole=True)
    while kept and len(json.dumps(packed, separators=(",", ":"))) > MOST:
        kept = kept[:-1]
        packed = _packed(kept, whole=False)
    return packed


def _packed(asks: Sequence[Ask], *, whole: bool) -> dict[str, Any]:
    # Names once, and each group of people once: ten items that the same people may give cost little more than one.
    names: dict[str, int] = {}
    groups: dict[tuple[Chair, ...], int] = {}
    rows = [
        [ask.kind, ask.verb, ask.about, _count(ask.due), ask.then, _count(ask.since),
         groups.setdefault(ask.chairs, len(groups))]
        for ask in asks
    ]  # fmt: skip
    people = [[_chair(chair, names) for chair in chairs] for chairs in groups]
    return {"asks": rows, "who": people, "names": list(names), **({} if whole else {"more": True})}


def _chair(chair: Chair, names: dict[str, int]) -> list[int]:
    words = [names.setdefault(word, len(names)) for word in (chair.person, chair.function, chair.principal)]
    if chair.since or chair.until:
        return [*words, _count(chair.since), _count(chair.until)]
    return words if chair.principal else words[:2]


def unpack(packed: Any) -> Packed:
    """Return what was packed; whatever else it is says nothing, and that it is not whole."""
    try:
        names = [str(name) for name in packed["names"]]
        groups = [tuple(_seated(row, names) for row in group) for group in packed["who"]]
        asks = tuple(
            Ask(str(kind), str(verb), str(about), _moment(due), str(then), _moment(since), groups[group])
            for kind, verb, about, due, then, since, group in packed["asks"]
        )
        return Packed(asks, whole=not packed.get("more"))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError):
        return Packed((), whole=False)


def _seated(row: list[int], names: list[str]) -> Chair:
    person, function, *rest = row
    principal, since, until = (*rest, None, None, None)[:3] if rest else (None, None, None)
    return Chair(
        names[person],
        names[function],
        "" if principal is None else names[principal],
        _moment(since or 0),
        _moment(until or 0),
    )


def _count(at: datetime | None) -> int:
    return 0 if at is None else int(at.timestamp())


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None
