"""The real worker, in a process that kills itself, or the server, with SIGKILL at a moment that a test has named.

A test writes a trap into the home of the worker: the moment, how often it comes before it kills, and whom. Apart from
that, and from a journal of what reached the flag file, everything here is as it is.

main() is done in a process of its own: what it lays hands on stays so.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from temporalio import workflow

import activities.drivers
import activities.ledger
import store.ledger
import tidegate.decide
import workflows.rollout
from activities.drivers.contract import Stale
from activities.drivers.flagd import Flagd
from tidegate.models.event import ActorKind, Message
from workflows import options

if TYPE_CHECKING:
    from tidegate.decide import Decision
    from tidegate.models.event import Event
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan
    from tidegate.models.state import State
    from tidegate.models.task import StoreRequest

APPLIED, DECIDING, STORED, LEAVING = "applied", "deciding", "stored", "leaving"
MOMENTS = (APPLIED, DECIDING, STORED, LEAVING)
TRAP, JOURNAL = "trap.json", "writes.jsonl"


def _home() -> Path:
    return Path(os.environ["TIDEGATE_HOME"])


def comes(moment: str) -> None:
    """Fall into the trap, if there is one for this moment and it has come often enough."""
    try:
        stream = (_home() / TRAP).open("r+", encoding="utf-8")
    except FileNotFoundError:
        return
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        trap = json.loads(stream.read() or "{}")
        if trap.get("moment") != moment:
            return
        trap["count"] -= 1
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps(trap))
        stream.flush()
        if trap["count"] == 0:
            (_home() / TRAP).rename(_home() / f"sprung-{trap['name']}")
            os.kill(trap["pid"] or os.getpid(), signal.SIGKILL)


class Driver(Flagd):
    """A driver whose worker may die after it wrote, and before it reads back."""

    def __init__(self, settings: Any, root: Path) -> None:
        super().__init__(settings, root)
        self._name = settings["flag"]

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Write, note what was written, and perhaps die."""
        line = {"flag": self._name, "epoch": epoch, "exposure": desired.model_dump(mode="json")}
        try:
            super().apply(desired, epoch, key, redirect_to)
        except Stale:
            line["stale"] = True
            raise
        finally:
            with (_home() / JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(line) + "\n")
        comes(APPLIED)


class Ledger(store.ledger.Ledger):
    """A ledger whose worker may die after it stored, and before anybody knows."""

    def append(self, task: StoreRequest, run: str, tool: str, now: datetime) -> int:
        """Store, and perhaps die."""
        number = super().append(task, run, tool, now)
        comes(STORED)
        return number


_decide, _leave = tidegate.decide.decide, workflow.continue_as_new


def _decided(plan: Plan, state: State, event: Event, now: datetime) -> Decision:
    decision = _decide(plan, state, event, now)
    if isinstance(event, Message) and event.actor.kind is ActorKind.HUMAN:
        comes(DECIDING)
    return decision


def _left(*args: Any, **options: Any) -> Any:
    comes(LEAVING)
    return _leave(*args, **options)


def main() -> None:
    """Lay hands on the four moments, and work."""
    workflows.rollout.decide = _decided  # type: ignore[attr-defined]  # it is the name that the rollout calls it by
    workflow.continue_as_new = _left
    # A machine that runs many of these loses heartbeats by itself, and a widening that was lost twice would go back.
    widen = options.OPTIONS["widen"]._replace(attempts=20)
    vars(options)["OPTIONS"] = MappingProxyType({**options.OPTIONS, "widen": widen})
    import worker  # noqa: PLC0415  # only once hands are laid on what it works with

    activities.drivers.KINDS = MappingProxyType({"flagd": Driver})
    vars(activities.ledger)["Ledger"] = Ledger
    worker.main()
