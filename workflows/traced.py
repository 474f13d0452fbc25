"""What takes spans, made of a library that need not be there; whoever cannot have it says why, and goes on without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.traces import BadTraces

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def provider(service: str) -> TracerProvider:
    """Return what takes spans and sends them. Raises BadTraces, whatever it is that the library does not take."""
    try:
        from activities import spans  # noqa: PLC0415  # it loads OpenTelemetry, which need not be there
        from workflows.tracing import Ids  # noqa: PLC0415  # the same

        return spans.provider(service, Ids())
    except Exception as error:  # noqa: BLE001  # whatever it is, traces are no reason for anything else to fail
        # What it says itself may hold our credentials.
        raise BadTraces(f"OpenTelemetry does not begin ({type(error).__name__}); see the OTEL_* variables") from None
