"""What the Dockerfile promises: what is pinned by hash, nobody who is root, nothing that builds, no secret."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.deployment.compose import ROOT, compose, entry_point, stages, steps

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
INSTALLS = [words for name, words in steps() if name == "RUN" and re.search(r"pip\b[^&]* install ", words)]


def pins(file: str) -> dict[str, list[str]]:
    """Return what a lock file pins: each line of a package, and its hashes."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            found[package := line.rstrip(" \\")] = []
        elif line.strip().startswith("--hash="):
            found[package].append(line.strip(" \\"))
    return found


def called(requirement: str) -> str:
    """Return the name of a package as lock files spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;~! ]", requirement)[0]).lower()


def test_every_base_is_pinned_and_the_same() -> None:
    """Each stage begins with one image, by a whole version: what is built in one runs in the next."""
    bases = {words.split()[0] for name, words in steps() if name == "FROM"}
    assert len(bases) == 1
    assert re.match(r"python:3\.\d+\.\d+-slim-[a-z]+$", bases.pop())


def test_hashes_are_asked_for() -> None:
    """Whatever pip fetches has its hash in a lock file and is a wheel; what it does not fetch is our own."""
    assert len(INSTALLS) == 3
    for words in INSTALLS:
        fetched = "--require-hashes" in words and "--only-binary :all:" in words and "-r " in words
        own = "--no-deps" in words and "--no-index" in words
        assert fetched != own, words


def test_ours_is_built_as_make_does() -> None:
    """What builds ours is installed by the same words as `make .venv/.ready` has."""
    made = re.search(r"pip (install .*--require-hashes.*requirements\.txt)", (ROOT / "Makefile").read_text("utf-8"))
    assert made is not None
    assert made[1] in INSTALLS[0].replace(" --only-binary :all:", "")


def test_what_runs_is_a_part_of_what_is_tested() -> None:
    """requirements-run.txt pins what requirements.txt pins, to the same hashes, and only what is needed to run."""
    tested, runs = pins("requirements.txt"), pins("requirements-run.txt")
    assert {package: tested.get(package) for package in runs} == runs
    assert all(runs.values())
    needed = {called(one) for one in PROJECT["project"]["dependencies"]}
    only_tests = {called(one) for one in PROJECT["project"]["optional-dependencies"]["dev"]} - needed
    names = {called(package) for package in runs}
    assert needed <= names, "`make lock` writes it anew"
    assert only_tests & names == set(), "`make lock` writes it anew"


def test_all_that_is_shipped_is_copied() -> None:
    """Every room that belongs to the wheel reaches the build, and .dockerignore lets it through and little else."""
    copied = {words.split()[0] for name, words in stages()[0] if name == "COPY" for words in words.split(" ")[:-1]}
    rooms = {*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}
    assert rooms <= copied
    let = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in let
    assert {line[1:] for line in let if line.startswith("!")} == copied | {"requirements-run.txt"}


def test_the_image_is_nobody_and_starts_the_worker() -> None:
    """It ends as the user whom the compose file names, its home is theirs, and it starts the worker."""
    last = stages()[-1]
    users = [words for name, words in last if name == "USER"]
    assert users == ["10001:10001"]
    assert {one["user"] for one in compose()["services"].values() if one["image"].startswith("tidegate:")} == {*users}
    assert [name for name, _ in last].index("USER") < [name for name, _ in last].index("ENTRYPOINT")
    assert entry_point()[0] in PROJECT["project"]["scripts"]
    made = next(words for name, words in last if name == "RUN")
    assert "--owner=10001" in made
    assert f" {compose()['services']['worker']['environment']['TIDEGATE_HOME']} " in made


def test_nothing_that_builds_is_left() -> None:
    """The image takes from the stages before it what is installed, and nothing else; pip itself goes."""
    last = stages()[-1]
    assert [words for name, words in last if name == "COPY"] == ["--from=installed /opt/tidegate /opt/tidegate"]
    assert any(name == "RUN" and "pip uninstall --yes" in words for name, words in last)
    assert not any(name == "RUN" and re.search(r"apt|curl|wget|pip install", words) for name, words in last)


@pytest.mark.parametrize("file", ["Dockerfile", ".dockerignore"])
def test_no_secret_reaches_the_image(file: str) -> None:
    """No build argument, no added address and no file of secrets has a place in it."""
    assert not {name for name, _ in steps()} & {"ARG", "ADD"}
    assert "secrets" not in Path(ROOT / file).read_text("utf-8").split()
    assert not any(re.search(r"(?i)password|token|api_key", words) for _, words in steps())
