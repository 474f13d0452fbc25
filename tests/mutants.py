"""Change the rules one at a time, and see that a test notices.

    python -m tests.mutants [--fresh] [--page] [--by=NAME] [ROOM ...]

The changes are mutmut's; how they are tried is ours. mutmut starts pytest again for every change, which here would take
hours; this starts it once, learns which test reaches which line, and then forks: each child swaps the code of one
function and runs only the tests that reach the change, quickest first, those that have killed before it first of all.

What was found is kept in `mutants/`, so a run that was interrupted goes on where it stopped. What was killed stays so
while its function is the same; what survived is tried again when a rule has changed, and by tests that are new or have
changed. `--fresh` forgets all. With `--by=readiness`, as often as wanted, only those files of tests are heard: what
they kill is killed, and what survives them is tried by the others in the next run that hears more.
The result is `docs/mutants.md`; why a survivor may live is written in `tests/mutants.toml`. `--page` tries nothing and
writes what is known by now.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import resource
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.mutated import KEPT, ROOT, mark, mutants_of, swap
from tests.pure import once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType

    from tests.mutated import Mutant

REPORT = ROOT / "docs" / "mutants.md"
REASONS = ROOT / "tests" / "mutants.toml"
ROOMS = (
    "adoption", "alerts", "amend", "bypass", "calendar", "conditions", "cycles", "dates", "deadlines", "debt",
    "decide", "derived", "dimensions", "drills", "endings", "environment", "fallback", "freezes", "frozen", "gates",
    "handing", "hours", "incidents", "judging", "keys", "lasting", "lately", "materiality", "membership",
    "migration", "obligations", "passkey", "patience", "permit", "proven", "questions", "readiness", "reconcile",
    "recurring", "reminders", "replaced", "rereview", "resume", "retirement", "rights", "roster", "runbook",
    "samples", "schedule", "sides", "signature", "since", "sshsig", "statement", "stewardship", "stops", "subject",
    "supplier", "targets", "telling", "thresholds", "training", "trips", "turn", "vacancy", "votes", "waivers",
    "waves",
)  # fmt: skip
TESTS = (
    "adoption", "alerts*", "amend*", "attacks*", "barred", "calendar", "conditions", "dates", "deadlines", "debt",
    "derived", "dimensions", "drills", "foreseen", "freezes", "frozen", "golden", "hours", "keys", "line",
    "materiality*", "membership", "migration*", "operated", "patience", "peers*", "permit*", "questions", "readiness",
    "rereview", "retirement", "rooms_*", "roster", "samples", "scenarios*", "signature", "signatures", "signed_leave",
    "stops", "subject", "targets*", "telling", "training", "trips", "waivers*", "who", "worth",
)  # fmt: skip
"""The tests of `decide`; neither the long machines, nor what compiles, nor what prints."""
REQUIREMENTS = (
    "a", "b", "f", "f_after", "f_procedure", "g", "h", "i", "j", "looked_at_again", "metrics", "n", "operating",
    "p", "q", "r", "stops", "w",
)  # fmt: skip
"""The requirements that the rules alone keep."""
LONGEST = 20
"""So many seconds of processor time beyond three times what its tests take, a change goes round in circles."""
MOST_MEMORY = 4 * 1024**3
_NOTICED, _LIVES = ("killed", "timeout"), ("survived", "not reached")


# -- how it is tried --------------------------------------------------------------------------------------------------


class Laboratory:
    """A pytest plugin: instead of running the tests once, it runs them against every change."""

    def __init__(self, mutants: tuple[Mutant, ...], kept: Kept) -> None:
        """Begin with what is to be tried."""
        self.mutants = mutants
        self.kept = kept
        self.items: list[pytest.Item] = []
        self.seconds: list[float] = []
        self.reach: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.kills: dict[str, Counter[int]] = defaultdict(Counter)
        self.functions: dict[str, FunctionType] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take over."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self.items = list(session.items)
        self.functions = dict(_functions())
        self._learn()
        gc.collect()
        gc.freeze()
        self._try_all()
        return True

    def _learn(self) -> None:
        """Run every test once, unchanged, and see how long it takes and what it reaches."""
        names = {function.__code__: name for name, function in self.functions.items()}
        reached: set[tuple[CodeType, int]] = set()

        def look(frame: Any, event: str, _: Any) -> Any:
            if frame.f_code not in names:
                return None
            if event == "line":
                reached.add((frame.f_code, frame.f_lineno))
            return look

        once.forget()
        for index, item in enumerate(self.items):
            reached.clear()
            start = time.process_time()
            sys.settrace(look)
            try:
                passed = _passes(item)
            finally:
                sys.settrace(None)
            if not passed:
                raise pytest.UsageError(f"{item.nodeid} fails without any change")
            self.seconds.append(time.process_time() - start)
            for code, line in reached:
                self.reach[names[code], line].add(index)
            _say(f"learning from {index + 1} of {len(self.items)} tests, {sum(self.seconds):.0f} s of them")

    def _try_all(self) -> None:
        waiting = sorted(self.mutants, key=lambda mutant: sum(self.seconds[index] for index in self._tests(mutant)))
        waiting.reverse()
        running: dict[int, tuple[Mutant, int]] = {}
        start, total, survived = time.monotonic(), len(waiting), 0
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                mutant = waiting.pop()
                pid, pipe = self._fork(mutant)
                running[pid] = (mutant, pipe)
            pid, status = os.wait()
            mutant, pipe = running.pop(pid)
            answer = os.read(pipe, 100).decode()
            os.close(pipe)
            found = self._found(mutant, status, answer)
            survived += found in ("survived", "not reached")
            self.kept.add(mutant, found)
            done = total - len(waiting) - len(running)
            minutes = (time.monotonic() - start) / 60
            _say(
                f"{done} of {total} tried, {survived} survived, {minutes:.0f} of about {minutes / done * total:.0f} min"
            )

    def _tests(self, mutant: Mutant) -> list[int]:
        name = f"{mutant.room}.{mutant.function}"
        kills = self.kills[name]
        lines = range(mutant.first, mutant.last + 1)
        reach: set[int] = set().union(*(self.reach[name, line] for line in lines if (name, line) in self.reach))
        unheard = set(self.kept.unheard(mutant))
        reach = {index for index in reach if self.items[index].path in unheard}
        return sorted(reach, key=lambda index: (-kills[index], self.seconds[index]))

    def _found(self, mutant: Mutant, status: int, answer: str) -> str:
        if os.WIFSIGNALED(status):
            return "timeout"
        if answer.isdecimal():
            self.kills[f"{mutant.room}.{mutant.function}"][int(answer)] += 1
            return "killed"
        return answer or "timeout"

    def _fork(self, mutant: Mutant) -> tuple[int, int]:
        read, write = os.pipe()
        tests = self._tests(mutant)
        pid = os.fork()
        if not pid:
            self._child(mutant, tests, write)
        os.close(write)
        return pid, read

    def _child(self, mutant: Mutant, tests: list[int], write: int) -> NoReturn:
        answer = "survived" if tests else "not reached"
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            longest = LONGEST + 3 * round(sum(self.seconds[index] for index in tests))
            resource.setrlimit(resource.RLIMIT_CPU, (longest, longest + 1))
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the run has not noticed this change
            swap(self.functions[f"{mutant.room}.{mutant.function}"], mutant)
            answer = next((str(index) for index in tests if not _passes(self.items[index])), answer)
        except BaseException:  # noqa: BLE001 - a change that breaks even this was noticed
            answer = str(tests[0]) if tests else answer
        finally:
            os.write(write, answer.encode())
            os._exit(0)


def _functions() -> Iterator[tuple[str, FunctionType]]:
    for room in ROOMS:
        module = importlib.import_module(f"tidegate.{room}")
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__:
                continue
            if isinstance(thing, type):
                for part, method in vars(thing).items():
                    if hasattr(method, "__code__"):
                        yield f"{room}.{name}.{part}", method
            elif hasattr(thing, "__code__"):
                yield f"{room}.{name}", thing


def _passes(item: pytest.Item) -> bool:
    for when in ("setup", "call"):
        hook = getattr(item.ihook, f"pytest_runtest_{when}")
        info = pytest.CallInfo.from_call(lambda hook=hook: hook(item=item), when)  # type: ignore[misc]  # mypy cannot infer the default
        item.ihook.pytest_runtest_makereport(item=item, call=info)  # a folder of its own is put away by what it says
        if info.excinfo is not None:
            return False
    item.ihook.pytest_runtest_teardown(item=item, nextitem=None)
    return True


def _say(text: str, end: str = "") -> None:
    """Show how far it has come, on one line where somebody is looking."""
    if end or sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<100}{end}")
        sys.stderr.flush()


# -- what was found ---------------------------------------------------------------------------------------------------


class Kept:
    """What was found, kept in a file that grows by a line for every change that was tried."""

    def __init__(self, *, fresh: bool) -> None:
        """Read what an earlier run has found."""
        KEPT.mkdir(exist_ok=True)
        self.path = KEPT / "found.jsonl"
        self.rules = mark(*(path.read_text("utf-8") for path in sorted(ROOT.glob("tidegate/**/*.py"))))
        self.tests = {path: f"{path.stem}-{mark(path.read_text('utf-8'))}" for path in _tests()}
        if fresh:
            self.path.unlink(missing_ok=True)
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        self.found: dict[str, tuple[str, str, str, frozenset[str]]] = {}
        known: dict[str, frozenset[str]] = {}
        for key, of, rules, how, heard in map(json.loads, lines):
            self.found[key] = (of, rules, how, known.setdefault(heard, frozenset(heard.split())))
        self.file = self.path.open("a", encoding="utf-8")

    def add(self, mutant: Mutant, how: str) -> None:
        """Write one down, and by which tests it was not noticed."""
        heard = frozenset() if how in _NOTICED else self.heard(mutant) | frozenset(self.tests.values())
        if how == "not reached" and self._last(mutant) == "survived":
            how = "survived"  # by the tests of another day
        self.found[mutant.key] = (mutant.mark, self.rules, how, heard)
        self.file.write(json.dumps([mutant.key, mutant.mark, self.rules, how, " ".join(sorted(heard))]) + "\n")
        self.file.flush()

    def how(self, mutant: Mutant) -> str | None:
        """Return what became of a change, where that still holds."""
        last = self._last(mutant)
        return last if last in _NOTICED or not self.unheard(mutant) else None

    def unheard(self, mutant: Mutant) -> list[Path]:
        """Return the tests that have not been heard of a change: what they do not notice, nobody does."""
        heard = self.heard(mutant)
        return [path for path, name in self.tests.items() if name not in heard]

    def heard(self, mutant: Mutant) -> frozenset[str]:
        """Return the tests that did not notice a change while the rules and they themselves were what they are now."""
        of, rules, _, heard = self.found.get(mutant.key, ("", "", "", frozenset()))
        return heard if (of, rules) == (mutant.mark, self.rules) else frozenset()

    def _last(self, mutant: Mutant) -> str | None:
        of, rules, how, _ = self.found.get(mutant.key, ("", "", "", frozenset()))
        return how if of == mutant.mark and (how in _NOTICED or rules == self.rules) else None


def _tests() -> list[Path]:
    named = [("pure", name) for name in TESTS] + [("requirements", name) for name in REQUIREMENTS]
    found = sorted(path for room, name in named for path in (ROOT / "tests" / room).glob(f"test_{name}.py"))
    return [path for path in found if not _heard() or path.stem.removeprefix("test_") in _heard()]


def _heard() -> set[str]:
    """Return to which tests alone it listens; nothing where it listens to all."""
    return {word.removeprefix("--by=") for word in sys.argv[1:] if word.startswith("--by=")}


def report(mutants: tuple[Mutant, ...], kept: Kept) -> str:
    """Return the page: the counts of each room, and every survivor with the reason why it may live."""
    reasons = tomllib.loads(REASONS.read_text("utf-8")) if REASONS.exists() else {}
    alive = [mutant for mutant in mutants if kept.how(mutant) in _LIVES]
    lines = [
        "# What the tests of the rules notice",
        "",
        "Made by `make mutants`; do not edit. Each rule is changed in one place, and the tests of `decide` run until",
        "one fails. What no test notices is listed below the table, with the reason why it may live; the reasons are",
        "kept in `tests/mutants.toml`. A change that makes a test run for ever counts as noticed. The share is that of",
        "the changes that were tried.",
        "",
        "| room | changes | noticed | survived | not tried yet | % |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for room in (*ROOMS, "all"):
        found = [kept.how(mutant) for mutant in mutants if room in (mutant.room, "all")]
        left, later = sum(how in _LIVES for how in found), found.count(None)
        tried = len(found) - later
        share = 100 * left / tried if tried else 0.0
        lines.append(f"| {room} | {len(found)} | {tried - left} | {left} | {later} | {share:.1f} |")
    lines += ["", "In a survivor, `[-this-]` was taken out and `{+that+}` put in.", ""]
    for room in ROOMS:
        mine = [mutant for mutant in alive if mutant.room == room]
        if mine:
            lines += [f"## {room}", "", "| function | change | why it may live |", "|---|---|---|"]
            for mutant in mine:
                why = _why(reasons, mutant) or ("no test reaches it" if kept.how(mutant) == "not reached" else "")
                lines.append(f"| {mutant.function} | `{_cell(mutant.change)}` | {_cell(why)} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _why(reasons: dict[str, Any], mutant: Mutant) -> str:
    """Return why a survivor may live: its own reason, or that of the first pattern that its change matches."""
    own: str = reasons.get(mutant.room, {}).get(mutant.function, {}).get(mutant.change, "")
    patterns: dict[str, str] = reasons.get("anywhere", {})
    return own or next((why for pattern, why in patterns.items() if re.search(pattern, mutant.change)), "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Try what has not been tried, and write the page."""
    rooms = [word for word in sys.argv[1:] if not word.startswith("-")] or list(ROOMS)
    kept = Kept(fresh="--fresh" in sys.argv[1:])
    _say("making the changes; when a room is new to us that takes a minute", "\n")
    mutants = tuple(mutant for room in (rooms if _heard() else ROOMS) for mutant in mutants_of(room))
    waiting = tuple(mutant for mutant in mutants if mutant.room in rooms and kept.how(mutant) is None)
    if waiting and "--page" not in sys.argv[1:]:
        os.environ["TIDEGATE_HYPOTHESIS"] = "ci"
        options = ("-q", "-s", "--no-header", "--no-summary", "--assert=plain", "-p", "no:cacheprovider")
        unheard = sorted({path for mutant in waiting for path in kept.unheard(mutant)})
        answer = pytest.main([*options, *map(str, unheard)], plugins=[Laboratory(waiting, kept)])
        if answer not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return int(answer)
    if _heard():
        _say("only some tests were heard; docs/mutants.md is left as it was", "\n")
    else:
        REPORT.write_text(report(mutants, kept), encoding="utf-8")
    for room in rooms:
        mine = [kept.how(mutant) for mutant in mutants if mutant.room == room]
        left = sum(how in _LIVES for how in mine)
        _say(f"{room:<12} {left:4} of {len(mine):5} survived, {100 * left / max(len(mine), 1):5.1f} %", "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
