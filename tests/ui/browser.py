"""The browser that looks at pages, and how long it waits for anything on a busy machine."""

from __future__ import annotations

import shutil

import pytest

BROWSER = shutil.which("chromium")
PATIENCE = 90_000
"""Milliseconds."""
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no browser is installed: `make services` installs chromium")
