"""The table of requirements says what is proven; a proof that is none is found."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.readme import ROOT

_ABLE = "def _seen(it):\n    assert it\n\n\ndef test_a1_it_is_so():\n    _seen(1)\n"
_BLIND = "def _seen(it):\n    print(it)\n\n\ndef test_a1_it_is_so():\n    _seen(1)\n"
_EXPECTS = "import pytest\n\n\ndef test_a1_it_is_so():\n    with pytest.raises(ValueError):\n        int('x')\n"
_WORDS = {"A": {"title": "Scope", "A1": "It is so"}}


@pytest.fixture(scope="module")
def table() -> Any:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("requirements_table", ROOT / "docs" / "requirements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_requirement_is_proven_or_says_why_not() -> None:
    """The page is what the tests say; no named test is missing or blind; what has no proof says so."""
    done = subprocess.run(
        [sys.executable, "docs/requirements.py", "--check"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "words", "fault"),
    [
        (_ABLE, _WORDS, None),
        (_EXPECTS, _WORDS, None),
        (_BLIND, _WORDS, "asserts nothing"),
        (_ABLE.replace("test_a1_", "test_a2_"), _WORDS, "which nobody asks for"),
        ("", _WORDS, "A1 has no test"),
        ("", {**_WORDS, "later": {"A1": "It comes with the next issue."}}, None),
        (_ABLE, {**_WORDS, "later": {"A1": "It comes with the next issue."}}, "stands under `later`"),
        (_ABLE, {**_WORDS, "later": {"A9": "It comes with the next issue."}}, "nobody asks for it"),
        (_ABLE, {**_WORDS, "tests": {"A1": "tests/test_it.py::test_gone"}}, "does not exist"),
        (_ABLE, {**_WORDS, "verbs": {"A1": "dance"}}, "no verb"),
        (_ABLE, {**_WORDS, "verbs": {"A1": "status"}}, None),
    ],
)
def test_a_proof_that_is_none_is_found(
    table: Any, tmp_path: Path, code: str, words: dict[str, dict[str, str]], fault: str | None
) -> None:
    """Each way in which a requirement is not proven is said, and its twin is silent."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(code, encoding="utf-8")
    _, faults = table.proven(table.read(words), (), tmp_path)
    if fault is None:
        assert faults == []
    else:
        assert any(fault in each for each in faults), faults
