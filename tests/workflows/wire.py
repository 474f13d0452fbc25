"""Messages as they go over the wire, a server to send them to, and the page that its UI makes of their effects."""

from __future__ import annotations

import asyncio
import base64
import http.client
import itertools
import json
import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest, UpdateWorkflowExecutionRequest

from tests.workflows.rig import DEV_SERVER
from tests.workflows.siege import NO_PAUSE, Attacked, dev_server, free_port
from tidegate.models.messages import Answer
from worker import Settings, build_worker
from workflows import details

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AsyncExitStack

    from temporalio.testing import WorkflowEnvironment

PLAIN = "json/plain"


class Arg(NamedTuple):
    """One argument as it goes over the wire."""

    data: bytes
    encoding: str | None = PLAIN


class Wire(NamedTuple):
    """A message as it goes over the wire."""

    name: str
    args: tuple[Arg, ...]

    def payloads(self) -> Payloads:
        """Return the arguments as the server takes them."""
        return Payloads(
            payloads=[
                Payload(data=arg.data, metadata={"encoding": arg.encoding.encode()} if arg.encoding else {})
                for arg in self.args
            ]
        )


def plain(name: str, words: object) -> Wire:
    """Return a message as a well-behaved sender sends it."""
    return Wire(name, (Arg(json.dumps(words).encode()),))


class World:
    """One server with its UI and one worker for all tests here, and the loop that they live in."""

    def __init__(self, runner: asyncio.Runner) -> None:
        """Stand on a loop."""
        self._runner = runner
        self._ui = free_port()
        self._names = itertools.count(1)
        self.env: WorkflowEnvironment
        self.home: Path

    async def build(self, stack: AsyncExitStack) -> None:
        """Start the server and the worker."""
        self.home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.env = await stack.enter_async_context(dev_server(NO_PAUSE, ui_port=self._ui))
        await stack.enter_async_context(build_worker(self.env.client, Settings(home=self.home)))

    def run(self, work: Coroutine[Any, Any, None], within: float = 240) -> None:
        """Let something happen."""
        self._runner.run(asyncio.wait_for(work, within))

    def victim(self) -> Attacked:
        """Return a rollout that nobody has attacked yet."""
        return Attacked(self.env, self.home, f"victim-{next(self._names)}")

    async def command(self, rollout: Attacked, wire: Wire) -> bool:
        """Signal with Temporal's own command line; return whether it was willing to send that."""
        to = ["--address", self.env.client.service_client.config.target_host, "--workflow-id", rollout.handle.id]
        said: list[str] = ["--input-base64"] if any(arg.encoding != PLAIN for arg in wire.args) else []
        with tempfile.TemporaryDirectory() as folder:
            for index, arg in enumerate(wire.args):
                file = Path(folder) / str(index)
                file.write_bytes(base64.b64encode(arg.data) if said else arg.data)
                said += ["--input-file", str(file), "--input-meta", f"encoding={arg.encoding or ''}"]
            ran = await asyncio.create_subprocess_exec(
                DEV_SERVER, "workflow", "signal", *to, "--name", wire.name, *said,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            out, _ = await ran.communicate()
        assert ran.returncode == 0 or b"not valid JSON" in out or b"metadata" in out, out.decode()
        return ran.returncode == 0

    async def signal(self, rollout: Attacked, wire: Wire) -> None:
        """Signal past every tool, as the wire allows."""
        await self.env.client.workflow_service.signal_workflow_execution(
            SignalWorkflowExecutionRequest(
                namespace=self.env.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=rollout.handle.id),
                signal_name=wire.name,
                input=wire.payloads(),
                request_id=f"r-{next(self._names)}",
            )
        )

    async def update(self, rollout: Attacked, wire: Wire) -> Answer:
        """Send an update past every tool, and return the answer."""
        request = UpdateWorkflowExecutionRequest(
            namespace=self.env.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=rollout.handle.id),
            request=Request(
                meta=Meta(update_id=f"u-{next(self._names)}"), input=Input(name=wire.name, args=wire.payloads())
            ),
            wait_policy=WaitPolicy(
                lifecycle_stage=UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
            ),
        )
        for _ in range(60):
            response = await self.env.client.workflow_service.update_workflow_execution(request)
            if response.HasField("outcome"):
                assert not response.outcome.HasField("failure"), response.outcome.failure.message
                payloads = response.outcome.success.payloads
                answer: Answer = (await self.env.client.data_converter.decode(payloads, [Answer]))[0]
                return answer
        raise AssertionError(f"nobody answered {wire.name}")

    async def page(self, rollout: Attacked) -> str:
        """Return the text that the UI shows of a rollout, rendered by its own server, and see that it is in order."""
        told = await rollout.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        written: str = told.current_details
        assert len(written.encode()) < details.LONGEST
        assert "<" not in written
        rendered = await asyncio.to_thread(self._rendered, written)
        return read(rendered)

    def _rendered(self, text: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._ui, timeout=60)
        try:
            connection.request("GET", f"/render?content={quote(text)}")
            answered = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = re.search(r"<main[^>]*>(.*)</main>", answered, re.DOTALL)
        assert found is not None, answered[-500:]
        return found[1]


class Page(HTMLParser):
    """What a rendered page is made of."""

    def __init__(self, rendered: str) -> None:
        """Take it apart."""
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[int] = []
        self.odd: list[str] = []
        self.text = ""
        self.feed(rendered)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and what it should not have."""
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        self.odd.extend(f"{tag} {name}" for name, _ in attrs if name != "align")

    def handle_data(self, data: str) -> None:
        """Note what is to be read."""
        self.text += data


_ALLOWED = {"p", "strong", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td"}


def read(rendered: str) -> str:
    """Return the text of a page that holds nothing but our own paragraphs, lists and one whole table."""
    page = Page(rendered)
    assert set(page.tags) <= _ALLOWED, rendered
    assert page.odd == [], rendered
    assert page.tags.count("table") == 1, rendered
    assert page.rows == [4] * (1 + 5), rendered
    return page.text


def letters(text: str, longest: int = 40) -> str:
    """Return the first letters and digits of a text; signs may be set more finely than they were typed."""
    return "".join(sign for sign in text if sign.isalnum())[:longest]
