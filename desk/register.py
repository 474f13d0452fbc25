"""Who may come in, as the programme file says it now: it is read again whenever it changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from cli import editing, people
from cli.answers import Exit, Refusal
from cli.inviting import barred
from tidegate import keys

if TYPE_CHECKING:
    from pathlib import Path

    from desk.settings import Settings
    from tidegate.models.person import Passkey
    from tidegate.models.plan import Member


class Known(NamedTuple):
    """Somebody and a passkey of theirs."""

    person: str
    member: Member
    key: Passkey


class Register:
    """The people of a programme and their passkeys."""

    def __init__(self, settings: Settings) -> None:
        """Read nothing yet."""
        self._settings = settings
        self._read: tuple[object, dict[str, Member]] | None = None
        self._lock = threading.Lock()

    def members(self) -> dict[str, Member]:
        """Return everybody; raise Refusal if the programme cannot be read."""
        file = self._settings.programme_file()
        with self._lock:
            seen = stamp(file)
            if self._read is None or self._read[0] != seen:
                self._read = (seen, people.members(file))
            return self._read[1]

    def passkeys(self, person: str) -> list[Known]:
        """Return the passkeys with which somebody may come in here today."""
        member = self.members().get(person)
        if member is None or barred(member.active, member.organisation) is not None:
            return []
        now = datetime.now(UTC)
        return [
            Known(person, member, key)
            for key in member.passkeys
            if key.site == self._settings.site and keys.counts(key, now)
        ]

    def holder(self, credential: str) -> Known | None:
        """Return who has a passkey, if they may come in with it today."""
        every = (known for person in self.members() for known in self.passkeys(person))
        return next((known for known in every if known.key.id == credential), None)

    def still(self, person: str, fingerprint: str) -> Member | None:
        """Return somebody who has signed in, if they may still be here with that passkey."""
        known = self.passkeys(person)
        return next((one.member for one in known if keys.passkey_fingerprint(one.key) == fingerprint), None)

    def enrol(self, person: str, key: Passkey) -> Path:
        """Write a passkey into the programme file, and return which file that is."""
        file = self._settings.programme_file()
        with self._lock:
            everybody = people.members(file)
            for name, member in everybody.items():
                if any(key.id == one.id or key.key == one.key for one in member.passkeys):
                    raise Refusal(f"that passkey is {name}'s already", "Each person needs their own.", Exit.NO)
            editing.add(file, person, "passkeys", {"id": key.id, "key": key.key, "site": key.site})
            self._read = None
        return file


def stamp(file: Path) -> object:
    """Return what changes when a file does."""
    try:
        seen = file.stat()
    except OSError:
        return file
    return file, seen.st_mtime_ns, seen.st_size, seen.st_ino
