"""Import names are directory names, so a stranger's package of the same name must never win."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.house.tree import PROJECT, ROOMS, ROOT, python

SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_resolves_in_this_repository(room: str, tmp_path: Path) -> None:
    """Seen from a foreign directory, the name of each room means the one in this repository."""
    result = python(f"import {room}; print({room}.__file__)", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).resolve() in {ROOT / room / "__init__.py", ROOT / f"{room}.py"}


@pytest.mark.parametrize("target", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_leads_to_one_of_the_rooms(target: str, tmp_path: Path) -> None:
    """What a console script calls exists, in a room that is shipped."""
    module, _, function = target.partition(":")
    assert module.partition(".")[0] in ROOMS
    result = python(f"from {module} import {function}; print(callable({function}))", cwd=tmp_path)
    assert result.stdout.strip() == "True", result.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_installed_and_starts(script: str, tmp_path: Path) -> None:
    """Each console script starts in a foreign directory and says how to use it."""
    command = Path(sysconfig.get_path("scripts")) / script
    result = subprocess.run([command, "--help"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "Usage" in result.stdout
