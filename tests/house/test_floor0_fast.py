"""Floor 0 loads alone, so every floor and every verb may start with it."""

from pathlib import Path

from tests.house.tree import python

# The libraries of the other floors.
HEAVY = frozenset({"click", "httpx", "rich", "ruamel", "sqlalchemy", "sqlmodel", "temporalio", "typer"})


def loaded(module: str, cwd: Path) -> set[str]:
    """The top-level packages that a fresh interpreter holds after one import."""
    result = python(f"import {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_deciding_loads_nothing_heavy(tmp_path: Path) -> None:
    """Importing the door of the rules brings in the library of no other floor."""
    found = loaded("tidegate.decide", tmp_path)
    assert "tidegate" in found
    assert found & HEAVY == set()


def test_a_heavy_library_would_be_seen(tmp_path: Path) -> None:
    """A library that is loaded shows, and so do those that it brings along."""
    assert loaded("typer", tmp_path) & HEAVY >= {"typer"}
