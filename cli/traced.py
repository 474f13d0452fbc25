"""Whether what the command line says to Temporal is traced: only where TIDEGATE_TRACES asks for it.

Nobody is kept from saying anything by a trace: where none can be had it goes on without, and `tidegate doctor` says
why.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING

from cli.embedded import leave

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from temporalio.client import Interceptor

_SETTING = "TIDEGATE_TRACES"


def interceptors() -> list[Interceptor]:
    """Return what traces a client, once for the whole process."""
    return _made() if os.environ.get(_SETTING) else []


@functools.cache
def _made() -> list[Interceptor]:
    from activities import traces

    try:
        made = provider()
    except traces.BadTraces:
        return []
    if made is None:
        return []
    from workflows import traced

    leave.before(lambda: traces.end(made))
    return [traced.tracing(made)]


def provider() -> TracerProvider | None:
    """Return what takes spans and sends them, where that is wanted. Raises BadTraces."""
    from activities import traces

    if not traces.wanted(os.environ):
        return None
    from workflows import traced

    made = traces.provider("tidegate", traced.numbers)
    # What is said of a collector that is away is for the log of a worker, not for somebody at a keyboard.
    logging.getLogger("tidegate.traces").disabled = True
    return made
