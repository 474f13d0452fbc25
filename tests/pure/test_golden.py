"""Short stories whose every word is known: the ledger, the moves, what changed and what comes next.

A story that reads differently is either a mistake or a decision; a decision is written down and reviewed:

    python -m tests.pure.test_golden --write
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pure.stories import STORIES, tell

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", list(STORIES))
def test_story_reads_as_it_did(name: str) -> None:
    """A story is told again word for word."""
    told = tell(name)
    known = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert told["told"] == known["told"], difference(known, told)
    assert told == known


def test_no_story_is_forgotten() -> None:
    """Every page belongs to a story."""
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(STORIES)


def difference(known: dict[str, Any], told: dict[str, Any]) -> str:
    """Return the first place where two pages differ."""
    for number, (old, new) in enumerate(zip(known["told"], told["told"], strict=False), start=1):
        for part in sorted({*old, *new}):
            if old.get(part) != new.get(part):
                return f"decision {number}, {part}:\n  was {old.get(part)}\n  is  {new.get(part)}"
    return f"it was {len(known['told'])} decisions long and is {len(told['told'])}"


def write() -> None:
    """Write every story down as it is told now."""
    GOLDEN.mkdir(exist_ok=True)
    pages = {name: tell(name) for name in STORIES}
    for path in GOLDEN.glob("*.json"):
        path.unlink()
    for name, page in pages.items():
        text = json.dumps(page, indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{len(STORIES)} stories in {GOLDEN}", file=sys.stderr)  # noqa: T201 - a person asked for it


if __name__ == "__main__" and "--write" in sys.argv[1:]:
    write()
