"""What became of a request to the programme is kept; nobody waits for that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger import TOOL
from store import request
from store.engine import Unreachable
from tidegate.models.request import KeepRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine


class RequestActivities:
    """The activity that keeps requests, given what opens the ledger."""

    def __init__(self, opened: Callable[[], Engine]) -> None:
        """Know where the ledger is."""
        self._opened = opened

    @activity.defn(name="keep_request", no_thread_cancel_exception=True)
    def keep_request(self, task: KeepRequest) -> None:
        """Keep what happened; a retry adds nothing."""
        try:
            request.keep(self._opened(), task, TOOL, datetime.now(UTC))
        except Unreachable as error:
            raise ApplicationError(str(error), type="Unreachable") from None
