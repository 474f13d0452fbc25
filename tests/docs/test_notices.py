"""The page about notices says what is so: its channels and its template pass, its codes are all there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from activities.channels.objections import objections
from activities.letters import FACTS
from tests.pure import documents
from tidegate.compile import compile as compiled
from tidegate.models.content import Failure
from tidegate.telling import WORDS

PAGE = (Path(__file__).parents[2] / "docs/notices.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def objected(programme: dict[str, Any], playbook: dict[str, Any]) -> list[str]:
    """Return what is found in the samples with an example laid over them, of channels and templates or at all."""
    whole = ({**documents.programme(), **programme}, {**documents.playbook("claims-triage"), **playbook})
    made = compiled(*whole, documents.zones(whole[0]), documents.TODAY)
    assert made.case is not None, made.findings
    errors = [found.message for found in made.findings if found.severity == "error"]
    return [*errors, *(found.message for found in objections(made.case.programme, made.case.playbook))]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_passes(number: int) -> None:
    """What people copy from the page is found good."""
    words = YAML(typ="safe").load(EXAMPLES[number])
    playbook = {name: words.pop(name) for name in ("notices",) if name in words}
    if playbook:
        playbook["notices"] += documents.playbook("claims-triage")["notices"][1:]
    assert objected(words, playbook) == []


def test_an_example_that_is_spoilt_does_not() -> None:
    """The same judge finds what is wrong in an example that lost a section."""
    words = YAML(typ="safe").load(next(one for one in EXAMPLES if "template" in one).replace("{{ help }}", ""))
    rest = documents.playbook("claims-triage")["notices"][1:]
    assert objected({}, {"notices": [*words["notices"], *rest]}) == [
        "a notice would not say `help`, to some audience or of some change"
    ]


def test_every_code_and_every_fact_is_on_the_page() -> None:
    """Why a notice may not arrive, and what a template may name, are all on the page."""
    rows = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert rows == [code.value for code in Failure]
    assert set(WORDS) == set(Failure)
    assert [name for name in FACTS if f"`{name}`" not in PAGE] == []
