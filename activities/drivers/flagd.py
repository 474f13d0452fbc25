"""Exposure enforced by a flag in a flagd file, which applications read with OpenFeature.

Several flags, and several rollouts, may share a file (see `shared_file`). Whoever edits by hand is noticed by what is
served then (see `flagd_flag`). What an application has loaded cannot be seen from here: it looks for a new time of
change, about twice a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from activities.drivers import flagd_flag
from activities.drivers.contract import Actual, Capabilities, Protection, Stale, Unreadable
from activities.drivers.shared_file import SharedFile, needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tidegate.models.exposure import Exposure

_READ_BY_ALL = 0o644


class Flagd:
    """One flag in one file. Settings: `file`, under the root unless it is absolute, and `flag`."""

    capabilities = Capabilities(fences=True, protection=Protection.FLAG)

    def __init__(self, settings: Mapping[str, str], root: Path) -> None:
        file, self._flag = needed(settings, "flagd", "file", "flag")
        self._file = SharedFile(file, root, what="flag file", holds="flags", mode=_READ_BY_ALL)

    def observe(self) -> Actual:
        """Say what the file really serves."""
        return self._served(self._file.document())

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Replace our flag, unless what is there is newer."""
        wanted = flagd_flag.written(self._flag, Actual(desired, epoch), key, redirect_to)
        with self._file.locked():
            try:
                document = self._file.document()
            except Unreadable:
                self._file.keep_aside()
                document = {}
            flags = document.setdefault("flags", {})
            found = flags.get(self._flag)
            if flagd_flag.same(found, wanted):
                return
            self._fence(found, epoch)
            flags[self._flag] = wanted
            self._file.replace(document)

    def _fence(self, found: Any, epoch: int) -> None:
        try:
            actual = flagd_flag.served(self._flag, found)
        except Unreadable as error:
            if error.epoch >= epoch:
                raise
        else:
            if actual.epoch >= epoch:
                raise Stale(actual)

    def _served(self, document: dict[str, Any]) -> Actual:
        actual = flagd_flag.served(self._flag, document.get("flags", {}).get(self._flag))
        broken = flagd_flag.unloadable(document)
        if broken is not None:
            raise Unreadable(broken, actual.epoch)
        return actual
