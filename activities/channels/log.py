"""The notice board: every notice in one file of lines, where `tidegate notices` shows people what they were told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from activities.lines import lines
from activities.notices import Letter


class Board:
    """Posts notices; a notice that hangs there already is not posted twice."""

    def __init__(self, file: Path) -> None:
        """Post them in this file."""
        self._file = file

    def send(self, settings: Mapping[str, str], letter: Letter) -> bool:
        """Post a notice and return whether it hangs."""
        del settings
        with lines(self._file) as board:
            if all(posted["id"] != letter.id for posted in board.all()):
                board.add([letter._asdict() | {"at": letter.at.isoformat()}])
        return True
