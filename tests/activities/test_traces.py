"""Whether traces are sent and where to: the setting, the collector's answers, and that nobody waits for one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

import worker
from activities import spans, traces
from cli import traced as cli_traced
from cli.embedded import leave
from workflows.tracing import Ids

TOKEN = "planted-collector-token-5d1c"  # noqa: S105  # to be looked for where it must not be


@contextmanager
def collector(status: int) -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector that takes everything, or repeats what it was asked with."""
    taken: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if status == 200:
                taken.append(ExportTraceServiceRequest.FromString(body))
            said = b"" if status == 200 else str(self.headers).encode()
            self.send_response(status, "" if status == 200 else f"no, {self.headers['Authorization']}")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", taken
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("said", ["", "0", "off", "no", "on", "1", " TRUE "])
def test_off_unless_it_is_said(said: str) -> None:
    """Traces are sent only where somebody says so."""
    assert traces.wanted({traces.SETTING: said}) is (said.strip().lower() in ("on", "1", "true"))
    assert traces.wanted({}) is False


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [(traces.SETTING, "maybe", "neither `on` nor `off`"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf")],
)
def test_what_cannot_be_is_said(name: str, value: str, why: str) -> None:
    """A setting that means nothing is refused, and one that is right beside it is taken."""
    with pytest.raises(traces.BadTraces, match=why):
        traces.wanted({traces.SETTING: "on", name: value})
    assert traces.wanted({traces.SETTING: "on", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})


def test_without_the_library_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenTelemetry is not installed, whoever asks for traces is told what installs it."""
    monkeypatch.setattr(traces, "find_spec", lambda _: None)
    with pytest.raises(traces.BadTraces, match=r"tidegate\[traces\]"):
        traces.wanted({traces.SETTING: "on"})
    assert not traces.wanted({})


def test_a_library_that_is_there_in_part_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another exporter of OpenTelemetry is not the one that sends traces."""
    real = find_spec
    monkeypatch.setattr(traces, "find_spec", lambda name: None if name.endswith(".http") else real(name))
    with pytest.raises(traces.BadTraces, match=r"tidegate\[traces\]"):
        traces.wanted({traces.SETTING: "on"})


@pytest.mark.parametrize(("size", "traced"), [("512", 1), ("1", 0)])
def test_what_opentelemetry_does_not_take_keeps_nobody_from_saying_anything(
    size: str, traced: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A variable that it refuses leaves a worker and the command line without traces, and with their work."""
    environment = {traces.SETTING: "on", "OTEL_BSP_MAX_QUEUE_SIZE": size}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(leave, "_LAST", [])
    own = cli_traced._made.__wrapped__()  # once for each process otherwise
    made = worker.tracer(worker.Settings.of(environment))
    try:
        assert (len(own), made is not None) == (traced, bool(traced))
        assert ("no traces are sent" in caplog.text) is not bool(traced)
    finally:
        for last in leave._LAST:  # as whoever ends does
            last()
        if made is not None:
            made.shutdown()
        logging.getLogger("tidegate.traces").disabled = False


def test_a_variable_that_cannot_be_read_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A colon where an equals sign belongs puts no token into a log or on a screen."""
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"Authorization: Bearer {TOKEN}")
    spans.provider("tidegate-worker", Ids()).shutdown()
    out, err = capfd.readouterr()
    assert TOKEN not in caplog.text + out + err


def test_a_collector_gets_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans arrive where the standard variable says, under our name unless another was given."""
    with collector(200) as (address, taken):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        for name in (None, "mine"):
            if name is not None:
                monkeypatch.setenv("OTEL_SERVICE_NAME", name)
            made = spans.provider("tidegate-worker", Ids())
            made.get_tracer("tidegate").start_span("hear pause").end()
            made.shutdown()
    said = [
        (span.name, {one.key: one.value.string_value for one in batch.resource.attributes}["service.name"])
        for request in taken
        for batch in request.resource_spans
        for scope in batch.scope_spans
        for span in scope.spans
    ]
    assert said == [("hear pause", "tidegate-worker"), ("hear pause", "mine")]


def test_a_collector_that_repeats_our_credentials_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it answers is said by nobody; that spans are lost is said once."""
    caplog.set_level(logging.DEBUG)
    with collector(401) as (address, _):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"Authorization=Bearer {TOKEN}")
        made = spans.provider("tidegate-worker", Ids())
        for _ in range(2):
            made.get_tracer("tidegate").start_span("hear pause").end()
            made.force_flush()
        made.shutdown()
    assert [record.getMessage() for record in caplog.records if "lost" in record.getMessage()] == [
        "the collector of traces does not take them; they are lost until it does"
    ]
    out, err = capfd.readouterr()
    assert TOKEN not in caplog.text + out + err


def test_what_breaks_is_not_repeated_either(caplog: pytest.LogCaptureFixture) -> None:
    """An exporter that fails with words of its own loses spans, and its words with them."""

    class Broken(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002  # the SDK names it so
            raise OSError(TOKEN)

    assert spans.Quiet(Broken()).export([]) is SpanExportResult.FAILURE
    assert "lost" in caplog.text
    assert TOKEN not in caplog.text
