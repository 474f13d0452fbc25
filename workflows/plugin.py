"""What worker and replayer must have in common: one converter, one net, one workflow.

Where people's rollouts run there is no sandbox (docs/decisions/0048): what a workflow may not do is read off its code,
and seen in the sandbox by the tests. `sandbox()` is theirs.
"""

from __future__ import annotations

from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.converter import CONVERTER
from workflows.guard import Guard
from workflows.line import StopTheLine
from workflows.request import Request
from workflows.rollout import Rollout

PASSED_THROUGH = (
    "tidegate", "rfc8785", "cryptography",
    "workflows.attributes", "workflows.causes", "workflows.details", "workflows.guard", "workflows.hands",
    "workflows.ids", "workflows.line_page", "workflows.meters", "workflows.options",
)  # fmt: skip
"""What a workflow in the sandbox shares with its host: only the workflow's own module is loaded apart for each run."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the sandbox in which tests run a rollout: it refuses what no replay could repeat."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def plugin(converter: DataConverter = CONVERTER, runner: WorkflowRunner | None = None) -> SimplePlugin:
    """Return the one plugin; where payloads are encrypted, with the converter that does so."""
    return SimplePlugin(
        "tidegate",
        data_converter=converter,
        interceptors=[Guard()],
        workflows=[Rollout, StopTheLine, Request],
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
    )
