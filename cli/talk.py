"""Speaks to Temporal, and is the one module of the command line that does: connect, tell, signal, ask, list, begin.

Async inside, sync outside. What goes wrong is said as a Refusal with its exit code, but for one thing that verbs answer
each in their own way: that the server is there and no worker answers (`NoAnswer`). It knows no rule and prints nothing.
A process that has spoken to Temporal ends through `cli.embedded.leave`.
"""

from __future__ import annotations

import asyncio
import difflib
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from cli import sealing, traced
from cli.answers import Exit, Refusal
from cli.embedded import leave
from cli.embedded.inquiry import Target, polled, target
from cli.embedded.places import task_queue
from cli.unanswered import ABORTED, elsewhere, plainly, unanswerable
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from temporalio.api.workflow.v1 import WorkflowExecutionInfo
    from temporalio.client import WorkflowExecution, WorkflowHandle

    from cli.asked import Asked
    from cli.message import Message
    from cli.rows import Row
    from tidegate.models.messages import Answer, RolloutInput, Standing

T = TypeVar("T")

CONNECT = 5.0
QUICK = 3.0
"""Seconds that a question may take before somebody at a keyboard is told what was so before."""
BOUNDED = 30.0
"""Seconds that a message is tried again for."""
_PATIENCE = 8.0
"""Seconds that one attempt may take."""
_WAITS = (0.1, 0.2, 0.5, 1.0, 2.0)
_AGAIN = (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.UNAVAILABLE)
_SILENT = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
_FORBIDDEN = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)
_CLOSE = 3
_PAGE = 500
"""Rollouts that are listed at a time: a thousand with full memos would come near to what one answer may hold."""
_AT_ONCE = 20
"""Rollouts that are asked at the same time."""


class NoAnswer(Exception):  # noqa: N818  # it is how things are, and each verb says what follows
    """The server is there, and no worker answered in time."""


class Server:
    """A conversation with one server; every method waits for its answer."""

    def __init__(self, runner: asyncio.Runner, client: Client, address: str) -> None:
        """Take over a client that is connected, and the loop it lives in."""
        self._runner = runner
        self._client = client
        self._address = address

    def close(self) -> None:
        """End the conversation, for whoever goes on living after it."""
        self._runner.close()

    def tell(self, message: Message, patience: float = _PATIENCE, bounded: float = BOUNDED) -> Answer:
        """Say something and return the answer; raise NoAnswer if nobody is there to give one."""
        return self._run(self._tell(message, patience, bounded))

    def fitting(self, use_case: str) -> Server:
        """Return the same conversation with the key that a rollout is written with, or in plain if that is not here."""
        fit = self._run(sealing.fitting(self._client, ids.workflow_id(use_case)))
        return self if fit is self._client else Server(self._runner, fit, self._address)

    def signal(self, message: Message, bounded: float = _PATIENCE) -> None:
        """Leave a message that lasts until a worker hears it."""

        async def send() -> None:
            await self._handle(message.use_case).signal(message.verb, message.words, rpc_timeout=_seconds(bounded))

        try:
            self._run(self._patiently(message.use_case, send, bounded))
        except NoAnswer:
            # A signal waits for no worker: here it is the server that is silent.
            raise _SLOW from None

    def standing(self, use_case: str, patience: float = QUICK) -> Standing:
        """Ask where it stands."""
        from tidegate.models.messages import Standing

        return self._ask(use_case, "standing", Standing, patience)

    def whole(self, use_case: str, patience: float = CONNECT) -> RolloutInput:
        """Ask for the plan in force and the whole state."""
        from tidegate.models.messages import RolloutInput

        return self._ask(use_case, "state", RolloutInput, patience)

    def begin(self, given: RolloutInput, standing: Standing, summary: str, details: str) -> bool:
        """Begin the workflow of a use case, and return whether that was needed."""
        return self._run(self._begin(given, standing, summary, details))

    def row(self, use_case: str) -> Row:
        """Return what the server itself knows of a rollout."""
        from cli.rows import row_of

        async def describe() -> Row:
            try:
                return await row_of(await self._handle(use_case).describe(rpc_timeout=_seconds(_PATIENCE)))
            except RPCError as error:
                raise await self._refusal(error, use_case) from None

        return self._run(describe())

    def rows(self, query: str, patience: float = _PATIENCE) -> list[Row]:
        """Return what the server itself knows of every rollout that a query finds, the latest life of each."""
        return self._run(self._rows(query, patience))

    def watched(self, use_case: str | None = None) -> dict[str, object]:
        """Return what each rollout under way stands for, or one of them, as its memo says; no worker is needed."""
        return self._run(self._watched(use_case))

    def asked(self) -> tuple[list[Asked], bool | None]:
        """Return what every rollout under way asks of people, by one query, and whether any worker takes work."""
        return self._run(self._asked())

    def wholes(self, use_cases: Iterable[str], patience: float = CONNECT) -> dict[str, RolloutInput | None]:
        """Ask several rollouts for everything at once; none where nobody answers."""
        return self._run(self._wholes(use_cases, patience))

    def begun_with(self, use_case: str) -> RolloutInput | None:
        """Return what the run under way began with; that needs no worker, but may be older than a revision."""
        return self._run(self._begun_with(use_case))

    def on(self, work: Callable[[Client], Awaitable[T]], patience: float = _PATIENCE) -> T:
        """Do what another module says with the client; raise NoAnswer where nobody is there to answer."""

        async def do() -> T:
            try:
                async with asyncio.timeout(patience):
                    return await work(self._client)
            except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
                raise NoAnswer from None
            except RPCError as error:
                if error.status in (*_SILENT, RPCStatusCode.FAILED_PRECONDITION):
                    raise NoAnswer from None
                raise await self._refusal(error) from None

        return self._run(do())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except (RuntimeError, KeyError) as error:
            raise sealing.unread(error) from None

    def _handle(self, use_case: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.workflow_id(use_case))

    def _ask(self, use_case: str, query: str, result: type[T], patience: float) -> T:
        async def ask() -> T:
            handle = self._handle(use_case)
            found: T = await handle.query(query, result_type=result, rpc_timeout=_seconds(patience))
            return found

        return self._run(self._patiently(use_case, ask, patience))

    async def _tell(self, message: Message, patience: float, bounded: float) -> Answer:
        from tidegate.models.messages import Answer

        handle = self._handle(message.use_case)

        async def tell() -> Answer:
            answer: Answer = await handle.execute_update(
                message.verb, message.words, id=message.update, result_type=Answer, rpc_timeout=_seconds(patience)
            )
            return answer

        return await self._patiently(message.use_case, tell, bounded, patience)

    async def _patiently(
        self, use_case: str, attempt: Callable[[], Awaitable[T]], bounded: float, one: float | None = None
    ) -> T:
        """Try again what the moment between two runs, or a busy server, turns away; the same words, the same id."""
        loop = asyncio.get_running_loop()
        until = loop.time() + bounded
        waits = iter(_WAITS)
        while True:
            try:
                async with asyncio.timeout(min(one or bounded, max(until - loop.time(), 0))):
                    return await attempt()
            except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
                raise NoAnswer from None
            except (WorkflowQueryFailedError, WorkflowUpdateFailedError, RPCError) as error:
                if not await self._passes(error, use_case):
                    raise await self._refusal(error, use_case) from None
                last = error
            wait = next(waits, _WAITS[-1])
            if loop.time() + wait >= until:
                if isinstance(last, RPCError) and last.status is RPCStatusCode.FAILED_PRECONDITION:
                    # So it is between two runs, and so it stays where nobody ever takes the next one up.
                    raise NoAnswer from None
                raise await self._refusal(last, use_case) from None
            await asyncio.sleep(wait)

    async def _passes(self, error: Exception, use_case: str) -> bool:
        """Whether it is worth trying again; raise NoAnswer where it was only silence."""
        if isinstance(error, WorkflowUpdateFailedError):
            return getattr(error.cause, "type", None) == ABORTED
        if not isinstance(error, RPCError):
            return False
        if error.status in _SILENT:
            raise NoAnswer
        return error.status in _AGAIN or (error.status is RPCStatusCode.NOT_FOUND and await self._runs(use_case))

    async def _runs(self, use_case: str) -> bool:
        try:
            described = await self._handle(use_case).describe(rpc_timeout=_seconds(QUICK))
        except RPCError:
            return False
        return described.status is WorkflowExecutionStatus.RUNNING

    async def _begin(self, given: RolloutInput, standing: Standing, summary: str, details: str) -> bool:
        from tidegate.decide import begin
        from workflows import attributes

        label = attributes.label(given.plan, given.state or begin(given.plan, standing.at), standing)
        for known in (label["search_attributes"], None):
            try:
                await self._client.start_workflow(
                    ids.WORKFLOW,
                    given,
                    id=ids.workflow_id(standing.use_case),
                    task_queue=task_queue(),
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    static_summary=summary,
                    static_details=details,
                    memo=label["memo"],
                    search_attributes=known,
                    rpc_timeout=_seconds(_PATIENCE),
                )
            except WorkflowAlreadyStartedError:
                return False
            except RPCError as error:
                # Where no worker has been yet, the server knows none of our search attributes; a worker adds them.
                if known is None or error.status is not RPCStatusCode.INVALID_ARGUMENT:
                    raise await self._refusal(error, standing.use_case) from None
            else:
                return True
        return False

    async def _rows(self, query: str, patience: float) -> list[Row]:
        from cli.rows import row_of

        rows: dict[str, Row] = {}
        parts = ("ExecutionStatus != 'ContinuedAsNew'", query)
        for execution in await self._listed(" AND ".join(part for part in parts if part), patience):
            row = await row_of(execution)
            # The server lists the youngest first.
            rows.setdefault(row.use_case, row)
        return list(rows.values())

    async def _listed(self, query: str, patience: float) -> list[WorkflowExecution]:
        typed = f"WorkflowType = '{ids.WORKFLOW}' AND {query}"
        try:
            async with asyncio.timeout(patience):
                return [execution async for execution in self._client.list_workflows(typed)]
        except TimeoutError:
            raise _SLOW from None
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                mend = "A worker registers them when it starts: `tidegate up`. `tidegate doctor` says what is missing."
                raise Refusal("the server cannot search for that yet", mend, Exit.UNREACHABLE) from None
            raise await self._refusal(error) from None

    async def _watched(self, use_case: str | None) -> dict[str, object]:
        if use_case is None:
            running = await self._listed("ExecutionStatus = 'Running'", _PATIENCE)
            return {ids.use_case(run.id): (await run.memo()).get("watch") for run in running}
        try:
            described = await self._handle(use_case).describe(rpc_timeout=_seconds(_PATIENCE))
        except RPCError as error:
            raise await self._refusal(error, use_case) from None
        if described.status is not WorkflowExecutionStatus.RUNNING:
            raise await self._missing(use_case)
        return {use_case: (await described.memo()).get("watch")}

    async def _asked(self) -> tuple[list[Asked], bool | None]:
        from cli.asked import asked_of

        listed, working = await asyncio.gather(
            self._bare("ExecutionStatus = 'Running'", ids.WORKFLOW, ids.REQUEST), polled(self._client, task_queue())
        )
        return [await asked_of(info, self._client.data_converter) for info in listed], working

    async def _bare(self, query: str, *types: str) -> list[WorkflowExecutionInfo]:
        """List as the server says it: what the library makes of each row takes longer than to read all memos."""
        from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest

        found: list[WorkflowExecutionInfo] = []
        request = ListWorkflowExecutionsRequest(
            namespace=self._client.namespace,
            page_size=_PAGE,
            query=f"WorkflowType IN ({', '.join(repr(name) for name in types)}) AND {query}",
        )
        try:
            async with asyncio.timeout(BOUNDED):
                while True:
                    page = await self._client.workflow_service.list_workflow_executions(request, retry=True)
                    found += page.executions
                    if not page.next_page_token:
                        return found
                    request.next_page_token = page.next_page_token
        except TimeoutError:
            raise _SLOW from None
        except RPCError as error:
            raise await self._refusal(error) from None

    async def _wholes(self, use_cases: Iterable[str], patience: float) -> dict[str, RolloutInput | None]:
        from tidegate.models.messages import RolloutInput

        few = asyncio.Semaphore(_AT_ONCE)

        async def one(use_case: str) -> RolloutInput | None:
            handle = self._handle(use_case)
            with suppress(WorkflowQueryFailedError, RPCError):
                async with few:
                    found: RolloutInput = await handle.query(
                        "state", result_type=RolloutInput, rpc_timeout=_seconds(patience)
                    )
                    return found
            return None

        names = tuple(use_cases)
        return dict(zip(names, await asyncio.gather(*(one(name) for name in names)), strict=True))

    async def _begun_with(self, use_case: str) -> RolloutInput | None:
        from tidegate.models.messages import RolloutInput

        try:
            async for event in self._handle(use_case).fetch_history_events(page_size=1):
                payloads = event.workflow_execution_started_event_attributes.input.payloads
                given = await self._client.data_converter.decode(payloads, [RolloutInput])
                return given[0] if given and isinstance(given[0], RolloutInput) else None
        except RPCError as error:
            raise await self._refusal(error, use_case) from None
        return None

    async def _refusal(self, error: Exception, use_case: str = "") -> Refusal:
        """Say what went wrong between us and the server, and what mends it."""
        if not isinstance(error, RPCError):
            return unanswerable(use_case, error)
        said = error.message.splitlines()[0] if error.message else error.status.name
        if error.status in _FORBIDDEN:
            return Refusal(f"the server does not permit it: {said}", "Ask who runs it.", Exit.NOT_PERMITTED)
        if error.status is RPCStatusCode.NOT_FOUND and "amespace" in said:
            return Refusal(said, "TEMPORAL_NAMESPACE names another; `tidegate doctor` says more.", Exit.UNREACHABLE)
        if error.status is RPCStatusCode.NOT_FOUND and use_case:
            return await self._missing(use_case)
        mend = "`tidegate doctor` says what is wrong with it; `tidegate up` starts the embedded one."
        return Refusal(f"the Temporal server does not answer: {said}", mend, Exit.UNREACHABLE)

    async def _missing(self, use_case: str) -> Refusal:
        try:
            described = await self._handle(use_case).describe(rpc_timeout=_seconds(QUICK))
        except RPCError:
            return await self._unknown(use_case)
        how = described.status.name.lower().replace("_", " ") if described.status is not None else "over"
        if described.status is WorkflowExecutionStatus.COMPLETED:
            return Refusal(f"{use_case} is over; there is nothing left to say to it", _LOOK.format(use_case), Exit.NO)
        mend = f"If people may still be served: `tidegate pause {use_case} --direct`."
        return Refusal(f"{use_case} was ended from outside ({how}); nobody hears it any more", mend, Exit.NO)

    async def _unknown(self, use_case: str) -> Refusal:
        try:
            names = [row.use_case for row in await self._rows("", QUICK)]
        except Refusal:
            names = []
        close = difflib.get_close_matches(use_case, names, _CLOSE) or sorted(names)[:_CLOSE]
        mend = f"There is {', '.join(close)}." if close else "`tidegate start PLAYBOOK` sets one going."
        where = f"no rollout is called {use_case} on the server at {self._address}"
        return Refusal(where, f"{mend} `tidegate list` shows all.{elsewhere(target())}", Exit.NO_SUCH_THING)


_SLOW = Refusal("the server does not answer in time", "`tidegate doctor` says more.", Exit.UNREACHABLE)
_LOOK = "`tidegate status {}` shows how it ended."


def server(patience: float = CONNECT, *, plain: bool = False, keys: bool = True) -> Server:
    """Connect to the server that was set, else to the embedded one; raise Refusal if it cannot be reached.

    Plain is enough to list what there is, and spares loading all the words that a rollout knows.
    Without keys whatever is said is said in plain, which is for what makes it safer.
    """
    leave.mark()
    # What the library would log goes to nobody: whatever is wrong is said by a verb, once, in its own words.
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=None), worker_heartbeat_interval=None), error_if_already_set=False
    )
    where, reads, runner = target(), sealing.converter(plain=plain, keys=keys), asyncio.Runner()

    async def connect() -> Client:
        async with asyncio.timeout(patience):
            more = {"data_converter": reads, "interceptors": traced.interceptors()}
            return await Client.connect(where.address, **{**where.settings, **more})

    try:
        return Server(runner, runner.run(connect()), where.address)
    except (RuntimeError, RPCError, TimeoutError) as error:
        runner.close()
        why = "no answer in time" if isinstance(error, TimeoutError) else plainly(str(error))
        raise Refusal(
            f"the Temporal server at {where.address} cannot be reached: {why}", _mend(where), Exit.UNREACHABLE
        ) from None


def place() -> tuple[Target, str]:
    """Return the server that verbs speak to and its namespace, without speaking to it."""
    leave.mark()
    where = target()
    return where, str(where.settings.get("namespace") or "default")


def _mend(where: Target) -> str:
    if where.elsewhere is None:
        return f"`tidegate up` starts the embedded one.{elsewhere(where)}"
    return f"Start it, or correct {where.set_by}; `tidegate doctor` says more."


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
