"""A skip that nobody accepted fails in CI, and the list of those that are accepted is about tests that there are."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.skips import LIST, accepted, listed


def test_every_accepted_skip_is_of_a_test_that_gives_that_reason() -> None:
    """Each entry names a test that there is, the reason that stands in its file, and why it is accepted."""
    for one in tomllib.loads(LIST.read_text("utf-8"))["skip"]:
        file, _, name = one["test"].partition("::")
        source = (ROOT / file).read_text("utf-8")
        assert f"def {name}(" in source
        assert one["reason"] in source
        assert len(one["why"]) > 20


def test_a_skip_is_accepted_for_its_reason_only() -> None:
    """Another reason, or another test, is not on the list; parameters make no difference."""
    test, reason = next(iter(listed().items()))
    assert accepted(test, f"Skipped: {reason}, as it is")
    assert accepted(f"{test}[one]", reason)
    assert not accepted(test, "Skipped: no Unleash")
    assert not accepted(f"{test}_too", reason)


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("1", 1)])
def test_a_skip_fails_where_ci_is_set(tmp_path: Path, ci: str, code: int) -> None:
    """The same skip ends well without CI, and fails with its reason where CI is set."""
    file = tmp_path / "test_it.py"
    file.write_text("import pytest\ndef test_a():\n    pytest.skip('nobody knows')\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.skips", "-q", "-c", os.devnull, "-p", "no:cacheprovider"]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(file)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout
    assert ("does not accept it: Skipped: nobody knows" in done.stdout) == bool(code)
