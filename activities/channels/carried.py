"""What was carried where: so that a notice that is sent again goes only to those who have not had it.

It lies at a worker's home, and knows what was sent from there. A worker elsewhere may send once more; the number at the
foot of a message says that it is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.lines import lines

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 5_000
"""So many are remembered; a notice older than these is not sent again by anybody."""


class Carried:
    """Remembers by the version of a notice and the mark of an address."""

    def __init__(self, root: Path) -> None:
        """Remember in a file under a directory."""
        self.root = root
        self._file = root / "carried.jsonl"

    def knows(self, version: str, mark: str) -> bool:
        """Whether it was taken there."""
        with lines(self._file) as kept:
            return any(one["notice"] == version and one["at"] == mark for one in kept.all(version))

    def keep(self, version: str, mark: str) -> None:
        """Write down that it was taken there."""
        with lines(self._file) as kept:
            kept.add([{"notice": version, "at": mark}])
        self._trim()

    def _trim(self) -> None:
        """Forget the oldest half once there are too many."""
        if self._file.stat().st_size < KEPT * 120:
            return
        with lines(self._file) as kept:
            kept.become(kept.all()[-KEPT // 2 :])
