"""What the pages for operators say can be typed is taken, what they link to is there, the figures have those names."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

from cli.main import app
from tests.docs.readme import ROOT
from workflows import census, meters

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("operations", "security")}


def _typed(page: str) -> list[str]:
    blocks = "\n".join(re.findall(r"```sh\n((?:.*\n)*?)```", page)).splitlines()
    return [line.partition("  #")[0].strip() for line in blocks] + re.findall(r"`(tidegate [^`]+)`", page)


def _headings(text: str) -> set[str]:
    found = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", line).replace(" ", "-") for line in found}


TYPED = sorted({line for page in PAGES.values() for line in _typed(page) if line.startswith("tidegate ")})


@pytest.mark.parametrize("line", TYPED)
def test_each_command_of_the_pages_is_one(line: str) -> None:
    """Every command that an operator copies is taken with all its words."""
    name, *words = shlex.split(line)[1:]
    command = typer.main.get_command(app)
    found = command.get_command(typer.Context(command), name)  # type: ignore[attr-defined]  # our verbs are a group
    assert found is not None
    if hasattr(found, "commands"):
        found, words = found.get_command(typer.Context(found), words[0]), words[1:]
    assert found.make_context(name, words).command is found


def test_the_pages_have_commands() -> None:
    """There is something to type, at three in the morning above all."""
    assert len(TYPED) > 10
    assert any(line.startswith("tidegate pause") and "--direct" in line for line in TYPED)


def test_the_figures_have_the_names_that_the_page_says() -> None:
    """An alarm on a figure that has another name would never ring."""
    named = set(re.findall(r"^\| `(tidegate_\w+)", PAGES["operations"], re.MULTILINE))
    assert named == {census.ROLLOUTS, meters.CONTAIN, meters.DECISION_LAG, meters.OUTBOX}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page: str) -> None:
    """A link leads to a page, and to a heading of it where it names one."""
    for file, heading in re.findall(r"\]\(([\w.-]+\.md)(?:#([\w-]+))?\)", PAGES[page]):
        text = (ROOT / "docs" / file).read_text("utf-8")
        assert not heading or heading in _headings(text), (file, heading)
