"""The sandbox in which tests run a rollout: it refuses what no replay could repeat."""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "tidegate", "rfc8785", "cryptography",
    "workflows.attributes", "workflows.causes", "workflows.details", "workflows.guard", "workflows.hands",
    "workflows.ids", "workflows.line_page", "workflows.meters", "workflows.options",
)  # fmt: skip
"""What a workflow shares with its host: only the workflow's own module is loaded apart for each run."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return it."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
