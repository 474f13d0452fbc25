"""Reads cases for stop rules from YAML, JSON, JSONL and CSV, each with its line; a mistake is a finding at its place.

    cases:
      - {name: a dear claim, case: {amount: 7000, category: motor}, expect: sensitive}

`usual` holds what all cases of a page share; a case then says only what it has otherwise, and `null` takes a fact away.
Knows which words there may be, and nothing of what rules do with them.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.answers import Exit, Refusal, Unreadable
from cli.reading import read, whole
from cli.render import Row
from tidegate.fixtures import Fixture, rules_of
from tidegate.stops import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tidegate.fixtures import Level
    from tidegate.models.plan import Plan

KINDS = (".yaml", ".yml", ".json", ".jsonl", ".csv")
GOES_ON = "goes on"
_KEYS = {"name", "case", "figures", "expect"}
_MOST = 5_000


class Placed(NamedTuple):
    """A case, and where it stands."""

    fixture: Fixture
    file: str
    line: int


class Pages(NamedTuple):
    """All cases of some files, and what is wrong with them."""

    cases: tuple[Placed, ...]
    findings: tuple[Row, ...]


def gather(plan: Plan, paths: Iterable[Path]) -> Pages:
    """Read every file, and every file in every directory."""
    cases: list[Placed] = []
    findings: list[Row] = []
    for file in _files(paths):
        reader = _Reader(str(file), plan)
        reader.read(file)
        cases += reader.cases
        findings += reader.findings
    if len(cases) > _MOST:
        raise Refusal(f"there are {len(cases):,} cases, and {_MOST:,} are enough", "Name fewer files.", Exit.USAGE)
    if not cases and not findings:
        raise Refusal("there is no case in what was named", "Write `cases:` with a list below it.", Exit.USAGE)
    return Pages(tuple(cases), tuple(findings))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(one for one in path.iterdir() if one.suffix in KINDS)
        if not inside:
            kinds = ", ".join(KINDS)
            raise Refusal(
                f"{path} holds no file of cases", f"Such a file ends with one of {kinds}.", Exit.NO_SUCH_THING
            )
        yield from inside


class _Reader:
    """Reads one file."""

    def __init__(self, file: str, plan: Plan) -> None:
        self.file = file
        self.plan = plan
        self.cases: list[Placed] = []
        self.findings: list[Row] = []

    def read(self, file: Path) -> None:
        if file.suffix == ".csv":
            self._table(file)
        elif file.suffix == ".jsonl":
            self._lines(file)
        elif file.suffix in KINDS:
            self._page(file)
        else:
            kinds = ", ".join(KINDS)
            raise Unreadable(self.file, 0, "nobody knows how to read it", f"Its name should end with one of {kinds}.")

    def _page(self, file: Path) -> None:
        page = read(file)
        for key in page.data.keys() - {"usual", "cases"}:
            self._wrong(page.line((key,)), key, f"`{key}` is not a key here", "There are `usual` and `cases`.")
        usual, cases = page.data.get("usual", {}), page.data.get("cases")
        if not isinstance(usual, dict):
            self._wrong(page.line(("usual",)), "usual", "`usual` is no map of facts", "Write `usual: {amount: 100}`.")
            usual = {}
        if not isinstance(cases, list):
            self._wrong(page.line(("cases",)), "cases", "there is no list of cases", "Write `cases:`, and a list.")
            return
        for index, case in enumerate(cases):

            def line(key: str | None = None, place: int = index) -> int:
                return page.line(("cases", place) if key is None else ("cases", place, key))

            self._take(case, f"cases[{index}]", line, usual)

    def _lines(self, file: Path) -> None:
        for number, text in enumerate(_text(file).splitlines(), start=1):
            if not text.strip():
                continue
            try:
                case = json.loads(text, parse_float=str)
            except (ValueError, RecursionError):
                self._wrong(number, "", "this line is no JSON", 'Write one object a line: {"case": {}, "expect": ""}.')
                continue
            self._take(case, f"line {number}", lambda _=None, number=number: number, {})

    def _table(self, file: Path) -> None:
        rows = csv.DictReader(_text(file).splitlines(), strict=True)
        try:
            if rows.fieldnames is None or "expect" not in rows.fieldnames:
                self._wrong(1, "expect", "there is no column `expect`", f"It says `{GOES_ON}`, or which rules stop it.")
                return
            for row in rows:
                number = rows.line_num
                if None in row or None in row.values():
                    self._wrong(
                        number, "", "it has more or fewer cells than the first line", "Add or take away commas."
                    )
                    continue
                said = {key: value for key, value in row.items() if key not in ("name", "expect")}
                case = {"name": row.get("name") or None, "case": said, "expect": row["expect"].replace(";", ",")}
                self._take(case, f"line {number}", lambda _=None, number=number: number, {})
        except csv.Error as error:
            self._wrong(rows.line_num, "", f"it is no table: {error}", "Compare it with what a spreadsheet writes.")

    def _take(self, case: Any, path: str, line: Callable[..., int], usual: dict[str, Any]) -> None:
        before = len(self.findings)
        if not isinstance(case, dict):
            self._wrong(line(), path, "a case is a map", "Write `case`, and what you `expect`.")
            return
        for key in sorted(case.keys() - _KEYS):
            self._wrong(line(key), f"{path}.{key}", f"`{key}` is not a key here", f"There are {_listed(_KEYS)}.")
        level: Level = "rollout" if "figures" in case else "run"
        key = "figures" if level == "rollout" else "case"
        says = case.get(key)
        if not isinstance(says, dict) or ("case" in case and "figures" in case):
            mend = "Write the facts of one run as `case`, or metrics of the whole rollout as `figures`."
            self._wrong(line(key), path, "it says neither or both of `case` and `figures`, or no facts there", mend)
        if "expect" not in case:
            mend = f"Add `expect: {GOES_ON}`, or which rules stop it."
            self._wrong(line(), path, "`expect` is missing", mend)
        expects = self._expected(case.get("expect"), f"{path}.expect", line("expect"), level)
        if len(self.findings) > before or not isinstance(says, dict):
            return
        said = facts({**usual, **says} if level == "run" else says)
        name = str(case.get("name") or f"{Path(self.file).name}, {path}")
        self.cases.append(Placed(Fixture(name, level, said, expects), self.file, line()))

    def _expected(self, said: Any, path: str, line: int, level: Level) -> tuple[str, ...]:
        words = said.split(",") if isinstance(said, str) else said
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            if words is not None:
                self._wrong(line, path, "it is no list of rules", f"Write `{GOES_ON}`, or names of rules.")
            return ()
        names = tuple(word.strip() for word in words if word.strip())
        if names == (GOES_ON,):
            return ()
        if not names:
            self._wrong(line, path, "it names no rule", f"Write `{GOES_ON}`, or names of rules.")
        known = rules_of(self.plan, level)
        for name in names:
            if name not in known:
                there = f"There are {_listed(known)}." if known else "There is none of that level."
                self._wrong(line, path, f"there is no stop rule `{name}`", there)
        return names

    def _wrong(self, line: int, path: str, message: str, mend: str) -> None:
        self.findings.append(Row("fixture", "error", self.file, line, path, message, mend))


def _text(file: Path) -> str:
    raw = whole(file, "Divide it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unreadable(str(file), line, "it is not UTF-8 text", "Save it with the encoding UTF-8.") from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
