"""How an answer looks: findings, tables and sentences as plain text, or one JSON object.

The text is the same in a pipe as on a screen, which only adds a little weight and colour. Nothing that a file says can
move the cursor of whoever reads it: characters that steer a terminal are shown, not sent.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cli.answers import Refusal

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COLOURS = {"error": "red", "owed": "yellow", "warning": "yellow"}
_SPOKEN = {"accountable_exec": "accountable executive", "ai_owner": "AI owner", "cto": "CTO"}
_GAP = "  "
_NARROWEST = 60
_WIDEST = 140
_LEAST_COLUMN = 10


class Row(NamedTuple):
    """One finding as a person or a machine reads it; these names are the keys of `--json`."""

    rule: str
    severity: str
    file: str
    line: int
    path: str
    message: str
    mend: str


def clean(text: str) -> str:
    """Show what would steer a terminal instead of sending it."""
    return _STEERING.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line."""
    typer.echo(text, err=err)


def answer(words: dict[str, Any]) -> None:
    """Print the one object of `--json`."""
    import json

    say(json.dumps(words, indent=2, ensure_ascii=False))


def refuse(refusal: Refusal) -> None:
    """Say on standard error what is wrong and what mends it."""
    say(f"{typer.style('error:', fg='red')} {clean(refusal.message)}", err=True)
    if refusal.mend:
        say(f"  {clean(refusal.mend)}", err=True)


def findings(rows: Iterable[Row]) -> None:
    """Print findings, one on a line as editors and `grep` like it, each with its mend below."""
    for row in rows:
        where = f"{row.file}:{row.line}" if row.line else row.file
        severity = typer.style(row.severity, fg=_COLOURS.get(row.severity))
        path = f" {row.path}" if row.path else ""
        say(f"{clean(where)}: {severity} {row.rule}{clean(path)}: {clean(row.message)}")
        if row.mend:
            say(f"    {clean(row.mend)}")


def counted(count: int, one: str, many: str = "") -> str:
    """Say how many there are: `1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def spoken(name: str) -> str:
    """Say a word of the rules as people do: `data_steward` is a data steward, `ai_owner` an AI owner."""
    return _SPOKEN.get(name, name.replace("_", " "))


def listed(names: Sequence[str], last: str = "and") -> str:
    """Join names as people do: `a, b and c`."""
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def heading(text: str, *, first: bool = False) -> None:
    """Print the heading of a part, with a line of space above it unless it is the first."""
    if not first:
        say()
    say(typer.style(clean(text), bold=True))


def sentence(text: str, indent: str = "") -> None:
    """Print a sentence, broken where the screen ends."""
    for line in _wrapped(clean(text), width() - len(indent)):
        say(f"{indent}{line}")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that fits the screen; a long cell goes on below itself."""
    cells = [[clean(cell) for cell in row] for row in rows]
    columns = [[head, *(row[index] for row in cells)] for index, head in enumerate(heads)]
    widths = _fitted(
        [max(len(cell) for cell in column) for column in columns], [_unbroken(column) for column in columns]
    )
    say(typer.style(_line(heads, widths), bold=True))
    for row in cells:
        wrapped = [_wrapped(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        for depth in range(max(len(lines) for lines in wrapped)):
            say(_line([lines[depth] if depth < len(lines) else "" for lines in wrapped], widths))


def width() -> int:
    """Return how many characters fit on a line; in a pipe, a hundred."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, _NARROWEST), _WIDEST)


def _wrapped(text: str, size: int) -> list[str]:
    # A name keeps its dashes: people copy it.
    return textwrap.wrap(text, size, break_on_hyphens=False, break_long_words=False)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()


def _unbroken(column: Sequence[str]) -> int:
    """The longest word of a column: a name that is broken cannot be copied."""
    words = [len(word) for cell in column for word in cell.split()]
    return max((_LEAST_COLUMN, *words)) if words else 0


def _fitted(wanted: list[int], least: list[int]) -> list[int]:
    """Take from the widest column that can still give until the line fits."""
    sizes = list(wanted)
    while sum(sizes) + len(_GAP) * (len(sizes) - 1) > width():
        giving = [index for index, size in enumerate(sizes) if size > least[index]]
        if not giving:
            break
        sizes[max(giving, key=lambda index: sizes[index])] -= 1
    return sizes
