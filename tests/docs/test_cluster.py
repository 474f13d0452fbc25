"""The page about running on a cluster names what is there: services, variables, files and verbs."""

from __future__ import annotations

import re

from tests.deployment.compose import ROOT, compose, variables

PAGE = (ROOT / "docs" / "running-on-a-cluster.md").read_text("utf-8")
SERVICES = compose()["services"]


def test_the_table_names_every_service_and_whether_it_ends() -> None:
    """Each service that is begun by itself has a row, which says whether it stays."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| (stays|ends) \|$", PAGE, re.MULTILINE))
    begun = {name: one for name, one in SERVICES.items() if "profiles" not in one}
    assert rows == {name: "stays" if one["restart"] == "unless-stopped" else "ends" for name, one in begun.items()}


def test_each_command_is_about_what_is_there() -> None:
    """What people copy names services of the file and scripts of this repository."""
    lines = [line for block in re.findall(r"```sh\n((?:.*\n)*?)```", PAGE) for line in block.splitlines()]
    assert {line.split()[0] for line in lines} == {"sh", "cp", "docker", "export", "tidegate"}
    named = {word for line in lines for word in re.findall(r"(?:run --rm|exec -T|--scale|cp) ([a-z]+)", line)}
    assert named == {"tidegate", "postgres", "worker"}
    assert all((ROOT / script).is_file() for line in lines for script in re.findall(r"sh (\S+\.sh)", line))


def test_every_variable_is_explained() -> None:
    """Whatever our own services are told stands in the table."""
    table = PAGE.partition("## Variables")[2]
    said = {name for one in ("worker", "desk", "ledger", "tidegate") for name in SERVICES[one]["environment"]}
    assert {name for name in said if f"`{name}`" not in table} == set()


def test_what_is_pinned_is_what_the_page_says() -> None:
    """The versions of Temporal on the page are those of the file."""
    held = variables()
    assert f"server and admin tools {held['TEMPORAL_VERSION']}, UI {held['TEMPORAL_UI_VERSION']}" in PAGE
