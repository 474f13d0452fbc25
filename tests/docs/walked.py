"""Pages that are typed: every command of a page in its order, on one running sample, and what it printed.

A block of a page is fenced as `console`: lines that begin with `$ ` are typed, what stands below each is its answer,
and a line `...` stands for what a reader need not see again. `sh` blocks are typed, too, and show no answer. A command
that does not end well says so in the fence: three backticks, `console exits 3`. A comment of the page names what it
begins with.

`python -m tests.docs.walked` writes the answers anew after they have changed on purpose; of all pages, or of those
that are named.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli import sample
from tests.cli.embedded import LONG, House, environment, until, usual_ports
from tests.cli.within import Within, within
from tests.docs.readme import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = ROOT / "docs"
USE_CASE = "first-steps"
PAGES = ("tutorial.md", "how-to/monday-checkpoint.md", "how-to/three-in-the-morning.md")
"""In the order in which they are walked."""
CUT = "..."
_BLOCK = re.compile(r"^```(console|sh)(?: exits (\d))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"<!-- (.+?) -->")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_FIRST = date(2027, 1, 15)
"""The day on which every page is read."""


class Typed(NamedTuple):
    """A command of a page, and what the page shows below it."""

    command: str
    shown: str
    code: int
    answered: bool
    """Whether the page shows an answer at all."""


class Told(NamedTuple):
    """What a command really said."""

    out: str
    code: int


def commands(text: str) -> list[Typed]:
    """Return every command of a page in its order, and every setting that a comment of it asks for."""
    found: list[Typed] = []
    for piece in re.finditer(rf"{_BLOCK.pattern}|{_SETTING.pattern}", text, _BLOCK.flags):
        kind, exits, body, setting = piece.groups()
        if setting is not None:
            found.append(Typed(f"# {setting}", "", 0, answered=False))
        elif kind == "sh":
            found += [Typed(line, "", 0, answered=False) for line in _lines(body)]
        else:
            parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
            for number, part in enumerate(parts, 1):
                command, _, shown = part.partition("\n")
                found.append(Typed(command, shown, int(exits or 0) if number == len(parts) else 0, answered=True))
    return found


def _lines(block: str) -> list[str]:
    return [line.partition("  #")[0].strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class Walk:
    """Somebody at a keyboard in an empty directory, who types what the pages say."""

    def __init__(self, folder: Path, speaks: Within, house: House) -> None:
        """Begin with nothing that runs."""
        self.folder, self.house, self._speaks = folder, house, speaks
        self._up: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, Callable[[], None]] = {
            "a rollout whose second wave is served": self._served,
            "a rollout at its checkpoint": self._checkpoint,
            "the flag file cannot be written": self._jammed,
            "the flag file can be written again": self._mended,
            "the operations lead is on leave": self._away,
            "the server is gone": lambda: self._must("down"),
        }

    def type(self, command: str) -> Told:
        """Do what a command of a page does; what only a reader's own machine has is done as near to it as can be."""
        words = [_DATE.sub(self._later, word) for word in shlex.split(command)]
        if words[:1] == ["#"]:
            self._settings[command[2:]]()
            return Told("", 0)
        if words[0] == "tidegate":
            answer = self._speaks.run(*words[1:])
            return Told(self._plain(answer.out + answer.err), answer.code)
        if words == ["make", "up"]:
            return self._make_up()
        if words[:2] == ["git", "clone"]:
            words[2:] = ["--quiet", "--depth", "1", ROOT.as_uri(), *words[3:]]
        if words[0] in {"cd", "."}:
            # A directory and an environment of their own: the clone has no .venv until `make` has made one.
            return Told("", 0 if (self.folder / "tidegate" / "Makefile").is_file() else 1)
        done = subprocess.run(words, cwd=self.folder, text=True, capture_output=True, check=False)
        return Told(self._plain(done.stdout + done.stderr), done.returncode)

    def _make_up(self) -> Told:
        plan = subprocess.run(
            ["make", "--no-print-directory", "--dry-run", "up"], cwd=ROOT, text=True, capture_output=True, check=True
        ).stdout
        first, *words = shlex.split(plan.splitlines()[-1])
        assert (first, words[0]) == (".venv/bin/tidegate", "up"), plan
        with usual_ports():
            self._up = self.house.foreground(*words[1:], patience=LONG * 4)
        assert until(lambda: f"approve {USE_CASE}" in self.house.said, LONG), self.house.said
        return Told(self._plain(f"{first} {' '.join(words)}\n{self.house.said}"), 0)

    def _plain(self, said: str) -> str:
        return said.replace(str(self.folder), "~/tidegate").replace(str(self.house.places.home), "~/tidegate/.tidegate")

    # -- what a page begins with --------------------------------------------------------------------------------------

    def _must(self, *words: str) -> None:
        answer = self._speaks.run(*words)
        assert answer.code == 0, (words, answer)

    def _afresh(self) -> None:
        """Begin a new life of the sample, and let its first wave be served."""
        if self.house.record.server is None:
            with usual_ports():
                self._must("up", "--detach", "--no-desk")
        sample.files(datetime.now(UTC).date())
        if self._speaks.run("status", USE_CASE).code == 0:
            self._must("terminate", USE_CASE, "--as", "executive", "--reason", "the next page", "--wait")
        self._must("start", f".tidegate/sample/{USE_CASE}.yaml", "--as", "product-lead")
        self._must("approve", USE_CASE, "--yes", "--as", "risk-officer")
        self._must("approve", USE_CASE, "--yes", "--as", "ops-lead", "--wait")

    def _checkpoint(self) -> None:
        self._afresh()
        self._must("fast-forward", USE_CASE, "1m", "--as", "product-lead")
        figures = ("corrections_per_100=5", "minutes_per_document=14", "--n", "40")
        self._must("reading", USE_CASE, *figures, "--as", "product-lead", "--wait")

    def _served(self) -> None:
        self._checkpoint()
        self._must("approve", USE_CASE, "--yes", "--as", "ops-lead", "--wait")

    def _away(self) -> None:
        file = self.house.places.home / "sample" / "programme.yaml"
        today = datetime.now(UTC).date()
        leave = f"leave: [{{first: {today}, last: {today + timedelta(days=14)}}}], "
        lead = "{name: Operations lead, "
        file.write_text(file.read_text("utf-8").replace(lead, lead + leave), "utf-8")

    def _later(self, found: re.Match[str]) -> str:
        """Return the day that a date of a page stands for: pages age, and what has an end needs one ahead."""
        return str(datetime.now(UTC).date() + (date.fromisoformat(found[0]) - _FIRST))

    def _jammed(self) -> None:
        file = self._flags
        file.rename(file.with_suffix(".kept"))
        file.mkdir()

    def _mended(self) -> None:
        file = self._flags
        file.rmdir()
        file.with_suffix(".kept").rename(file)

    @property
    def _flags(self) -> Path:
        return self.house.places.home / "flags" / "sample.flagd.json"

    def end(self) -> None:
        """End what `make up` began, if no page has."""
        if self._up is not None and self._up.poll() is None:
            self._up.send_signal(signal.SIGINT)
            self._up.wait(LONG)


@contextmanager
def walking(folder: Path) -> Iterator[Walk]:
    """Stand in an empty directory with nothing set."""
    house = House(folder / ".tidegate")
    around = environment(house.places.home)
    del around["TIDEGATE_HOME"]
    with ExitStack() as stack:
        stack.callback(house.close)
        walk = Walk(folder, stack.enter_context(within(folder, around)), house)
        stack.callback(walk.end)
        yield walk


def walked(walk: Walk, page: str) -> list[tuple[Typed, Told]]:
    """Type a page from its top to its end."""
    return [(typed, walk.type(typed.command)) for typed in commands((DOCS / page).read_text("utf-8"))]


# -- what is compared ------------------------------------------------------------------------------------------------

_PASSING = re.compile(
    r"^  .*; next: .* by DAY$|is taken by something else|still waiting for|still looking|^The ledger does not have "
)
"""Lines that a fast machine skips and a slow one shows."""
_NEXT = re.compile(r";\s+next:[^;]*?\sby\s+DAY")
"""What comes next by itself: on a slow machine it may have come, and something else is next."""
_VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d(?:(?:T|\s+)\d\d:\d\d(?::\d\d)?)?(?:Z|\s+UTC)?"), "DAY"),
    (re.compile(r"\bin \d+ (?:second|minute|hour|day)s?\b|\b\d+ (?:s|minutes?|hours?|days?) ago\b"), "THEN"),
    (re.compile(r"\(\d+ times, until DAY\)"), ""),
    (re.compile(r"\bcli-[0-9a-f-]{36}\b"), "MESSAGE"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "DIGEST"),
    (re.compile(r"\d+\.\d s\b"), "TIME"),
    (re.compile(r"((?:localhost|127\.0\.0\.1|port|taking)[: ])\d+"), r"\1PORT"),
    (re.compile(r"\(process \d+\)"), "(PROCESS)"),
    (re.compile(r"\b(first-exposure|checkpoint|resume|stage|issue|delegation)-\d+"), r"\1-N"),
    (re.compile(r"\b(Temporal|temporal) \d+\.\d+\.\d+"), r"\1 VERSION"),
    (re.compile(r"\b\d+ (?:entries|entry)\b|\bentry \d+\b"), "ENTRIES"),
    (re.compile(r", signed up to ENTRIES on DAY|\. ENTRIES (?:is|are) newer than that"), ""),
    (re.compile(r"\(epoch \d+\)"), "(EPOCH)"),
    (re.compile(r"^\d+ +(?=DAY)", re.MULTILINE), ""),
)


def flat(text: str) -> list[str]:
    """Return the lines of an answer without what differs between two days or two machines."""
    for pattern, word in _VARIES:
        text = pattern.sub(word, text)
    kept = "\n".join(line for line in text.splitlines() if not _PASSING.search(line))
    return [" ".join(line.split()) for line in _NEXT.sub("", kept).splitlines()]


def fits(shown: str, said: str) -> bool:
    """Whether a page shows what was said, where it does not cut it."""
    pieces = [" ".join(flat(piece)) for piece in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    whole = " ".join(flat(said))
    if len(pieces) == 1:
        return pieces[0] == whole
    first, *between, last = pieces
    if not whole.startswith(first) or not whole.endswith(last):
        return False
    at = len(first)
    for piece in between:
        at = whole.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return at <= len(whole) - len(last)


def renewed(text: str, answers: list[tuple[Typed, Told]]) -> str:
    """Return a page with every answer as it is now, cut where the page cuts it."""
    told = iter([(typed, said) for typed, said in answers if typed.answered])

    def block(found: re.Match[str]) -> str:
        if found[1] != "console":
            return found[0]
        parts = re.split(r"^\$ ", found[3], flags=re.MULTILINE)[1:]
        done = [next(told) for _ in parts]
        exits = f" exits {done[-1][1].code}" if done[-1][1].code else ""
        body = "".join(f"$ {typed.command}\n{_cut(typed.shown, said.out)}" for typed, said in done)
        return f"```console{exits}\n{body}```"

    return _BLOCK.sub(block, text)


def _cut(shown: str, said: str) -> str:
    """Keep so many lines above the first cut as the page keeps, and below it begin where the page begins."""
    before, cut, after = shown.partition(f"{CUT}\n")
    if not cut or fits(shown, said):
        return shown if cut else said
    lines = said.splitlines(keepends=True)
    tail: list[str] = []
    if after:
        begins = flat(after)[:1]
        tail = lines[max((at for at, line in enumerate(lines) if flat(line) == begins), default=len(lines)) :]
    return "".join([*lines[: len(before.splitlines())], f"{CUT}\n", *tail])


def main() -> None:
    """Write every page anew."""
    with tempfile.TemporaryDirectory() as folder, walking(Path(folder)) as walk:
        for page in PAGES:
            if page in (sys.argv[1:] or PAGES):
                answers = walked(walk, page)
                file = DOCS / page
                file.write_text(renewed(file.read_text("utf-8"), answers), "utf-8")


if __name__ == "__main__":
    main()
