"""What the page about training shows is what happens, against the real rules."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from cli.reading import parse
from tests.cli.conftest import tidegate
from tests.cli.spoken import Spoken
from tests.docs.readme import CONSOLE, ROOT
from tests.pure.test_compile import compiled, plan_of
from tests.pure.world import Story

if TYPE_CHECKING:
    from tests.cli.run import Here

__all__ = ("tidegate",)

PAGE = (ROOT / "docs" / "training.md").read_text("utf-8")
BLOCKS = [parse(found, "docs/training.md").data for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)]
NAME = "minutes-summariser"
KEEPS = {"training_records": True}


def flat(text: str) -> str:
    """Return a text on one line, however it is broken."""
    return " ".join(text.split())


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: next(iter(block)))
def test_what_the_page_writes_is_a_playbook(block: dict[str, Any]) -> None:
    """Each piece of a playbook on the page is sound where it belongs."""
    assert [one for one in compiled(NAME, block, KEEPS).findings if one.severity.value == "error"] == []


def test_the_commands_of_the_page_answer_so(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed one after another, each answers with what stands below it, and ends with the code that the page says."""
    asks = {"pilot.tighten": {"readiness": ["training"], "trained_only": True}, **BLOCKS[0]}
    story = Story(plan_of(NAME, asks, KEEPS))
    Spoken(story, monkeypatch)
    story.start("pmo-lead")
    words = ("exception", "request", NAME, "training", "--control", "A colleague confirms each page.")
    more = ("--until", "2026-12-20", "--reason", "The course begins in December.")
    assert tidegate(*words, *more, "--as", "ops-manager").code == 0
    codes = []
    for command, shown in CONSOLE.findall(PAGE):
        answer = tidegate(*shlex.split(_today(story, command))[1:])
        assert flat(shown) in flat(answer.out + answer.err), (command, answer)
        codes.append(answer.code)
    assert codes == [0, 3, 0, 0, 0, 1]
    told = tidegate("training", NAME)
    assert told.code == 0, told
    assert "risk-officer" in told.out
    words = json.loads(tidegate("training", NAME, "--json").out)
    assert [(one["person"], one["for"], one["by"]) for one in words["people"]] == [
        ("risk-officer", "managers", "ops-manager")
    ]
    assert (words["recorded"], words["decides"], words["changes"]) == (True, True, [])
    assert {"person": "ops-deputy", "for": "support"} in words["owing"]


def _today(story: Story, command: str) -> str:
    """Return a command with the number that something has here: it counts what came before."""
    for name in (*story.state.waivers, *story.state.obligations):
        command = re.sub(rf"\b{name.rpartition('-')[0]}-\d+", name, command)
    return command


def test_a_record_that_is_half_written_is_not_sent(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record without its day, and a change mixed with a record, are wrong usage and change nothing."""
    story = Story(plan_of(NAME, BLOCKS[0], KEEPS))
    Spoken(story, monkeypatch)
    for words in (
        ("--person", "risk-officer", "--course", "managers"),
        ("--change", "more", "--person", "risk-officer"),
        ("--owner", "office-head"),
    ):
        assert tidegate("training", NAME, *words, "--as", "ops-manager").code == 2
    assert story.entries == []
