"""A cycle: one stretch of a stage that was watched to its end and looked at, and whether it stayed in its bands."""

from __future__ import annotations

from tidegate.models.base import Carried, Id, Instant, Stage

CYCLES_KEPT = 24
"""Twice as many as any standard may ask for."""


class Cycle(Carried):
    """One reviewed stretch. No two overlap: each begins where the one before it ended, or later."""

    stage: Stage
    """In which stage."""
    wave: Id
    """In which wave."""
    since: Instant
    """From when on."""
    until: Instant
    """Until when: that of the review that ended it."""
    strayed: bool = False
    """Whether a figure left its bands meanwhile; then it proves nothing."""
