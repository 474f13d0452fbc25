"""Who is in a cohort changes while nobody decides anything: whoever leaves, or comes to owe training, is out at once.

It is part of a worker's sweep and no timer in any rollout. Sources are read, the lists are kept, and every target that
holds people by name is brought up to date at the exposure that it carries; that can only take away, save where those
who join need not wait and the rollout is live. The rollout hears of it in counts. Several workers may do the same.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio.service import RPCError

from tidegate.models.exposed import Control
from tidegate.models.member import BY_NAME
from tidegate.models.messages import RolloutInput
from workflows import attributes, ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from temporalio.client import Client, WorkflowExecution

    from tidegate.models.member import CohortRoll, Resolved
    from tidegate.models.plan import Plan

log = logging.getLogger("tidegate.turnover")

SERVING = f"WorkflowType = '{ids.WORKFLOW}' AND ExecutionStatus = 'Running' AND RolloutServed > 0"
_PATIENCE = timedelta(seconds=5)


class Turnovers:
    """What one worker remembers between two rounds: the plan of each run, which is as long as the run is."""

    def __init__(
        self,
        client: Client,
        take: Callable[[str, CohortRoll, datetime], Resolved],
        driver_of: Callable[[str, str, Mapping[str, str]], Any],
    ) -> None:
        """Read sources by `take`, and reach targets by `driver_of`."""
        self._client = client
        self._take = take
        self._driver_of = driver_of
        self._plans: dict[str, Plan | None] = {}

    async def round(self, now: datetime) -> tuple[str, ...]:
        """Bring every rollout up to date once; return whose people changed."""
        running = [run async for run in self._client.list_workflows(SERVING)]
        self._plans = {run.run_id: self._plans[run.run_id] for run in running if run.run_id in self._plans}
        return await self._looked_after(running, now)

    async def at(self, workflow_id: str, now: datetime) -> tuple[str, ...]:
        """Bring one rollout up to date, by the name of its workflow."""
        run = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=_PATIENCE)
        return await self._looked_after([run], now)

    async def _looked_after(self, running: Sequence[WorkflowExecution], now: datetime) -> tuple[str, ...]:
        named = [(run, plan) for run in running if (plan := await self._plan(run)) is not None and plan.cohorts]
        sources = {name: roll for _, plan in named for name, roll in plan.cohorts.items()}
        for name, roll in sources.items():
            found = await asyncio.to_thread(self._take, name, roll, now)
            if found.digest is None:
                log.warning("it cannot be read who is in %s: %s", name, found.note)
        changed = []
        for run, plan in named:
            try:
                if await self._one(run.id):
                    changed.append(plan.use_case)
            except Exception as error:  # noqa: BLE001  # what is wrong with one must not keep another's people in
                log.warning("%s could not be brought up to date: %s", run.id, type(error).__name__)
        return tuple(changed)

    async def _one(self, workflow_id: str) -> bool:
        # A list may be a moment behind, and to read the sources takes its time: what roles give by now is what counts.
        run = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=_PATIENCE)
        plan = await self._plan(run)
        if plan is None:
            return False
        admit = _admits(run, plan)
        left = joined = 0
        for target in plan.targets:
            backend = plan.drivers.get(target)
            if backend is None or backend.kind not in BY_NAME:
                continue
            try:
                driver = self._driver_of(target, backend.kind, backend.told)
                turnover = await asyncio.to_thread(driver.refresh, admit=admit)
            except Exception as error:  # noqa: BLE001  # one target out of reach must not keep people in at the others
                log.warning("%s of %s could not be brought up to date: %s", target, plan.use_case, type(error).__name__)
                continue
            left, joined = max(left, turnover.left), max(joined, turnover.joined)
        if not left and not joined:
            return False
        log.info("%s: %d people lost their access by name, and %d got it", plan.use_case, left, joined)
        said = {"as": "members", "id": f"turnover-{uuid.uuid4()}", "left": left, "joined": joined}
        try:
            await self._client.get_workflow_handle(workflow_id).signal("turnover", said, rpc_timeout=_PATIENCE)
        except RPCError as error:
            log.warning("%s could not be told: %s", workflow_id, error.status.name)
        return True

    async def _plan(self, run: WorkflowExecution) -> Plan | None:
        """Return the plan that a run began with; a revision that changes who is served by name begins a new run."""
        if run.run_id not in self._plans:
            handle = self._client.get_workflow_handle(run.id, run_id=run.run_id)
            try:
                async for event in handle.fetch_history_events(page_size=1, rpc_timeout=_PATIENCE):
                    payloads = event.workflow_execution_started_event_attributes.input.payloads
                    given = await self._client.data_converter.decode(payloads, [RolloutInput])
                    self._plans[run.run_id] = given[0].plan if given else None
                    break
            except Exception as error:  # noqa: BLE001  # what is wrong with one must not keep another's people in
                log.warning("the plan of %s cannot be read: %s", run.id, type(error).__name__)
        return self._plans.get(run.run_id)


def _admits(run: WorkflowExecution, plan: Plan) -> tuple[str, ...]:
    """Return into which cohorts who joins comes at once; into none while somebody has made it safer."""
    live = run.typed_search_attributes.get(attributes.CONTROL) == Control.LIVE.value
    return tuple(name for name, roll in plan.cohorts.items() if roll.joiners == "admit") if live else ()
