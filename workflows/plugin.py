"""What worker and replayer must have in common: one converter, one net, one workflow.

There is no sandbox where people's rollouts run (docs/decisions/0048): what a workflow may not do is read off its code,
and the tests bring a sandbox of their own.
"""

from __future__ import annotations

from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner

from workflows.converter import CONVERTER
from workflows.guard import Guard
from workflows.lean import Lean
from workflows.line import StopTheLine
from workflows.request import Request
from workflows.rollout import Rollout


def plugin(converter: DataConverter = CONVERTER, runner: WorkflowRunner | None = None) -> SimplePlugin:
    """Return the one plugin; where payloads are encrypted, with the converter that does so."""
    return SimplePlugin(
        "tidegate",
        data_converter=converter,
        interceptors=[Guard()],
        workflows=[Rollout, StopTheLine, Request],
        workflow_runner=runner or Lean(),
    )
