"""Secrets by reference: fetched for each use, and told by nothing else."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest

from activities.drivers.contract import Unusable
from activities.secrets import Secret, refuse_written_out, secret

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = "s3cr3t-Value-of-nobody"


def test_a_secret_is_fetched_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A reference to the environment is read anew for each use."""
    found = secret({"token": "env:TIDEGATE_TEST_TOKEN"}, "token", tmp_path)
    monkeypatch.setenv("TIDEGATE_TEST_TOKEN", HIDDEN)
    assert found.reveal() == HIDDEN
    monkeypatch.setenv("TIDEGATE_TEST_TOKEN", "another")
    assert found.reveal() == "another"


@pytest.mark.parametrize("absolute", [False, True])
def test_a_secret_is_fetched_from_a_file(tmp_path: Path, *, absolute: bool) -> None:
    """A reference to a file is read under the root, or where it says, without the end of its line."""
    (tmp_path / "token").write_text(f"{HIDDEN}\n", "utf-8")
    named = tmp_path / "token" if absolute else "token"
    assert secret({"token": f"file:{named}"}, "token", tmp_path).reveal() == HIDDEN


def test_nothing_but_revealing_tells_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither its repr, its text, its parts nor its pickle hold the value."""
    monkeypatch.setenv("TIDEGATE_TEST_TOKEN", HIDDEN)
    found = secret({"token": "env:TIDEGATE_TEST_TOKEN"}, "token", tmp_path)
    assert found.reveal() == HIDDEN
    told = (repr(found), str(found), *(str(getattr(found, name)) for name in Secret.__slots__))
    assert not any(HIDDEN in words for words in told)
    assert HIDDEN.encode() not in pickle.dumps(found)


@pytest.mark.parametrize("value", [HIDDEN, "env:", "vault:x"])
def test_what_is_no_reference_is_refused_unsaid(tmp_path: Path, value: str) -> None:
    """A secret in the place of its name is refused, and the refusal does not repeat it."""
    with pytest.raises(Unusable, match="'token' must name a secret: write env:NAME or file:PATH") as refused:
        secret({"token": value}, "token", tmp_path)
    assert value not in str(refused.value) or value == "env:"


@pytest.mark.parametrize("settings", [{}, {"token": ""}])
def test_a_missing_secret_is_said(settings: dict[str, str], tmp_path: Path) -> None:
    """What is not set at all is told by its name."""
    with pytest.raises(Unusable, match="'token' is missing"):
        secret(settings, "token", tmp_path)


def spoil(root: Path) -> dict[str, str]:
    """References behind which there is no secret."""
    (root / "empty").write_text(" \n", "utf-8")
    (root / "lines").write_text(f"{HIDDEN}\n{HIDDEN}\n", "utf-8")
    (root / "letters").write_text(f"{HIDDEN}é", "utf-8")
    (root / "long").write_text(HIDDEN * 9_000, "utf-8")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    return {
        "env:TIDEGATE_NOBODY_SET_THIS": "nothing is there",
        "file:absent": "No such file",
        "file:empty": "nothing is there",
        "file:lines": "not one line",
        "file:letters": "not one line",
        "file:long": "nothing is there",
        "file:folder": "Is a directory",
        "file:pipe": "no file",
    }


def test_a_reference_to_nothing_is_said_and_waits_for_nothing(tmp_path: Path) -> None:
    """Where there is no secret to be had the reference is named, and what is in its place is not."""
    for reference, why in spoil(tmp_path).items():
        found = secret({"token": reference}, "token", tmp_path)
        with pytest.raises(Unusable, match=why) as refused:
            found.reveal()
        assert reference in str(refused.value)
        assert HIDDEN not in str(refused.value)


def test_settings_with_a_secret_in_them_are_refused_unsaid() -> None:
    """What looks like a secret is refused by the name of its setting; with a reference there it is not."""
    refuse_written_out({"url": "https://flags.example.org", "token": "env:TOKEN"})
    with pytest.raises(Unusable, match="under 'token', 'url': ") as refused:
        refuse_written_out({"token": HIDDEN, "url": f"https://me:{HIDDEN}@flags.example.org", "flag": "ours"})
    assert HIDDEN not in str(refused.value)
