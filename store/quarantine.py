"""What was sent by monitoring and belongs to no rollout: kept, counted and shown until somebody lets go of it.

It is no evidence, and nothing follows from it. It is bounded: what comes again is counted, and of each sender only so
many different things are kept; beyond that they are counted together.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from store.engine import engine, transaction
from store.ledger import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from store.reading import View

MOST = 200
"""So many different things are kept of each sender."""
OTHERS = "others"
_SAID = text("UPDATE quarantine SET times = times + 1, words = :words, last_at = :at WHERE id = :id")
_ROOM = text("SELECT count(*) FROM quarantine WHERE sender = :sender")
_PUT = text(
    "INSERT INTO quarantine (id, sender, use_case, why, words, times, first_at, last_at)"
    " VALUES (:id, :sender, :use_case, :why, :words, 1, :at, :at)"
)
_ALL = text(
    "SELECT id, sender, use_case, why, words, times, first_at, last_at FROM quarantine ORDER BY last_at DESC, id"
)
_DROP = text("DELETE FROM quarantine WHERE id = :id")
_EMPTY = text("DELETE FROM quarantine")


class Stray(NamedTuple):
    """Something that belongs to no rollout."""

    sender: str
    use_case: str
    """What it names; empty if nothing."""
    why: str
    words: str

    @property
    def id(self) -> str:
        """What makes it the same when it comes again: its words may hold figures that change."""
        spelled = f"{self.sender}\n{self.use_case}\n{self.why}"
        return hashlib.sha256(spelled.encode()).hexdigest()[:12]


class Kept(NamedTuple):
    """One row of what is kept."""

    id: str
    sender: str
    use_case: str
    why: str
    words: str
    """What it said when it came last."""
    times: int
    first: datetime
    last: datetime


class Quarantine:
    """What is kept in one store."""

    def __init__(self, url: str) -> None:
        """Use the store of this URL; its tables must be there."""
        self._url = url

    def keep(self, strays: Iterable[Stray], at: datetime) -> None:
        """Keep what came, or count that it came again."""
        opened = engine(self._url)
        try:
            with transaction(opened, turn="quarantine") as connection:
                for stray in strays:
                    _keep(connection, stray, instant(at))
        finally:
            opened.dispose()

    def drop(self, which: str | None) -> int:
        """Let go of one thing, or of everything, and return of how many."""
        opened = engine(self._url)
        try:
            with transaction(opened, turn="quarantine") as connection:
                done = connection.execute(_EMPTY) if which is None else connection.execute(_DROP, {"id": which})
                return int(done.rowcount)
        finally:
            opened.dispose()


def _keep(connection: Connection, stray: Stray, at: str) -> None:
    if connection.execute(_SAID, {"id": stray.id, "words": stray.words, "at": at}).rowcount:
        return
    if (connection.execute(_ROOM, {"sender": stray.sender}).scalar() or 0) >= MOST:
        stray = Stray(stray.sender, OTHERS, "there are too many different ones", stray.words)
        if connection.execute(_SAID, {"id": stray.id, "words": stray.words, "at": at}).rowcount:
            return
    connection.execute(_PUT, {"id": stray.id, "at": at, **stray._asdict()})


def kept(view: View) -> Iterator[Kept]:
    """Return what is kept, what came last first."""
    for which, sender, use_case, why, words, times, first, last in view.said(_ALL):
        yield Kept(which, sender, use_case, why, words, int(times), _moment(first), _moment(last))


def _moment(spelled: str) -> datetime:
    return datetime.fromisoformat(spelled).astimezone(UTC)
