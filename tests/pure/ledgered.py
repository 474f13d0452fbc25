"""A story as a ledger would have it: every event recorded, every line sealed, every paper kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate import envelope, recording, seal
from tidegate.decide import begin
from tidegate.models.messages import Backlog
from tidegate.models.task import StoreRequest
from tidegate.turn import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.pure.world import Story
    from tidegate.models.decision import Entry
    from tidegate.models.plan import Plan
    from tidegate.models.record import Row
    from tidegate.models.state import State

SECRET = "a secret of the rollout"  # noqa: S105  # it is one of a test
LIFE = "life-1"


class Ledgered(NamedTuple):
    """What the ledger has of a story."""

    rows: list[dict[str, Any]]
    papers: dict[str, Any]

    def paper(self, digest: str) -> Any:
        """Return what a digest stands for."""
        return self.papers[digest]


def backlog(story: Story) -> Backlog:
    """Return everything a story has decided, as if nothing of it had been stored yet."""
    plan, state, at = story.began
    kept = recording.begun(Backlog(secret=SECRET), plan, state, at)
    spelled = recording.spell(state)
    for one in story.heard:
        _, texts = seal.sealed(one.event, SECRET)
        kept, spelled = recording.heard(kept.but(batch=one.batch), spelled, one.event, texts, one.decision, one.now)
    return kept


def sent(story: Story, life: str = LIFE) -> tuple[list[StoreRequest], Backlog]:
    """Return what a story would have sent as it went, and what it keeps to itself."""
    plan, state, at = story.began
    kept = recording.begun(Backlog(secret=SECRET), plan, state, at)
    if state != begin(plan, at):
        # Its beginning is not told: the record begins with the state as it was taken over.
        papers = kept.papers
        kept = recording.stored(kept.but(records=(), papers=(), missed=1), (), plan, state, at)
        kept = kept.but(papers=(*papers, *kept.papers))
    lines: list[Entry] = []
    requests: list[StoreRequest] = []

    def send(plan: Plan, state: State, now: datetime) -> None:
        nonlocal kept, lines
        rows = recording.batch(kept, lines)
        requests.append(StoreRequest(use_case=story.began[0].use_case, stream=life, rows=rows, papers=kept.papers))
        gone = {entry.number for row in rows for entry in row.entries}
        lines = [line for line in lines if line.number not in gone]
        kept = recording.stored(kept, rows, plan, state, now)

    spelled = recording.spell(state)
    for one in story.heard:
        kept, spelled = recording.heard(kept.but(batch=one.batch), spelled, one.event, {}, one.decision, one.now)
        lines += one.decision.entries
        if len(kept.records) >= BATCH // 2:
            send(one.decision.plan, one.decision.state, one.now)
    while kept.records or lines:
        send(story.plan, story.state, story.now)
    return requests, kept


def ledgered(story: Story, life: str = LIFE) -> Ledgered:
    """Return what the ledger has of a story that was stored as it went."""
    requests, _ = sent(story, life)
    rows = [row for request in requests for row in request.rows]
    papers = {paper.digest: paper.words for request in requests for paper in request.papers}
    return Ledgered(list(stored(story.plan.use_case, life, rows)), papers)


def stored(stream: str, life: str, rows: Iterable[Row]) -> Iterable[dict[str, Any]]:
    """Seal rows one after the other, and return their words."""
    prev = envelope.FIRST
    for seq, body in enumerate(envelope.bodies(stream, life, rows), start=1):
        sealed = envelope.seal(body, {"recorded_at": "2027-01-01T00:00:00Z", "run": "run-1", "tool": "0"}, seq, prev)
        prev = sealed.hash
        yield json.loads(sealed.body)
