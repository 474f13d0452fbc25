"""What time it is for a rollout: the time of day, but for one whose time was moved ahead on the embedded server.

How far it was moved stands in a file at home, which only `tidegate fast-forward` writes. It counts for rollouts of the
embedded server of this home and for no others: whoever speaks to a cluster has the time of day.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli.home import home, write

if TYPE_CHECKING:
    from pathlib import Path


_ODD = 1.0
"""Seconds that are only the way of an answer."""


def now(use_case: str | None = None) -> datetime:
    """Return what time it is, for a rollout or for us."""
    return datetime.now(UTC) + (timedelta() if use_case is None else ahead(use_case))


def ahead(use_case: str) -> timedelta:
    """Return how far a rollout is ahead of the time of day."""
    seconds = _moved().get(use_case)
    return timedelta(seconds=seconds) if seconds and _here() else timedelta()


def remember(use_case: str, by: timedelta) -> None:
    """Put down how far a rollout is ahead from now on; one that begins anew is not."""
    moved = _moved()
    if (by or use_case in moved) and abs(moved.get(use_case, 0.0) - by.total_seconds()) >= _ODD:
        moved[use_case] = by.total_seconds()
        write(_file(), json.dumps({name: moved[name] for name in sorted(moved) if moved[name]}, indent=2) + "\n")


def _file() -> Path:
    return home() / "moved.json"


def _moved() -> dict[str, float]:
    with suppress(OSError, ValueError):
        found = json.loads(_file().read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {str(name): float(by) for name, by in found.items() if isinstance(by, int | float)}
    return {}


def _here() -> bool:
    from cli.embedded.address import address
    from cli.embedded.inquiry import target

    return target().address == address()
