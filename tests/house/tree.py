"""Where things are in this repository, for the tests that look at the repository itself."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS: tuple[str, ...] = tuple(
    entry.removesuffix(".py") for entry in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
)


def modules(room: str) -> list[Path]:
    """Every module of a room, in order; a room may be a folder or a single file."""
    lone = ROOT / f"{room}.py"
    found = [lone] if lone.exists() else sorted((ROOT / room).rglob("*.py"))
    assert found, f"the room {room} is empty"
    return found


def short(path: Path) -> str:
    """The path as people say it, from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


def tracked(pattern: str = "*") -> list[Path]:
    """Every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name and (ROOT / name).is_file()]


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter of this environment, from another directory."""
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, check=False, capture_output=True, text=True)
