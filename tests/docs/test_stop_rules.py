"""What the page about stop rules shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cli.fixtures import gather
from cli.reading import parse
from cli.sampling import read_verdicts
from tests.docs.readme import CONSOLE, ROOT, printed
from tests.pure import documents
from tests.pure.patches import found_in
from tests.requirements.test_b import STAGED, plan_of
from tidegate.fixtures import tried

PAGE = (ROOT / "docs" / "stop-rules.md").read_text("utf-8")
BLOCKS = [parse(found, "docs/stop-rules.md").data for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)]
MADE = [block for block in BLOCKS if "cases" not in block]


@pytest.mark.parametrize("block", MADE, ids=lambda block: next(iter(block)))
def test_what_the_page_writes_is_a_playbook(block: dict[str, Any]) -> None:
    """Each piece of a playbook on the page is sound where it belongs."""
    changes = block if "metrics" not in block else {f"metrics.{name}": one for name, one in block["metrics"].items()}
    good = {
        key: value | {"level": "telemetry", "supports": "agreed_per_100", "first_response": "Look."}
        if key.startswith("metrics.")
        else value
        for key, value in changes.items()
    }
    assert [one for one in found_in(STAGED, good) if one.severity.value == "error"] == []
    assert documents.playbook(STAGED)["use_case"] == STAGED


def test_the_cases_of_the_page_come_out_as_it_says(tmp_path: Path) -> None:
    """The cases on the page pass against the sample playbook."""
    (text,) = [found for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE) if "cases:" in found]
    file = tmp_path / "cases.yaml"
    file.write_text(text, "utf-8")
    plan = plan_of(STAGED)
    pages = gather(plan, [file])
    assert (pages.findings, len(pages.cases)) == ((), 4)
    assert all(one.passed for one in tried(plan, [one.fixture for one in pages.cases]))


def test_the_verdicts_of_the_page_can_be_read(tmp_path: Path) -> None:
    """The table of verdicts on the page is one."""
    (text,) = re.findall(r"```csv\n((?:.*\n)*?)```", PAGE)
    file = tmp_path / "verdicts.csv"
    file.write_text(text, "utf-8")
    assert read_verdicts(file).verdicts == {"right": 1, "missed": 1, "stopped": 1, "false_stop": 1}


@pytest.mark.parametrize(("command", "shown"), CONSOLE.findall(PAGE), ids=("ask", "test"))
def test_a_command_of_the_page_answers_so(command: str, shown: str) -> None:
    """What stands below a command on the page is what it prints."""
    assert printed(command) == shown
