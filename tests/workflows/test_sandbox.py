"""The sandbox: only the workflow's own module lives in it, and nothing of the world is within its reach."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from tests.house.tree import python
from tests.replay.record import read
from tests.workflows.sandbox import sandbox
from workflows.guard import Guard
from workflows.rollout import Rollout

STRICT = workflow.SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
WORLD = {"activities", "cli", "httpx", "requests", "ruamel", "sqlalchemy", "sqlmodel", "typer"}


def replay(restrictions: SandboxRestrictions) -> None:
    """Play a recorded run in a sandbox."""
    replayer = Replayer(
        workflows=[Rollout],
        data_converter=pydantic_data_converter,
        interceptors=[Guard()],
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
    )
    asyncio.run(replayer.replay_workflow(read("first_wave")[0]))


def test_nothing_is_passed_through_by_accident() -> None:
    """In the strictest sandbox a run plays: every module that it reaches is one that we named."""
    replay(sandbox().restrictions.with_import_notification_policy(STRICT))


def test_what_we_did_not_name_is_refused() -> None:
    """The strictest sandbox can say no: with the rules not named, the same workflow is refused."""
    with pytest.raises(RuntimeError) as refused:
        replay(SandboxRestrictions.default.with_import_notification_policy(STRICT))
    causes: list[str] = []
    error: BaseException | None = refused.value
    while error is not None:
        causes.append(str(error))
        error = error.__cause__ or error.__context__
    assert "was not intentionally passed through" in " ".join(causes)


def test_the_workflow_reaches_nothing_of_the_world(tmp_path: Path) -> None:
    """Importing all that a worker and a client share brings in no driver, no verb and no database."""
    told = python(
        "import sys, workflows.plugin; print(*{name.partition('.')[0] for name in sys.modules})", cwd=tmp_path
    )
    assert told.returncode == 0, told.stderr
    assert not WORLD & set(told.stdout.split())
    assert {"tidegate", "workflows", "temporalio"} <= set(told.stdout.split())
