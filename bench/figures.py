"""What a measurement is made of: rows beside their floors, sizes to run it in, and how it is printed or handed on.

Every bench is a module with one `BENCH`. Run as `python -m bench.NAME` it prints what people read; with `--json` one
object that docs/performance.md is written from. What is under way goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
Sizes = Mapping[str, "int | tuple[int, ...]"]


class Row(NamedTuple):
    """One figure, beside its floor if it has one."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    aim: str | None = None
    """What the ratio to the floor is to be, `<= 2.5` or `>= 0.5`; with `=` in front, what the figure itself is to."""

    @property
    def ratio(self) -> float | None:
        """How many times the floor it is."""
        return self.value / self.floor if self.floor else None

    @property
    def kept(self) -> bool | None:
        """Whether the aim is kept; none where there is no aim."""
        if self.aim is None:
            return None
        kind, bound = self.aim.removeprefix("= ").split()
        found = self.value if self.aim.startswith("= ") or self.ratio is None else self.ratio
        return found <= float(bound) if kind == "<=" else found >= float(bound)


class Table(NamedTuple):
    """Rows that share a floor."""

    title: str
    floor: str
    """What stands beside them; empty if nothing does."""
    rows: Sequence[Row]


class Result(NamedTuple):
    """What one run of a bench found."""

    tables: Sequence[Table]
    notes: Sequence[str] = ()
    """Sentences, with figures of this run only."""


class Bench(NamedTuple):
    """One bench."""

    title: str
    what: str
    """What is measured beside what: a paragraph of the page."""
    measure: Callable[..., Result]
    usual: Sizes
    """The sizes in which `make bench` runs it; each is an option."""
    tiny: Sizes
    """Sizes in which a test runs it, to see that it runs."""
    full: Sizes = MappingProxyType({})
    """Where these differ, the sizes that take long."""
    why: str = ""
    """What lies behind a ratio that is poor, and what was tried: paragraphs of the page, without figures."""


def said(what: str) -> None:
    """Say what is under way."""
    print(f"  {what}", file=sys.stderr, flush=True)


def middle(times: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(times)


def number(value: float) -> str:
    """Spell a figure with three digits that mean something."""
    return f"{value:,.{max(0, 2 - _tens(value))}f}"


def _tens(value: float) -> int:
    return max(len(str(int(abs(value)))) - 1, 0) if abs(value) >= 1 else 0


def found(name: str, bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Run a bench, and return what it found and where, as one object."""
    load, begun = os.getloadavg()[0], time.monotonic()
    result = bench.measure(**sizes)
    tables = [
        {**table._asdict(), "rows": [{**row._asdict(), "ratio": row.ratio, "kept": row.kept} for row in table.rows]}
        for table in result.tables
    ]
    return {
        "bench": name,
        "day": datetime.now(UTC).date().isoformat(),
        "took": round(time.monotonic() - begun),
        "cores": os.cpu_count(),
        "load": round(load, 1),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "sizes": {key: list(value) if isinstance(value, tuple) else value for key, value in sizes.items()},
        "tables": tables,
        "notes": list(result.notes),
    }


def main(bench: Bench) -> None:
    """Run one bench as its options say, and print."""
    name = Path(sys.argv[0]).stem
    asked = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=bench.what)
    asked.add_argument("--json", action="store_true", help="print one object")
    asked.add_argument("--tiny", action="store_true", help="in sizes that only show that it runs")
    asked.add_argument("--full", action="store_true", help="in sizes that take long")
    for key, size in bench.usual.items():
        many: dict[str, Any] = {"nargs": "+"} if isinstance(size, tuple) else {}
        asked.add_argument(f"--{key}", type=int, help=f"{size} if not said", **many)
    given = vars(asked.parse_args())
    sizes = {**bench.usual, **(bench.full if given["full"] else {}), **(bench.tiny if given["tiny"] else {})}
    for key, value in list(sizes.items()):
        if given[key] is not None:
            sizes[key] = tuple(given[key]) if isinstance(value, tuple) else given[key]
    answer = os.dup(1)
    os.dup2(2, 1)  # servers print where they stand, and that is no answer
    one = found(name, bench, sizes)
    with os.fdopen(answer, "w") as out:
        print(json.dumps(one) if given["json"] else spelled(bench.title, one), file=out)


def spelled(title: str, one: Mapping[str, Any]) -> str:
    """Return what was found as people read it in a terminal."""
    lines = [f"{title} ({one['cores']} cores, load {one['load']} before, {one['took']} s)"]
    for table in one["tables"]:
        lines += ["", f"  {table['title']}" + (f"; floor: {table['floor']}" if table["floor"] else "")]
        for row in table["rows"]:
            line = f"    {row['what']:<48} {number(row['value']):>10} {row['unit']:<10}"
            if row["floor"]:
                line += f" floor {number(row['floor']):>9}  {row['ratio']:7.2f}"
            lines.append(line + ("" if row["kept"] is None else f"  {verdict(row)}"))
    return "\n".join([*lines, "", *(f"  {note}" for note in one["notes"])]).rstrip()


def verdict(row: Mapping[str, Any]) -> str:
    """Say what the aim is, and whether it is kept."""
    kind, bound = row["aim"].removeprefix("= ").split()
    unit = f" {row['unit']}" if row["aim"].startswith("= ") else ""
    return f"{'kept' if row['kept'] else 'missed'}: {'at most' if kind == '<=' else 'at least'} {bound}{unit}"
