"""Which notice, which round of votes and which rules stand behind each change of what is exposed, from the record.

Reads lines of the ledger as they are kept, oldest first. A reduction has no notice before it: it waits for none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOLD = (Code.NOTICE_DELIVERED.value, Code.NOTICE_FAILED.value)


class Link(NamedTuple):
    """One change of what is exposed, and what it rests on."""

    at: datetime
    epoch: int
    what: str
    people: tuple[int, int]
    by: str
    gate: str
    subject: str
    """What the yes was a yes to; it names plan, change, briefing and standard."""
    notices: tuple[str, ...]
    """Who was told before, by the notice's own name, with what became of it."""
    plan: str
    """The revision: its notices' words are of that version too."""
    standard: str
    """The policy, by name and version."""


def links(lines: Iterable[Mapping[str, Any]]) -> tuple[Link, ...]:
    """Return every change of what is exposed, each with what it rests on."""
    notices: dict[str, dict[str, str]] = {}
    found: list[Link] = []
    agreed: Mapping[str, Any] | None = None
    people = epoch = 0
    for line in lines:
        reason, after = line.get("reason"), line.get("after")
        if not reason or not after:
            continue
        if reason["code"] in _TOLD:
            name = reason["facts"].get("notice", "")
            notices.setdefault(name.rpartition("-")[0], {})[name] = reason["facts"].get("result", "")
        if reason["code"] == Code.AUTHORISED.value:
            agreed = line
        if after["epoch"] == epoch:
            continue
        widened = agreed is not None and after["people"] >= people and reason["code"] == Code.WIDENED.value
        rests = agreed if widened and agreed is not None else line
        gate = str(rests.get("gate") or "")
        found.append(
            Link(
                at=datetime.fromisoformat(line["occurred_at"]),
                epoch=after["epoch"],
                what=str(rests.get("action") or ""),
                people=(people, after["people"]),
                by=rests["reason"]["facts"].get("by", "") if widened else str(line["actor"]["subject"]),
                gate=gate,
                subject=str(rests.get("subject") or ""),
                notices=tuple(f"{name} {said}" for name, said in notices.get(gate, {}).items()) if gate else (),
                plan=str(line.get("plan") or ""),
                standard=str(line.get("standard") or ""),
            )
        )
        people, epoch, agreed = after["people"], after["epoch"], None
    return tuple(found)
