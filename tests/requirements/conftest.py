"""A `tidegate` that runs in this process, as the tests of the command line have it."""

from __future__ import annotations

from tests.cli.conftest import tidegate

__all__ = ("tidegate",)
