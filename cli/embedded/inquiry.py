"""What `tidegate doctor` learns from a Temporal server: whether it answers, and has all that Tidegate needs.

The one module of this package that speaks to Temporal; its process must end through `leave`.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.embedded.address import address
from cli.embedded.finding import Finding, ok, problem, warning
from cli.embedded.places import RETENTION_DAYS, USUAL_PORT, task_queue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from temporalio.client import Client

_PATIENCE = timedelta(seconds=5)
_DOCTOR = "tidegate-doctor"
"""A task queue on which nobody ever works."""
_ODD, _WRONG = 5, 60
"""Seconds by which two clocks may differ before it is odd, and before dates can no longer be trusted."""
_LONG_AGO = timedelta(minutes=5)
"""A poller asks anew every minute."""
_GONE = timedelta(seconds=90)
"""Who works asks at least so often."""
SERVER = "server"


class Target(NamedTuple):
    """The server that verbs speak to."""

    address: str
    set_by: str
    """What names it."""
    expected: bool
    """Somebody said that it is there."""
    settings: dict[str, Any]
    """What a client needs to connect."""

    @property
    def elsewhere(self) -> str | None:
        """Its address, if it was set and so need not be the embedded one."""
        return self.address if self.set_by.startswith("TEMPORAL") else None


def target() -> Target:
    """Return the server that was set; else the embedded one; else where one usually is."""
    from temporalio.envconfig import ClientConfig

    settings: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    named = settings.pop("target_host", None)
    if named is not None:
        return Target(named, "TEMPORAL_ADDRESS or temporal.toml", expected=True, settings=settings)
    embedded = address()
    if embedded is not None:
        return Target(embedded, "up.json", expected=True, settings=settings)
    return Target(f"127.0.0.1:{USUAL_PORT}", "custom", expected=False, settings=settings)


async def remote(target: Target) -> AsyncIterator[Finding]:
    """Ask the server everything that Tidegate needs of it."""
    from temporalio.client import Client
    from temporalio.service import RPCError

    where = f"{target.address}, as {target.set_by} says"
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds() * 2):
            client = await Client.connect(target.address, **target.settings)
            version = await _version(client)
    except (RuntimeError, RPCError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error).splitlines()[0]
        mend = (
            "`tidegate up` starts the embedded one."
            if target.elsewhere is None
            else "Start it, or correct the address."
        )
        if target.expected:
            yield problem(SERVER, f"it cannot be reached at {where}: {why}", mend)
        else:
            yield warning(SERVER, "none was set and none is up", mend)
        return
    yield ok(SERVER, f"{version} at {where}")
    for name, ask in (
        ("namespace", _namespace),
        ("search attributes", _attributes),
        ("worker", _pollers),
        ("clock", _clock),
    ):
        try:
            yield await ask(client)
        except RPCError as error:
            yield problem(name, f"the server does not say: {error.message}", "It may not permit you to ask.")


async def _version(client: Client) -> str:
    from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

    info = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=_PATIENCE)
    return str(info.server_version)


async def _namespace(client: Client) -> Finding:
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
    from temporalio.service import RPCError, RPCStatusCode

    name = client.namespace
    try:
        asked = DescribeNamespaceRequest(namespace=name)
        answer = await client.workflow_service.describe_namespace(asked, timeout=_PATIENCE)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return problem(
            "namespace",
            f"{name} is not there",
            f"`temporal operator namespace create --namespace {name} --retention {RETENTION_DAYS}d` makes it.",
        )
    kept = answer.config.workflow_execution_retention_ttl.ToTimedelta().days
    if kept < RETENTION_DAYS:
        return warning(
            "namespace",
            f"{name} keeps closed runs for {kept} days: the history of a year-long rollout would vanish",
            f"`temporal operator namespace update --namespace {name} --retention {RETENTION_DAYS}d`",
        )
    return ok("namespace", f"{name}, keeps closed runs for {kept} days")


async def _attributes(client: Client) -> Finding:
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

    wanted = _wanted()
    asked = ListSearchAttributesRequest(namespace=client.namespace)
    there = (await client.operator_service.list_search_attributes(asked, timeout=_PATIENCE)).custom_attributes
    missing = sorted(name for name in wanted if name not in there)
    if missing:
        return problem(
            "search attributes",
            f"missing: {', '.join(missing)}",
            "A worker registers them when it starts: `tidegate up`, or start one against this server.",
        )
    wrong = sorted(name for name, kind in wanted.items() if there[name] != kind)
    if wrong:
        return problem(
            "search attributes",
            f"registered with another type: {', '.join(wrong)}",
            "Somebody else uses these names; give Tidegate a namespace of its own (TEMPORAL_NAMESPACE).",
        )
    return ok("search attributes", f"all {len(wanted)} are registered")


def _wanted() -> dict[str, int]:
    """The attributes that rollouts carry, each with its type."""
    from workflows.attributes import ATTRIBUTES

    return {key.name: int(key.indexed_value_type) for key in ATTRIBUTES}


async def _pollers(client: Client) -> Finding:
    from temporalio.api.enums.v1 import TaskQueueType

    queue = task_queue()
    kinds = {"workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY}
    says, none = [], []
    for name, kind in kinds.items():
        last = await _last_access(client, queue, kind)
        ago = datetime.now(UTC) - max(last.values(), default=datetime.min.replace(tzinfo=UTC))
        if ago > _LONG_AGO:
            none.append(name)
        else:
            says.append(f"{name} {len(last)} pollers, last {max(0, round(ago.total_seconds()))} s ago")
    if none:
        return problem(
            "worker",
            f"nobody polls {queue} for {' or '.join(none)}, so nothing moves",
            "`tidegate up` starts one; elsewhere `tidegate-worker`.",
        )
    return ok("worker", f"polls {queue}: {'; '.join(says)}")


async def polled(client: Client, queue: str) -> bool | None:
    """Return whether any worker has asked for work lately; none where the server does not say."""
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.service import RPCError

    try:
        last = await _last_access(client, queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
    except RPCError:
        return None
    return bool(last) and datetime.now(UTC) - max(last.values()) <= _GONE


async def _clock(client: Client) -> Finding:
    """Compare the server's clock with ours: it stamps whoever polls, so we poll once where there is never any work."""
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest

    me = f"{_DOCTOR}-{os.getpid()}-{time.time_ns()}"
    request = PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=_DOCTOR), identity=me)
    sent = datetime.now(UTC)
    poll = asyncio.ensure_future(client.workflow_service.poll_workflow_task_queue(request, timeout=_PATIENCE))
    try:
        stamp = None
        while stamp is None and not poll.done():
            await asyncio.sleep(0.05)
            seen = datetime.now(UTC)
            stamp = (await _last_access(client, _DOCTOR, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)).get(me)
    finally:
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
    if stamp is None:
        return warning("clock", "the server does not show what time it has", "Compare the clocks by hand.")
    seconds = apart(stamp, sent, seen)
    says = "the server's and ours agree" if abs(seconds) < 1 else f"the server is {seconds:+.0f} s from ours"
    mend = "Set both by the same time service, such as NTP."
    if abs(seconds) > _WRONG:
        return problem("clock", says, mend)
    return warning("clock", says, mend) if abs(seconds) > _ODD else ok("clock", says)


def apart(stamp: datetime, sent: datetime, seen: datetime) -> float:
    """Return by how many seconds another clock is ahead, if it stamped something between two looks at ours."""
    return (stamp - seen if stamp > seen else min(stamp - sent, timedelta())).total_seconds()


async def _last_access(client: Client, queue: str, kind: Any) -> dict[str, datetime]:
    """Return when each poller of a queue last asked, by the server's clock."""
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=_PATIENCE)
    return {poller.identity: poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers}
