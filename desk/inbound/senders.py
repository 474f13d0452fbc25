"""Who may send, as the programme file says it now; one that is broken meanwhile leaves those in place that were known.

A slip in the file must not make us deaf: what was heard yesterday is heard today.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cli import people
from cli.answers import Refusal
from desk.register import stamp

if TYPE_CHECKING:
    from desk.settings import Settings
    from tidegate.models.sender import Sender

log = logging.getLogger("tidegate.inbound")


class Senders:
    """The senders of a programme."""

    def __init__(self, settings: Settings) -> None:
        """Read nothing yet."""
        self._settings = settings
        self._read: tuple[object, dict[str, Sender]] | None = None
        self._lock = threading.Lock()

    def all(self) -> dict[str, Sender]:
        """Return everybody who may send; raise Refusal if that has never been known."""
        with self._lock:
            try:
                file = self._settings.programme_file()
                seen = stamp(file)
                if self._read is None or self._read[0] != seen:
                    self._read = (seen, dict(people.programme(file)[0].senders))
            except Refusal as refusal:
                if self._read is None:
                    raise
                log.warning("the programme cannot be read, so its senders stay as they were: %s", refusal.message)
            return self._read[1]
