"""The list of verbs: known by name alone, built when asked for, and true to what each verb says of itself."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys

import pytest
import typer
import typer.main

from cli import completion
from cli.main import app
from cli.menu import Verb
from cli.shelves import SHELVES
from cli.waiting import DEFAULT, Waiting
from tests.cli.run import ROOT, Here, process

VERBS = [verb for shelf in SHELVES for verb in shelf.verbs if not verb.inner]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_list_says_what_the_verb_says(verb: Verb) -> None:
    """The sentence in the list is the first one of the verb's own help, and its help can be built."""
    own = " ".join((inspect.getdoc(verb.function) or "").partition("\n\n")[0].split())
    assert (own, own.endswith(".")) == (verb.says, True)
    assert verb.says in " ".join(_command(verb.name).get_help(typer.Context(_command(verb.name))).split())


def test_every_example_could_be_typed() -> None:
    """Each example in a help names that verb, and its options and arguments exist."""
    seen = 0
    for verb in VERBS:
        example = re.search(r"^Example: tidegate (.*)", inspect.getdoc(verb.function) or "", re.MULTILINE)
        if example:
            # What is written to a file is the shell's.
            name, *words = shlex.split(example[1].partition(" > ")[0])
            assert name == verb.name
            _command(name).make_context(name, words)
            seen += 1
    assert seen > 10


def test_asking_for_help_imports_no_verb() -> None:
    """The list is printed without a single verb's module, and without Temporal."""
    program = (
        "import sys; sys.argv = ['tidegate', '--help']\n"
        "import atexit; atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        "from cli.main import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=False)
    loaded = set(done.stderr.split())
    assert not loaded & {"temporalio", "pydantic", *(f"cli.{verb.room}" for verb in VERBS)}
    assert all(f"\n  {verb.name} " in done.stdout for verb in VERBS)


def test_a_verb_that_is_nearly_right_is_named() -> None:
    """A misspelt verb is wrong usage, and the nearest one is offered."""
    answer = process("aprove", "x")
    assert (answer.code, "Did you mean 'approve'" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "seconds", "name"),
    [
        (["--wait", "uc"], DEFAULT, "uc"),
        (["uc", "--wait"], DEFAULT, "uc"),
        (["uc", "--wait", "30"], 30, "uc"),
        (["--wait=5", "uc"], 5, "uc"),
        (["uc"], None, "uc"),
        (["--", "--wait"], None, "--wait"),
    ],
)
def test_the_seconds_of_a_wait_may_be_left_out(words: list[str], seconds: int | None, name: str) -> None:
    """`--wait` takes the number that follows it, and its usual one where none does."""
    command = _command("hold")
    assert isinstance(command, Waiting)
    said = command.make_context("hold", list(words)).params
    assert (said["wait"], said["use_case"]) == (seconds, name)


def test_the_tab_key_offers_people_and_use_cases(tidegate: Here) -> None:
    """People come from the nearest programme, and use cases, where no server answers, from what is enforced here."""
    tidegate.patch.setattr("cli.embedded.leave.mark", lambda: None)
    tidegate.patch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert (completion.use_cases(""), completion.people("")) == ([], [])
    targets = tidegate.folder / ".tidegate" / "targets"
    targets.mkdir(parents=True)
    for name in ("minutes", "claims"):
        (targets / f"{name}.json").write_text("{}", "utf-8")
    assert (completion.use_cases("m"), completion.use_cases("")) == (["minutes"], ["claims", "minutes"])
    tidegate.sample()
    assert completion.people("risk-d") == [("risk-deputy", "Deputy risk officer")]
    assert completion.verbs("pau") == [("pause", "Serve nobody; the plan stays.")]


def _command(name: str) -> Waiting:
    group = typer.main.get_command(app)
    found = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]  # the menu is a group
    assert isinstance(found, Waiting)
    return found
