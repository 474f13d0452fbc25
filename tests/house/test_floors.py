"""Imports go down only, and the check that says so can say no."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import PROJECT, ROOMS, ROOT, modules, python, short

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint(top: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a tree; the working directory comes first on the path, as with its own command."""
    return python(LINT, cwd=top)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An empty house under our own contracts."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"), "utf-8")
    for room in PROJECT["tool"]["importlinter"]["root_packages"]:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    return tmp_path


def test_every_contract_is_kept() -> None:
    """Every import-linter contract holds for this repository."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_room_is_under_the_contracts() -> None:
    """A room that is shipped has a floor; worker.py, a single file, stands above them all."""
    assert {*ROOMS} - {"worker"} == set(PROJECT["tool"]["importlinter"]["root_packages"])


def test_nobody_builds_on_the_composition_root() -> None:
    """No room imports worker.py: it knows every room, so whoever knew it would know them all."""
    importing = re.compile(r"^\s*(import worker\b|from worker\b)", re.MULTILINE)
    found = [short(file) for room in ROOMS for file in modules(room) if importing.search(file.read_text("utf-8"))]
    assert found == []


def test_a_clean_house_keeps_the_contracts(house: Path) -> None:
    """An import from a higher floor to a lower one is fine."""
    (house / "cli" / "main.py").write_text("import typer\nimport tidegate\n", "utf-8")
    (house / "tidegate" / "decide.py").write_text("import pydantic\nimport datetime\n", "utf-8")
    result = lint(house)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("tidegate/decide.py", "cli", "imports go down only"),
        ("tidegate/decide.py", "os", "floor 0 knows nothing of the world"),
        ("tidegate/decide.py", "ruamel.yaml", "floor 0 knows nothing of the world"),
        ("tidegate/decide.py", "temporalio.workflow", "floor 0 knows nothing of the world"),
        ("activities/ledger.py", "workflows", "imports go down only"),
        ("workflows/rollout.py", "activities.ledger", "the workflow reaches nothing that touches the outside"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(house: Path, module: str, imported: str, contract: str) -> None:
    """One import that goes up or out is enough to break the contract that forbids it."""
    (house / module).write_text(f"import {imported}\n", "utf-8")
    result = lint(house)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout


def test_only_a_question_takes_a_signature_for_granted() -> None:
    """What decides as if a message were proven is called by the rooms that answer who may, and what would follow."""
    rooms = [path for room in ROOMS for path in modules(room) if "as_if_proven" in path.read_text("utf-8")]
    assert sorted(short(path) for path in rooms) == ["tidegate/decide.py", "tidegate/foreseen.py", "tidegate/who.py"]
