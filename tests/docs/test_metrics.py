"""The page about metrics shows what the rules take and what the verbs print."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from cli.reading import read
from tests.cli.conftest import tidegate
from tests.cli.run import ROOT, Here
from tests.pure.test_compile import compiled
from tidegate.models.finding import Severity

__all__ = ("tidegate",)

PAGE = (ROOT / "docs/metrics.md").read_text("utf-8")
BLOCKS = re.findall(r"```(yaml|console)\n(.*?)```", PAGE, re.DOTALL)
CHANGES = [text for kind, text in BLOCKS if kind == "yaml"]
SHOWN = [text for kind, text in BLOCKS if kind == "console"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.mark.parametrize("text", CHANGES)
def test_each_example_is_a_valid_playbook(text: str, tidegate: Here) -> None:
    """Laid into the sample of a system of record, no example leaves an error or anything owed."""
    said: dict[str, Any] = read(tidegate.write("example.yaml", text)).data
    changes = {f"{part}.{key}": value for part, words in said.items() for key, value in words.items()}
    found = compiled("claims-triage", changes).findings
    assert [one for one in found if one.severity in (Severity.ERROR, Severity.OWED)] == []


def test_each_verb_prints_what_is_shown(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands below a command is what it prints, its moments aside."""
    assert len(CHANGES) == 4
    monkeypatch.chdir(ROOT)
    for text in SHOWN:
        command, _, answer = text.removeprefix("$ tidegate ").partition("\n")
        said = tidegate(*shlex.split(command)).out
        assert MOMENT.sub("TIME", said).split() == MOMENT.sub("TIME", answer).split()
