"""What was owed in a whole life, read from its ledger and from the beginning of each run, past our own rules.

An obligation is one name with one day. It stands in the state after some records and not in the next one: then it was
met, or became another. That is compared with what was said in that record, and with the day on which it was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter

from tidegate import recording
from tidegate.models.messages import RolloutInput

Words = dict[str, Any]
_AT_ONCE = timedelta(minutes=1)
"""A timer goes off on the next whole second, and what is due together is acted on together."""


class Debt(NamedTuple):
    """One obligation, from when it stood until it stood no more."""

    name: str
    due: datetime
    overdue: bool
    """Whether its day had passed, and that was said."""
    ended: datetime
    by: str
    """What was said in the record in which it ended."""

    @property
    def late(self) -> bool:
        """Whether it ended after its day."""
        return self.ended > self.due + _AT_ONCE


def states(rows: Iterable[Words]) -> Iterator[tuple[datetime, str, str, Words]]:
    """Tell when something was decided, what it was, the digest of the state after it, and that state."""
    words: Words = {}
    kind = ""
    for row in rows:
        if row.get("heard") is not None:
            kind = row["heard"]["kind"]
        then = row.get("then")
        if then is not None:
            words = recording.changed(words, then["change"])
            yield datetime.fromisoformat(row["occurred_at"]), kind, then["state"], words


def debts(rows: Iterable[Words]) -> tuple[list[Debt], dict[str, Words]]:
    """Return every obligation that has ended, and what is owed at the very end."""
    ended: list[Debt] = []
    standing: dict[str, Words] = {}
    for at, kind, _, words in states(rows):
        now: dict[str, Words] = words.get("obligations", {})
        for name, owed in standing.items():
            if name not in now or now[name]["due"] != owed["due"]:
                ended.append(Debt(name, datetime.fromisoformat(owed["due"]), owed.get("overdue", False), at, kind))
        for name, owed in now.items():
            unseen = not owed.get("overdue", False) and at > datetime.fromisoformat(owed["due"]) + _AT_ONCE
            assert not unseen, f"{name} was due on {owed['due']}, and at {at} nothing has come of it"
        standing = now
    return ended, standing


async def carried(run: list[HistoryEvent], converter: DataConverter) -> RolloutInput:
    """Return what a run began with."""
    payloads = run[0].workflow_execution_started_event_attributes.input.payloads
    (given,) = await converter.decode(payloads, [RolloutInput])
    assert isinstance(given, RolloutInput)
    return given
