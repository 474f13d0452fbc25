"""The changes to the rules that the tests are tried with: mutmut's, each with the lines that it lies in."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType

    from mutmut.mutation.file_mutation import Mutation

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "mutants"
_INNER = (cst.FunctionDef, cst.Lambda, cst.BaseComp, cst.ClassDef)


class Mutant(NamedTuple):
    """One change to one function."""

    room: str
    function: str
    """`name`, or `Class.name`."""
    change: str
    """The line, with what goes and what comes: `if now [-<-]{+<=+} until:`."""
    source: str
    """The function with the change."""
    mark: str
    """The hash of the function without it."""
    first: int
    last: int
    """The lines of the room of which a test has to run one before it can notice."""

    @property
    def key(self) -> str:
        """What makes it the same change in another run."""
        return f"{self.room}.{self.function}: {self.change}"


def mutants_of(room: str) -> tuple[Mutant, ...]:
    """Return every change to a room; they are kept until the room changes."""
    text = (ROOT / "tidegate" / f"{room}.py").read_text(encoding="utf-8")
    kept = KEPT / f"{room}-{mark(text, *Mutant._fields)}.json"
    if not kept.exists():
        for old in KEPT.glob(f"{room}-*.json"):
            old.unlink()
        kept.write_text(json.dumps(list(_made(room, text))), encoding="utf-8")
    return tuple(Mutant(*row) for row in json.loads(kept.read_text(encoding="utf-8")))


def _made(room: str, text: str) -> Iterator[Mutant]:
    wrapper = MetadataWrapper(cst.parse_module(text))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    owners = {
        method: f"{node.name.value}."
        for node in wrapper.module.body
        if isinstance(node, cst.ClassDef)
        for method in node.body.body
    }
    places = Places(wrapper)
    seen: Counter[tuple[str, str]] = Counter()
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        if isinstance(function, cst.FunctionDef):
            name = f"{owners.get(function, '')}{function.name.value}"
            one = _one(room, name, module, mutation, seen)
            first, last = places.lines(mutation.original_node, function)
            yield one._replace(first=first, last=last)


class Places:
    """Where in its room a change lies."""

    def __init__(self, wrapper: MetadataWrapper) -> None:
        """Begin with a room that has been read."""
        self._at = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)

    def lines(self, node: cst.CSTNode, function: cst.FunctionDef) -> tuple[int, int]:
        """Return the lines of its statement in the frame of the function; all of them where it lies in no statement."""
        statement: cst.CSTNode | None = None
        place: cst.CSTNode | None = node
        while place is not None and place is not function:
            if isinstance(place, cst.FunctionDef | cst.ClassDef):
                statement = place  # what lies within runs in a frame of its own
            elif isinstance(place, cst.BaseStatement):
                statement = statement or place
            place = self._parents.get(place)
        if place is None or statement is None:
            return self._span(function)
        first, last = self._span(statement)
        inner = None if isinstance(statement, cst.FunctionDef | cst.ClassDef) else getattr(statement, "body", None)
        # What lies in the head of a statement runs before its body does; cases stand further down than their head.
        if isinstance(inner, cst.BaseSuite):
            last = max(self._at[inner].start.line, self._at[node].end.line)
        return first, last

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        return self._at[node].start.line, self._at[node].end.line


def _one(room: str, name: str, module: cst.Module, mutation: Mutation, seen: Counter[tuple[str, str]]) -> Mutant:
    function = mutation.contained_by_top_level_function
    assert isinstance(function, cst.FunctionDef)
    changed = function.deep_replace(mutation.original_node, mutation.mutated_node)
    assert isinstance(changed, cst.FunctionDef)
    before, after = (module.code_for_node(each.with_changes(leading_lines=())) for each in (function, changed))
    change = shown(before, after)
    seen[name, change] += 1
    if seen[name, change] > 1:
        change = f"{change} #{seen[name, change]}"
    return Mutant(room, name, change, after, mark(before), 0, 0)


def shown(before: str, after: str) -> str:
    """Return one line of text with what goes and what comes marked in it."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    while start > 0 and _kind(before[start - 1]) in {_kind(text[start : start + 1]) for text in (before, after)} - {0}:
        start -= 1
    while end > 0 and _kind(before[-end]) in {_kind(text[-end - 1]) for text in (before, after)} - {0}:
        end -= 1
    first = before.rfind("\n", 0, start) + 1
    last = len(before) - end
    stop = before.find("\n", last)
    tail = before[last : stop if stop >= 0 else None]
    goes, comes = before[start:last], after[start : len(after) - end]
    return " ".join(f"{before[first:start]}[-{goes}-]{{+{comes}+}}{tail}".split())


def _alike(one: str, other: str) -> int:
    """Return how many signs two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _kind(sign: str) -> int:
    """Return 1 for what words are made of, 2 for what operators are made of, and 0 for the rest."""
    return 1 if sign.isalnum() or sign in {"_", ".", '"', "'"} else 2 * (sign in set("=!<>+-*/"))


def mark(*texts: str) -> str:
    """Return by what a text is known again."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def swap(function: FunctionType, mutant: Mutant) -> None:
    """Give a function the code of a changed one; whoever holds the function runs the change from now on."""
    scratch = dict(function.__globals__)
    text = f"from __future__ import annotations\n{mutant.source}"
    exec(compile(text, f"<{mutant.room}>", "exec"), scratch)  # noqa: S102 - our own rules, slightly changed
    changed = scratch[mutant.function.rpartition(".")[2]]
    function.__code__ = changed.__code__
    function.__defaults__ = changed.__defaults__
    function.__kwdefaults__ = changed.__kwdefaults__
