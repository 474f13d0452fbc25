"""Traces: from whoever says something, through the rollout that hears it, to what is done because of it.

    say VERB     a client, for as long as it waits for the answer
    hear VERB    the rollout, from hearing it to answering
    due          what began because its time had come, or because a run began
    do NAME      an activity, each attempt for itself

The SDK's own interceptors are not used (decision 46): one keeps a span open for as long as a run lives, the other hangs
everything under the beginning of a run, both write the words of failures into spans, and in both a header that cannot
be read fails the step of the workflow for ever, and every reduction behind it. The header is called as theirs is, so
that others may take part.

Nothing in a span is free text: names are of verbs and activities that we know, attributes are names and numbers. The
ids of what a workflow says follow from what it was told, so that a replay goes on in the same trace and says nothing
twice. Whatever fails here changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanKind, StatusCode
from temporalio import activity, client, worker, workflow
from temporalio.converter import PayloadConverter

from tidegate import verbs
from workflows import causes, ids
from workflows.causes import Because
from workflows.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Span, SpanContext, Tracer, TracerProvider
    from temporalio.api.common.v1 import Payload

HEADER = "_tracer-data"
"""Under which name the SDK's interceptors carry it, too."""
ROLLOUT = "tidegate.rollout"
OUTCOME, REASON = "tidegate.outcome", "tidegate.reason"
_WRITTEN = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_LONGEST = 1_000
_KNOWN = {*verbs.VERBS, ids.FORGET, ids.LOOK, ids.STOP, "lift", "answer"}
_CODE = re.compile(r"[a-z][a-z_]{0,59}")
_GIVEN: ContextVar[tuple[int, int] | None] = ContextVar("tidegate_given_ids", default=None)


class Ids(RandomIdGenerator):
    """Draws ids at random, but where a workflow says which."""

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        given = _GIVEN.get()
        return super().generate_span_id() if given is None else given[1]

    def generate_trace_id(self) -> int:
        """Return the id of a trace that begins."""
        given = _GIVEN.get()
        return super().generate_trace_id() if given is None else given[0]


class Tracing(client.Interceptor, worker.Interceptor):
    """Traces what a client says, and what a worker that was made with it hears and does."""

    def __init__(self, provider: TracerProvider) -> None:
        """Say it by this, whose ids are `Ids`."""
        self._tracer = provider.get_tracer("tidegate")

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:  # noqa: A002  # the SDK names it so
        """Return what traces a client."""
        return _Client(next, self._tracer)

    def intercept_activity(self, next: worker.ActivityInboundInterceptor) -> worker.ActivityInboundInterceptor:  # noqa: A002  # the SDK names it so
        """Return what traces activities."""
        return _Activity(next, self._tracer)

    def workflow_interceptor_class(
        self,
        input: worker.WorkflowInterceptorClassInput,  # noqa: A002  # the SDK names it so
    ) -> type[worker.WorkflowInboundInterceptor]:
        """Return what traces workflows."""
        del input
        tracer = self._tracer

        class Inbound(_Inbound):
            tracer_of_worker = tracer

        return Inbound


class _Client(client.OutboundInterceptor):
    def __init__(self, following: client.OutboundInterceptor, tracer: Tracer) -> None:
        super().__init__(following)
        self._tracer = tracer

    async def start_workflow(self, input: client.StartWorkflowInput) -> Any:  # noqa: A002  # the SDK names it so
        with self._said("begin", input.id, input):
            return await super().start_workflow(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:  # noqa: A002  # the SDK names it so
        with self._said(input.signal, input.id, input):
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: client.StartWorkflowUpdateInput) -> Any:  # noqa: A002  # the SDK names it so
        with self._said(input.update, input.id, input):
            return await super().start_workflow_update(input)

    @contextmanager
    def _said(self, name: str, workflow_id: str, told: Any) -> Iterator[None]:
        known = name if name in _KNOWN or name == "begin" else "something"
        attributes = _whose(workflow_id)
        with _spanned(self._tracer, f"say {known}", kind=SpanKind.CLIENT, attributes=attributes) as span:
            told.headers = {**told.headers, HEADER: _header((_write(span.get_span_context()),))}
            yield


class _Inbound(worker.WorkflowInboundInterceptor):
    tracer_of_worker: Tracer
    heard = 0

    def init(self, outbound: worker.WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self.tracer_of_worker))

    async def execute_workflow(self, input: worker.ExecuteWorkflowInput) -> Any:  # noqa: A002  # the SDK names it so
        with causes.because(Because(_read(input.headers)[:1])):
            return await super().execute_workflow(input)

    async def handle_signal(self, input: worker.HandleSignalInput) -> None:  # noqa: A002  # the SDK names it so
        span = self._hears(input.signal, input.headers)
        with causes.because(span.cause):
            await super().handle_signal(input)
        span.end()

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> Any:  # noqa: A002  # the SDK names it so
        span = self._hears(input.update, input.headers)
        with causes.because(span.cause):
            try:
                answer = await super().handle_update_handler(input)
            except Exception as error:
                span.end(error=type(error).__name__)
                raise
        span.end(answer=answer)
        return answer

    def _hears(self, name: str, headers: Mapping[str, Payload]) -> _Heard:
        self.heard += 1
        return _Heard(self.tracer_of_worker, name, headers, self.heard)


class _Outbound(worker.WorkflowOutboundInterceptor):
    def __init__(self, following: worker.WorkflowOutboundInterceptor, tracer: Tracer) -> None:
        super().__init__(following)
        self._tracer = tracer
        self._due = 0

    def start_activity(self, input: worker.StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002  # the SDK names it so
        cause = causes.now()
        if cause is not None:
            if not cause.parents:
                cause.parents = (self._began(),)
            input.headers = {**input.headers, HEADER: _header(cause.parents)}
        return super().start_activity(input)

    def _began(self) -> str:
        """Begin a trace for what follows from nobody's message."""
        self._due += 1
        span = _Begun(self._tracer, "due", (), f"{workflow.info().run_id}/due/{self._due}")
        span.end()
        return span.written


class _Begun:
    """A span of a workflow: a replay begins it again, under the same ids, and does not say it twice."""

    def __init__(self, tracer: Tracer, name: str, parents: tuple[str, ...], seed: str) -> None:
        info = workflow.info()
        self.span: Span = trace.INVALID_SPAN
        with workflow.unsafe.sandbox_unrestricted():
            token = _GIVEN.set((_number(seed, 16), _number(f"{seed}/span", 8)))
            # What fails here would fail the step in which somebody is heard, again and again.
            with suppress(Exception):
                self.span = tracer.start_span(
                    name,
                    _context(parents),
                    kind=SpanKind.SERVER if parents else SpanKind.INTERNAL,
                    attributes={**_whose(info.workflow_id), "temporalRunID": info.run_id},
                    start_time=workflow.time_ns(),
                )
            _GIVEN.reset(token)
        self.written = _write(self.span.get_span_context())

    def end(self) -> None:
        """Say it, unless that was done before."""
        if not workflow.unsafe.is_replaying():
            with workflow.unsafe.sandbox_unrestricted(), suppress(Exception):
                self.span.end(end_time=workflow.time_ns())


class _Heard:
    """What a workflow was told, from hearing it to answering; whoever is not traced begins a trace here."""

    def __init__(self, tracer: Tracer, name: str, headers: Mapping[str, Payload], number: int) -> None:
        parents, seed = _read(headers)[:1], f"{workflow.info().run_id}/heard/{number}"
        self._begun = _Begun(tracer, f"hear {name if name in _KNOWN else 'something'}", parents, seed)
        self.cause = Because((self._begun.written,))

    def end(self, *, answer: Any = None, error: str = "") -> None:
        """Say what became of it: what came of it and the code of the reason, and never its facts."""
        for name, said in (
            (OUTCOME, getattr(answer, "outcome", None)),
            (REASON, getattr(getattr(answer, "reason", None), "code", None)),
        ):
            if isinstance(said, str) and _CODE.fullmatch(str(said)):
                self._begun.span.set_attribute(name, str(said))
        if error:
            self._begun.span.set_status(StatusCode.ERROR, error)
        self._begun.end()


class _Activity(worker.ActivityInboundInterceptor):
    def __init__(self, following: worker.ActivityInboundInterceptor, tracer: Tracer) -> None:
        super().__init__(following)
        self._tracer = tracer

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK names it so
        parents, info = _read(input.headers), activity.info()
        known = info.activity_type if info.activity_type in OPTIONS else "something"
        waited = info.started_time - info.current_attempt_scheduled_time
        with (
            _spanned(
                self._tracer,
                f"do {known}",
                context=_context(parents[:1]),
                kind=SpanKind.SERVER,
                links=[trace.Link(_span_context(one)) for one in parents[1:]],
                attributes={
                    **_whose(info.workflow_id or ""),
                    "temporalRunID": info.workflow_run_id or "",
                    "temporalActivityID": info.activity_id,
                    "tidegate.attempt": info.attempt,
                    "tidegate.waited_ms": max(waited.total_seconds() * 1000, 0.0),
                },
            ) as span,
            causes.because(Because((_write(span.get_span_context()),))),
        ):
            return await super().execute_activity(input)


@contextmanager
def _spanned(tracer: Tracer, name: str, **more: Any) -> Iterator[Span]:
    """Say that something is done, and what kind of failure it was; what that says itself may hold anything.

    A span that cannot begin or end is none: nobody is kept from saying or doing anything by a trace.
    """
    span: Span = trace.INVALID_SPAN
    with suppress(Exception):
        span = tracer.start_span(name, **more)
    try:
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield span
    except BaseException as error:
        kind = getattr(error, "type", None)
        said = kind if isinstance(kind, str) and kind.isidentifier() else type(error).__name__
        span.set_status(StatusCode.ERROR, said[:60])
        raise
    finally:
        with suppress(Exception):
            span.end()


def _whose(workflow_id: str) -> dict[str, str]:
    rollout = {ROLLOUT: ids.use_case(workflow_id)} if workflow_id.startswith(ids.PREFIX) else {}
    return {**rollout, "temporalWorkflowID": workflow_id}


def _number(seed: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:size]) or 1


def _header(parents: tuple[str, ...]) -> Payload:
    carried = {"traceparent": parents[0], **({"links": ",".join(parents[1:])} if parents[1:] else {})}
    return PayloadConverter.default.to_payloads([carried])[0]


def _read(headers: Mapping[str, Payload]) -> tuple[str, ...]:
    """Return what a header says; whatever cannot be read says nothing, for it must wedge nobody."""
    payload = headers.get(HEADER)
    if payload is None or len(payload.data) > _LONGEST:
        return ()
    try:
        (carried,) = PayloadConverter.default.from_payloads([payload])
        said = [carried.get("traceparent"), *str(carried.get("links", "")).split(",")]
    except Exception:  # noqa: BLE001  # whatever it is, it is nobody's trace
        return ()
    good = [one for one in said if isinstance(one, str) and _WRITTEN.fullmatch(one)]
    return tuple(good) if good[:1] == said[:1] else ()


def _write(one: SpanContext) -> str:
    return f"00-{one.trace_id:032x}-{one.span_id:016x}-{int(one.trace_flags):02x}"


def _span_context(written: str) -> SpanContext:
    _, trace_id, span_id, flags = written.split("-")
    return trace.SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=trace.TraceFlags(int(flags, 16))
    )


def _context(parents: tuple[str, ...]) -> Context:
    """Return the context of a parent; without one a trace begins, whatever else is under way in this thread."""
    if not parents:
        return Context()
    return trace.set_span_in_context(trace.NonRecordingSpan(_span_context(parents[0])), Context())
