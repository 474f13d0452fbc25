"""What a stop of the line does outside: it finds the rollouts that it reaches, tells them, looks at them, and is kept.

It reaches them the way everybody does, by a signal that lasts, and asks of each only what that says of itself. Nothing
here waits for the ledger, and one rollout that cannot be told or asked keeps nobody else from being told.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from store import embargoes
from store.engine import Unreachable
from tidegate import line
from tidegate.models.line import Embargo, LiftRequest, Pass, Seen, Target
from tidegate.models.messages import RolloutInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Engine
    from temporalio.client import Client, WorkflowExecution

AT_ONCE = 20
"""Rollouts that are told or asked at the same time."""
_WITHIN = timedelta(seconds=5)
"""So long one of them may take."""
_LOOKS, _BETWEEN, _APART = 8, 0.2, 5.0
"""How often one pass looks at those that it has told, and how many seconds lie between: at least, and at most."""
_LONGEST = 30.0
"""Seconds after which a pass says what it has seen, though somebody is still waited for: the next begins at once."""
_MEMO = "stop"
"""Under which name a rollout leaves what it says of itself."""
_ASKED = 50
"""So many rollouts are asked whether somebody may lift a stop."""
_PAGE = 500
_BEAT = 1.0
_GONE = (WorkflowExecutionStatus.COMPLETED,)
_UNDER_WAY = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


class _Found(NamedTuple):
    """A rollout that is under way, and what it says of itself."""

    says: object
    sure: bool
    """Whether it is known that the stop reaches it."""


class LineActivities:
    """The activities of a stop, given a client and what opens the ledger."""

    def __init__(self, client: Client, opened: Callable[[], Engine]) -> None:
        """Know how rollouts are reached."""
        self._client = client
        self._opened = opened

    @activity.defn(name="stop_matching")
    async def stop_matching(self, task: Pass) -> Seen:
        """Find them, tell those that do not know, and look at each until it is contained or its time is over."""
        return await _Round(self._client, task).go()

    @activity.defn(name="keep_embargo", no_thread_cancel_exception=True)
    def keep_embargo(self, embargo: Embargo) -> None:
        """Write down that something is stopped or lifted, for the actuator."""
        try:
            embargoes.keep(self._opened(), embargo)
        except Unreachable as error:
            raise ApplicationError(str(error), type="Unreachable") from None

    @activity.defn(name="may_lift")
    async def may_lift(self, task: LiftRequest) -> str:
        """Ask the rollouts that it reaches whether somebody may lift it; return why not, or nothing."""
        event = line.said(task.nonce, task.scope.key, task.words)
        if isinstance(event, str):
            return event
        plans = [given.plan for given in await self._plans(task.query) if line.reaches_plan(task.scope, given.plan)]
        if not plans:
            # Where it reaches nothing that runs, whoever runs anything may say who holds the right.
            plans = [given.plan for given in await self._plans(task.every)]
        if not plans:
            return "no rollout answers that could say who may lift it"
        return next((why for plan in plans if (why := line.refused(plan, task.nonce, event, task.as_of))), "")

    async def _plans(self, query: str) -> list[RolloutInput]:
        names = [execution.id async for execution in self._client.list_workflows(query, limit=_ASKED)]
        found = await _each(names, lambda name: _whole(self._client, name))
        return [given for given in found if given is not None]


class _Round:
    """One pass."""

    def __init__(self, client: Client, task: Pass) -> None:
        self._client = client
        self._task = task
        self._does = line.furthest(task.voices)
        self._found: dict[str, _Found] = {}
        self._targets: dict[str, Target] = line.anew(task.open)
        self._gone: set[str] = set()
        self._new = 0

    async def go(self) -> Seen:
        beating = asyncio.create_task(self._beat())
        try:
            start = time.monotonic()
            await self._find()
            begun = time.monotonic()
            for look in range(_LOOKS):
                await _each(sorted(self._waiting()), self._look)
                now = time.monotonic()
                took = now - begun
                if not self._waiting() or look == _LOOKS - 1 or now - start > _LONGEST:
                    break
                # Looking shall take a fourth of the time: those that are looked at need the rest to become safer.
                await asyncio.sleep(min(max(_BETWEEN, 3 * took), _APART))
                begun = time.monotonic()
                await self._find()
        finally:
            beating.cancel()
        changed = {
            name: one
            for name, one in self._targets.items()
            if name not in self._gone and self._task.open.get(name) != one
        }
        return Seen(targets=changed, new=self._new, gone=tuple(sorted(self._gone)))

    async def _beat(self) -> None:
        while True:
            stopped = sum(target.stands == "contained" for target in self._targets.values())
            activity.heartbeat(f"{stopped} of {len(self._targets)} contained in this pass")
            await asyncio.sleep(_BEAT)

    async def _find(self) -> None:
        """List them, and tell those that have not been told."""
        self._found = {name: one for name, one in (await self._listed()).items() if one.sure}
        new = [name for name in self._found if name not in self._targets and name not in self._task.settled]
        self._new += len(new)
        self._targets |= {name: Target() for name in new}
        voices = len(self._task.voices)
        self._targets |= {name: Target(told=voices, stands="contained") for name in self._astray()}
        await _each(sorted(self._targets), self._tell)

    def _astray(self) -> list[str]:
        """Return those that were contained and do not say so any more, or are no more under way."""
        found, key = self._found, self._task.scope.key
        return [
            name
            for name in self._task.settled
            if name not in self._targets
            if name not in found or not line.contained(found[name].says, key, self._does)
        ]

    def _waiting(self) -> list[str]:
        return [name for name, one in self._targets.items() if one.stands == "pending" and name not in self._gone]

    # -- finding ------------------------------------------------------------------------------------------------------

    async def _listed(self) -> dict[str, _Found]:
        try:
            listed = [execution async for execution in self._client.list_workflows(self._task.query, page_size=_PAGE)]
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            # A server that does not know by what they are told apart: then each is asked.
            listed = [execution async for execution in self._client.list_workflows(self._task.every, page_size=_PAGE)]
        pairs = await _each(listed, self._one)
        return dict(pairs)

    async def _one(self, execution: WorkflowExecution) -> tuple[str, _Found]:
        name = execution.id.removeprefix(self._task.prefix)
        says = await _said(execution)
        sure = name in self._task.open or name in self._task.settled or self._labelled(execution)
        if not sure:
            given = await _whole(self._client, execution.id)
            # Who cannot say whether it is meant, is meant.
            sure = given is None or line.reaches_plan(self._task.scope, given.plan)
        return name, _Found(says, sure)

    def _labelled(self, execution: WorkflowExecution) -> bool:
        """Whether the query alone has told that it is meant."""
        if not self._task.found_by:
            return True
        names = {pair.key.name for pair in execution.typed_search_attributes}
        return self._task.found_by in names

    # -- telling ------------------------------------------------------------------------------------------------------

    async def _tell(self, name: str) -> None:
        target = self._targets[name]
        if name in self._gone:
            return
        if target.stands == "contained" and name in self._task.settled:
            # It was, and the list says otherwise: look, and tell it anew if that is so.
            target = await self._asked(name, target)
            if target.stands != "contained":
                target = target.but(told=0, rounds=target.rounds + 1, since=None)
        handle = self._client.get_workflow_handle(f"{self._task.prefix}{name}")
        try:
            for words in line.messages(self._task, target):
                await handle.signal("stop_the_line", words, rpc_timeout=_WITHIN)
                target = target.but(told=target.told + 1, stands="pending", since=target.since or _now())
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                self._gone.add(name)
            target = target.but(since=target.since or _now(), note=f"cannot be told: {error.status.name.lower()}")
        self._targets[name] = target

    # -- looking ------------------------------------------------------------------------------------------------------

    async def _look(self, name: str) -> None:
        """See how one stands; that it is contained is taken from nobody but itself, and from no list."""
        target, found = self._targets[name], self._found.get(name)
        if found is not None and not line.contained(found.says, self._task.scope.key, self._does):
            self._targets[name] = line.judged(target, found.says, self._task, _now())
        else:
            self._targets[name] = await self._asked(name, target)

    async def _asked(self, name: str, target: Target) -> Target:
        try:
            seen = await self._client.get_workflow_handle(f"{self._task.prefix}{name}").describe(rpc_timeout=_WITHIN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                self._gone.add(name)
            return target.but(stands="unknown", note=f"cannot be asked: {error.status.name.lower()}")
        if seen.status in _GONE:
            self._gone.add(name)
        elif seen.status not in _UNDER_WAY:
            return target.but(stands="unknown", note="it was ended from outside")
        return line.judged(target, await _said(seen), self._task, _now())


async def _said(execution: WorkflowExecution) -> object:
    """Return what a rollout says of itself; one whose words cannot be read says nothing, and is told all the same."""
    try:
        words = await execution.memo_value(_MEMO, None)
    except Exception:  # noqa: BLE001  # it may be sealed with a key that is gone, and must not keep others from being told
        return None
    return words if isinstance(words, dict) and isinstance(words.get("bars"), list) else None


async def _whole(client: Client, workflow_id: str) -> RolloutInput | None:
    try:
        found: RolloutInput = await client.get_workflow_handle(workflow_id).query(
            "state", result_type=RolloutInput, rpc_timeout=_WITHIN
        )
    except Exception:  # noqa: BLE001  # whatever keeps it from answering, it is not known then
        return None
    return found


async def _each(what: Iterable[Any], do: Callable[[Any], Any]) -> list[Any]:
    """Do something with each, some of them at the same time."""
    few = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with few:
            return await do(each)

    return list(await asyncio.gather(*(one(each) for each in what)))


def _now() -> datetime:
    return datetime.now(UTC)
