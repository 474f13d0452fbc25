"""Where the embedded server is, for every verb that needs one and was told of no other."""

from __future__ import annotations

from cli.embedded.places import Places
from cli.embedded.record import load


def address() -> str | None:
    """Return the address of this home's server if one is written down; it may have ended since."""
    server = load(Places.here().record).server
    return server.address if server is not None else None
