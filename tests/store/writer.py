"""A process that keeps evidence until it is killed: what the ledger said yes to stands in its own file, synced.

It writes one life after the other, each of them whole, until a file called `enough` lies beside its own.
"""

from __future__ import annotations

import itertools
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from store.engine import Unreachable
from store.ledger import Ledger
from tests.store.rows import held, singly
from tidegate.envelope import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.task import StoreRequest

PATIENCE = 240
ENOUGH = "enough"
HOLDS = 100
"""How often each life is held."""


def requests() -> list[StoreRequest]:
    """Return what one life sends: a part of it row by row, the rest in batches of a few."""
    alone = list(singly(held(HOLDS)))
    part = len(alone) // 4
    made = alone[:part]
    for place in range(part, len(alone), 5):
        few = alone[place : place + 5]
        made.append(
            few[-1].but(
                rows=tuple(row for one in few for row in one.rows),
                papers=tuple(paper for one in few for paper in one.papers),
                texts={mark: text for one in few for mark, text in one.texts.items()},
            )
        )
    return made


def lives(name: str, enough: Path) -> Iterator[StoreRequest]:
    """Return what a writer sends: one life after the other, each of them whole."""
    one = requests()
    for life in itertools.count():
        if enough.exists():
            return
        yield from (request.but(stream=f"{name}.{life}") for request in one)


def main(url: str, name: str, file: str) -> None:
    """Keep everything from the beginning; what is kept already is a retry."""
    ledger = Ledger(url)
    heard = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for request in lives(name, Path(file).with_name(ENOUGH)):
        end = time.monotonic() + PATIENCE
        while True:
            start = time.monotonic()
            try:
                ledger.append(request, f"run-{os.getpid()}", "0.1.0", datetime.now(UTC))
                break
            except Unreachable as why:
                os.write(heard, f"- {time.monotonic() - start:.1f} {why}\n".encode())
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        os.write(heard, f"+ {list(bodies(request.use_case, request.stream, request.rows))[-1]['id']}\n".encode())
    ledger.close()
