"""What every line of a worker's log says beside its words: whose it is, and in which trace it belongs.

A library that an activity calls knows no rollout, and neither do most of our own rooms; whoever reads the log wants to
know of all of them.
"""

from __future__ import annotations

import logging

from temporalio import activity

from workflows import causes

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s%(whose)s"


class Whose(logging.Filter):
    """Names the workflow of an activity in which something is logged, and the trace, if there is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it; no line is kept back."""
        said, text = [], _text(record)
        if activity.in_activity():
            workflow_id = activity.info().workflow_id or ""
            # The SDK's own loggers say it already, among other things.
            said += [f"workflow_id={workflow_id}"] if workflow_id and workflow_id not in text else []
        because = causes.now()
        said += [f"trace_id={because.trace}"] if because is not None and because.trace else []
        record.whose = f" ({', '.join(said)})" if said else ""
        return True


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # whoever prints it says what is wrong with it; who logged it goes on
        return ""
