"""Evidence leaves the rollout and is kept: in order, once, whatever is tried again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from store import migrate
from store.engine import Unreachable
from store.ledger import Ledger, SecondTruth
from tidegate.models.task import StoreRequest

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from store.heads import Heads
    from tidegate.models.decision import Entry

log = logging.getLogger("tidegate.ledger")

_PATIENCE = 5
"""Seconds to wait for whoever makes the ledger ready."""
_ENDS = ("retired", "terminated", "withdrawn")
_BOUNDARIES = ("observing", "handoff_pending", "operating", *_ENDS)
TOOL = f"tidegate {version('tidegate')}"


class LedgerActivities:
    """The activity that stores evidence."""

    def __init__(self, url: str, heads: Heads | None = None) -> None:
        """Store it in the ledger of this URL, and sign how far that has come at each boundary."""
        self._url = url
        self._heads = heads
        self._ledger: Ledger | None = None
        self._opening = Lock()

    def close(self) -> None:
        """Let go of the ledger."""
        if self._ledger is not None:
            self._ledger.close()

    def opened(self) -> Ledger:
        """Return the ledger, its tables brought forward; nobody's safety ever waits for that."""
        if self._ledger is not None:
            return self._ledger
        if not self._opening.acquire(timeout=_PATIENCE):
            raise Unreachable("the ledger is being made ready")
        try:
            if self._ledger is None:
                migrate.upgrade(self._url)
                self._ledger = Ledger(self._url)
        except migrate.Ahead as error:
            raise Unreachable(str(error)) from None
        finally:
            self._opening.release()
        return self._ledger

    def engine(self) -> Engine:
        """Return what leads to the ledger, its tables brought forward."""
        return self.opened().engine

    @activity.defn(name="store", no_thread_cancel_exception=True)
    def store(self, task: StoreRequest) -> int:
        """Keep evidence; a retry adds nothing."""
        return self.kept(task)

    def kept(self, task: StoreRequest) -> int:
        """Keep it, and sign how far that has come where something is over with it."""
        now = datetime.now(UTC)
        try:
            number = self.opened().append(task, activity.info().workflow_run_id or "", TOOL, now)
        except SecondTruth as error:
            # Trying again cannot mend it: somebody reset the rollout, or wrote in its place.
            raise ApplicationError(str(error), type="SecondTruth", non_retryable=True) from None
        except Unreachable as error:
            raise ApplicationError(str(error), type="Unreachable") from None
        if self._heads is not None and any(_boundary(entry) for row in task.rows for entry in row.entries):
            self._sign(self._heads, task.use_case, now)
        return number

    def _sign(self, heads: Heads, stream: str, now: datetime) -> None:
        try:
            heads.sign(stream, now)
        except (SecondTruth, Unreachable) as error:
            # What is kept is kept; the worker signs it when it looks around, and says there what is wrong.
            log.warning("the head of %s is not signed yet: %s", stream, error)


def _boundary(entry: Entry) -> bool:
    """Whether a wave or a stage is over with it; after the end each may be the last one, as a notice is."""
    if entry.phase in _ENDS:
        return True
    return entry.before is not None and entry.before.phase != entry.phase and entry.phase in _BOUNDARIES
