"""Secrets by reference: what `env:NAME` and `file:PATH` in the settings of a backend stand for.

A `Secret` holds the reference and never the value, so no log, error, repr or pickle of it can tell anything. It is
fetched anew for each use: what was replaced on the disk is in force without a restart.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from activities.drivers.contract import Unusable
from tidegate.references import HOW, exposed, is_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 16_384


class Secret:
    """A named secret. `reveal()` fetches it; nothing else tells it."""

    __slots__ = ("_reference", "_root", "_setting")

    def __init__(self, setting: str, reference: str, root: Path) -> None:
        """Keep what names it; refuse what is no reference without repeating it."""
        if not is_reference(reference):
            raise Unusable(f"the setting '{setting:.60}' must name a secret: {HOW}")
        self._setting = setting
        self._reference = reference
        self._root = root

    def __repr__(self) -> str:
        return f"Secret({self._reference})"

    def reveal(self) -> str:
        """Return the secret. Raises Unusable, which names the reference, if there is nothing to be had."""
        kind, _, name = self._reference.partition(":")
        value = os.environ.get(name, "") if kind == "env" else self._in_file(self._root / name)
        value = value.strip()
        if not value:
            raise Unusable(f"the setting '{self._setting:.60}' names {self._reference}, and nothing is there")
        if not (value.isascii() and value.isprintable()):
            # It goes into the head of a request, where a line end would begin another line.
            raise Unusable(f"the setting '{self._setting:.60}' names {self._reference}, which is not one line of ASCII")
        return value

    def _in_file(self, path: Path) -> str:
        try:
            # Whoever opens a pipe waits for its other end, and nobody waits here.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as stream:  # noqa: PTH123  # a handle has no path
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Unusable(f"the setting '{self._setting:.60}' names {self._reference}, which is no file")
                data = stream.read(_LONGEST + 1)
        except OSError as error:
            raise Unusable(f"the setting '{self._setting:.60}' names {self._reference}: {error.strerror}") from None
        return data.decode("ascii", "replace") if len(data) <= _LONGEST else "\n"


def secret(settings: Mapping[str, str], name: str, root: Path) -> Secret:
    """Return the secret that a setting names. A file is under the root unless it is absolute."""
    if not settings.get(name):
        raise Unusable(f"the setting '{name}' is missing: {HOW}")
    return Secret(name, settings[name], root)


def refuse_written_out(settings: Mapping[str, str]) -> None:
    """Raise Unusable, without repeating anything, if a setting looks like a secret itself."""
    if found := exposed(settings):
        named = ", ".join(f"'{name:.60}'" for name in found)
        raise Unusable(f"a secret seems to be written out in the settings, under {named}: {HOW}")
