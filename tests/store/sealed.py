"""A ledger of a real story, signed, with a text erased: what corruptions begin from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from store import erasing
from store.heads import Heads
from store.ledger import Ledger
from store.migrate import upgrade
from tests.store.chains import KEY
from tests.store.rows import sent, stumbling

if TYPE_CHECKING:
    from pathlib import Path

STREAM = "claims-triage"
NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
TOOL = "tidegate 0.1.0"


def ledger(home: Path) -> str:
    """Make a ledger under a directory, signed twice, and return its URL."""
    url = f"sqlite:///{home / 'ledger.db'}"
    upgrade(url)
    kept, heads = Ledger(url), Heads(url, KEY, home / "heads")
    requests = sent(stumbling)
    for place, request in enumerate(requests):
        kept.append(request, "run-1", TOOL, NOW)
        if place == len(requests) // 2:
            heads.sign(STREAM, NOW)
    kept.close()
    said = erasing.of_person(url, STREAM, "ops-a")
    done = erasing.erase(url, STREAM, [said[0].token], by="owner", why="they asked for it", now=NOW, tool=TOOL)
    assert done.seq is not None
    assert heads.sign(STREAM, NOW) is not None
    heads.close()
    return url
