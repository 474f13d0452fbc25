"""The tutorial and the how-to pages, typed from top to end on one sample: each command does what stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cli.shelves import SHELVES
from tests.cli.embedded import NEEDS_SERVER
from tests.docs.walked import DOCS, PAGES, Told, Typed, commands, fits, walked, walking

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = NEEDS_SERVER
ANEW = "`python -m tests.docs.walked` writes the answers anew"


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[tuple[Typed, Told]]]]:
    """What each page shows, beside what came of it."""
    with walking(tmp_path_factory.mktemp("walked")) as walk:
        yield {page: walked(walk, page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_page_does_what_the_page_says(page: str, typed: dict[str, list[tuple[Typed, Told]]]) -> None:
    """Typed in order, each command ends with the code of the page and prints what stands below it there."""
    for shown, said in typed[page]:
        assert said.code == shown.code, (shown.command, said)
        assert not shown.answered or fits(shown.shown, said.out), f"{shown.command}\n{said.out}\n{ANEW}"


def test_x6_whoever_follows_the_tutorial_is_governed_without_asking_for_it(
    typed: dict[str, list[tuple[Typed, Told]]],
) -> None:
    """The shortest way to a first rollout has the gate, the consent, the way down and the evidence in it."""
    said = {shown.command: told for shown, told in typed["tutorial.md"]}
    verbs = [command.split()[1] for command in said if command.startswith("tidegate ")]
    assert verbs[0] == "status"
    assert len(said) < 25
    refused, agreed = (next(told for word, told in said.items() if f"--as {who}" in word and "approve" in word)
                       for who in ("product-lead", "ops-lead"))  # fmt: skip
    assert (refused.code, agreed.code) == (3, 0)
    assert "up to 12 people served" in agreed.out
    narrowed = next(told.out for word, told in said.items() if "corrections_per_100=18" in word)
    assert narrowed.startswith("NARROWED to pilot/office.")
    assert "nobody is served" in next(told.out for word, told in said.items() if "rollback" in word)
    assert next(told.out for word, told in said.items() if "evidence verify" in word).startswith("INTACT")


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_in_the_prose_of_a_page_is_typed_or_known(page: str) -> None:
    """Whatever a page tells a reader to type begins with a verb that there is."""
    known = {verb.name for shelf in SHELVES for verb in shelf.verbs}
    text = (DOCS / page).read_text("utf-8")
    named = set(re.findall(r"tidegate ([a-z][a-z-]*)", text))
    assert named <= known, named - known
    assert commands(text)
