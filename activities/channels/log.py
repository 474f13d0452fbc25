"""The notice board: every notice in one file of lines, where `tidegate notices` shows people what they were told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from activities.lines import lines
from activities.notices import Delivery, Letter


class Board:
    """Posts notices; a notice that hangs there already is not posted twice."""

    def __init__(self, file: Path) -> None:
        """Post them in this file."""
        self._file = file

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Post a notice; it hangs there for everybody."""
        del settings
        line = {
            "id": letter.id,
            "use_case": letter.use_case,
            "to": letter.to,
            "text": letter.text,
            "urgent": letter.urgent,
            "at": letter.at.isoformat(),
        }
        if letter.body.text != letter.text:
            line |= {"subject": letter.body.subject, "body": letter.body.text}
        with lines(self._file) as board:
            if all((posted["id"], posted["text"]) != (letter.id, letter.text) for posted in board.all(letter.id)):
                board.add([line])
        return Delivery(1, 1, None)
