"""Writes docs/requirements.md anew: every requirement, and the test, rule or verb that proves it.

python docs/requirements.py            write the page
python docs/requirements.py --check    say what is wrong with it, and fail if anything is

What is asked stands in docs/requirements.toml, and beside it, under `later`, what is not built yet and why. A test
proves the requirement that it is named after (`test_a8_...`), and only if it asserts something. A rule of `check`
proves what it is called after or says that it covers: its right and its wrong example are run by a test for all rules.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cli.shelves import SHELVES
from tidegate.check import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.check import Rule

ROOT = Path(__file__).resolve().parents[1]
PAGE, WORDS = ROOT / "docs" / "requirements.md", ROOT / "docs" / "requirements.toml"
EXAMPLES = "tests/pure/test_rules.py"
"""Where the examples of every rule are run."""
_MADE = "<!-- Written by `make docs`. Change docs/requirements.toml or the tests, not this page. -->\n"
_INTRO = """# What is asked, and what proves it

Every requirement has an id that does not change, and a test that is named after it. `python docs/requirements.py
--check` fails when a named test does not exist or asserts nothing, when a requirement has neither a proof nor a word on
why it has none, and when one that is said to come later is proven already.
"""
_NAMED = re.compile(r"test_([a-z])(\d+)_")
_SAYS_SO = ("raises", "warns", "fail")
"""What fails a test beside an assertion: of pytest."""


@dataclass(frozen=True)
class Asked:
    """What the source documents ask, by section and by id, and what comes later."""

    sections: Mapping[str, str]
    items: Mapping[str, str]
    later: Mapping[str, str]
    verbs: Mapping[str, tuple[str, ...]]
    tests: Mapping[str, tuple[str, ...]]


@dataclass
class Proof:
    """What proves one requirement."""

    tests: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)

    @property
    def some(self) -> bool:
        """Whether there is any; a verb alone is a place to look, and proves nothing."""
        return bool(self.tests or self.rules)


def main() -> int:
    """Write the page, or say what is wrong."""
    asked = read(tomllib.loads(WORDS.read_text(encoding="utf-8")))
    proofs, faults = proven(asked, RULES, ROOT)
    page = written(asked, proofs)
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page
    if "--check" in sys.argv[1:]:
        if stale:
            faults.append("docs/requirements.md is not what the tests say; `make docs` writes it anew")
        print("\n".join(faults), end="\n" if faults else "")
        return 1 if faults else 0
    if stale:
        PAGE.write_text(page, encoding="utf-8")
        print("wrote docs/requirements.md")
    return 0


def read(words: Mapping[str, dict[str, str]]) -> Asked:
    """Take apart what is asked."""
    more = ("later", "verbs", "tests")
    sections = {name: rows["title"] for name, rows in words.items() if name not in more}
    items = {key: text for name in sections for key, text in words[name].items() if key != "title"}
    listed = {
        table: {key: (said,) if isinstance(said, str) else tuple(said) for key, said in words.get(table, {}).items()}
        for table in ("verbs", "tests")
    }
    return Asked(sections, items, words.get("later", {}), **listed)


def proven(asked: Asked, rules: tuple[Rule, ...], root: Path) -> tuple[dict[str, Proof], list[str]]:
    """Return what proves each requirement, and what is wrong with it."""
    proofs = {key: Proof(verbs=list(asked.verbs.get(key, ()))) for key in asked.items}
    faults: list[str] = []
    for key, place in _named(root):
        if key in proofs:
            proofs[key].tests.append(place)
        else:
            faults.append(f"{place} is named after {key}, which nobody asks for")
    for key, places in asked.tests.items():
        proofs[key].tests.extend(place for place in places if place not in proofs[key].tests)
    for rule in rules:
        for key in dict.fromkeys((rule.id, *rule.covers)):
            if key in proofs:
                proofs[key].rules.append(rule.id)
    for key, proof in proofs.items():
        faults.extend(_faults(key, proof, asked, root))
    faults.extend(f"{key} stands under `later`, and nobody asks for it" for key in asked.later if key not in proofs)
    return proofs, faults


def _faults(key: str, proof: Proof, asked: Asked, root: Path) -> Iterator[str]:
    for place in proof.tests:
        problem = wrong_with(place, root)
        if problem is not None:
            yield f"{key}: {place} {problem}"
    spoken = [verb.name for shelf in SHELVES for verb in shelf.verbs]
    yield from (f"{key}: there is no verb `{verb}`" for verb in proof.verbs if verb.split()[0] not in spoken)
    if not proof.some and key not in asked.later:
        yield f"{key} has no test, no rule, and no word under `later` on why"
    if proof.tests and key in asked.later:
        yield f"{key} is proven by {proof.tests[0]}, and stands under `later`"


def _named(root: Path) -> Iterator[tuple[str, str]]:
    """Return each test that is named after a requirement."""
    for file in sorted((root / "tests").rglob("test_*.py")):
        for name in _functions(file):
            match = _NAMED.match(name)
            if match is not None:
                yield f"{match[1].upper()}{match[2]}", f"{file.relative_to(root)}::{name}"


@cache
def _functions(file: Path) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of a module by name, those of its classes too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def wrong_with(place: str, root: Path) -> str | None:
    """Say why a named test proves nothing, if it does."""
    name, _, function = place.partition("::")
    file = root / name
    if not file.exists() or function not in _functions(file):
        return "does not exist"
    return None if _asserts(file, function, ()) else "asserts nothing"


def _asserts(file: Path, function: str, above: tuple[str, ...]) -> bool:
    """Whether a function can fail: it asserts, expects an error, or calls one of its module's that does."""
    body = _functions(file)[function]
    called = set()
    for node in ast.walk(body):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in _SAYS_SO:
                return True
            if isinstance(node.func, ast.Name):
                called.add(node.func.id)
    return any(
        name in _functions(file) and name not in above and _asserts(file, name, (*above, function)) for name in called
    )


def written(asked: Asked, proofs: Mapping[str, Proof]) -> str:
    """Return the page."""
    done = sum(proof.some for proof in proofs.values())
    parts = [_MADE, _INTRO, f"{done} of {len(proofs)} are proven; of each other one it is said what is missing.\n"]
    for section, title in asked.sections.items():
        parts += [f"\n## {section}: {title}\n", "| Id | What is asked | What proves it |", "| --- | --- | --- |"]
        keys = [key for key in asked.items if _section(asked, section, key)]
        parts += [f"| {key} | {_cell(asked.items[key])} | {_said(proofs[key], asked.later.get(key))} |" for key in keys]
    parts += ["", f"A rule's examples are run by `{EXAMPLES}`."]
    return "\n".join(parts) + "\n"


def _section(asked: Asked, section: str, key: str) -> bool:
    letter = {"S": "Z"}.get(section, section)
    return key in asked.items and key.startswith(letter)


def _said(proof: Proof, later: str | None) -> str:
    parts = [f"[`{place.partition('::')[2]}`](../{place.partition('::')[0]})" for place in proof.tests]
    parts += [f"rule {name}" for name in proof.rules]
    parts += [f"`tidegate {verb}`" for verb in proof.verbs]
    if later is not None:
        parts.append(f"**Not built yet**: {_cell(later)}" if not proof.some else _cell(later))
    return ", ".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
