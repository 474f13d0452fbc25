"""The register of exceptions: every one that was ever asked for, from the record, with what became of it.

Reads lines of the ledger as they are kept, oldest first, and needs no rollout to answer. Knows nothing of where they
come from.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

STATES = ("open", "in_force", "over", "replaced", "denied", "undecided", "ended")
"""Nobody has decided it; it counts; its end has come; another took its place; no; nobody decided in time; with its
rollout."""
_ENDS = ("retired", "terminated", "withdrawn")


class Exceptional(NamedTuple):
    """One exception."""

    use_case: str
    id: str
    item: str
    """What is waived: a readiness item, or a problem by its id."""
    stage: str
    upto: str
    """The last wave for which it counts; empty for the whole stage."""
    standard: str
    unit: str
    control: str
    """What is done instead."""
    why: str
    asked_by: str
    asked_at: datetime
    until: datetime
    state: str = "open"
    decided_by: str = ""
    decided_at: datetime | None = None
    times: int = 0
    """How often it had been granted by then; from the second time on it was renewed."""
    since: datetime | None = None
    """Since when it has been in force without a gap."""

    @property
    def renewals(self) -> int:
        """How often it was renewed."""
        return max(self.times - 1, 0)

    def days(self, now: datetime) -> int:
        """Return how many whole days it has been in force; none where it is not."""
        return (now - self.since).days if self.state == "in_force" and self.since is not None else 0

    @property
    def rule(self) -> str:
        """The rule that it waives, by the standard and the stage that ask for it."""
        return f"{self.standard}/{self.stage}/{self.item}"


class Month(NamedTuple):
    """How much was asked for in a month."""

    month: str
    asked: int
    granted: int
    renewed: int
    denied: int


def register(lines: Iterable[Mapping[str, Any]], now: datetime, unit: str = "") -> tuple[Exceptional, ...]:
    """Return every exception of one rollout, in the order in which they were asked for."""
    found: dict[tuple[str, str], Exceptional] = {}
    for line in lines:
        life, reason = line.get("life") or "", line.get("reason")
        if reason and line.get("outcome") in ("done", "expired"):
            _follow(found, life, line, reason["code"], reason["facts"], unit)
        if (line.get("after") or {}).get("phase") in _ENDS:
            for key, one in found.items():
                if key[0] == life and one.state in ("open", "in_force"):
                    found[key] = one._replace(state="ended")
    return tuple(_now(one, now) for one in found.values())


def _follow(
    found: dict[tuple[str, str], Exceptional],
    life: str,
    line: Mapping[str, Any],
    code: str,
    facts: Mapping[str, str],
    unit: str,
) -> None:
    key, at = (life, facts.get("id", "")), datetime.fromisoformat(line["occurred_at"])
    if code == "exception_asked":
        found[key] = Exceptional(
            use_case=line["stream"],
            id=facts["id"],
            item=facts["item"],
            stage=facts["stage"],
            upto=facts.get("upto", ""),
            standard=line.get("standard") or "",
            unit=unit,
            control=facts["control"],
            why=facts.get("why", ""),
            asked_by=facts["by"],
            asked_at=at,
            until=datetime.fromisoformat(facts["until"]),
        )
    elif key not in found:
        return
    elif code == "exception_granted":
        since = at
        for other, one in found.items():
            same = other[0] == life and (one.item, one.stage) == (found[key].item, found[key].stage)
            if same and one.state == "in_force":
                since = min(since, one.since or at)
                found[other] = one._replace(state="replaced")
        times, granted = int(facts.get("times", "1")), found[key]._replace(decided_by=facts["by"], decided_at=at)
        found[key] = granted._replace(state="in_force", times=times, since=since)
    elif code == "exception_denied":
        found[key] = found[key]._replace(state="denied", decided_by=facts["by"], decided_at=at)
    elif code in _OVER:
        found[key] = found[key]._replace(state=_OVER[code])


_OVER = MappingProxyType({"exception_over": "over", "exception_undecided": "undecided"})


def _now(one: Exceptional, now: datetime) -> Exceptional:
    """Return one as it stands now: what has ended is off, whether or not anybody has acted on it yet."""
    ended = {"in_force": "over", "open": "undecided"}.get(one.state)
    return one._replace(state=ended) if ended is not None and now >= one.until else one


def months(found: Iterable[Exceptional]) -> tuple[Month, ...]:
    """Return how many were asked for, granted, renewed and denied in each month, the first month first."""
    asked, granted, renewed, denied = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for one in found:
        asked[f"{one.asked_at:%Y-%m}"] += 1
        if one.decided_at is not None:
            month = f"{one.decided_at:%Y-%m}"
            granted[month] += bool(one.times)
            renewed[month] += one.times > 1
            denied[month] += one.state == "denied"
    named = sorted({*asked, *granted, *denied})
    return tuple(Month(name, asked[name], granted[name], renewed[name], denied[name]) for name in named)


def picked(
    found: Iterable[Exceptional], *, state: str | None = None, unit: str | None = None, rule: str | None = None
) -> Iterator[Exceptional]:
    """Yield those of a state, of a unit, and of a rule: the item, or any part of the rule's whole name."""
    for one in found:
        named = rule is None or rule in one.rule.split("/") or rule in one.rule
        if named and state in (None, one.state) and unit in (None, one.unit):
            yield one
