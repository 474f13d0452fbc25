"""Somebody is tired, and types something wrong or forgets a word: what they read says what mends it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from cli.answers import Exit
from cli.shelves import SHELVES
from tests.cli.conftest import tidegate
from tests.cli.spoken import Spoken
from tests.pure.world import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.menu import Verb
    from tests.cli.run import Here

__all__ = ("tidegate",)
NAME = "claims-triage"


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    """A rollout that waits for its first votes."""
    story = Story()
    Spoken(story, monkeypatch)
    story.start()
    story.ready()
    assert story.plan.use_case == NAME
    assert story.gate
    return story


def _verbs(verbs: tuple[Verb, ...], before: str = "") -> Iterator[tuple[str, Verb]]:
    for verb in verbs:
        if verb.inner:
            yield from _verbs(verb.inner, f"{before}{verb.name} ")
        else:
            yield f"{before}{verb.name}", verb


def test_every_help_has_an_example() -> None:
    """Whoever asks how a verb is typed sees it typed."""
    bare = [
        name
        for shelf in SHELVES
        for name, verb in _verbs(shelf.verbs)
        if f"Example: tidegate {name}" not in " ".join((inspect.getdoc(verb.function) or "").split())
    ]
    assert bare == []


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(("who", "meant"), [("rsk-a", "Did you mean risk-a? "), ("stranger", "")])
def test_a_name_that_is_nearly_right_is_asked_for(who: str, meant: str, tidegate: Here) -> None:
    """A slip in one's own name is refused with the name that was meant, and always with how names are found."""
    said = tidegate("approve", NAME, "--yes", "--as", who)
    assert said.code == Exit.NOT_PERMITTED
    assert f"programme.\n  {meant}`tidegate who-can approve {NAME}` names everybody who may." in said.err


@pytest.mark.usefixtures("story")
def test_whoever_may_not_reads_how_those_are_found_who_may(tidegate: Here) -> None:
    """The wrong person is sent to the right ones; of what only a few may change, the functions are named."""
    assert f"`tidegate who-can approve {NAME}` names" in tidegate("approve", NAME, "--yes", "--as", "owner").err
    assert "who-can" not in tidegate("approve", NAME, "--yes", "--as", "risk-a").err


@pytest.mark.usefixtures("story")
def test_whoever_says_no_name_is_told_the_three_ways(tidegate: Here) -> None:
    """Without a name nothing is sent, and the words that are lacking stand in the answer."""
    said = tidegate("hold", NAME)
    assert said.code == Exit.USAGE
    assert all(word in said.err for word in ("--as PERSON", "`tidegate me PERSON`", "`tidegate who-can VERB USE_CASE`"))


def test_a_word_that_is_missing_is_explained(tidegate: Here) -> None:
    """An option or argument that must be there is named with what it is for; a wrong word keeps its own message."""
    assert "Missing option '--cause'. What was wrong, and what has changed since." in tidegate("resume", NAME).err
    assert "Missing argument 'USE_CASE'. Which rollout, by its name." in tidegate("resume", "--cause", "mended").err
    wrong = tidegate("watch", NAME, "--for", "soon").err
    assert "Invalid value for '--for'" in wrong
    assert "Missing" not in wrong


def test_a_file_that_is_nearly_right_is_asked_for(tidegate: Here) -> None:
    """A slip in the name of a file is answered with the file that is there; without one, with where to look."""
    tidegate.sample()
    assert "Did you mean minutes-summariser.yaml?" in tidegate("plan", "minutes-sumariser.yaml").err
    assert "`ls .` shows what there is" in tidegate("plan", "zzz.txt").err
    assert "There is no directory playbook either" in tidegate("plan", "playbook/minutes-summariser.yaml").err
