"""The way here, from the ledger: what was read, and how many were served, along time. Empty where no ledger answers.

It helps to read a briefing and is no part of it: what people sign is what was frozen.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from cli.paper import NOTHING, History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.reading import View


def history(use_case: str) -> History:
    """Return the way of one rollout, or nothing where the ledger cannot be asked."""
    from cli.answers import Refusal
    from cli.evidence_ledger import opened

    try:
        with opened() as view:
            return of(view, use_case)
    except Refusal:
        return NOTHING


def of(view: View, use_case: str) -> History:
    """Return the way of one rollout, as an open ledger has it."""
    return History(readings(view, use_case), list(people(lines(view, use_case))))


def readings(view: View, use_case: str) -> dict[str, list[tuple[datetime, Decimal]]]:
    """Return what each metric said, where that was a figure; one that is said again counts once."""
    found: dict[str, dict[datetime, Decimal]] = {}
    for one in view.readings(use_case):
        if one.status != "value" or one.value is None or one.taken_at is None:
            continue
        try:
            found.setdefault(one.metric, {})[datetime.fromisoformat(one.taken_at)] = Decimal(one.value)
        except (ValueError, InvalidOperation):
            continue  # a row that somebody has altered is found by `evidence verify`, and draws nothing
    return {name: sorted(points.items()) for name, points in found.items()}


def lines(view: View, use_case: str) -> Iterator[dict[str, Any]]:
    """Yield what is on record of a rollout, oldest first."""
    for row in view.rows(use_case):
        line: dict[str, Any] = json.loads(row.body)
        yield line


def people(found: Iterator[dict[str, Any]]) -> Iterator[tuple[datetime, int]]:
    """Yield how many were to be served at most, whenever that changed."""
    last: int | None = None
    for line in found:
        count = (line.get("after") or {}).get("people")
        if isinstance(count, int) and count != last:
            last = count
            yield datetime.fromisoformat(line["occurred_at"]), count
