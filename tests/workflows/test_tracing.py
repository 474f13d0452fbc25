"""Traces of a rollout: what follows from a message is in its trace, no span waits for people, and nobody is wedged."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, Interceptor, OutboundInterceptor, SignalWorkflowInput, WorkflowHistory
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker import (
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from tests import evidence
from tests.replay.record import read
from tests.workflows.rig import Rig, needs_test_server, relived, virtual
from tidegate.models.decision import Outcome
from workflows import causes, ids
from workflows.causes import Because
from workflows.lines import FORMAT, Whose
from workflows.plugin import plugin
from workflows.tracing import HEADER, Ids, Tracing

WORDS = "a complaint by somebody"
ONE, OTHER = (f"00-{number * 32}-{number * 16}-01" for number in "ab")
RUBBISH = (
    Payload(metadata={"encoding": b"nobody/knows"}, data=b"x"),
    Payload(metadata={"encoding": b"json/plain"}, data=b"{"),
    Payload(metadata={"encoding": b"json/plain"}, data=b"[1]"),
    Payload(metadata={"encoding": b"json/plain"}, data=b'{"traceparent": 7}'),
    Payload(metadata={"encoding": b"json/plain"}, data=b'{"traceparent": "00-' + b"0" * 32 + b'-1-01"}'),
    Payload(metadata={"encoding": b"json/plain"}, data=json.dumps({"traceparent": ONE, "links": "x" * 9_999}).encode()),
)


class Told:
    """Takes spans, and knows which follows from which."""

    def __init__(self) -> None:
        """Take none yet."""
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(id_generator=Ids())
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracing = Tracing(provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        """All that ended, in that order."""
        return list(self._kept.get_finished_spans())

    def trees(self) -> list[tuple[Any, ...]]:
        """Return each trace as names within names, what follows in the order of the alphabet."""
        known = {span.context.span_id for span in self.spans}
        return [self._below(span) for span in self.spans if span.parent is None or span.parent.span_id not in known]

    def _below(self, top: ReadableSpan) -> tuple[Any, ...]:
        below = [one for one in self.spans if one.parent is not None and one.parent.span_id == top.context.span_id]
        assert {one.context.trace_id for one in below} <= {top.context.trace_id}
        return (top.name, *sorted({self._below(one) for one in below}))


class Carried(Interceptor, WorkerInterceptor):
    """Keeps what activities are told of their traces, in the order in which a workflow begins them."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.headers: list[tuple[str, bytes]] = []

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  # the SDK names it so
        """Stand where what traces is done: of what goes out, the first of a list hears last."""
        del input
        kept = self.headers

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002  # the SDK names it so
                kept.append((workflow.info().run_id, input.headers[HEADER].data))
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound


async def wave(rig: Rig) -> None:
    """A wave is agreed to and served for a day or two, and then paused."""
    await rig.climb(1)
    await rig.env.sleep(timedelta(hours=13))
    await rig.tell("pause", "ops-a", reason=WORDS)
    assert (await rig.confirmed()).people == rig.people == 0


@needs_test_server
def test_what_follows_from_a_message_is_in_its_trace() -> None:
    """From whoever says it through the rollout to each target it is one trace; a replay knows it and is silent."""

    async def story(told: Told, carried: Carried) -> list[WorkflowHistory]:
        async with virtual(carried, told.tracing) as rig:
            await wave(rig)
            return [await rig.handle.fetch_history()]

    def life() -> tuple[Told, Carried, list[WorkflowHistory]]:
        told, carried = Told(), Carried()
        return told, carried, asyncio.run(story(told, carried))

    told, carried, histories = relived(life)
    trees = told.trees()
    assert ("say begin", ("do observe",)) in trees
    (served,) = [tree for tree in trees if "do widen" in str(tree)]
    assert served[0] == "due"  # it was agreed to before its day had come
    assert {name for name, *_ in served[1:]} >= {"do store", "do widen"}
    agreed = next(tree for tree in trees if tree[0] == "say approve")
    assert agreed[1][0] == "hear approve"
    assert ("do store",) in agreed[1][1:]
    (paused,) = [tree for tree in trees if tree[0] == "say pause"]
    assert paused[1][0] == "hear pause"
    assert {name for name, *_ in paused[1][1:]} >= {"do pause", "do store"}
    assert [tree for tree in trees if tree[0] == "due" and "do read" in str(tree)]
    assert {tree[0].split()[0] for tree in trees} == {"say", "due"}

    for span in told.spans:
        assert span.attributes is not None
        assert span.attributes["tidegate.rollout"] == "claims-triage"
        assert not span.events
        assert WORDS not in span.to_json()
        # Half a day passed, and people thought: no span lasted so long.
        assert (span.end_time or 0) - (span.start_time or 0) < timedelta(hours=1) / timedelta(microseconds=1) * 1000
    heard = dict(next(span.attributes or {} for span in told.spans if span.name == "hear pause"))
    assert (heard["tidegate.outcome"], heard["tidegate.reason"]) == ("done", "paused")
    asyncio.run(again(histories, carried.headers))


async def again(histories: list[WorkflowHistory], headers: list[tuple[str, bytes]]) -> None:
    """What was traced plays without traces, too; with them it follows from the same, and says nothing twice."""
    told, carried = Told(), Carried()
    traced: list[WorkerInterceptor] = [carried, told.tracing]
    for interceptors in ([], traced):
        for history in histories:
            await Replayer(workflows=[], plugins=[plugin()], interceptors=interceptors).replay_workflow(history)
    (run,) = {run for run, _ in carried.headers}
    assert carried.headers == [one for one in headers if one[0] == run]
    assert told.spans == []


def test_what_was_recorded_without_traces_plays_with_them() -> None:
    """Whoever turns traces on in the middle of a rollout changes no command of it, and nothing old is said anew."""
    told = Told()

    async def play() -> None:
        replayer = Replayer(workflows=[], plugins=[plugin()], interceptors=[told.tracing])
        for history in read("first_wave"):
            await replayer.replay_workflow(history)

    asyncio.run(play())
    assert told.spans == []


class Refusing(Sampler):
    """Fails whenever a span begins, as what a variable names may do."""

    def should_sample(self, *_: object, **__: object) -> SamplingResult:
        """Fail."""
        raise ValueError("no span for you")

    def get_description(self) -> str:
        """Say what it is."""
        return "refusing"


def test_a_span_that_cannot_begin_wedges_nothing() -> None:
    """Whatever fails in a trace, what was said is heard and done all the same, by the same commands."""
    tracing = Tracing(TracerProvider(id_generator=Ids(), sampler=Refusing()))

    async def play() -> None:
        replayer = Replayer(workflows=[], plugins=[plugin()], interceptors=[tracing])
        for history in read("first_wave"):
            await replayer.replay_workflow(history)

    asyncio.run(play())


@needs_test_server
def test_a_span_that_cannot_begin_keeps_nobody_from_saying_or_doing_anything() -> None:
    """Where no span ever begins, a rollout is begun, heard, stored and answered as without traces."""

    async def story() -> None:
        async with virtual(Tracing(TracerProvider(id_generator=Ids(), sampler=Refusing()))) as rig:
            await rig.begin()
            assert (await rig.tell("hold", "ops-a", reason="Look at it.")).outcome is Outcome.DONE
            assert evidence.lines(rig.home, "claims-triage")

    asyncio.run(story())


class Forger(Interceptor, OutboundInterceptor):
    """Says everything with headers that nobody can read."""

    def __init__(self) -> None:
        """Begin with the first."""
        self.left = list(RUBBISH)

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002  # the SDK names it so
        """Stand between client and server."""
        self.next = next
        return self

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002  # the SDK names it so
        """Forge the header."""
        input.headers = {HEADER: self.left.pop()}
        await self.next.signal_workflow(input)


@needs_test_server
def test_a_header_that_nobody_can_read_wedges_nothing() -> None:
    """Whatever stands where a trace should stand, the message is heard, in a trace of its own, and so is the next."""
    told = Told()

    async def story() -> None:
        async with virtual(told.tracing) as rig:
            await rig.begin()
            forger = Forger()
            settings = {**rig.client.config(), "interceptors": [forger]}
            handle = Client(**settings).get_workflow_handle(rig.handle.id)  # type: ignore[arg-type]  # a client's own
            while forger.left:
                await handle.signal("question", {"as": "ops-a", "what": "what is this?"})
            await handle.query("standing")
            await rig.tell("pause", "ops-a", reason="enough")
            assert (await rig.standing()).control == "paused"

    asyncio.run(story())
    assert [tree[0] for tree in told.trees()].count("hear question") == len(RUBBISH)


def test_what_was_decided_together_follows_from_the_first_and_names_the_others() -> None:
    """Several messages are one cause: its trace is that of what was decided first, and what nobody said begins anew."""
    with causes.because(Because()):
        causes.take([None, Because((ONE,)), Because((OTHER, ONE))])
        several = causes.now()
        assert several is not None
        assert several.parents == (ONE, OTHER)
        assert several.trace == "a" * 32
        causes.take([same := Because((OTHER,)), same])
        assert causes.now() is same
        together = causes.Together({1: Because((ONE,)), 2: Because((OTHER,))})
        assert causes.now().parents == ()  # type: ignore[union-attr]  # it is there
        for event, moved, parents in ((1, False, (ONE,)), (2, True, (OTHER, ONE)), (3, True, (OTHER, ONE))):
            together.decided(event, moved=moved)
            assert causes.now().parents == parents  # type: ignore[union-attr]  # the same
    assert causes.now() is None
    causes.take([Because((ONE,))])
    assert causes.now() is None  # nothing is traced


def test_a_line_of_the_log_names_its_trace() -> None:
    """What is logged because of a message can be found by its trace; otherwise a line says nothing more."""

    def line() -> str:
        record = logging.LogRecord("tidegate.x", logging.WARNING, "", 0, "it broke", (), None)
        assert Whose().filter(record)
        return logging.Formatter(FORMAT.partition(" ")[2]).format(record)

    assert line() == "WARNING tidegate.x: it broke"
    with causes.because(Because((ONE,))):
        assert line() == f"WARNING tidegate.x: it broke (trace_id={'a' * 32})"
    assert ids.PREFIX not in line()


def test_a_line_that_cannot_be_written_breaks_nothing_else() -> None:
    """A library that logs what fits no place in its words is no reason for what it was called for to fail."""
    record = logging.LogRecord("somebody", logging.WARNING, "", 0, "%d of them", ("many",), None)
    assert Whose().filter(record)
    assert record.__dict__["whose"] == ""
