"""What traces need of workflows, of a library that need not be there: it is loaded once somebody asks for one of these.

Where spans go to, the activities know; whoever starts a process brings both together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from workflows.tracing import Ids, Tracing


def numbers() -> Ids:
    """Return what draws the ids of spans."""
    from workflows.tracing import Ids  # noqa: PLC0415  # see above

    return Ids()


def tracing(by: TracerProvider) -> Tracing:
    """Return what traces a client or a worker."""
    from workflows.tracing import Tracing  # noqa: PLC0415  # see above

    return Tracing(by)
