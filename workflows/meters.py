"""What a rollout says in numbers, for whoever watches many: how long people take, and how long it takes to stop.

Prometheus finds them where TIDEGATE_METRICS says, beside the SDK's own. They are for eyes and alarms; nothing is
decided by them, and a replay says nothing twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import workflow

from tidegate.models.decision import Apply
from tidegate.models.told import Applied
from workflows import ids

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.event import Event
    from tidegate.models.messages import Backlog
    from tidegate.models.state import State

DECISION_LAG = "tidegate_decision_lag"
CONTAIN = "tidegate_time_to_contain"
OUTBOX = "tidegate_outbox_depth"


class Meters:
    """What one run measures."""

    def __init__(self) -> None:
        """Begin to measure."""
        meter = workflow.metric_meter()
        self._lag = meter.create_histogram_timedelta(
            DECISION_LAG, "From a round of votes being opened to its end, by how it ended."
        )
        self._contain = meter.create_histogram_timedelta(
            CONTAIN, "From a reduction being decided to its being read back, by verb."
        )
        self._outbox = meter.create_gauge(OUTBOX, "Lines and records of evidence that are not stored yet.")
        self._reducing: dict[int, tuple[str, datetime]] = {}
        """Since when each reduction is on its way, by its epoch."""

    def saw(self, event: Event, before: State, decision: Decision, backlog: Backlog, now: datetime) -> None:
        """Measure what came of an event; what cannot be measured changes nothing."""
        try:
            self._saw(event, before, decision, now)
            waits = len(decision.state.outbox) + len(backlog.records)
            self._outbox.set(waits, {"use_case": ids.use_case(workflow.info().workflow_id)})
        except Exception:  # noqa: BLE001  # whatever it is, it must not wedge what keeps people safe
            workflow.logger.exception("an event could not be measured: %s", event.kind)

    def _saw(self, event: Event, before: State, decision: Decision, now: datetime) -> None:
        for name, gate in before.gates.items():
            if name not in decision.state.gates:
                how = next((one.how for one in decision.state.closed if one.id == name), "void")
                self._lag.record(now - gate.opened_at, {"kind": gate.kind.value, "how": how})
        if isinstance(event, Applied) and event.result == "confirmed":
            verb, since = self._reducing.pop(event.epoch, ("", now))
            if verb:
                self._contain.record(max(now - since, timedelta()), {"verb": verb})
        pending = decision.state.exposure.pending
        if isinstance(pending, Apply) and pending.verb != "widen":
            self._reducing.setdefault(pending.epoch, (pending.verb, now))
