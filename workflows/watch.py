"""The drift watch: compares what is served outside with what was approved, rollout by rollout, again and again.

It is part of a worker's sweep and no timer in any rollout: while all is as decided, no history grows by a single event.
Where something differs it only asks the rollout to look, which anybody may; the rules then judge what the rollout sees
itself. So several workers may watch the same, and none of them can change anything. A change that comes and goes
between two looks is not seen.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.service import RPCError, RPCStatusCode

from tidegate import drift
from tidegate.models.messages import RolloutInput
from tidegate.models.task import ObserveRequest
from workflows import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription

    from tidegate.models.plan import Backend
    from tidegate.models.task import Effect
    from workflows.census import Census

log = logging.getLogger("tidegate.watch")

RUNNING = f"WorkflowType = '{ids.WORKFLOW}' AND ExecutionStatus = 'Running'"
_AT_ONCE = 8
_LONGEST = 120.0
"""Seconds that one round takes at most; whoever was not come to is the first of the next."""
_AGAIN = 600.0
"""Seconds after which the same finding is said to the same rollout once more."""
_PATIENCE = timedelta(seconds=5)


class Watch:
    """What one worker remembers between two rounds."""

    def __init__(
        self, client: Client, observe: Callable[[ObserveRequest], Effect], census: Census | None = None
    ) -> None:
        """Watch what a server knows of, with these eyes; a census counts what is under way."""
        self._census = census
        self._client = client
        self._observe = observe
        # Eyes of its own: a target that hangs takes no hand from anybody who makes it safer.
        self._eyes = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="watch")
        self._targets: dict[str, dict[str, Backend]] = {}
        """How the targets of a plan are reached, by its digest."""
        self._looked: dict[str, float] = {}
        self._said: dict[str, tuple[object, float]] = {}

    def close(self) -> None:
        """Look no more."""
        self._eyes.shutdown(wait=False, cancel_futures=True)

    async def round(self) -> tuple[str, ...]:
        """Look at every rollout under way once; return which were asked to look themselves."""
        running = {run.id: run async for run in self._client.list_workflows(RUNNING)}
        if self._census is not None:
            self._census.take(running.values())
        known = {run.id: await _known(run) for run in running.values()}
        self._forget(running, {one.plan for one in known.values() if one is not None})
        order = sorted(running, key=lambda name: self._looked.get(name, 0.0))
        few = asyncio.Semaphore(_AT_ONCE)
        asked: list[str] = []

        async def one(name: str) -> None:
            async with few:
                stands = known[name]
                try:
                    if stands is not None and await self._one(name, stands):
                        asked.append(ids.use_case(name))
                except Exception as error:  # noqa: BLE001  # what is wrong with one must not hide another
                    log.warning("%s could not be watched: %s", name, _why(error))
                self._looked[name] = asyncio.get_running_loop().time()

        try:
            async with asyncio.timeout(_LONGEST):
                await asyncio.gather(*(one(name) for name in order))
        except TimeoutError:
            log.warning("a round of the watch took too long; the next begins where it stopped")
        return tuple(sorted(asked))

    async def at(self, name: str) -> bool | None:
        """Look at one rollout, by the name of its workflow; return whether it was asked to look itself.

        None while it is in the midst of a change: then nobody can say what it should be.
        """
        stands = await _stands(await self._client.get_workflow_handle(name).describe(rpc_timeout=_PATIENCE))
        if stands is not None and not stands.rests:
            return None
        return stands is not None and await self._one(name, stands)

    async def _one(self, name: str, stands: drift.Stands) -> bool:
        if not stands.rests:
            return False
        found = await self._look(ids.use_case(name), await self._reached(name, stands.plan))
        if not drift.worth_a_look(stands, found):
            self._said.pop(name, None)
            return False
        # A list may be a moment behind; what is asked for one rollout alone is not.
        fresh = await self._client.get_workflow_handle(name).describe(rpc_timeout=_PATIENCE)
        if await _stands(fresh) != stands:
            return False
        now, said = asyncio.get_running_loop().time(), self._said.get(name)
        what = (stands, tuple(one._replace(note="") for one in found))
        if said is not None and said[0] == what and now - said[1] < _AGAIN:
            return False
        await self._client.get_workflow_handle(name).signal(ids.LOOK, rpc_timeout=_PATIENCE)
        self._said[name] = (what, now)
        log.warning("%s is asked to look: %s", name, _told(stands, found))
        return True

    async def _look(self, use_case: str, targets: Mapping[str, Backend]) -> tuple[drift.Seen, ...]:
        loop = asyncio.get_running_loop()
        return tuple(
            [
                drift.seen(
                    target,
                    await loop.run_in_executor(
                        self._eyes, self._observe, ObserveRequest(use_case=use_case, targets={target: backend})
                    ),
                )
                for target, backend in targets.items()
            ]
        )

    async def _reached(self, name: str, plan: str) -> Mapping[str, Backend]:
        if plan not in self._targets:
            handle = self._client.get_workflow_handle(name)
            given: RolloutInput = await handle.query("state", result_type=RolloutInput, rpc_timeout=_PATIENCE)
            if not given.plan.digest.startswith(plan):
                raise LookupError("its plan has just changed")
            drivers = given.plan.drivers
            self._targets[plan] = {name: drivers[name] for name in given.plan.targets if name in drivers}
        return self._targets[plan]

    def _forget(self, running: Mapping[str, WorkflowExecution], plans: set[str]) -> None:
        self._targets = {plan: targets for plan, targets in self._targets.items() if plan in plans}
        self._looked = {name: at for name, at in self._looked.items() if name in running}
        self._said = {name: said for name, said in self._said.items() if name in running}


async def _known(run: WorkflowExecution) -> drift.Stands | None:
    try:
        return drift.read(await run.memo_value("watch", None))
    except Exception as error:  # noqa: BLE001  # what is wrong with one must not hide another
        log.warning("%s could not be watched: %s", run.id, _why(error))
        return None


async def _stands(described: WorkflowExecutionDescription) -> drift.Stands | None:
    return drift.read(await described.memo_value("watch", None))


def _told(stands: drift.Stands, found: tuple[drift.Seen, ...]) -> str:
    what = drift.finding(stands, found)
    lost = ", ".join(one.target for one in found if one.exposure is None)
    if what == "differs":
        return "what is served is not what was decided"
    return f"out of sight: {lost}" if what == "unseen" else "everything is in sight again"


def _why(error: Exception) -> str:
    if isinstance(error, RPCError):
        return RPCStatusCode(error.status).name
    return str(error) if isinstance(error, LookupError) else type(error).__name__
