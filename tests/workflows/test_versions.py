"""A rollout that crosses from one version of the worker to the next, by the commands that docs/operations.md says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

from temporalio.api.enums.v1 import EventType

from store.checking import check, streams
from store.reading import reading
from tests.docs.readme import ROOT
from tests.workflows.rig import DEV_SERVER, Rig, enforced, needs_dev_server
from tests.workflows.test_worker import server
from worker import Settings, Workers, build_worker
from workflows import attributes

pytestmark = needs_dev_server

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Upgrading without stopping")[2]
MAKE_CURRENT, WHO_IS_LEFT, DESCRIBE, BRING_OVER = [
    line.strip() for block in re.findall(r"```sh\n(.*?)```", PAGE.partition("\n## ")[0], re.DOTALL)
    for line in block.strip().splitlines()
]  # fmt: skip


class Site:
    """A server, and workers of as many builds as there are."""

    def __init__(self, rig: Rig, stack: AsyncExitStack) -> None:
        """Have none yet."""
        self.rig = rig
        self._stack = stack

    async def begin(self, build: str) -> Workers:
        """Begin workers of a build."""
        settings = Settings(home=self.rig.home, deployment="tidegate", build=build)
        return await self._stack.enter_async_context(build_worker(self.rig.client, settings))

    async def type(self, line: str, *, build: str = "", old: str = "", until: str = "") -> str:
        """Type a command of the page, again until it says that: a server learns of workers by and by."""
        words = shlex.split(re.sub(r"\bBUILD\b", build, line).replace("OLD", old))
        address = self.rig.client.service_client.config.target_host
        said = ""
        for _ in range(300):
            done = await asyncio.to_thread(
                subprocess.run,
                [str(DEV_SERVER), *words[1:]],
                env={**os.environ, "TEMPORAL_ADDRESS": address},
                capture_output=True,
                text=True,
                check=False,
            )
            said = done.stdout + done.stderr
            if done.returncode == 0 and until in said:
                return said
            await asyncio.sleep(0.3)
        raise AssertionError(f"{line}: {said}")


async def builds(rig: Rig) -> list[set[str]]:
    """Return, for each run from the first on, which builds took its steps, as the history says."""
    return [
        {
            event.workflow_task_completed_event_attributes.deployment_version.build_id
            or event.workflow_task_completed_event_attributes.worker_deployment_version.rpartition(".")[2]
            for event in run
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        }
        for run in reversed(await rig.runs())
    ]


async def until_people(rig: Rig, count: int) -> None:
    """Wait until so many are served."""
    for _ in range(900):
        if rig.people == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{rig.people} are served, and not {count}")


async def until_stored(home: Path, last: str) -> None:
    """Wait until the ledger has what was said last; it has all that was said before, in one unbroken chain."""
    for _ in range(300):
        with reading(f"sqlite:///{home / 'ledger.db'}") as ledger:
            (stream,) = streams(ledger)
            heard = [json.loads(row.body).get("heard") or {} for row in ledger.rows(stream)]
            said = [(one.get("kind"), one.get("verb")) for one in heard]
            if ("reduce", last) in said:
                assert said.index(("reduce", "hold")) < said.index(("resume", None)) < said.index(("reduce", last))
                assert list(check(ledger, stream)) == []
                return
        await asyncio.sleep(0.2)
    raise AssertionError(said)


def test_a_rollout_crosses_from_one_version_to_the_next(tmp_path: Path) -> None:
    """The old version hears a hold, the new one serves the next wave, and what is left behind is brought over."""

    async def story() -> None:
        async with server() as env, AsyncExitStack() as stack:
            await attributes.register(env.client)
            rig = Rig(env, tmp_path)
            site = Site(rig, stack)
            one = await site.begin("one")
            await site.type(MAKE_CURRENT, build="one")
            await rig.begin(enforced(notices=()))
            await rig.tell("ready", "ops-a", item="rollback_tested", evidence="drill 7")

            two = await site.begin("two")
            await site.type(MAKE_CURRENT, build="two")
            assert "rollout-claims-triage" in await site.type(WHO_IS_LEFT, old="one", until="rollout-")
            await rig.tell("hold", "ops-a", reason="wait for the new version")
            assert await builds(rig) == [{"one"}]
            await rig.tell("resume", "owner", cause="it is there")
            while len(await rig.runs()) == 1:
                if (await rig.standing()).awaits:
                    await rig.agree()
                await asyncio.sleep(0.1)
            await until_people(rig, 10)
            before, after = (await builds(rig))[:2]
            assert (before, after) == ({"one"}, {"two"})
            assert "drain" in (await site.type(DESCRIBE, old="one", until="drain")).lower()
            await one.__aexit__()

            await two.__aexit__()
            await site.begin("three")
            await site.type(MAKE_CURRENT, build="three")
            await rig.handle.signal("pause", {"as": "ops-a", "id": "m-pause", "reason": "a complaint"})
            await site.type(BRING_OVER, build="three", old="two")
            await until_people(rig, 0)
            assert "three" in (await builds(rig))[-1]
            await rig.confirmed()
            await until_stored(tmp_path, "pause")

    asyncio.run(asyncio.wait_for(story(), 500))
