"""Every leaf of every good playbook, deleted, blanked and corrupted one at a time: each is found, or listed with why.

The list is `defaulted.json`: what a playbook may leave out, and what then takes its place. It is written by
`python -m tests.pure.test_leaves --write` and read by people; a row too many fails as surely as a row too few.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.pure import documents
from tidegate.authoring import read
from tidegate.authoring.resolve import resolve
from tidegate.check import check
from tidegate.compile import _judge
from tidegate.models.finding import dotted
from tidegate.models.playbook import Playbook
from tidegate.models.programme import Programme, Zones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models import finding

TABLE = Path(__file__).with_name("defaulted.json")
WRONG_TYPE: dict[str, list[str]] = {"?": ["?"]}
NONSENSE = "no such thing!"
GONE = object()
MUTATIONS = {"delete": GONE, "blank": "", "corrupt": WRONG_TYPE, "nonsense": NONSENSE}
LINE = r"^[^\r\n]*$"


class Row(NamedTuple):
    """A mutation that nothing finds, and what stands in the place of the leaf then."""

    playbook: str
    path: str
    mutation: str
    instead: str


def leaves(value: object, path: finding.Path = ()) -> Iterator[finding.Path]:
    """Yield the place of each value that holds no other."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def mutant(document: dict[str, Any], path: finding.Path, value: object) -> dict[str, Any]:
    """Return the document with one leaf changed; only what lies on the way to it is copied."""
    copied: Any = dict(document)
    here, way = copied, path
    for part in way[:-1]:
        here[part] = dict(here[part]) if isinstance(here[part], dict) else list(here[part])
        here = here[part]
    if value is GONE:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return dict(copied)


@cache
def organisation() -> tuple[Programme, Zones]:
    """Return the sample programme, read once."""
    plain = documents.programme()
    programme, _ = read.read_programme(plain)
    assert programme is not None
    return programme, Zones.model_validate_json(json.dumps(documents.zones(plain)))


@cache
def schema() -> dict[str, Any]:
    """Return the schema of a playbook, made once."""
    return Playbook.model_json_schema()


def findings(document: dict[str, Any]) -> tuple[finding.Finding, ...]:
    """Return what `compile` finds, without building a plan of it."""
    programme, zones = organisation()
    playbook, found = read.read_playbook(document)
    if playbook is None:
        return found
    case, found = resolve(programme, playbook, zones, documents.TODAY)
    return found if case is None else (*found, *_judge(case), *check(case))


def touches(one: finding.Path, other: finding.Path) -> bool:
    """Whether a finding stands at a place, around it or in it; the whole document is around nothing."""
    shorter = min(len(one), len(other))
    return shorter > 0 and one[:shorter] == other[:shorter]


def survivors(name: str) -> Iterator[Row]:
    """Yield the mutations of a playbook that nothing finds."""
    document = documents.playbook(name)
    known = set(findings(document))
    for path in leaves(document):
        for mutation, value in MUTATIONS.items():
            if value is NONSENSE and free_text(path):
                continue
            new = [found for found in findings(mutant(document, path, value)) if found not in known]
            if not any(touches(found.path, path) for found in new):
                yield Row(name, dotted(path), mutation, instead(path))


def free_text(path: finding.Path) -> bool:
    """Whether a leaf may say whatever its author likes."""
    shapes = [shape for node in read._nodes(schema(), path) for shape in read._shapes(schema(), node)]
    return any(
        shape.get("type") == "string"
        and shape.get("pattern", LINE) == LINE
        and not shape.keys() & {"const", "enum", "format"}
        for shape in shapes
    )


def instead(path: finding.Path) -> str:
    """Say what a leaf is when it is not given: its default, and what its description says of it."""
    here = path
    while here:
        if isinstance(here[-1], int):
            return f"one entry fewer: {read._describes(schema(), here[:-1])}"
        for node in read._nodes(schema(), here):
            if "description" in node:
                default = json.dumps(node["default"]) if node.get("default") is not None else "nothing"
                return f"{default}: {node['description']}"
        here = here[:-1]
    return "nothing"


def table() -> list[Row]:
    """Return the committed rows."""
    return [Row(*row) for row in json.loads(TABLE.read_text("utf-8"))]


@pytest.mark.parametrize("name", documents.GOOD)
def test_every_leaf_matters(name: str) -> None:
    """Whatever is deleted, blanked or corrupted is found at its place, or its default is known and listed."""
    assert list(survivors(name)) == [row for row in table() if row.playbook == name]


def test_only_deletions_pass() -> None:
    """What is written is right or it is found: only what is not there at all may have a default."""
    assert {row.mutation for row in table()} == {"delete"}


def test_every_default_says_why() -> None:
    """Each row says in a sentence what the missing leaf would have said."""
    assert [row for row in table() if not row.instead.endswith(".")] == []


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    rows = [row for name in documents.GOOD for row in survivors(name)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    TABLE.write_text(f"[\n{lines}\n]\n", "utf-8")
