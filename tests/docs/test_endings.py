"""What the pages about amendments and about the end show is what happens."""

from __future__ import annotations

import re

import pytest

from cli.reading import parse
from cli.shelves import SHELVES
from tests.docs.readme import CONSOLE, ROOT, printed
from tests.pure import documents
from tests.pure.patches import found_in
from tidegate.authoring.read import read_programme

PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("amending.md", "retirement.md")}
YAML = re.compile(r"```yaml\n((?:.*\n)*?)```")
VERB = re.compile(r"`tidegate ([a-z-]+)")


def test_what_the_page_writes_of_an_end_is_a_playbook() -> None:
    """The piece of a playbook on the page is sound where it belongs."""
    (block,) = [parse(found, "docs/retirement.md").data for found in YAML.findall(PAGES["retirement.md"])]
    assert [one for one in found_in("claims-triage", block) if one.severity.value == "error"] == []


def test_the_standard_of_the_page_is_a_standard() -> None:
    """The standard on the page can be read in a programme, and is forced."""
    (block,) = [parse(found, "docs/amending.md").data for found in YAML.findall(PAGES["amending.md"])]
    programme, findings = read_programme({**documents.programme(), **block})
    assert findings == ()
    assert programme is not None
    assert programme.standards["house/pilot@2"].forced


@pytest.mark.parametrize(("command", "shown"), [one for text in PAGES.values() for one in CONSOLE.findall(text)])
def test_a_command_of_the_pages_answers_so(command: str, shown: str) -> None:
    """What stands below a command on a page is what it prints."""
    assert printed(command) == shown


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_verb_of_the_pages_is_a_verb(page: str) -> None:
    """Whoever types what a page says is not told that there is no such verb."""
    known = {verb.name for shelf in SHELVES for verb in shelf.verbs}
    assert set(VERB.findall(PAGES[page])) <= known
