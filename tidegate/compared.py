"""Two checkpoints beside each other, where both were evaluated by the same template: every release is comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.document import Document, Measured


class Pair(NamedTuple):
    """One thing in both."""

    what: str
    one: str
    other: str
    moved: str
    """By how much, where both are figures."""


def comparable(one: Document, other: Document) -> bool:
    """Whether the same was asked of both."""
    return one.template == other.template


def compared(one: Document, other: Document) -> tuple[Pair, ...]:
    """Return everything that is known of either."""
    return tuple(_pairs(one, other))


def _pairs(one: Document, other: Document) -> Iterator[Pair]:
    yield Pair("conditions", one.verdict, other.verdict, "")
    yield Pair("people, at most, before", f"{one.people_now:,}", f"{other.people_now:,}", "")
    yield Pair("people, at most, asked for", _people(one), _people(other), "")
    dimensions = {row.dimension: row.says for row in other.dimensions}
    for row in one.dimensions:
        yield Pair(row.dimension, row.says, dimensions.get(row.dimension, "-"), "")
    mine, theirs = ({row.name: row for row in doc.metrics} for doc in (one, other))
    for name in dict.fromkeys((*mine, *theirs)):
        left, right = mine.get(name), theirs.get(name)
        yield Pair(name, _value(left), _value(right), _moved(left, right))
    for what in ("exceptions", "issues", "owed", "bypass"):
        yield Pair(what, str(len(getattr(one, what))), str(len(getattr(other, what))), "")
    for kind in ("alert", "incident"):
        counts = [sum(heard.count for heard in doc.happened if heard.kind == kind) for doc in (one, other)]
        yield Pair(f"{kind}s since the checkpoint before", str(counts[0]), str(counts[1]), "")


def _people(doc: Document) -> str:
    return "-" if doc.people_then is None else f"{doc.people_then:,}"


def _value(one: Measured | None) -> str:
    if one is None:
        return "not measured"
    return one.says if one.value is None else f"{one.value}"


def _moved(one: Measured | None, other: Measured | None) -> str:
    if one is None or other is None or one.value is None or other.value is None:
        return ""
    by = other.value - one.value
    if not one.value:
        return f"{by:+f}"
    return f"{by / one.value * 100:+.0f}%"
