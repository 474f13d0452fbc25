"""A real server, the real worker and real files, with a plan of short stories: what the tests of the workflow stand on.

On the time-skipping server days take milliseconds; each test has its own, because its clock is one for all.
"""

from __future__ import annotations

import asyncio
import json
import sysconfig
import tempfile
import time
import uuid
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.drivers.flagd import Flagd
from tests.pure.world import but, standard_plan
from tests.workflows.sandbox import sandbox
from tidegate.models.event import Choice
from tidegate.models.messages import Answer, RolloutInput, Standing
from tidegate.models.plan import Backend, Plan
from worker import Settings, build_worker
from workflows import attributes, ids
from workflows.plugin import plugin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from temporalio.api.history.v1 import HistoryEvent
    from temporalio.client import Client, Interceptor, WorkflowHandle

    from tidegate.models.exposure import Exposure
    from tidegate.models.gate import Gate

T = TypeVar("T")

_SCRIPTS = Path(sysconfig.get_path("scripts"))
TEST_SERVER = _SCRIPTS / "temporal-test-server"
DEV_SERVER = _SCRIPTS / "temporal"
FLAG = {"file": "flags.json", "flag": "claims"}

_ATTEMPTS = 8
_QUIET = 2
"""So many looks in a row at which nothing moves are rest."""
_STUCK = 60
"""Seconds after which a task of the workflow that neither ends nor begins anew never will."""

_UNHEARD = timedelta(seconds=30)
"""After so long a query is lost."""

needs_test_server = pytest.mark.skipif(
    not TEST_SERVER.exists(), reason="the time-skipping server is not installed: its package serves 64-bit x86 Linux"
)
needs_dev_server = pytest.mark.skipif(
    not DEV_SERVER.exists(), reason="the Temporal server is not installed: its package serves 64-bit x86 Linux"
)


async def started(start: Callable[[], Awaitable[WorkflowEnvironment]]) -> WorkflowEnvironment:
    """Start a server; the SDK gives it five seconds, which a busy machine may not have the first time."""
    for _ in range(_ATTEMPTS):
        with suppress(RuntimeError):
            return await start()
    return await start()


class Stuck(Exception):  # noqa: N818  # it says how the test server is
    """The test server has lost a task of the workflow: it answers its worker "invalid history builder state".

    So it does where a task puts off a timer that goes off while the task is under way (temporalio/sdk-java#3088): when
    somebody speaks in the very second in which something is due. It loses a query as well that meets the end of a run,
    and its clock stands still from then on. The server that people use does neither. Whoever speaks a minute after what
    was due is safe from the first; whoever lives a long life here lives it again (:func:`relived`).
    """


def relived(life: Callable[[], T], lives: int = 3, *lost: type[Exception]) -> T:
    """Live a life on the test server, and again from its beginning where that server loses a part of it."""
    for _ in range(lives - 1):
        with suppress(Stuck, *lost):
            return life()
    return life()


def enforced(plan: Plan | None = None, **changes: Any) -> Plan:
    """Return a plan whose exposure a flag file enforces, and whose figures stand in a file."""
    base = plan or standard_plan()
    reached = {
        "drivers": {"flags/claims": Backend(kind="flagd", settings=FLAG)},
        "sources": {"prometheus": Backend(kind="file", settings={"file": "figures.csv"})},
    }
    return but(base, **{**reached, **changes})


class Rig:
    """One rollout and the world around it."""

    def __init__(self, env: WorkflowEnvironment, home: Path) -> None:
        """Stand in an environment, with a home of its own."""
        self.env = env
        self.home = home
        self.client: Client = env.client
        self.handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(ids.workflow_id("claims-triage"))
        self.figure("0")

    # -- the world ------------------------------------------------------------------------------------------------

    def figure(self, value: str, n: int = 100, every: timedelta = timedelta(hours=6)) -> None:
        """Write down what the source says from now on, two thousand times: every six hours for more than a year."""
        begun = datetime.now(UTC) - every / 6
        times = (begun + every * index for index in range(2_000))
        rows = "".join(f"errors,{value},{n},{at.isoformat()}\n" for at in times)
        (self.home / "figures.csv").write_text(f"metric,value,n,taken_at\n{rows}", "utf-8")

    def served(self) -> Exposure:
        """Return what the flag file really serves."""
        return Flagd(FLAG, self.home).observe().exposure

    @property
    def people(self) -> int:
        """How many people the flag file serves."""
        return self.served().people

    # -- people ---------------------------------------------------------------------------------------------------

    async def begin(self, plan: Plan | None = None) -> None:
        """Start the workflow and the rollout."""
        self.handle = await self.client.start_workflow(
            ids.WORKFLOW,
            RolloutInput(plan=plan or enforced()),
            id=ids.workflow_id("claims-triage"),
            task_queue=ids.TASK_QUEUE,
        )
        await self.tell("start", "owner")

    async def tell(self, verb: str, who: str, **words: Any) -> Answer:
        """Say something, and return the answer; what is lost between two runs is said again under the same id."""
        said = {"as": who, "id": f"m-{uuid.uuid4()}", **words}
        for _ in range(15):
            await self.rest()
            with suppress(WorkflowUpdateRPCTimeoutOrCancelledError):
                answer: Answer = await self.handle.execute_update(
                    verb, said, id=said["id"], result_type=Answer, rpc_timeout=timedelta(seconds=5)
                )
                return answer
        raise AssertionError(f"nobody answered {verb}")

    async def whole(self) -> RolloutInput:
        """Return the plan and the state."""
        found: RolloutInput = await self._ask("state", RolloutInput)
        return found

    async def standing(self) -> Standing:
        """Return where it stands."""
        found: Standing = await self._ask("standing", Standing)
        return found

    async def _ask(self, query: str, result: type[Any]) -> Any:
        await self.rest()
        try:
            return await self.handle.query(query, result_type=result, rpc_timeout=_UNHEARD)
        except RPCError as error:
            if error.status not in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                raise
            raise Stuck(f"nobody answered what was asked: {query}") from error

    async def rest(self) -> None:
        """Wait until nothing moves: a query that meets the moment between two runs stops the test server's clock."""
        quiet = 0
        before = None
        since = time.monotonic()
        while quiet < _QUIET:
            described = await self.handle.describe()
            raw = described.raw_description
            now = (described.run_id, described.history_length)
            moves = now != before or raw.pending_activities or raw.HasField("pending_workflow_task")
            since = since if now == before else time.monotonic()
            if time.monotonic() - since > _STUCK:
                raise Stuck(f"nothing has become of {'a task' if raw.HasField('pending_workflow_task') else 'it'}")
            quiet, before = 0 if moves else quiet + 1, now
            await asyncio.sleep(0.015)

    async def gate(self) -> Gate:
        """Return the round of votes that is open."""
        given = await self.whole()
        assert given.state is not None
        return next(gate for gate in given.state.gates.values() if gate.satisfied_at is None)

    async def vote(self, who: str, choice: Choice = Choice.APPROVE, **words: Any) -> Answer:
        """Vote about the open gate."""
        gate = await self.gate()
        return await self.tell(choice.value, who, gate=gate.id, subject=gate.subject, **words)

    async def read(self, value: str, metric: str, at: datetime) -> Answer:
        """Give a reading by hand."""
        reading = {"status": "value", "value": value, "n": 100, "taken_at": at.isoformat()}
        return await self.tell("reading", "ops-a", items={metric: reading})

    async def agree(self) -> Answer:
        """Let everybody agree whom the open gate asks, each in one function."""
        given = await self.whole()
        assert given.state is not None
        gate = await self.gate()
        answer: Answer | None = None
        spoken: set[str] = set()
        for function, count in gate.needs.items():
            able = [
                name
                for name, member in given.plan.roster.items()
                if function in member.functions and name not in gate.excluded and name not in spoken
                if member.active and member.organisation == "internal" and name != "both"
            ]
            for name in able[:count]:
                spoken.add(name)
                answer = await self.tell("approve", name, gate=gate.id, subject=gate.subject, function=function.value)
        for name in gate.persons:
            answer = await self.tell("approve", name, gate=gate.id, subject=gate.subject)
        assert answer is not None
        return answer

    # -- time -----------------------------------------------------------------------------------------------------

    async def until(self, phase: str, *, days: int = 60) -> Standing:
        """Let days pass, and people do what falls due, until a phase is reached; they decide nothing by themselves."""
        for _ in range(days * 2):
            stands = await self.standing()
            if stands.phase == phase and (stands.confirmed or not stands.epoch):
                return stands
            await self._chores(stands)
            await self.env.sleep(timedelta(hours=12))
        raise AssertionError(f"it never came to {phase}: {(await self.standing()).line}")

    async def confirmed(self) -> Standing:
        """Wait until what is wanted is read back."""
        for _ in range(1_000):
            stands = await self.standing()
            if stands.confirmed:
                return stands
        raise AssertionError("it was never read back")

    async def end(self) -> Standing:
        """Return what the rollout says at its end."""
        return Standing.model_validate_json(json.dumps(await self.handle.result()))

    async def runs(self) -> list[list[HistoryEvent]]:
        """Return the history of every run, newest first."""
        found = []
        run: str | None = (await self.handle.describe()).run_id
        while run:
            history = await self.client.get_workflow_handle(self.handle.id, run_id=run).fetch_history()
            found.append(list(history.events))
            run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return found

    async def _chores(self, stands: Standing) -> None:
        for step in stands.steps:
            verb, _, rest = step.verb.partition(" ")
            if verb == "reading":
                await self.read("0", rest.partition("=")[0], stands.at)
            elif verb == "ready" and rest.startswith("rollback_tested"):
                await self.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")

    async def climb(self, level: int) -> None:
        """Go up the ladder, wave by wave; everybody agrees whenever they are asked."""
        await self.begin()
        wanted = enforced().exposure(level)
        for _ in range(400):
            stands = await self.standing()
            if stands.phase == "observing" and self.served() == wanted:
                return
            if stands.awaits:
                await self.agree()
                continue
            await self._chores(stands)
            await self.env.sleep(timedelta(hours=12))
        raise AssertionError(f"it never came to level {level}: {(await self.standing()).line}")


@asynccontextmanager
async def virtual(*interceptors: Interceptor, guarded: bool = True) -> AsyncIterator[Rig]:
    """Stand on a server where time is skipped; guarded, the rollout is kept from what no replay could repeat."""
    runner = sandbox() if guarded else None
    with tempfile.TemporaryDirectory() as home:
        env = await started(
            lambda: WorkflowEnvironment.start_time_skipping(
                plugins=[plugin(runner=runner)], interceptors=interceptors, test_server_existing_path=str(TEST_SERVER)
            )
        )
        async with env:
            await attributes.register(env.client)
            # Handed out eagerly, an activity now and then leaves the test server waiting for itself.
            async with build_worker(env.client, Settings(home=Path(home)), disable_eager_activity_execution=True):
                yield Rig(env, Path(home))
