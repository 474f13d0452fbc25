"""The page about readiness shows what the verbs print, and leaves no item out."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from tests.cli.conftest import tidegate
from tests.docs.readme import CONSOLE, ROOT
from tidegate import readiness

if TYPE_CHECKING:
    import pytest

    from tests.cli.run import Here

__all__ = ("tidegate",)
FILE = ROOT / "docs" / "readiness.md"
DAY = "2026-12-01"


def test_what_stands_below_a_command_is_what_it_prints(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the page answers as it says there, word for word."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TIDEGATE_AS_OF", DAY)
    shown = CONSOLE.findall(FILE.read_text("utf-8"))
    for command, answer in shown:
        said = tidegate(*command.split()[1:])
        assert said.out + said.err == answer, f"`{sys.executable} -m tests.docs.test_readiness` writes it anew"
    assert len(shown) == 2


def test_each_item_has_its_row() -> None:
    """The table of the page has the ten items in the order of the checklist."""
    rows = re.findall(r"^\| ([a-z ]+) \|", FILE.read_text("utf-8"), re.MULTILINE)
    assert rows == [item.value.replace("_", " ") for item in readiness.TEN]


if __name__ == "__main__":
    from tests.docs.readme import printed

    text = CONSOLE.sub(lambda found: f"```console\n$ {found[1]}\n{printed(found[1])}```", FILE.read_text("utf-8"))
    FILE.write_text(text, encoding="utf-8")
