"""The keys with which payloads are encrypted, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
"""What a key can be called."""


class Ring(NamedTuple):
    """The keys that are known, and the one with which is encrypted now."""

    current: str
    """The name of the one in use."""
    keys: Mapping[str, bytes]
    """Each key by its name."""

    def __repr__(self) -> str:
        """Name the keys, and tell none."""
        return f"Ring({self.current}, of {', '.join(self.keys)})"
