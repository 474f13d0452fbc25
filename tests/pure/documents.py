"""The sample programme and playbooks as plain data, fresh at each call so that a test may change what it gets."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
TODAY = date(2026, 11, 21)
GOOD = ("minutes-summariser", "claims-triage", "coding-assistant")

DELETE = object()

_FIRST, _LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)


def programme() -> dict[str, Any]:
    """Return the sample programme."""
    return _load("programme")


def playbook(name: str) -> dict[str, Any]:
    """Return a sample playbook by name."""
    return _load(name)


def zones(programme: dict[str, Any]) -> dict[str, Any]:
    """Return the clock changes of every zone that a programme names."""
    people = programme["people"].values()
    names = {
        programme.get("calendar", {}).get("zone", "UTC"),
        *(person["zone"] for person in people if "zone" in person),
    }
    return {"shifts": {name: [list(row) for row in _shifts(name)] for name in sorted(names)}}


def zones_json(programme: dict[str, Any]) -> str:
    """Return the same as text, as the strict model reads it."""
    return json.dumps(zones(programme))


def _load(name: str) -> dict[str, Any]:
    plain = json.loads(_text(name))
    assert isinstance(plain, dict)
    return plain


@cache
def _text(name: str) -> str:
    """Return a document as JSON: that is read again sooner than its parts are copied."""
    return json.dumps(YAML(typ="safe").load((PLAYBOOKS / f"{name}.yaml").read_text("utf-8")), default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@cache
def _shifts(name: str) -> list[list[Any]]:
    """Walk a zone hour by hour around each change of its clock."""
    zone = ZoneInfo(name)

    def minutes(moment: datetime) -> int:
        east = moment.astimezone(zone).utcoffset()
        assert east is not None
        return int(east.total_seconds()) // 60

    rows = [[_FIRST.isoformat(), minutes(_FIRST)]]
    day = _FIRST
    while day < _LAST:
        after = day + timedelta(days=1)
        if minutes(after) != minutes(day):
            hour = next(
                day + timedelta(hours=n) for n in range(1, 25) if minutes(day + timedelta(hours=n)) != minutes(day)
            )
            rows.append([hour.isoformat(), minutes(hour)])
        day = after
    return rows


def with_changes(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the document with values at dotted paths replaced (`pilot.waves.0.observe`); `DELETE` takes one out."""
    changed = deepcopy(document)
    for path, value in changes.items():
        *way, last = path.split(".")
        here: Any = changed
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        key: Any = int(last) if isinstance(here, list) else last
        if value is DELETE:
            del here[key]
        else:
            here[key] = deepcopy(value)
    return changed
