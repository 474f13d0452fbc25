"""Named checks of data, as they are written: one a line, a name and what must hold. Whether they hold is asked outside.

    taken_at: SELECT max(loaded_at) FROM claims
    schema: columns of claims: id, policy_number, amount, loss_date
    missing policy: SELECT count(*) FROM claims WHERE policy_number IS NULL AND at >= :since

`columns of` is passed where the table has exactly these; a question is passed where its first figure is 0. A line that
begins with a space goes on with the one above.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FRESH = "taken_at"
"""The line that asks how new the data are."""

_LINE = re.compile(r"(?P<name>[A-Za-z][\w .-]{0,39}?)\s*:\s*(?P<what>.+)", re.DOTALL)
_COLUMNS = re.compile(r"columns of (?P<table>[A-Za-z_][\w.]*)\s*:\s*(?P<columns>.+)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"[A-Za-z_]\w*")
_QUESTION = re.compile(r"(select|with)\b", re.IGNORECASE)


class DataCheck(NamedTuple):
    """One check."""

    name: str
    """What people call it."""
    question: str | None
    """What is asked: how many rows are wrong; none where the columns of a table are compared."""
    table: str | None = None
    """Whose columns."""
    columns: tuple[str, ...] = ()
    """Which it must have, in small letters, and no others."""


class DataChecks(NamedTuple):
    """All of them, and how new the data are."""

    fresh: str
    """What asks for the time of the newest row."""
    checks: tuple[DataCheck, ...]


def read(text: str) -> DataChecks:
    """Read the checks; raise ValueError, which says what is wrong and in which line."""
    fresh: str | None = None
    found: dict[str, DataCheck] = {}
    for number, line in _lines(text):
        said = _LINE.fullmatch(line)
        if said is None:
            raise ValueError(f"line {number} is no check: write a name, a colon, and what must hold")
        name, what = said["name"], " ".join(said["what"].split())
        if name in found or (name == FRESH and fresh is not None):
            raise ValueError(f"line {number}: there is a check `{name}` already")
        if name == FRESH:
            if _QUESTION.match(what) is None:
                raise ValueError(f"line {number}: `{FRESH}` asks with a SELECT")
            fresh = what
        else:
            found[name] = _check(number, name, what)
    if fresh is None:
        raise ValueError(f"nobody says how new the data are: write a line `{FRESH}` with a SELECT of the newest time")
    if not found:
        raise ValueError("there is no check")
    return DataChecks(fresh, tuple(found.values()))


def _check(number: int, name: str, what: str) -> DataCheck:
    compared = _COLUMNS.fullmatch(what)
    if compared is not None:
        columns = [each.strip().lower() for each in compared["columns"].split(",")]
        if odd := [each for each in columns if _COLUMN.fullmatch(each) is None]:
            raise ValueError(f"line {number}: `{odd[0]:.40}` is no name of a column")
        return DataCheck(name, None, compared["table"], tuple(sorted(set(columns))))
    if _QUESTION.match(what) is None:
        raise ValueError(f"line {number}: `{name}` asks with a SELECT, or compares the `columns of` a table")
    return DataCheck(name, what)


def _lines(text: str) -> list[tuple[int, str]]:
    """Return whole checks, each with the number of its first line."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if line[0].isspace() and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            found.append((number, line.strip()))
    return found
