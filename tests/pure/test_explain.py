"""One sentence for every reason, and every fact that it needs given wherever the rooms decide.

The rooms are read and not run: `because(Code.X, a=..., b=...)` must give what the sentence of `Code.X` asks for.
"""

from __future__ import annotations

import ast
import re
import textwrap
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import ValidationError

import tidegate
from tidegate.explain import _AT_NOTHING, _OF_NOBODY, explain
from tidegate.models.decision import Reason
from tidegate.models.reasons import Code
from tidegate.models.ways_down import NarrowLevel
from tidegate.sentences import SENTENCES
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACEHOLDER = re.compile(r"\{\w+\}")


class Given(NamedTuple):
    """One place where a room gives a reason."""

    code: Code
    facts: frozenset[str]
    open: bool
    """Whether it passes on facts that cannot be read here."""
    place: str


def needed(code: Code) -> frozenset[str]:
    """Return the facts that a sentence asks for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(SENTENCES[code]) if name)


def codes_in(node: ast.AST) -> frozenset[str]:
    """Return every code that is named inside some code."""
    return frozenset(
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "Code"
    )


def assigned(tree: ast.Module) -> dict[str, frozenset[str]]:
    """Return which codes a name of a module may stand for, wherever it is assigned."""
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else (node.target,):
            if isinstance(target, ast.Name):
                found[target.id] = found.get(target.id, frozenset()) | codes_in(node.value)
    return found


def given_in(source: str, room: str) -> Iterator[Given]:
    """Yield every reason that a room gives; raise AssertionError where its code cannot be told."""
    tree = ast.parse(source)
    names = assigned(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "because"):
            continue
        which = node.args[0]
        used = {part.id for part in ast.walk(which) if isinstance(part, ast.Name)}
        codes = codes_in(which).union(*(names.get(name, frozenset()) for name in used))
        assert codes, f"{room}:{node.lineno}: which code is this?"
        facts = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
        passes_on = any(keyword.arg is None for keyword in node.keywords)
        for name in sorted(codes):
            yield Given(Code[name], facts, passes_on, f"{room}:{node.lineno}")


@cache
def all_given() -> tuple[Given, ...]:
    """Return every reason that any room gives."""
    rooms = sorted(Path(tidegate.__file__).parent.glob("*.py"))
    return tuple(one for room in rooms if room.stem != "turn" for one in given_in(room.read_text("utf-8"), room.name))


def wanting(found: tuple[Given, ...]) -> list[str]:
    """Return the places whose sentence would have to say that a fact is unknown."""
    lacking = ((one, sorted(needed(one.code) - one.facts)) for one in found)
    return [f"{one.place} {one.code.name}: {facts}" for one, facts in lacking if facts]


def test_every_code_has_exactly_one_sentence() -> None:
    """Every reason has a sentence, no sentence is without its reason, and no two say the same."""
    assert set(SENTENCES) == set(Code)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_rooms_give_every_fact() -> None:
    """Wherever a room gives a reason, it gives every fact that the sentence asks for."""
    assert wanting(all_given()) == []


def test_every_code_is_given_by_a_room() -> None:
    """No reason is kept that nothing decides any more."""
    assert {one.code for one in all_given()} == set(Code)


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("because(Code.HELD, label=1)", ["canary:1 HELD: ['people']"]),
        ("because(Code.HELD, label=1, people=2)", []),
        ("because(Code.HELD if x else Code.PAUSED)", ["canary:1 HELD: ['label', 'people']"]),
        ("_SAID = {1: Code.HELD}\nbecause(_SAID[x], label=1)", ["canary:2 HELD: ['people']"]),
        ("code = Code.VETOED\nbecause(code, gate=1, function=2)", []),
        ("code = Code.VETOED\nbecause(code, gate=1)", ["canary:2 VETOED: ['function']"]),
        ("because(Code.INCONCLUSIVE, verdict=1, why=2, **more)", []),
    ],
)
def test_the_scan_can_fail(source: str, seen: list[str]) -> None:
    """The scan sees a fact that is missing, through a choice, a table and a name; and lets the complete twin pass."""
    assert wanting(tuple(given_in(textwrap.dedent(source), "canary"))) == seen


def test_the_scan_refuses_what_it_cannot_read() -> None:
    """A reason whose code cannot be told from the source is not passed over."""
    with pytest.raises(AssertionError, match="canary:1"):
        list(given_in("because(whatever)", "canary"))


@pytest.mark.parametrize("code", list(Code))
def test_a_sentence_is_one_and_tells_its_facts(code: Code) -> None:
    """It begins and ends like one, holds no word of code, and tells each fact as given, or says that it is unknown."""
    sentence, names = SENTENCES[code], needed(code)
    assert sentence[0].isupper() or sentence[0] == "{"
    assert sentence.endswith((".", "!", "?")) or re.search(r": \{(note|question|why|what|cause)\}$", sentence)
    assert not re.search(r"[_{}`<>\[\]]|None|True|False", PLACEHOLDER.sub("", sentence))
    assert "  " not in sentence
    assert not sentence.endswith("..")
    unknown = explain(Reason(code=code))
    assert all(f"(unknown {name})" in unknown for name in names)
    assert "{" not in unknown
    facts = {name: f"<{name}> {{x}}" for name in names}
    told = explain(because(code, **facts))
    assert all(fact in told for fact in facts.values())
    assert "(unknown" not in told


def test_names_of_our_own_are_read_as_words() -> None:
    """Names that only code spells with an underscore are said as people say them; other people's names are kept."""
    assert explain(because(Code.NOT_OPEN, control="rolled_back")) == "Exposure is rolled back; going on needs a resume."
    assert explain(because(Code.NO_RIGHT, who="dana_k", right="confirm_stop")).startswith("dana_k does not hold")
    assert "confirm stop" in explain(because(Code.NO_RIGHT, who="dana_k", right="confirm_stop"))
    assert "business owner, risk" in explain(because(Code.NO_SEAT, who="x", functions=("business_owner", "risk")))
    assert "error_rate is 3" in explain(because(Code.READ, metric="error_rate", value=3, n=9))


@pytest.mark.parametrize("table", [_OF_NOBODY, _AT_NOTHING])
def test_another_way_to_say_it_needs_no_other_fact(table: Mapping[Code, str]) -> None:
    """What is said where nobody is left rests on the facts of the sentence in whose place it stands."""
    for code, sentence in table.items():
        asked = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert asked <= needed(code), code


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (because(Code.HELD, label="nothing", people="0"), "HELD at nothing. Nobody is served, and nobody is added."),
        (
            because(Code.HELD, label="w1", people="10"),
            "HELD at w1. Up to 10 people are still served, and nobody is added.",
        ),
        (
            because(Code.CONFIRMED, label="nothing", epoch="3"),
            "That nobody is served is confirmed by read-back (epoch 3).",
        ),
        (because(Code.CONFIRMED, label="w1", epoch="3"), "w1 is confirmed by read-back (epoch 3)."),
        (because(Code.ALREADY_CONFIRMED, who="a.b"), "a.b has already said so."),
        (because(Code.UNCONFIRMED, audience="Two", to="it."), "Two have not confirmed yet: it."),
    ],
)
def test_a_sentence_is_said_as_people_say_it(reason: Reason, said: str) -> None:
    """Nobody is never a number, `nothing` is never what acts, and a sentence within ours ends once."""
    assert explain(reason) == said


def test_a_moment_is_said_as_everywhere_else() -> None:
    """A moment in a sentence reads as in every table; to the second it stays in the facts."""
    reason = because(Code.GATE_OPENED, gate="g-1", until="2026-12-07T09:00:00Z", label="w1", functions="risk")
    assert "2026-12-07 09:00 UTC" in explain(reason)
    assert reason.facts["until"] == "2026-12-07T09:00:00Z"


@pytest.mark.parametrize(("name", "good"), [("nothing", False), ("nothing-new", True)])
def test_no_level_that_serves_people_is_called_nothing(name: str, good: bool) -> None:
    """Of `nothing` the sentences say that nobody is served, so no level between the waves may be called so."""
    with nullcontext() if good else pytest.raises(ValidationError, match="nobody is served"):
        assert NarrowLevel(name=name, share="50%").name == name  # type: ignore[arg-type]  # as people write it
