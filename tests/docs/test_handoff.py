"""What the page about handoffs shows is what happens."""

from __future__ import annotations

import re

import pytest

from cli.reading import parse
from tests.docs.readme import CONSOLE, ROOT, printed
from tests.pure.patches import found_in

PAGE = (ROOT / "docs" / "handoff.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
((COMMAND, SHOWN),) = CONSOLE.findall(PAGE)
SAID = sorted(set(re.findall(r"`tidegate ([a-z][^`]+)`", PAGE)))


def test_what_the_page_writes_is_a_playbook() -> None:
    """The piece of a playbook on the page is sound where it belongs."""
    (text,) = re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)
    found = found_in("claims-triage", parse(text, "docs/handoff.md").data)
    assert [one for one in found if one.severity.value != "warning"] == []


def test_a_command_of_the_page_answers_so() -> None:
    """What stands below the command on the page is what it prints."""
    assert printed(COMMAND) == SHOWN


@pytest.mark.parametrize("words", SAID)
def test_a_command_of_the_page_is_one(words: str) -> None:
    """Each command that the page names is there, with each of the options that it is given."""
    name = re.match(r"(?:sop )?[a-z-]+", words)
    assert name is not None
    usage = re.search(rf"Usage: tidegate {name[0]} .*?```", REFERENCE, re.DOTALL)
    assert usage is not None, f"there is no tidegate {name[0]}"
    for option in re.findall(r"--[a-z-]+", words):
        assert option in usage[0]
