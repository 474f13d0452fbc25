"""What client, worker and replayer must have in common: one converter, one net, one workflow, one sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.guard import Guard
from workflows.line import StopTheLine
from workflows.rollout import Rollout

PASSED_THROUGH = (
    "tidegate", "rfc8785", "cryptography",
    "workflows.attributes", "workflows.details", "workflows.guard", "workflows.hands", "workflows.ids",
    "workflows.line_page", "workflows.options",
)  # fmt: skip
"""What the workflow shares with its host. Floor 0 is pure by its own test; only the workflow's module is sandboxed."""


class Converter(PydanticPayloadConverter):
    """Hands on as it came what cannot be decoded and is asked for as nothing in particular.

    So it is with a signal of too many arguments, and the SDK would drop it before the net could catch it: nobody would
    ever learn of the reduction that it may have been.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Return the values, or what should have become values."""
        try:
            return super().from_payloads(payloads, type_hints)
        except Exception:
            if type_hints is not None:
                raise
            return [RawValue(payload) for payload in payloads]


def sandbox() -> SandboxedWorkflowRunner:
    """Return the one sandbox that every rollout runs in."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def plugin() -> SimplePlugin:
    """Return the one plugin."""
    return SimplePlugin(
        "tidegate",
        data_converter=replace(pydantic_data_converter, payload_converter_class=Converter),
        interceptors=[Guard()],
        workflows=[Rollout, StopTheLine],
        workflow_runner=sandbox(),
    )
