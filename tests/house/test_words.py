"""What people read here: reasons beside every exception, a first sentence on every module, a truth on every test."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import PROJECT, ROOMS, ROOT, modules, short, tracked

LONGEST_MODULE = 450
MOST_VERBS = 12
SILENCER = re.compile(r"#\s*(type:\s*ignore|noqa)(\[[\w\s,-]+\]|:\s*[A-Z]+\d+(\s*,\s*[A-Z]+\d+)*)?")
MARKS = frozenset({"skip", "skipif", "xfail"})


def unreasoned(source: str) -> Iterator[int]:
    """The lines where a comment silences a tool without saying why."""
    if SILENCER.search(source) is None:
        return  # it takes long to tell comments from the rest
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and SILENCER.search(token.string):
            reason = SILENCER.sub("", token.string)
            if len(re.findall(r"[A-Za-z]{2,}", reason)) < 2:
                yield token.start[0]


def unreasoned_marks(tree: ast.Module) -> Iterator[int]:
    """The lines where a test is skipped, or expected to fail, without saying why."""
    reasoned = {
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and any(keyword.arg == "reason" for keyword in node.keywords)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=mark, value=ast.Attribute(attr="mark")) if mark in MARKS and node not in reasoned:
                yield node.lineno
            case _:
                pass


def untrue_tests(tree: ast.Module) -> Iterator[str]:
    """The tests whose docstring is not one sentence that ends with a period."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            sentence = " ".join((ast.get_docstring(node) or "").split())
            if not sentence.endswith(".") or re.search(r"[.!?] [A-Z]", sentence):
                yield node.name


def lines_of(table: str) -> list[str]:
    """The lines of one table of pyproject.toml, with those of the tables inside it."""
    found: list[str] = []
    inside = False
    for line in (ROOT / "pyproject.toml").read_text("utf-8").splitlines():
        if header := re.match(r"\[+([\w.-]+)\]", line):
            inside = f"{header[1]}.".startswith(f"{table}.")
        elif inside:
            found.append(line)
    return found


def shipped() -> list[Path]:
    """Every module of every room."""
    return [path for room in ROOMS for path in modules(room)]


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every file of the tests, by name."""
    for path in tracked("tests/*.py"):
        yield short(path), ast.parse(path.read_text("utf-8"))


def test_every_ignored_rule_of_ruff_has_its_reason() -> None:
    """Each rule that ruff ignores stands on a line of its own, with the reason behind it."""
    lint = PROJECT["tool"]["ruff"]["lint"]
    ignored = [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]
    reasoned = [m[1] for line in lines_of("tool.ruff.lint") if (m := re.match(r'\s*"([A-Z]+\d*)",\s+# \w+', line))]
    assert sorted(reasoned) == sorted(ignored)


def test_every_loosened_option_of_mypy_has_its_reason() -> None:
    """Whatever makes mypy less than strict says why."""
    loose = re.compile(r"\s*(ignore_\w+|disable_error_code|follow_imports|follow_untyped_imports|\w+ = false)\b")
    assert [line for line in lines_of("tool.mypy") if loose.match(line) and not re.search(r"# \w+", line)] == []


def test_every_silenced_line_has_its_reason() -> None:
    """Each comment that silences a tool says why."""
    found = [f"{short(path)}:{line}" for path in tracked("*.py") for line in unreasoned(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("comment", "reasoned"),
    [
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# noqa: S101", False),
        ("# noqa: S101, D102", False),
        ("# type: ignore[arg-type]  # noqa: S101", False),
        ("# noqa: S101  # why", False),
        ("# type: ignore[arg-type]  # the stub is wrong", True),
        ("# noqa: S101, D102  # made of asserts", True),
        ("# noqa: S101 (made of asserts)", True),
        ("# a plain remark", True),
    ],
)
def test_a_missing_reason_would_be_seen(comment: str, *, reasoned: bool) -> None:
    """A silencer needs two words of reason at least; a code of a rule is none."""
    assert list(unreasoned(f"x = 1  {comment}\n")) == ([] if reasoned else [1])


def test_every_module_says_what_it_is_for() -> None:
    """Each module that is shipped opens with a docstring."""
    assert [short(path) for path in shipped() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_no_module_outgrows_one_head() -> None:
    """No module that is shipped is longer than 450 lines."""
    assert [short(path) for path in shipped() if len(path.read_text("utf-8").splitlines()) > LONGEST_MODULE] == []


def test_every_test_says_one_truth() -> None:
    """The docstring of each test is one sentence."""
    found = [f"{name}: {test}" for name, tree in trees() for test in untrue_tests(tree)]
    assert found == []


@pytest.mark.parametrize(
    ("docstring", "true"),
    [("Water is wet.", True), ("Water is\n    wet.", True), ("Water", False), ("One. Two.", False), ("", False)],
)
def test_a_test_without_one_truth_would_be_seen(docstring: str, *, true: bool) -> None:
    """A test with no sentence, half a sentence or two of them is named."""
    tree = ast.parse(f'async def test_x():\n    """{docstring}"""')
    assert list(untrue_tests(tree)) == ([] if true else ["test_x"])


def test_no_test_is_skipped_without_a_reason() -> None:
    """Whoever skips a test, or expects it to fail, says why."""
    found = [f"{name}:{line}" for name, tree in trees() for line in unreasoned_marks(tree)]
    assert found == []


def test_a_skip_without_a_reason_would_be_seen() -> None:
    """A bare mark, an empty call and a condition alone are no reasons."""
    bare = "@pytest.mark.skip\ndef test_a(): ...\n"
    empty = "@pytest.mark.xfail()\ndef test_b(): ...\n"
    condition = "@pytest.mark.skipif(True)\ndef test_c(): ...\n"
    fine = "@pytest.mark.skipif(True, reason='needs a screen')\ndef test_d(): ...\n"
    assert list(unreasoned_marks(ast.parse(bare + empty + condition + fine))) == [1, 3, 5]


def test_the_makefile_has_few_verbs_and_explains_each() -> None:
    """There are at most twelve verbs, and `make help` has a line for each."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    assert phony.split() == re.findall(r"^([a-z]+):.*## \w+", makefile, flags=re.MULTILINE)
    assert phony.split() == re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE)
    assert len(phony.split()) <= MOST_VERBS
