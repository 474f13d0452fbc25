"""What worker and replayer must have in common: one converter, one net, one workflow, one sandbox."""

from __future__ import annotations

from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
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
"""What the workflow shares with its host. Floor 0 is pure by its own test; only the workflow's module is sandboxed."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the one sandbox that every rollout runs in."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def plugin(converter: DataConverter = CONVERTER) -> SimplePlugin:
    """Return the one plugin; where payloads are encrypted, with the converter that does so."""
    return SimplePlugin(
        "tidegate",
        data_converter=converter,
        interceptors=[Guard()],
        workflows=[Rollout, StopTheLine, Request],
        workflow_runner=sandbox(),
    )
