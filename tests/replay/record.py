"""Tells every story on a real server and keeps what Temporal recorded of it.

    python -m tests.replay.record [STORY ...]

A history stands for every rollout that is under way when new code arrives: it must play again with that code. While
nothing was released a change of the workflow may record anew; afterwards a new history is added beside the old ones.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.replay.fingerprint import fingerprint
from tests.workflows.rig import virtual
from tests.workflows.stories import STORIES

KEPT = Path(__file__).parent / "histories"
MARKS = Path(__file__).parent / "fingerprints.json"


async def tell(name: str) -> list[WorkflowHistory]:
    """Tell one story, and return the history of each of its runs, oldest first."""
    async with virtual() as rig:
        await asyncio.wait_for(STORIES[name](rig), 400)
        return [WorkflowHistory(rig.handle.id, events) for events in reversed(await rig.runs())]


def write(name: str, histories: list[WorkflowHistory]) -> None:
    """Keep the runs of a story in one file."""
    text = json.dumps([json.loads(history.to_json()) for history in histories])
    # Without the time of packing, the same story is the same file.
    (KEPT / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def read(name: str) -> list[WorkflowHistory]:
    """Return the runs of a story that were kept."""
    runs = json.loads(gzip.decompress((KEPT / f"{name}.json.gz").read_bytes()))
    return [WorkflowHistory.from_json(f"{name}-{number}", run) for number, run in enumerate(runs, start=1)]


def main() -> None:
    """Record the stories that are named, or all."""
    marks = json.loads(MARKS.read_text("utf-8")) if MARKS.exists() else {}
    for name in sys.argv[1:] or STORIES:
        histories = asyncio.run(tell(name))
        write(name, histories)
        marks[name] = fingerprint(histories)
        sys.stdout.write(f"{name}: {len(histories)} runs, {sum(len(one.events) for one in histories)} events\n")
    MARKS.write_text(json.dumps(marks, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
