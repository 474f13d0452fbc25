"""Changes to a document by path, `pilot.waves.0.max_users: 30`, as scenarios say them: data in, data out."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tidegate.authoring.read import known

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMME = "programme"
"""Under this key stand the changes to the programme."""


class NowhereError(ValueError):
    """A path leads nowhere."""

    def __init__(self, message: str, mend: str) -> None:
        """Say what is wrong and what mends it."""
        super().__init__(message)
        self.message, self.mend = message, mend


def split(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the changes to the playbook, and those to the programme. Raises NowhereError if the latter are none."""
    programme = changes.get(PROGRAMME, {})
    if not isinstance(programme, dict):
        raise NowhereError("under `programme` stand changes by path", "Write `programme: {people.NAME.active: false}`.")
    return {path: value for path, value in changes.items() if path != PROGRAMME}, programme


def changed(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with each change made in turn; the one that is given stays as it is."""
    made: dict[str, Any] = deepcopy(dict(data))
    for path, value in changes.items():
        _put(made, path, deepcopy(value))
    return made


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    here: Any = data
    left = path.split(".")
    done: list[str] = []
    while left:
        if isinstance(here, list):
            step, left = left[0], left[1:]
            if not step.isascii() or not step.isdigit() or int(step) > len(here) or (left and int(step) == len(here)):
                raise NowhereError(
                    f"`{path}` leads nowhere: {'.'.join(done)} is a list of {len(here)}, and `{step}` is none of it",
                    "Count from 0; the number after the last adds one.",
                )
            at: Any = int(step)
            if not left and at == len(here):
                here.append(value)
                return
        elif isinstance(here, dict):
            at, left = _step(here, left)
            if left and at not in here:
                raise NowhereError(
                    f"`{path}` leads nowhere: {'.'.join(done) or 'the document'} has no `{at}`",
                    known(at, tuple(str(name) for name in here)),
                )
        else:
            says = f"`{path}` leads nowhere: {'.'.join(done)} holds nothing further in"
            raise NowhereError(says, f"End it at `{'.'.join(done)}`.")
        if not left:
            here[at] = value
            return
        done.append(str(at))
        here = here[at]


def _step(here: dict[str, Any], left: list[str]) -> tuple[str, list[str]]:
    """Return the next key and what is left; names may hold dots themselves, and the longest that is there is meant."""
    for length in range(len(left), 0, -1):
        name = ".".join(left[:length])
        if name in here:
            return name, left[length:]
    return left[0], left[1:]
