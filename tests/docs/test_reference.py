"""The reference says what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.readme import README, ROOT

PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_reference_is_fresh() -> None:
    """The pages under docs/reference are what `make docs` would write."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Every link within the house leads to a file, and to a heading where it names one."""
    for target, _, heading in re.findall(r"\]\(([^)#:]*)(#([^)]+))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [title.lower().replace(" ", "-") for title in titles]
