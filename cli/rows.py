"""What the server itself knows of a rollout, without any worker: its memo and what it is found by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from temporalio.common import RawValue

from workflows import attributes, ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporalio.client import WorkflowExecution


_NONE, _NOBODY = "none", "nobody"
"""What stands where there is nothing, so that it can be searched for."""


class Row(NamedTuple):
    """What the server itself knows of a rollout, without a worker."""

    use_case: str
    run: str
    """How its run is: `running`, `completed`, `terminated`, `failed`, `canceled` or `timed_out`."""
    stage: str
    wave: str
    phase: str
    control: str
    people: int | None
    awaits: tuple[str, ...]
    deadline: datetime | None
    line: str
    """Where it stood, in one line."""
    at: datetime | None
    """When that was so."""

    @property
    def runs(self) -> bool:
        """Whether it is still under way."""
        return self.run == "running"


async def row_of(execution: WorkflowExecution) -> Row:
    """Read it from what the server lists or describes."""
    memo: Mapping[str, Any] = await execution.memo()
    sealed = any(isinstance(value, RawValue) for value in memo.values())
    memo = {} if sealed else memo
    found = execution.typed_search_attributes
    said = str(memo.get("at", ""))
    return Row(
        use_case=ids.use_case(execution.id),
        run=execution.status.name.lower() if execution.status is not None else "running",
        stage=found.get(attributes.STAGE, ""),
        wave=found.get(attributes.WAVE, "").replace(_NONE, ""),
        phase=found.get(attributes.PHASE, ""),
        control=found.get(attributes.CONTROL, ""),
        people=found.get(attributes.SERVED),
        awaits=tuple(name for name in found.get(attributes.AWAITS, ()) if name != _NOBODY),
        deadline=found.get(attributes.DEADLINE),
        line="it is encrypted, and no key is here" if sealed else str(memo.get("status", "")),
        at=datetime.fromisoformat(said) if said else None,
    )
