"""What the Tab key offers: use cases that run, people of the programme, verbs. It never fails and never takes long."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

_LONGEST = 1.0
"""Seconds that somebody at a keyboard waits for the server."""


def use_cases(incomplete: str) -> list[str]:
    """Return the use cases that the server knows; without a server those that something here enforces."""
    return [name for name in _use_cases() if name.startswith(incomplete)]


def people(incomplete: str) -> list[Any]:
    """Return the people of the nearest programme, each with their name."""
    return [(person, name) for person, name in _people() if person.startswith(incomplete)]


def verbs(incomplete: str) -> list[Any]:
    """Return the verbs that somebody may or may not be allowed to type, each with what it does."""
    from cli.shelves import SHELVES

    speaking = ("Decide", "Make safer", "Go on")
    found = [verb for shelf in SHELVES if shelf.heading.startswith(speaking) for verb in shelf.verbs]
    return [(verb.name, verb.says) for verb in found if verb.name.startswith(incomplete)]


def _use_cases() -> list[str]:
    from cli.home import home

    # Whatever goes wrong here, the keyboard stays silent: it is no place for a message.
    with suppress(Exception):
        from cli import talk

        return sorted({row.use_case for row in talk.server(_LONGEST).rows("", _LONGEST)})
    with suppress(OSError):
        return sorted(file.stem for file in (home() / "targets").glob("*.json"))
    return []


def _people() -> list[tuple[str, str]]:
    from cli.home import PROGRAMME, programme_file
    from cli.reading import read

    with suppress(Exception):
        found = read(programme_file(None, Path(PROGRAMME).absolute())).data.get("people", {})
        return sorted(
            (person, str(about.get("name", ""))) for person, about in found.items() if isinstance(about, dict)
        )
    return []
