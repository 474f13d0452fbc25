"""What the server itself knows a rollout to ask of people: read from its memo, without any worker or rule."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.asks import Packed, unpack
from workflows import ids

if TYPE_CHECKING:
    from temporalio.api.common.v1 import Payload
    from temporalio.api.workflow.v1 import WorkflowExecutionInfo
    from temporalio.converter import DataConverter


_READ = ("at", "inbox")


class Asked(NamedTuple):
    """One rollout, and what it asks of people."""

    use_case: str
    packed: Packed
    at: datetime | None
    """When that was so."""
    rollout: bool = True
    """Whether it is a rollout, and not a request to the programme."""


async def asked_of(info: WorkflowExecutionInfo, reads: DataConverter) -> Asked:
    """Read it from what the server lists; what is not there, or cannot be read, is not whole."""
    fields = {name: payload for name, payload in info.memo.fields.items() if name in _READ}
    if reads.payload_codec is not None:
        opened: list[Payload] = await reads.payload_codec.decode(list(fields.values()))
        fields = dict(zip(fields, opened, strict=True))
    at = None
    with suppress(ValueError, TypeError):
        at = datetime.fromisoformat(_said(fields["at"].data) if "at" in fields else "")
    packed = unpack(_said(fields["inbox"].data) if "inbox" in fields else None)
    request = ids.request(info.execution.workflow_id) if info.type.name == ids.REQUEST else None
    return Asked(request or ids.use_case(info.execution.workflow_id), packed, at, request is None)


def _said(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
