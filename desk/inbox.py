"""What waits for somebody across all rollouts: found by what each is awaited for, then asked of each itself.

This is the one place that knows how that is found out; a page only shows it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.answers import Refusal
from cli.talk import NoAnswer
from desk.views import Case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cli.rows import Row
    from desk.line import Line
    from tidegate.models.base import Function
    from tidegate.models.gate import Gate

_ASKED = 40
"""So many rollouts are asked themselves, those with the oldest deadline first; of the rest only the list is known."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Item(NamedTuple):
    """One round of votes that waits for somebody."""

    use_case: str
    title: str
    gate: Gate


class Inbox(NamedTuple):
    """What waits for somebody, and what else is under way."""

    items: list[Item]
    unread: list[Row]
    """Rollouts that may wait for them and could not be asked."""
    others: list[Row]


async def waiting(line: Line, person: str, functions: Iterable[Function], now: datetime) -> Inbox:
    """Return what waits for somebody, the oldest deadline first."""
    rows = await line.ask(lambda server: server.rows("ExecutionStatus = 'Running'"))
    rows.sort(key=lambda row: (row.deadline or _NEVER, row.use_case))
    # A particular person who is awaited is not named there.
    mine = {"somebody", *(function.value for function in functions)}
    may = [row for row in rows if mine & {*row.awaits}]
    found = await asyncio.gather(*(_items(line, row, person, now) for row in may[:_ASKED]))
    items = sorted((item for some in found for item in some or ()), key=lambda item: item.gate.expires_at)
    unread = [row for row, some in zip(may, found, strict=False) if some is None] + may[_ASKED:]
    return Inbox(items, unread, rows)


async def _items(line: Line, row: Row, person: str, now: datetime) -> list[Item] | None:
    try:
        case = Case.of(await line.whole(row.use_case), person, now)
    except (NoAnswer, Refusal):
        return None
    return [Item(row.use_case, case.plan.title, gate) for gate in case.state.gates.values() if case.waits(gate)]
