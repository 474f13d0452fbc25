"""Targets of a rehearsal for the suites that ask every driver: in a world where nothing fails."""

from __future__ import annotations

from rehearsal.world.now import Now
from rehearsal.world.targets import Places
from rehearsal.world.windows import Moments, Windows
from tests.pure.world import START, standard_plan


def peaceful() -> Places:
    """Return targets of a scenario that names no fault."""
    return Places(Now(START), Windows(Moments(START, standard_plan().calendar), ()))
