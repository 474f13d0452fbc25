"""When evidence goes to the ledger: at once, unless it only says that somebody was asked or told, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from tidegate.models.decision import Entry
    from tidegate.models.messages import Backlog
    from tidegate.models.state import State

_WAITS_AT_MOST = 20
"""So many lines may wait for something worth a journey."""
_RECORDS_WAIT_AT_MOST = 60
"""So many events that wrote no line may wait."""
_WAITS = (Code.DISPATCHED, Code.READINGS, Code.EVIDENCE_ASKED, Code.NOTICE_DELIVERED, Code.REMINDED, Code.NUDGE)


def due(state: State, backlog: Backlog) -> bool:
    """Whether there is something to store that should not wait for company."""
    if len(backlog.records) > _RECORDS_WAIT_AT_MOST:
        return True
    if state.position.phase.over:
        return bool(state.outbox)  # no company comes any more
    return len(state.outbox) > _WAITS_AT_MOST or any(not _can_wait(entry) for entry in state.outbox)


def _can_wait(entry: Entry) -> bool:
    person = entry.actor_kind == ActorKind.HUMAN.value
    return not person and entry.outcome is Outcome.DONE and entry.reason.code in _WAITS
