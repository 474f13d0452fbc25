"""What is stopped across rollouts, one row for each stop: kept when it is lifted, so that it stays known who did it.

It is no evidence: that stands in the chain of every rollout that was stopped. It is what the actuator asks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.engine import transaction
from store.ledger import instant
from tidegate.models.line import Embargo, Lifted, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from store.reading import View

_PUT = text(
    'INSERT INTO embargoes (key, life, kind, name, since, "by") VALUES (:key, :life, :kind, :name, :since, :by)'
    " ON CONFLICT DO NOTHING"
)
# Whatever an earlier stop of the same scope left behind, because somebody ended it from outside, is lifted with it.
# A later stop is another one: an attempt to lift that hung may be made after all when that stands already.
_LIFT = text(
    "UPDATE embargoes SET lifted_at = :at, lifted_by = :who"
    " WHERE key = :key AND lifted_at IS NULL AND (life = :life OR since < :at)"
)
_ALL = text('SELECT key, life, kind, name, since, "by", lifted_at, lifted_by FROM embargoes ORDER BY since, key')


def keep(opened: Engine, embargo: Embargo) -> None:
    """Write down that something is stopped, or that it is lifted; said again, it changes nothing."""
    row = {
        "key": embargo.scope.key, "life": embargo.life, "kind": embargo.scope.kind, "name": embargo.scope.name,
        "since": instant(embargo.since), "by": embargo.by,
    }  # fmt: skip
    with transaction(opened, turn="embargoes") as connection:
        connection.execute(_PUT, row)
        if embargo.lifted is not None:
            lifted = {"at": instant(embargo.lifted.at), "who": embargo.lifted.by}
            connection.execute(_LIFT, {"key": embargo.scope.key, "life": embargo.life, **lifted})


def kept(view: View, *, lifted: bool = False) -> Iterator[Embargo]:
    """Return what is stopped; also what was, where that is asked for."""
    for _, life, kind, name, since, by, at, who in view.said(_ALL):
        done = Lifted(by=who, at=_moment(at)) if at else None
        if lifted or done is None:
            yield Embargo(scope=Scope(kind=kind, name=name), life=life, since=_moment(since), by=by, lifted=done)


def _moment(spelled: str) -> datetime:
    return datetime.fromisoformat(spelled).astimezone(UTC)
