"""Writes docs/performance.md from what the benches found, which lies in docs/performance.json; no figure is ours."""

from __future__ import annotations

import importlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import ROOT, Bench, number, verdict

BENCHES = (
    "startup", "decide", "signatures", "ledger", "rehearsal", "workers", "rollout", "lives", "memory", "storm",
    "inbox", "containment",
)  # fmt: skip
"""In the order in which they run and stand on the page: what is quick goes first."""
KEPT = ROOT / "docs" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
_HEAD = """# What it costs

Written by `make bench` from docs/performance.json; do not edit. Each figure stands beside a floor that was measured in
the same run, in turns with it: what anything whatever would have to pay that does the same from the outside. Ratios
say more than times, which are those of one machine, and a busy one where the load says so. `make bench` measures
everything anew and writes this page; `make bench BENCH=decide` measures one part, and leaves the others as they are;
`make bench MORE=--full` takes the sizes that last long. Each part is a script that can be run by itself.
"""


def bench(name: str) -> Bench:
    """Return a bench by its name."""
    one: Bench = importlib.import_module(f"bench.{name}").BENCH
    return one


def known() -> dict[str, Any]:
    """Return what was found so far, by bench."""
    return dict(json.loads(KEPT.read_text("utf-8"))) if KEPT.exists() else {}


def write(results: Mapping[str, Any]) -> None:
    """Keep what was found, and write the page."""
    ordered = {name: results[name] for name in BENCHES if name in results}
    KEPT.write_text(json.dumps(ordered, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(ordered), "utf-8")


def page(results: Mapping[str, Any]) -> str:
    """Return the page."""
    return "\n".join([_HEAD, _aims(results), *(_section(name, one) for name, one in results.items())])


def _aims(results: Mapping[str, Any]) -> str:
    rows = [
        f"| [{bench(name).title}](#{_anchor(bench(name).title)}) | {row['what']} | {_figure(row)} | {verdict(row)} |"
        for name, one in results.items()
        for table in one["tables"]
        for row in table["rows"]
        if row["kept"] is not None
    ]
    return "\n".join(["## Aims", "", "| part | what | found | aim |", "|---|---|---:|---|", *rows, ""])


def _figure(row: Mapping[str, Any]) -> str:
    if row["aim"].startswith("= ") or row["ratio"] is None:
        return f"{number(row['value'])} {row['unit']}"
    return f"{row['ratio']:.2f} times"


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def _section(name: str, one: Mapping[str, Any]) -> str:
    about = bench(name)
    sizes = " ".join(f"--{key} {_size(value)}" for key, value in one["sizes"].items())
    where = (
        f"`python -m bench.{name} {sizes}`, {one['day']}: {one['cores']} cores, Python {one['python']},"
        f" {one['machine']}, load {one['load']} before it began; it took {one['took']} s."
    )
    parts = [f"## {about.title}", _lines(about.what), _lines(where), *map(_table, one["tables"])]
    if one["notes"]:
        parts.append("\n".join(f"* {note}" for note in one["notes"]))
    return "\n\n".join([*parts, *map(_lines, filter(None, about.why.split("\n\n")))]) + "\n"


def _lines(words: str) -> str:
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def _size(value: int | Sequence[int]) -> str:
    return str(value) if isinstance(value, int) else " ".join(map(str, value))


def _table(table: Mapping[str, Any]) -> str:
    beside = f" The floor: {table['floor']}." if table["floor"] else ""
    lines = [f"**{table['title']}.**{beside}", ""]
    if table["floor"]:
        lines += ["| what | figure | floor | ratio |", "|---|---:|---:|---:|"]
    else:
        lines += ["| what | figure |", "|---|---:|"]
    for row in table["rows"]:
        line = f"| {row['what']} | {number(row['value'])} {row['unit']} |"
        if table["floor"] and row["floor"]:
            line += f" {number(row['floor'])} {row['unit']} | {row['ratio']:.2f} |"
        elif table["floor"]:
            line += " | |"
        lines.append(line)
    return "\n".join(lines)
