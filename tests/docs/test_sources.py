"""The page about sources: each of its examples is one that `check` lets through, and no kind is forgotten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.docs.readme import ROOT
from tests.pure.patches import found_in
from tidegate.checks.sources import RULES
from tidegate.sources import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")
EXAMPLES = [YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
OURS = {"S1", "S2", "S3", "S4", "P4", "Y7", *(rule.id for rule in RULES)}


def changes(example: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an example adds to a good playbook and its programme."""
    sources = {f"programme:sources.{name}": words for name, words in example.get("sources", {}).items()}
    return {**sources, **{f"metrics.{name}": words for name, words in example["metrics"].items()}}


@pytest.mark.parametrize("example", EXAMPLES, ids=[next(iter(each["metrics"])) for each in EXAMPLES])
def test_an_example_can_be_copied(example: Mapping[str, Any]) -> None:
    """Laid into a good playbook, nothing is found about its sources; with a misspelt setting it is."""
    assert [found for found in found_in("minutes-summariser", changes(example)) if found.rule in OURS] == []
    for name in example.get("sources", {}):
        odd = {**changes(example), f"programme:sources.{name}.settings.adress": "somewhere"}
        found = [found for found in found_in("minutes-summariser", odd) if found.rule in OURS]
        assert [each.path for each in found] == [("sources", name, "settings", "adress")]


def test_no_kind_is_forgotten() -> None:
    """Every kind of source has an example, `file` excepted: it is another word for csv."""
    shown = {source["kind"] for each in EXAMPLES for source in each.get("sources", {}).values()}
    assert shown | {"by-hand", "file"} == set(KINDS)
