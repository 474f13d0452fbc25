"""Switch off, one at a time, the rules that a scenario guards, and see that the scenario goes red.

    python -m tests.rehearsal.caught [--fresh]

Every life is the real workflow in a process of its own, two at a time, and is ended after a minute: a life that never
ends is red too, and is said to be so. The result is `docs/scenarios-caught.md`. A row is kept where neither its
scenario nor the switch of its rule has changed since; `--fresh` lives them all again, as after a change to the rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple

from ruamel.yaml import YAML

from tests.rehearsal.cases import FILES, FOLDER, unmet
from tests.rehearsal.switches import RULES, off

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = FOLDER.parent.parent
PAGE = ROOT / "docs" / "scenarios-caught.md"
ENDLESS = "it never ends"
"""What is said of a life that does not end in its time."""
UNSEEN = "all came: **nothing notices it**"
"""What is said where a rule is off and the scenario is green."""
_SECONDS = 60
_AT_ONCE = 2
_ROW = re.compile(
    r"^\| (?P<rule>[^|]+) \| (?P<scenario>[^|]+) \| green \| (?P<says>.+) \| `(?P<digest>\w+)` \|$", re.MULTILINE
)
_LEFT = re.compile(r"^\* `(?P<scenario>[^`]+)`: (?P<why>.+)$", re.MULTILINE)
_HEAD = """\
# What the scenarios catch

Made by `python -m tests.rehearsal.caught`; do not edit. Each of the {scenarios} scenarios in `playbooks/scenarios`
names the rules that it guards. It is lived by the real workflow as the rules are, and once more for each of those rules
with that one rule switched off: the words of the code that make it are taken out, as `tests/rehearsal/switches.py`
says. A scenario that is green then guards nothing.

*Rule on* is green where everything comes that the scenario expects and nothing that it forbids. *Rule off* says which
expectation is red first, and how many others are. A life is ended after a minute; one that never ends by itself is
red. The last column is a digest of the scenario and the switch: where it is no longer theirs, a test asks for this page
anew. It is not a digest of all the rules, so after a change to those live everything again with `--fresh`.

| rule | scenario | rule on | rule off | of |
|---|---|---|---|---|
"""


class Row(NamedTuple):
    """A rule and a scenario that guards it."""

    rule: str
    scenario: str
    says: str
    """What goes red with the rule off."""
    digest: str
    """Of the scenario and the switch."""

    @property
    def red(self) -> bool:
        """Whether it was noticed."""
        return self.says != UNSEEN


def pairs() -> tuple[tuple[str, str], ...]:
    """Return every scenario with every rule that it guards, in the order of the scenarios."""
    return tuple((file.stem, rule) for file in FILES for rule in _read(file.stem)["guards"])


def digest(scenario: str, rule: str) -> str:
    """Return what a row is made of: what the scenario says, comments apart, and what its switch changes."""
    said = json.dumps([_read(scenario), RULES[rule]], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def rows(text: str) -> tuple[Row, ...]:
    """Return the rows of a page."""
    return tuple(Row(**found.groupdict()) for found in _ROW.finditer(text))


def left_out(text: str) -> dict[str, str]:
    """Return the scenarios that a page leaves out, and why."""
    return {found["scenario"]: found["why"] for found in _LEFT.finditer(text)}


def lives(scenario: str, rule: str | None) -> tuple[str, ...]:
    """Return what does not come in a life in its own process, with a rule off or none; nothing of it is left."""
    command = [sys.executable, "-m", "tests.rehearsal.caught", "--live", scenario, *((rule,) if rule else ())]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as living:
        try:
            out, err = living.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return (ENDLESS,)
        finally:
            # The server of a life is in its group, and ends with it however it ended.
            with suppress(ProcessLookupError):
                os.killpg(living.pid, signal.SIGKILL)
    if living.returncode != 0:
        raise RuntimeError(f"{scenario} with {rule or 'every rule on'} was not lived: {err[-2000:]}")
    return tuple(json.loads(out.splitlines()[-1]))


def page(found: Iterable[Row], left: dict[str, str]) -> str:
    """Return the page."""
    table = "".join(f"| {row.rule} | {row.scenario} | green | {row.says} | `{row.digest}` |\n" for row in found)
    text = _HEAD.format(scenarios=len(FILES)) + table
    if left:
        text += "\n## Left out\n\nNot green with every rule on, so what it says with one off means nothing.\n\n"
        text += "".join(f"* `{scenario}`: {why}\n" for scenario, why in left.items())
    return text


def _read(scenario: str) -> dict[str, list[str]]:
    said: dict[str, list[str]] = YAML(typ="safe").load(FOLDER / f"{scenario}.yaml")
    return said


def _says(came: tuple[str, ...]) -> str:
    if not came:
        return UNSEEN
    first = came[0].replace("|", "\\|").replace("\n", " ")
    more = f" (and {len(came) - 1} more)" if len(came) > 1 else ""
    return f"{'' if first == ENDLESS else 'red: '}{first}{more}"


def _live(scenario: str, rule: str | None) -> None:
    """Live it here, and print what did not come."""
    with off(rule) if rule else nullcontext():
        print(json.dumps(unmet(FOLDER / f"{scenario}.yaml")))  # noqa: T201  # the parent reads it


def _write(*, fresh: bool) -> int:
    kept = {} if fresh or not PAGE.exists() else {row[:2]: row for row in rows(PAGE.read_text("utf-8")) if row.red}
    due = [
        (scenario, rule)
        for scenario, rule in pairs()
        if kept.get((rule, scenario), Row("", "", "", "")).digest != digest(scenario, rule)
    ]
    bases = [(scenario, None) for scenario in dict(due)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        on = dict(zip(dict(due), pool.map(lambda one: lives(*one), bases), strict=True))
        left = {scenario: "; ".join(came) for scenario, came in on.items() if came}
        todo = [one for one in due if one[0] not in left]
        for (scenario, rule), came in zip(todo, pool.map(lambda one: lives(*one), todo), strict=True):
            row = Row(rule, scenario, _says(came), digest(scenario, rule))
            kept[rule, scenario] = row
            print(*row[:3], sep=" | ", flush=True)  # noqa: T201  # whoever waits for it sees how it goes on
    found = [kept[rule, scenario] for scenario, rule in pairs() if scenario not in left]
    PAGE.write_text(page(found, left), "utf-8")
    return 0 if all(row.red for row in found) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--live"]:
        _live(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    else:
        sys.exit(_write(fresh="--fresh" in sys.argv))
