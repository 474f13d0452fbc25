"""Where traces go: an OTLP collector, as the standard OTEL_* variables say.

Nobody waits for a collector: spans are handed over beside everything else, and those that it does not take are lost.
The library that sends them repeats what a collector answers, which may be our own credentials; so it says nothing, and
one line here says that they are lost.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

log = logging.getLogger("tidegate.traces")


def provider(service: str, numbers: IdGenerator) -> TracerProvider:
    """Return what takes spans and sends them; `service` is its name unless OTEL_SERVICE_NAME says another."""
    _hush()  # it repeats variables that it cannot read, too
    made = TracerProvider(resource=_resource(service), id_generator=numbers, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(Quiet(OTLPSpanExporter())))
    return made


def _resource(service: str) -> Resource:
    said = Resource.create()
    named = not str(said.attributes.get("service.name", "")).startswith("unknown_service")
    return said if named else said.merge(Resource({"service.name": service}))


def _hush() -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)


class Quiet(SpanExporter):
    """Hands spans on, and says in words of its own when they are lost."""

    def __init__(self, inner: SpanExporter) -> None:
        """Hand them on to this."""
        self._inner = inner
        self._lost = False
        _hush()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them on; once it is said that they are lost, it is not said again until some arrived."""
        try:
            result = self._inner.export(spans)
        except Exception:  # noqa: BLE001  # whatever it is, its words may hold anything
            result = SpanExportResult.FAILURE
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self._lost:
            log.warning("the collector of traces does not take them; they are lost until it does")
        self._lost = failed
        return result

    def shutdown(self) -> None:
        """Send nothing any more."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Hand over what is left."""
        return self._inner.force_flush(timeout_millis)
