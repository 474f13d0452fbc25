"""The threat model names a test in every line, and each of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
LINES = [line for line in _PAGE.splitlines() if line.startswith("| ") and not line.endswith(("| Test |", "|---|"))]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip()[:40] + "/" + line.split("::")[-1])
def test_a_line_of_the_threat_model_names_a_test(line: str) -> None:
    """Whoever reads that something is stopped can run what shows it."""
    found = re.search(r"`(tests/[a-z_/]+\.py)::(\w+)` \|$", line)
    assert found is not None, line
    tree = ast.parse((ROOT / found[1]).read_text("utf-8"))
    assert found[2] in {getattr(node, "name", None) for node in tree.body}, found[0]


def test_there_are_lines() -> None:
    """The page has its three tables."""
    assert len(LINES) > 30
    assert _PAGE.count("| Test |") == 3
