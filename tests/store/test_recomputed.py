"""A hundred random lives go through a real ledger, and every decision of theirs comes out again as it was."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from store.ledger import Ledger
from store.migrate import upgrade
from store.reading import reading
from tests.pure import ledgered
from tests.pure.test_machine import Lives
from tidegate import recompute
from tidegate.models.state import State

LIVES: dict[str, int] = {}
"""How many records each life left."""


@cache
def _empty() -> bytes:
    """Return a ledger that nothing is written in yet."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        upgrade(f"sqlite:///{file}")
        assert not file.with_name("ledger.db-wal").exists()
        return file.read_bytes()


class Recorded(Lives):
    """One rollout in the hands of everybody at once, with its record."""

    def probe(self, state: State) -> None:
        """Another test judges that."""

    def teardown(self) -> None:
        """Keep it, read it, and decide it all again."""
        if not hasattr(self, "story"):
            return
        name = f"life-{len(LIVES)}"
        requests, _ = ledgered.sent(self.story, name)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "ledger.db"
            file.write_bytes(_empty())
            url = f"sqlite:///{file}"
            ledger = Ledger(url)
            for request in requests:
                ledger.append(request, "run", "tidegate", datetime.now(UTC))
            ledger.close()
            with reading(url) as view:
                rows = [json.loads(row.body) for row in view.rows(self.story.began[0].use_case)]
                papers: dict[str, Any] = {one.digest: json.loads(one.body) for one in view.papers()}
        found = list(recompute.check(rows, papers.__getitem__))
        assert [one for one in found if one.kind != "not_kept"] == []
        LIVES[name] = len({row["record"] for row in rows})


TestRecorded = Recorded.TestCase
TestRecorded.settings = settings(
    max_examples=110, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def test_no_life_was_empty() -> None:
    """The lives above are as many as they should be, and each left something to decide again."""
    assert len(LIVES) >= 100
    assert min(LIVES.values()) >= 1
    assert sum(LIVES.values()) > 1_000
