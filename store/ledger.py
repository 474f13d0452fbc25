"""The ledger: what a rollout sends is kept in order, once, whoever sends it again and whoever dies in between.

One batch is one transaction. The row before is looked up inside it, after everybody else has let go of the stream.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from store import chain
from store.engine import Clash, engine, transaction, write
from tidegate.digest import canonical
from tidegate.envelope import bodies, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from store.engine import Write
    from tidegate.envelope import Sealed
    from tidegate.models.task import StoreRequest


class SecondTruth(Exception):  # noqa: N818  # it says what was found, as people would
    """Other words are kept already under a number, or a number before it is missing."""


class _Life(NamedTuple):
    """How far a life is kept."""

    number: int
    """The number of its last line."""
    record: int | None
    """The number of its last record; none where lines came without their events."""


class Ledger:
    """Where evidence is kept."""

    def __init__(self, url: str) -> None:
        """Know where it is; nothing is opened before something is kept."""
        self._engine = engine(url)

    def append(self, task: StoreRequest, run: str, tool: str, now: datetime) -> int:
        """Keep what a rollout sends, each row once; return the number of the last line that is kept of its life."""
        sent = list(bodies(task.use_case, task.stream, task.rows))
        added = {"recorded_at": instant(now), "run": run, "tool": tool}
        try:
            with transaction(self._engine, turn=task.use_case) as connection:
                end = chain.tail(connection, task.use_case)
                life, fresh = _fresh(connection, task, end, sent)
                rows, written = chain.extend(task.use_case, end, fresh, added)
                write(connection, written, *_beside(task), *_views(task, zip(rows, fresh, strict=True), life))
        except Clash:
            raise SecondTruth(f"{task.use_case}: somebody who does not wait their turn writes to it too") from None
        return life.number

    @property
    def engine(self) -> Engine:
        """What leads to it, for what else is kept there."""
        return self._engine

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def instant(at: datetime) -> str:
    """Return a moment in the one spelling that sorts as time goes by."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# -- what is new ------------------------------------------------------------------------------------------------------


def _fresh(
    connection: Connection, task: StoreRequest, end: chain.Tail, sent: list[dict[str, Any]]
) -> tuple[_Life, list[dict[str, Any]]]:
    """Return how far the life is kept afterwards, and what is to be added for that."""
    ids = [said["id"] for said in sent]
    if end.body.get("life") == task.stream:
        life = _reached(end.body)
        kept = {} if _all_after(life, sent) else chain.known(connection, ids)
    else:
        kept = chain.known(connection, ids)
        begins = bool(sent) and sent[0]["record"] == 0 and sent[0]["id"] not in kept
        life = _reached({} if begins else chain.newest(connection, task.use_case, task.stream))
    fresh = []
    for said in sent:
        if said["id"] not in kept:
            life = _after(task.use_case, life, said)
            fresh.append(said)
            continue
        stream, stored = kept[said["id"]]
        if stream != task.use_case or not same(stored, said):
            raise SecondTruth(f"{task.use_case}: {said['id']} is kept with other words")
    return life, fresh


def _reached(body: Mapping[str, Any]) -> _Life:
    """Return how far a life is kept whose newest row this is."""
    if not body:
        return _Life(0, -1)
    number = body["number"] if body["number"] is not None else body["then"]["written"]
    return _Life(number, body["record"])


def _all_after(life: _Life, sent: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing of this can be kept already, so that nothing needs to be looked up."""
    if life.record is None:
        return False
    return all(
        said["number"] > life.number if said["record"] is None else said["record"] > life.record for said in sent
    )


def _after(use_case: str, life: _Life, said: Mapping[str, Any]) -> _Life:
    """Return how far a life is kept with one row more; what lies between must not be missing."""
    number, record = said["number"], said["record"]
    if number is not None and number != life.number + 1:
        raise SecondTruth(f"{use_case}: number {number} follows {life.number}")
    if record is not None and not said["id"].endswith(".0") and record == life.record:
        expected = record  # one more line of the same event
    elif said["kind"] == "missed":
        # So many events were counted and not kept, while the ledger was away; lines may have come without them.
        expected = record if life.record is None else life.record + 1 + said["heard"]["count"]
    else:
        expected = -1 if life.record is None else life.record + 1
    if record is not None and record != expected:
        raise SecondTruth(f"{use_case}: record {record} follows {life.record}")
    return _Life(life.number if number is None else number, record)


# -- what goes with it ------------------------------------------------------------------------------------------------

_PAPER = text("INSERT INTO papers (digest, kind, body) VALUES (:digest, :kind, :body) ON CONFLICT DO NOTHING")
_TEXT = text(
    "INSERT INTO texts (token, stream, salt, text) VALUES (:token, :stream, :salt, :text) ON CONFLICT DO NOTHING"
)
_READING = text(
    "INSERT INTO readings (stream, seq, metric, taken_at, status, value, n)"
    " VALUES (:stream, :seq, :metric, :taken_at, :status, :value, :n)"
)
_STANDING = text(
    "INSERT INTO inventory (stream, life, number, at, standing) VALUES (:stream, :life, :number, :at, :standing)"
    " ON CONFLICT (stream) DO UPDATE SET"
    " life = excluded.life, number = excluded.number, at = excluded.at, standing = excluded.standing"
    " WHERE (excluded.at, excluded.number) >= (inventory.at, inventory.number)"
)


def _beside(task: StoreRequest) -> Iterator[Write]:
    """Return papers and texts; a text that was erased has a row still, and so it stays erased."""
    yield _PAPER, [{"digest": one.digest, "kind": one.kind, "body": canonical(one.words)} for one in task.papers]
    yield (
        _TEXT,
        [
            {"token": token, "stream": task.use_case, "salt": one.salt, "text": one.text}
            for token, one in task.texts.items()
        ],
    )


def _views(task: StoreRequest, rows: Iterable[tuple[Sealed, Mapping[str, Any]]], life: _Life) -> Iterator[Write]:
    """Return what the two views show now."""
    yield (
        _READING,
        [
            {
                "stream": task.use_case,
                "seq": row.seq,
                "metric": metric,
                "taken_at": reading.get("taken_at"),
                "status": reading["status"],
                "value": reading.get("value"),
                "n": reading.get("n", 0),
            }
            for row, body in rows
            if body["kind"] == "readings"
            for metric, reading in body.get("heard", {}).get("items", {}).items()
        ],
    )
    if task.standing is not None:
        standing = {
            "stream": task.use_case,
            "life": task.stream,
            "number": life.number,
            "at": instant(task.standing.at),
            "standing": task.standing.model_dump_json(),
        }
        yield _STANDING, [standing]
