"""What is installed is pinned, byte by byte, and no file says from where or on whose machine."""

import re

import pytest

from tests.house.tree import PROJECT, ROOT, short, tracked

# A requirement is one logical line: `name==version ; marker --hash=... --hash=...`.
REQUIREMENTS = [
    line
    for line in re.sub(r"\\\n", " ", (ROOT / "requirements.txt").read_text("utf-8")).splitlines()
    if line.strip() and not line.lstrip().startswith("#")
]
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==[^\s;]+( ;[^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")

# Written with detours, so that this file does not find itself.
ADDRESSES = re.compile(r"index[-]url|find[-]links|https?[:]//[^\s\"']*(\.whl|\.tgz|\.tar\.gz|/simple/?)(?![\w-])")


def canonical(requirement: str) -> str:
    """The name in a requirement, spelled as a registry compares it."""
    name = re.match(r"[\w.-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_every_requirement_is_pinned_by_version_and_hash() -> None:
    """Each requirement is one version, known by the hashes of its files, and nothing else stands beside it."""
    assert REQUIREMENTS
    assert [line for line in REQUIREMENTS if not PIN.fullmatch(line)] == []


def test_no_requirement_says_from_where() -> None:
    """The lock holds no address, so that every machine uses its own registry."""
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    assert re.findall(r"://|@|^\s*-\w|--(?!hash)", lock, flags=re.MULTILINE) == []


def test_every_direct_dependency_is_locked() -> None:
    """Whatever pyproject.toml asks for, to run, to build or to develop, is in the lock."""
    project = PROJECT["project"]
    direct = [
        *PROJECT["build-system"]["requires"],
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    assert {canonical(each) for each in direct} - {canonical(line) for line in REQUIREMENTS} == set()


def test_no_file_holds_an_address_of_a_package_registry() -> None:
    """No tracked file says from which address a package is downloaded."""
    found = [short(path) for path in tracked() if ADDRESSES.search(path.read_text("utf-8", errors="replace"))]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("--extra-index{dash}url {scheme}://files.example", True),
        ('"resolved": "{scheme}://files.example/typer-1.0.tgz"', True),
        ("{scheme}://files.example/typer-1.0-py3-none-any.whl#sha256", True),
        ("{scheme}://files.example/simple/", True),
        ("{scheme}://files.example/simple-made-easy", False),
        ("{scheme}://files.example/en/1.1.0/", False),
    ],
)
def test_an_address_would_be_found(text: str, *, found: bool) -> None:
    """The search for addresses sees those that tools write, and leaves other links alone."""
    assert bool(ADDRESSES.search(text.format(scheme="https", dash="-"))) is found


def test_no_file_holds_a_path_of_this_machine() -> None:
    """No tracked file names the place where this checkout happens to lie."""
    here = re.compile(rf"(?<![\w.-]){re.escape(str(ROOT))}(?![\w-])")
    found = [short(path) for path in tracked() if here.search(path.read_text("utf-8", errors="replace"))]
    assert found == []
