"""The guard, the exit codes, and what a verb loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from cli import judge, render
from tests.cli.run import ROOT, SUMMARISER, Here, process

HEAVY = ("pydantic", "rich", "ruamel", "temporalio", "tidegate.models", "zoneinfo")


def loaded(*words: str) -> set[str]:
    """The modules that are loaded when a verb ends."""
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        f"sys.argv = {['tidegate', *words]!r}\n"
        "from cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=False)
    return set(done.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    """Asking for help loads neither the models, nor YAML, nor Rich, nor Temporal."""
    assert not loaded("--help") & set(HEAVY)


@pytest.mark.parametrize("words", [("check", SUMMARISER), ("plan", SUMMARISER), ("schema", "playbook"), ("me",)])
def test_no_verb_loads_temporal_or_rich(words: tuple[str, ...]) -> None:
    """The verbs that need no server do not know that there is one."""
    assert not loaded(*words) & {"temporalio", "rich"}


def test_a_playbook_is_judged_without_the_machine() -> None:
    """Judging what is written loads neither the state of a rollout, nor its events, nor what decides them."""
    assert not loaded("check", SUMMARISER) & {"tidegate.models.state", "tidegate.models.event", "tidegate.turn"}


def test_help_names_every_verb_in_the_order_of_their_use() -> None:
    """The help lists the verbs that set up first, each with one whole sentence."""
    listed = re.findall(r"^  (\w+) +(\S.*)$", process("--help").out.partition("Commands:")[2], re.MULTILINE)
    assert [verb for verb, _ in listed[:7]] == ["init", "me", "keys", "new", "check", "plan", "rehearse"]
    assert all(sentence.endswith(".") and "..." not in sentence for _, sentence in listed[:7])


def test_the_version_is_shown() -> None:
    """`--version` says which one this is."""
    assert re.fullmatch(r"tidegate \d+\.\d+\.\d+\n", process("--version").out)


@pytest.mark.parametrize(
    "words",
    [
        ("nosuch",),
        ("check",),
        ("check", "--nosuch", "x.yaml"),
        ("check", "--as-of", "soon", "x.yaml"),
        ("schema", "nosuch"),
        ("plan",),
    ],
)
def test_wrong_usage_ends_with_two(words: tuple[str, ...], tidegate: Here) -> None:
    """Wrong usage is exit code 2 and a sentence on standard error."""
    answer = tidegate(*words)
    assert answer.code == 2
    assert "Error:" in answer.err
    assert "Traceback" not in answer.err


def test_an_unexpected_failure_is_one_line_and_a_way_to_report_it(tidegate: Here) -> None:
    """When Tidegate itself fails a person reads one line, and how to show us more."""
    tidegate.patch.setattr(judge, "schema_of", lambda _: 1 / 0)
    answer = tidegate("schema", "playbook")
    assert answer.code == 1
    assert answer.err.splitlines()[0].startswith("error: Tidegate itself failed (ZeroDivisionError")
    assert "tidegate --debug schema playbook" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(("words", "variable"), [(["--debug"], ""), ([], "1")])
def test_debugging_shows_the_failure_itself(words: list[str], variable: str, tidegate: Here) -> None:
    """With `--debug` or TIDEGATE_DEBUG the exception comes through."""
    tidegate.patch.setattr(judge, "schema_of", lambda _: 1 / 0)
    tidegate.patch.setenv("TIDEGATE_DEBUG", variable)
    with pytest.raises(ZeroDivisionError):
        tidegate(*words, "schema", "playbook")


def test_a_schema_describes_every_field() -> None:
    """Both schemas name their draft and their title, and describe each field."""
    for kind in judge.Kind:
        answer = process("schema", kind.value)
        schema = json.loads(answer.out)
        assert (answer.code, schema["title"]) == (0, f"Tidegate {kind.value}")
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        for part in (schema, *schema["$defs"].values()):
            for name, field in part.get("properties", {}).items():
                assert field.get("description"), name


def test_a_closed_pipe_is_no_failure() -> None:
    """Whoever reads only the first line gets it, and no complaint."""
    command = f"{sys.executable} -m cli schema playbook | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_nothing_that_a_file_says_steers_the_terminal(tidegate: Here) -> None:
    """An escape sequence in a playbook is shown and not sent."""
    tidegate.sample(("extends: standard/pilot@1", 'extends: "\\e[2Jstandard"'))
    answer = tidegate("check", "minutes-summariser.yaml")
    assert "\x1b" not in answer.out
    assert "\\x1b[2J" in answer.out


def test_a_name_that_the_terminal_cannot_show_is_spelled_out() -> None:
    """A terminal that knows only ASCII still gets its answer."""
    answer = process("plan", SUMMARISER, "--as-of", "2026-12-01", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.code == 0


@pytest.mark.parametrize("columns", ["60", "100", "140"])
def test_a_table_keeps_within_the_screen(columns: str, tidegate: Here) -> None:
    """No line of a table is wider than the screen."""
    tidegate.patch.setenv("COLUMNS", columns)
    render.table(("One", "Two"), [("a-name-with-dashes", "word " * 60), ("b", "short")])
    lines = tidegate.capture.readouterr().out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert any("a-name-with-dashes" in line for line in lines)
