"""The rows of the ledger: each line of evidence in one spelling, bound to the row before it.

What is hashed is what is stored: the canonical bytes of a row. Nothing is ever worked out again from columns.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.digest import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.decision import Entry
    from tidegate.models.record import Record, Row

SCHEMA = "tidegate/evidence@1"
FIRST = "0" * 64
"""What stands where the hash of the row before would stand, in the first row of a stream."""
ADDED = ("seq", "recorded_at", "prev", "run", "tool")
"""What the ledger adds: all else is the same, however often a row is sent."""


class Sealed(NamedTuple):
    """A row as it is stored."""

    seq: int
    id: str
    prev: str
    hash: str
    body: bytes


def bodies(stream: str, life: str, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Return what each row says, without what the ledger adds."""
    for row in rows:
        lines: tuple[Entry | None, ...] = row.entries or (None,)
        for place, entry in enumerate(lines):
            name = f"{row.record.number}.{place}" if row.record is not None else f"line.{entry.number if entry else 0}"
            body = {
                "schema": SCHEMA,
                "stream": stream,
                "life": life,
                "id": f"{life}/{name}",
                **_said(row.record, entry),
            }
            if row.record is not None and place == 0:
                body["heard"] = row.record.event
            if row.record is not None and place == len(lines) - 1:
                then = row.record
                body["then"] = {
                    "state": then.state,
                    "change": then.change,
                    "moves": then.moves,
                    "written": then.written,
                }
            yield body


def _said(record: Record | None, entry: Entry | None) -> dict[str, Any]:
    event: Mapping[str, Any] = record.event if record is not None else {}
    words: dict[str, Any] = {
        "kind": event.get("kind", "line"),
        "record": None if record is None else record.number,
        "batch": None if record is None else record.batch,
        "rules": None if record is None else record.rules,
        "evidence": _evidence(event),
    }
    if entry is None:
        at = record.at if record is not None else None
        return words | {"occurred_at": _time(at), "number": None, "retention": "operational"}
    line = entry.model_dump(mode="json")
    after = {name: line[name] for name in ("phase", "control", "level", "epoch", "people")}
    signature = event.get("signature", {}) if entry.verified and entry.cause == event.get("id") else {}
    return words | {
        "number": entry.number,
        "occurred_at": _time(entry.at),
        "actor": {"subject": entry.actor, "kind": entry.actor_kind, "organisation": entry.organisation},
        "on_behalf_of": entry.on_behalf_of,
        "function": line["function"],
        "authentication": {
            "method": entry.method,
            "verified": entry.verified,
            "key": entry.key or None,
            "signature": signature.get("proof"),
        },
        "subject": entry.subject,
        "plan": entry.plan,
        "standard": entry.standard,
        "stage": entry.stage,
        "wave": entry.wave,
        "gate": entry.gate,
        "cause": entry.cause,
        "action": entry.action,
        "outcome": line["outcome"],
        "reason": line["reason"],
        "count": entry.count,
        "before": line["before"] or after,
        "after": after,
        "retention": "decision",
    }


def deed(  # a row says all of it
    stream: str, name: str, action: str, by: str, at: str, what: Mapping[str, Any], *, kind: str = "human"
) -> dict[str, Any]:
    """Return what a row says of something done to the ledger itself: it belongs to no life and decides nothing."""
    return {
        "schema": SCHEMA,
        "stream": stream,
        "life": None,
        "id": f"ledger/{name}",
        **dict.fromkeys(("record", "batch", "rules", "number", "plan", "subject", "cause", "reason")),
        "kind": what["kind"],
        "evidence": [],
        "occurred_at": at,
        "actor": {"subject": by, "kind": kind, "organisation": None},
        "on_behalf_of": None,
        "function": None,
        "authentication": {"method": "none", "verified": False, "key": None, "signature": None},
        "action": action,
        "outcome": "done",
        "retention": "decision",
        "heard": {**what, "actor": {"subject": by, "kind": kind}},
    }


def _evidence(event: Mapping[str, Any]) -> list[str]:
    """Return what somebody referred to as evidence: tokens of texts."""
    given = event.get("evidence")
    return [given] if isinstance(given, str) else []


def _time(at: Any) -> str:
    text: str = at.isoformat()
    return text.replace("+00:00", "Z")


def seal(body: Mapping[str, Any], added: Mapping[str, Any], seq: int, prev: str) -> Sealed:
    """Return a row as it is stored, after the row before it."""
    spelled = canonical({**body, **added, "seq": seq, "prev": prev})
    return Sealed(seq, body["id"], prev, hashlib.sha256(spelled).hexdigest(), spelled)


def same(stored: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a row that is stored says what is sent again: then it is the same truth, told twice."""
    said = {name: value for name, value in stored.items() if name not in ADDED}
    return said == dict(body)
