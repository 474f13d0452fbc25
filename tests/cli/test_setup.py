"""`tidegate init`, `me` and `new`: a first version of something, whole or not at all."""

from __future__ import annotations

import json
import sys

import pytest

from cli.reading import parse
from cli.writing import quoted
from tests.cli.run import DAY, Here
from tidegate.models.base import Function

HOLDERS = [
    word
    for function in Function
    for word in ("--holder", f"{function.value}={function.value.replace('_', '-')}-lead:Lead of {function.value}")
]
INIT = ["init", "--name", "acme", *HOLDERS]
INIT += ["--cohort", "team/pmo=12", "--cohort", "team/finance=25", "--target", "flags/minutes=flagd"]
ANSWERS = {
    "--work": "300 minutes a month, 25 min each",
    "--learn": "Do drafts save time: yes or no?",
    "--business-owner": "business-owner-lead",
    "--ai-owner": "ai-owner-lead",
    "--reads": "minutes-store=internal",
    "--writes": "editor",
    "--alone": "draft",
    "--metric": "minutes_per_document: 25 -> 12",
    "--guard": "corrections_per_100: 8, 15",
    "--success": "Drafts halve the effort.",
    "--not-success": "Safe for client minutes.",
    "--manual": "docs/manual-minutes.md",
    "--manual-owner": "business-owner-lead",
    "--manual-per-day": "20",
    "--cohorts": "team/pmo=12,team/finance=25",
    "--model": "small-text",
    "--target": "flags/minutes",
    "--expires": "2027-04-30",
    "--supervision": "The author checks every draft.",
}


def new(tidegate: Here, **changes: str) -> list[str]:
    """The words of a `new` that has an answer to everything."""
    tidegate.patch.setenv("TIDEGATE_AS_OF", DAY)
    answers = {**ANSWERS, **{f"--{name.replace('_', '-')}": value for name, value in changes.items()}}
    return ["new", "minutes", *(word for pair in answers.items() for word in pair)]


def test_a_new_programme_passes_its_own_check(tidegate: Here) -> None:
    """What `init` writes is a programme, and every function has its holder."""
    answer = tidegate(*INIT)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Wrote programme.yaml: 11 people in 11 functions.")
    assert tidegate("check", "programme.yaml").code == 0


def test_a_programme_is_not_overwritten_unless_asked(tidegate: Here) -> None:
    """What is there stays, until somebody says `--force`."""
    tidegate.write("programme.yaml", "mine: 1\n")
    answer = tidegate(*INIT)
    assert answer.code == 2
    assert "--force" in answer.err
    assert (tidegate.folder / "programme.yaml").read_text(encoding="utf-8") == "mine: 1\n"
    assert tidegate(*INIT, "--force").code == 0


def test_without_a_keyboard_all_missing_options_are_named_at_once(tidegate: Here) -> None:
    """Nobody can be asked, so every missing option is listed, and nothing is written."""
    answer = tidegate("init")
    assert answer.code == 2
    assert all(f"--holder {function.value}=ID:NAME" in answer.err for function in Function)
    tidegate.sample()
    (tidegate.folder / "minutes-summariser.yaml").unlink()
    answer = tidegate("new", "minutes")
    assert answer.code == 2
    assert "--work, --learn, --business-owner" in answer.err
    assert [file.name for file in tidegate.folder.iterdir()] == ["programme.yaml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--holder", "wizard=a:A"], "'wizard' is no function"),
        (["--holder", "risk=A B"], "is no id"),
        (["--zone", "Mars/Olympus"], "is no time zone"),
        (["--name", "No Id"], "is no id"),
        (["--cohort", "team"], "a name, '=' and a value"),
        (["--cohort", "team=many"], "is no number"),
        (["--owner", "nobody"], "holds no function"),
    ],
)
def test_a_wrong_answer_writes_nothing(words: list[str], message: str, tidegate: Here) -> None:
    """A wrong option is said in a sentence, and no file is left behind."""
    answer = tidegate(*INIT, *words)
    assert answer.code in (2, 5)
    assert message in answer.err
    assert list(tidegate.folder.iterdir()) == []


def test_me_is_remembered_and_must_be_known(tidegate: Here) -> None:
    """`me ID` is kept in the home directory; a stranger is exit code 5."""
    tidegate(*INIT)
    assert tidegate("me").code == 1
    assert tidegate("me", "risk-lead").out == "You are risk-lead, Lead of risk: risk.\n"
    assert (tidegate.folder / ".tidegate" / "me").read_text(encoding="utf-8") == "risk-lead\n"
    said = {"me": "risk-lead", "name": "Lead of risk", "functions": ["risk"]}
    assert json.loads(tidegate("me", "--json").out) == said
    answer = tidegate("me", "stranger")
    assert answer.code == 5
    assert "knows nobody called stranger" in answer.err
    assert tidegate("me").out.startswith("You are risk-lead")


def test_the_home_can_lie_elsewhere(tidegate: Here) -> None:
    """TIDEGATE_HOME says where the setting is kept."""
    tidegate(*INIT)
    tidegate.patch.setenv("TIDEGATE_HOME", str(tidegate.folder / "elsewhere"))
    tidegate("me", "risk-lead")
    assert (tidegate.folder / "elsewhere" / "me").is_file()


def test_a_place_that_cannot_be_written_is_not_permitted(tidegate: Here) -> None:
    """Where nothing can be written the answer is exit code 3, and names the place."""
    tidegate(*INIT)
    tidegate.write("blocked", "a file where a directory should be")
    tidegate.patch.setenv("TIDEGATE_HOME", str(tidegate.folder / "blocked"))
    answer = tidegate("me", "risk-lead")
    assert answer.code == 3
    assert "cannot be written" in answer.err


def test_ten_answers_make_a_playbook_that_the_rules_accept(tidegate: Here) -> None:
    """A playbook made from options alone passes `check` and has a plan."""
    tidegate(*INIT)
    answer = tidegate(*new(tidegate))
    assert answer.code == 0, answer
    assert "Next: `tidegate plan minutes.yaml`" in answer.out
    assert tidegate("check", "minutes.yaml").code == 0
    assert tidegate("plan", "minutes.yaml").code == 0


def test_what_a_new_playbook_still_needs_is_said(tidegate: Here) -> None:
    """A playbook that names what the programme does not know is written, and what stands in its way is listed."""
    tidegate(*INIT)
    answer = tidegate(*new(tidegate, target="flags/unknown"))
    assert answer.code == 1
    assert "Before it can start, 1 thing must still be said or mended" in answer.out
    assert "flags/unknown" in answer.out
    assert (tidegate.folder / "minutes.yaml").is_file()


def test_a_playbook_is_never_overwritten(tidegate: Here) -> None:
    """What is there stays."""
    tidegate(*INIT)
    tidegate.write("minutes.yaml", "mine: 1\n")
    answer = tidegate(*new(tidegate))
    assert answer.code == 2
    assert (tidegate.folder / "minutes.yaml").read_text(encoding="utf-8") == "mine: 1\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("reads", "store=secret"),
        ("alone", "fly"),
        ("metric", "much better"),
        ("metric", "a: 1.2.3 -> 5"),
        ("guard", "none"),
        ("manual_per_day", "0"),
        ("cohorts", "team/pmo"),
        ("expires", "soon"),
        ("stop", "whenever"),
        ("writes", "editor,archive"),
    ],
)
def test_a_wrong_answer_about_a_playbook_writes_nothing(option: str, said: str, tidegate: Here) -> None:
    """An answer that cannot be understood is said back with an example, and no playbook is left behind."""
    tidegate(*INIT)
    words = new(tidegate, **{option: said, **({"alone": "editor:draft"} if option == "writes" else {})})
    answer = tidegate(*words)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert not (tidegate.folder / "minutes.yaml").exists()


def test_at_a_keyboard_it_asks(tidegate: Here) -> None:
    """A person who presses Enter at every question of `init` gets a programme of leads to rename."""
    tidegate.patch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    tidegate.patch.setattr("typer.prompt", lambda *_, default=None, **__: default)
    answer = tidegate("init")
    assert answer.code == 0
    assert tidegate("check", "programme.yaml").code == 0


def test_at_a_keyboard_a_wrong_answer_is_asked_again(tidegate: Here) -> None:
    """A wrong answer is explained, and the question comes again."""
    said = iter(["No Id", "acme"])
    tidegate.patch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    tidegate.patch.setattr("typer.prompt", lambda *_, **__: next(said))
    answer = tidegate("init", "--zone", "UTC", *HOLDERS)
    assert answer.code == 0
    assert "Not yet: 'No Id' is no id" in answer.err


@pytest.mark.parametrize(
    "text",
    ["plain", "no", "12", "1.5", "a: b", "a #b", "- a", "'x", '"', "é", "a,b", "", " x", "x ", "0x1F", "a\\b", "*a"],
)
def test_what_is_written_is_read_back(text: str) -> None:
    """Whatever a person answers stands in the file as it was said."""
    assert parse(f"key: {quoted(text)}", "x").data == {"key": text}
    assert parse(f"key: [{quoted(text)}]", "x").data == {"key": [text]}
