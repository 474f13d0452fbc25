"""Small changes to a good document, written as dotted paths: what the examples of the rules are made of."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.pure import documents
from tidegate.check import DELETE
from tidegate.compile import compile as compiled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.finding import Finding, Path

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def path_of(dotted: str) -> Path:
    """Read `pilot.waves[0].observe` as a path."""
    return tuple(int(found[2]) if found[2] else found[1] for found in _PART.finditer(dotted))


def patch(document: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Change a document in place; maps on the way that are not there yet are made."""
    for dotted, value in changes.items():
        *way, last = path_of(dotted)
        here: Any = document
        for part in way:
            here = here[part] if isinstance(part, int) else here.setdefault(part, {})
        if value is DELETE:
            here.pop(last, None)
        elif isinstance(here, list) and last == len(here):
            here.append(deepcopy(value))
        else:
            here[last] = deepcopy(value)


def found_in(base: str, changes: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return everything that is found in a good playbook once it is changed, its programme too where a path says so."""
    programme, playbook = documents.programme(), documents.playbook(base)
    patch(playbook, {dotted: value for dotted, value in changes.items() if not dotted.startswith("programme:")})
    patch(
        programme,
        {dotted[len("programme:") :]: value for dotted, value in changes.items() if dotted.startswith("programme:")},
    )
    return compiled(programme, playbook, documents.zones(programme), documents.TODAY).findings
