"""Reminders that wait for others of their kind: what comes to one person within a while, or overnight, is one message.

They hang at the notice board at once; here they wait to be sent where somebody is reached elsewhere too. What pages,
what a change waits for, and what tells of a change is never laid here.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from activities.lines import lines
from activities.notices import Letter, carry
from tidegate.models.content import Content, Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from activities.notices import Channel

WINDOW = timedelta(minutes=15)
"""So long the first waits for others."""
_AGAIN = timedelta(minutes=15)
_TRIES = 8
_MOST = 30
"""Reminders that one message lists; of more it says how many."""


class Tray:
    """Keeps reminders until their people are at work and the window is over."""

    def __init__(self, file: Path, desk: str | None = None) -> None:
        """Keep them in this file."""
        self._file = file
        self._desk = desk

    def lay(self, content: Content, version: str, way: Way, person: str, wakes: datetime, now: datetime) -> None:
        """Keep a reminder for somebody; the same one twice is kept once."""
        item = {
            "id": version,
            "person": person,
            "due": max(wakes, now + WINDOW).isoformat(),
            "way": way.but(people=(person,)).model_dump(mode="json"),
            "says": f"{content.title}: {content.sentence}",
            "tries": 0,
        }
        with lines(self._file) as kept:
            laid = kept.all(version)
            if not any((one["id"], one["person"], one["way"]) == (version, person, item["way"]) for one in laid):
                kept.add([item])

    def send(self, channels: Mapping[str, Channel], now: datetime) -> int:
        """Send what is due, one message for each person and way; return how many messages were sent."""
        if not self._file.exists():
            return 0
        with lines(self._file) as kept:
            waiting = kept.all()
        heaps: dict[str, list[dict[str, Any]]] = {}
        for one in waiting:
            heaps.setdefault(json.dumps([one["person"], one["way"]], sort_keys=True), []).append(one)
        sent, settled, late = 0, set(), set()
        for heap in heaps.values():
            if not any(datetime.fromisoformat(one["due"]) <= now for one in heap):
                continue
            names = {(one["id"], one["person"], json.dumps(one["way"], sort_keys=True)) for one in heap}
            if self._together(channels, heap, now):
                sent += 1
                settled |= names
            else:
                late |= names
        if settled or late:
            self._after(settled, late, now)
        return sent

    def _together(self, channels: Mapping[str, Channel], heap: list[dict[str, Any]], now: datetime) -> bool:
        way = Way.model_validate_json(json.dumps(heap[0]["way"]))
        count = len(heap)
        more = (f"and {count - _MOST} more",) if count > _MOST else ()
        version = hashlib.sha256("\n".join(one["id"] for one in heap).encode()).hexdigest()
        content = Content(
            kind="digest" if count > 1 else "word",
            use_case="",
            title="Reminders",
            subject=f"{count} things wait for you" if count > 1 else heap[0]["says"][:90],
            sentence=f"{count} things wait for you:" if count > 1 else heap[0]["says"],
            what=(*(one["says"] for one in heap[:_MOST]), *more),
            path="/",
        )
        letter = Letter.of(content, to=way.people, at=now, desk=self._desk, id=f"reminders/{version}")
        return carry(channels, way, letter).why is None

    def _after(self, settled: set[tuple[str, str, str]], late: set[tuple[str, str, str]], now: datetime) -> None:
        with lines(self._file) as kept:
            left = []
            for one in kept.all():
                name = (one["id"], one["person"], json.dumps(one["way"], sort_keys=True))
                if name in late:
                    one |= {"tries": one["tries"] + 1, "due": (now + _AGAIN).isoformat()}
                if name not in settled and one["tries"] < _TRIES:
                    left.append(one)
            kept.become(left)
