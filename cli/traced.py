"""Whether what the command line says to Temporal is traced: only where TIDEGATE_TRACES asks for it.

Nobody is kept from saying anything by a trace: where none can be had it goes on without, and `tidegate doctor` says
why.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from cli.embedded import leave

if TYPE_CHECKING:
    from temporalio.client import Interceptor

_SETTING = "TIDEGATE_TRACES"


def interceptors() -> list[Interceptor]:
    """Return what traces a client, once for the whole process."""
    return _made() if os.environ.get(_SETTING) else []


@functools.cache
def _made() -> list[Interceptor]:
    from activities import traces

    try:
        if not traces.wanted(os.environ):
            return []
    except traces.BadTraces:
        return []
    from activities import spans
    from workflows.tracing import Ids, Tracing

    # What it would say of a collector that is away is for the log of a worker, not for somebody at a keyboard.
    spans.log.disabled = True
    made = spans.provider("tidegate", Ids())
    leave.before(lambda: traces.end(made))
    return [Tracing(made)]
