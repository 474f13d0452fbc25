"""What the page about exceptions writes can be typed, is a standard or a programme, and says the figures there are."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main

from cli.main import app
from cli.reading import parse
from tests.docs.readme import ROOT
from tests.pure import documents
from tests.pure.patches import found_in
from tidegate.authoring.built_in import BUILT_IN
from tidegate.authoring.read import read_programme
from tidegate.models.base import Stage

PAGE = (ROOT / "docs" / "exceptions.md").read_text("utf-8")
_FENCED = re.findall(r"```sh\n((?:.*\n)*?)```", PAGE)
COMMANDS = [line for block in _FENCED for line in block.replace("\\\n", " ").splitlines() if line]
BLOCKS = [parse(found, "docs/exceptions.md").data for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_can_be_typed(command: str) -> None:
    """Each verb on the page is one, and takes what stands behind it."""
    words = shlex.split(command, comments=True)
    assert words.pop(0) == "tidegate"
    verb: Any = typer.main.get_command(app)
    while hasattr(verb, "commands") and words and words[0] in verb.commands:
        verb = verb.commands[words.pop(0)]
    assert not hasattr(verb, "commands"), command
    verb.make_context(verb.name, words)


def test_what_the_page_writes_is_sound() -> None:
    """Its rules of exceptions tighten a playbook, and its words of a programme are some."""
    rules, *programme = BLOCKS
    assert found_in(
        "claims-triage", {"pilot.tighten": {"exceptions": {**rules["exceptions"], "max_days": 60}}}
    ) == found_in("claims-triage", {})
    for words in programme:
        assert read_programme({**documents.programme(), **words})[1] == ()
    assert len(programme) == 2


def test_the_bounds_of_the_page_are_those_of_the_standard() -> None:
    """What it says of the loosest and of the strictest stage is so."""
    stages = BUILT_IN["standard/staged@1"].stages
    loose, strict = stages[Stage.PILOT]["1"].exceptions, stages[Stage.SYSTEM_OF_RECORD]["3"].exceptions
    assert loose is not None
    assert strict is not None
    assert (str(loose.longest), loose.renewals, loose.max_in_force, loose.max_days) == ("90d", 2, 4, 180)
    assert (str(strict.longest), strict.renewals, strict.max_in_force, strict.max_days) == ("30d", 0, 1, 30)
    assert "from `90d`, two renewals, four in force and 180 days" in PAGE
    assert "`30d`, none, one and 30 days" in " ".join(PAGE.split())
