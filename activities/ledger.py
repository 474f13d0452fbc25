"""Evidence leaves the rollout and is kept: in order, once, whatever is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.lines import lines
from tidegate.models.task import StoreRequest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tidegate.models.decision import Entry


class SecondTruth(Exception):  # noqa: N818  # it says what was found, as people would
    """Other words are kept already under a number, or a number before it is missing."""


class Ledger(Protocol):
    """Where evidence is kept."""

    def append(self, use_case: str, stream: str, entries: Sequence[Entry]) -> int:
        """Keep these lines after those before them, each once; return the number of the last that is kept."""
        ...


class FileLedger:
    """One file of lines for each use case."""

    def __init__(self, root: Path) -> None:
        """Keep them under a directory."""
        self._root = root

    def append(self, use_case: str, stream: str, entries: Sequence[Entry]) -> int:
        """Append what is new, compare what is not, and sync."""
        with lines(self._root / f"{use_case}.jsonl") as kept:
            known = {line["number"]: line for line in kept.all() if line["stream"] == stream}
            last = max(known, default=0)
            fresh = []
            for entry in entries:
                line = {"stream": stream, **entry.model_dump(mode="json")}
                if entry.number in known:
                    if known[entry.number] != line:
                        raise SecondTruth(f"{use_case}: number {entry.number} is kept with other words")
                elif entry.number == last + 1:
                    fresh.append(line)
                    last = entry.number
                else:
                    raise SecondTruth(f"{use_case}: number {entry.number} follows {last}")
            if fresh:
                kept.add(fresh)
            return last


class LedgerActivities:
    """The activity that stores evidence."""

    def __init__(self, ledger: Ledger) -> None:
        """Store it in this ledger."""
        self._ledger = ledger

    @activity.defn(name="store")
    def store(self, task: StoreRequest) -> int:
        """Keep lines of evidence; a retry adds nothing."""
        try:
            return self._ledger.append(task.use_case, task.stream, task.entries)
        except SecondTruth as error:
            # Trying again cannot mend it: somebody reset the rollout, or wrote in its place.
            raise ApplicationError(str(error), type="SecondTruth", non_retryable=True) from None
