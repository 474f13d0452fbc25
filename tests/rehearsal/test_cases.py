"""The scenarios of the domain, lived by the real workflow: each comes to what it expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.cases import FILES, unmet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_comes_to_what_it_expects(file: Path) -> None:
    """All that it expects comes, and nothing that it forbids."""
    assert unmet(file) == ()
