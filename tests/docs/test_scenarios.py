"""The page about scenarios shows what `check` takes, and prints what it prints."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import tidegate
from tests.cli.run import ROOT, Here

__all__ = ("tidegate",)

PAGE = (ROOT / "docs/scenarios.md").read_text("utf-8")
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
(SHOWN,) = re.findall(r"```console\n\$ tidegate (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def _laid_out(tidegate: Here, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "rehearsals").mkdir()
    for name, text in FILES.items():
        tidegate.write(name, f"# {name}\n{text}")


def test_the_first_example_is_in_order(tidegate: Here) -> None:
    """What the page shows as a scenario has no finding."""
    said = tidegate("check", "rehearsals/reviewer-is-away.yaml", "--as-of", "2026-11-20")
    assert said.code == 0
    assert said.out.startswith("1 file: no errors.")


def test_the_findings_are_printed_as_shown(tidegate: Here) -> None:
    """What stands below the command is what it prints."""
    said = tidegate(*SHOWN[0].split())
    assert said.code == 1
    assert said.out == SHOWN[1]


def test_every_rule_of_the_table_is_one_that_is_found() -> None:
    """The page names every rule about scenarios, and no other."""
    code = "".join((ROOT / file).read_text("utf-8") for file in ("tidegate/authoring/scenario.py", "cli/scenarios.py"))
    assert set(re.findall(r"^\| (V\d)", PAGE, re.MULTILINE)) == set(re.findall(r'"(V\d)"', code))
