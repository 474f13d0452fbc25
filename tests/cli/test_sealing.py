"""With which key somebody makes it safer: one that the rollout's worker has, or none at all."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from cli import sealing
from tidegate.models.ring import Ring
from workflows.cipher import closed, named
from workflows.converter import CONVERTER, encrypting

KEYS = {"first": bytes(32), "next": bytes(range(32))}
RINGS = {name: Ring(name, KEYS) for name in KEYS} | {"strange": Ring("strange", {"strange": bytes([7] * 32)}), "": None}
NOT_FOUND = RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")


class Described:
    """What the server says of a rollout."""

    def __init__(self, memo: dict[str, Payload]) -> None:
        """Remember what its worker wrote."""
        self.raw_description = DescribeWorkflowExecutionResponse()
        for name, one in memo.items():
            self.raw_description.workflow_execution_info.memo.fields[name].CopyFrom(one)


@pytest.mark.parametrize(
    ("mine", "theirs", "spoken"),
    [
        ("first", "first", "first"),
        ("next", "first", "first"),
        ("strange", "first", ""),
        ("first", "strange", ""),
        ("first", "", ""),
        ("first", "nothing", "first"),
        ("first", "nobody", "first"),
        ("", "first", ""),
    ],
)
def test_it_is_made_safer_with_a_key_that_the_worker_has(
    mine: str, theirs: str, spoken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause under a key of my own would keep the rollout waiting for that key, and every other pause behind it."""

    async def said() -> str:
        async def describe(*_: object, **__: object) -> Any:
            if theirs == "nobody":
                raise NOT_FOUND
            if theirs == "nothing":
                return Described({})
            (one,) = await encrypting(RINGS[theirs]).encode(["observing"])
            return Described({"watch": one})

        monkeypatch.setattr(WorkflowHandle, "describe", describe)
        known = RINGS[mine]
        client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=encrypting(known, CONVERTER))
        if known is not None:
            order = sorted(known.keys, key=lambda name: name != known.current)
            lines = [f"{name} {base64.b64encode(known.keys[name]).decode()}\n" for name in order]
            (tmp_path / "keys").write_text("".join(lines))
            monkeypatch.setenv("TIDEGATE_CODEC_KEYS", str(tmp_path / "keys"))
        fit = await sealing.fitting(client, "rollout-first-steps")
        assert (fit is client) == (mine == spoken)
        (one,) = await fit.data_converter.encode([{"as": "ops-a"}])
        return named(one) if closed(one) else ""

    monkeypatch.delenv("TIDEGATE_CODEC_KEYS", raising=False)
    assert asyncio.run(said()) == spoken
