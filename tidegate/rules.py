"""The version of the rules. A decision is on record with the version that made it."""

from __future__ import annotations

RULES = 11
"""Raise it with any change after which some event is decided otherwise, or the state is spelled otherwise."""
