"""Figures that people or a nightly job write down: a CSV file with the columns metric, value, n, taken_at.

    metric,value,n,taken_at
    error_rate,1.5,240,2026-12-01T06:00:00Z

or a file of JSON lines that say the same:

    {"metric": "error_rate", "value": 1.5, "n": 240, "taken_at": "2026-12-01T06:00:00Z"}

    sources:
      figures: {kind: csv, settings: {file: figures.csv}}

`query` names the metric in the file, where it is not called as in the playbook. The last line of a metric that is not
later than now, less the `lag` of the source, counts. A blank value, or null, says that there was nothing to measure.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from typing import TYPE_CHECKING, Any, Literal

from activities.sources.contract import NoNumber, Odd, answered, failed
from tidegate.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from activities.sources.contract import Asked
    from tidegate.models.reading import Reading

_LARGEST = 32 * 1024 * 1024
_FIELDS = ("value", "n", "taken_at", "since")


class Written:
    """Reads figures from a file."""

    def __init__(self, root: Path, form: Literal["csv", "jsonl"] = "csv") -> None:
        """Look for files under a directory, unless their whole path is given."""
        self._root = root
        self._form = form

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return the last figure of a metric."""
        wanted = asked.metric.query or asked.name
        text = _text(self._root / settings["file"])
        rows = _csv(text) if self._form == "csv" else _jsonl(text)
        until = asked.until(settings)
        # A line that nobody can read may be the newest one: that is no reason to fall back to an older figure.
        found = [(row, _reading(row, asked)) for row in rows if row.get("metric") == wanted]
        there = [(row, said) for row, said in found if said.taken_at <= until or said.status == "error"]
        if not there:
            return answered(asked, None, until)
        row, _ = max(there, key=lambda pair: pair[1].taken_at)
        # Only what counts is digested: a file may hold the figures of years.
        return _reading(row, asked, raw=True)


def _text(path: Path) -> str:
    try:
        # Whoever opens a pipe waits for its other end, and nobody waits here.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as stream:  # noqa: PTH123  # a handle has no path
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Odd("the file of figures is no file")
            data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise Odd("the file of figures is not there") from None
    except OSError as error:
        raise Odd(f"the file of figures cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise Odd(f"the file of figures is larger than {_LARGEST // 1024**2} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Odd("the file of figures is not UTF-8 text") from None


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    lines = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for row in lines:
            yield {name: (row.get(name) or "").strip() or None for name in ("metric", *_FIELDS)}
    except csv.Error:
        raise Odd("the file of figures is not CSV") from None


def _jsonl(text: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            # Nobody knows whose figure it was to be.
            raise Odd(f"line {number} of the file of figures is no JSON object")
        yield row


def _reading(row: Mapping[str, Any], asked: Asked, *, raw: bool = False) -> Reading:
    said = {name: row.get(name) for name in _FIELDS}
    words = digest({name: str(value) for name, value in said.items()}).encode() if raw else b""
    if said["taken_at"] is None:
        return failed(asked, Odd("a line does not say when its figure was taken"))
    try:
        return answered(asked, said["value"], said["taken_at"], n=said["n"], since=said["since"], raw=words)
    except NoNumber as error:
        return failed(asked, error)
    except Odd as error:
        return failed(asked, Odd(f"a line cannot be read: {error}"))
