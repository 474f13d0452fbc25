"""Floor 0 is pure: no world, no memory, no order of sets; and the check that says so can say no."""

import pytest

from tests.house.purity import offences
from tests.house.tree import ROOT, modules, short

WORKFLOWS = (
    "attributes", "causes", "details", "guard", "hands", "ids", "line", "line_page", "meters", "options", "request",
    "rollout", "steps",
)  # fmt: skip
"""What a workflow is made of, beside floor 0; payloads are read, and traces kept, by what belongs to its worker."""
TOLD = ("workflow.now()", "workflow.uuid4()", "causes.now()")
"""What differs from run to run and is the same in every replay."""
OWN = ("imports asyncio,", "imports contextvars,", "imports temporalio", "imports workflows")
NAMES = {"rollout": ("uses id,",), "guard": ("uses input,",)}
"""A rollout tells what arrived together apart within one step; and so the SDK names what it hands to an interceptor."""


OWN_SOURCE = {"tidegate/models/described.py": ("imports ast,", "imports inspect,")}
"""What a model says of its fields stands in its source, which is as fixed as the module."""


def offences_of_rules(source: str, name: str) -> list[str]:
    """Every offence of a module of floor 0."""
    free = OWN_SOURCE.get(name, ())
    return [each for each in offences(source, name) if not any(words in each for words in free)]


def offences_of_a_workflow(source: str, name: str) -> list[str]:
    """Every offence of a module that runs in a workflow."""
    for words in TOLD:
        source = source.replace(words, "told")
    free = (*OWN, *NAMES.get(name, ()))
    return [each for each in offences(source, name) if not any(words in each for words in free)]


# What is refused, a twin that does the same in a pure way, and a word of the refusal.
TWINS = {
    "an import of the world": ("import os", "import re", "imports os"),
    "an import of a submodule of the world": ("import os.path", "import collections.abc", "imports os.path"),
    "an import of a clock": ("import time", "from datetime import time", "imports time"),
    "an import of dice": ("from random import choice", "from bisect import bisect", "imports random"),
    "an import of a fresh id": ("from uuid import UUID", "from hashlib import sha256", "imports uuid"),
    "an import of another floor": ("from cli import main", "from tidegate import gates", "imports cli"),
    "an import of a third party": ("import httpx", "import rfc8785", "imports httpx"),
    "an import inside a function": (
        "def f():\n    import secrets",
        "def f():\n    import hashlib",
        "imports secrets",
    ),
    "an import of everything": ("from re import *", "from re import compile as pattern", "imports *"),
    "a door in an import": ("from dataclasses import sys", "from dataclasses import field", "imports sys"),
    "a door in a module": ("import json\njson.codecs.lookup", "import json\njson.dumps", "uses .codecs"),
    "the environment": ("mode = settings.environ['MODE']", "mode = settings.mode", "uses .environ"),
    "a type that reads the clock": (
        "from pydantic import PastDatetime",
        "from pydantic import AwareDatetime",
        "imports PastDatetime",
    ),
    "a type that reads the disk": ("import pydantic\nx: pydantic.FilePath", "x: str", "uses .FilePath"),
    "datetime.now": (
        "from datetime import UTC, datetime\ndef f(): return datetime.now(UTC)",
        "from datetime import UTC, datetime\ndef f(now: datetime): return now",
        "reads the clock by .now",
    ),
    "datetime.now, handed on": (
        "import datetime as dt\ndef f(): return g(default=dt.datetime.now)",
        "import datetime as dt\ndef f(): return g(default=dt.datetime.min)",
        "reads the clock by .now",
    ),
    "datetime.utcnow": (
        "from datetime import datetime as moment\ndef f(): return moment.utcnow()",
        "from datetime import datetime as moment\ndef f(): return moment(2026, 1, 1)",
        "reads the clock by .utcnow",
    ),
    "date.today": (
        "from datetime import date\ndef f(): return date.today()",
        "from datetime import date\ndef f(today: date): return today",
        "reads the clock by .today",
    ),
    "a clock of any other kind": ("def f(c): return c.now()", "def f(c): return c.now", "reads the clock by .now"),
    "a clock by getattr": (
        "def f(c): return getattr(c, 'utcnow')",
        "def f(c): return getattr(c, 'moment')",
        "reaches for utcnow",
    ),
    "a local time": (
        "from datetime import UTC, datetime\ndef f(s): return datetime.fromtimestamp(s)",
        "from datetime import UTC, datetime\ndef f(s): return datetime.fromtimestamp(s, tz=UTC)",
        "without a time zone",
    ),
    "a local time zone": (
        "def f(moment): return moment.astimezone()",
        "def f(moment, zone): return moment.astimezone(zone)",
        "without a time zone",
    ),
    "open": ("def f(p): return open(p)", "def f(gate): return gate.open()", "uses open"),
    "print": ("print('x')", "PRINT = 'x'", "uses print"),
    "input": ("def f(): return input()", "def f(input_text): return input_text", "uses input"),
    "eval": ("def f(s): return eval(s)", "def f(s): return evaluate(s)", "uses eval"),
    "exec": ("def f(s): exec(s)", "def f(s): s.exec()", "uses exec"),
    "__import__": ("def f(): return __import__('o' + 's')", "def f(): return 'o' + 's'", "uses __import__"),
    "globals": ("def f(): return globals()", "def f(): return locals()", "uses globals"),
    "the place of the file": ("def f(): return __file__", "def f(): return __name__", "uses __file__"),
    "id as a key": ("def f(xs): return sorted(xs, key=id)", "def f(xs): return sorted(xs, key=str)", "uses id"),
    "hash": ("def f(s): return hash(s) % 100", "def f(s): return digest(s) % 100", "uses hash"),
    "an ambient precision": (
        "from decimal import getcontext\ndef f(): return getcontext().prec",
        "from decimal import Context\ndef f(): return Context(prec=28).prec",
        "uses decimal.getcontext",
    ),
    "a cache without a reason": (
        "from functools import cache\n@cache\ndef f(x): return x",
        "from functools import cache\n@cache  # pure cache: a plan never changes\ndef f(x): return x",
        "pure cache",
    ),
    "a cache by another name": (
        "import functools as ft\n@ft.lru_cache(maxsize=8)  # pure cache:\ndef f(x): return x",
        "import functools as ft\n@ft.lru_cache(maxsize=8)  # pure cache: read once per plan\ndef f(x): return x",
        "pure cache",
    ),
    "a global statement": (
        "def f():\n    global n\n    n = 1",
        "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n = 1",
        "changes the global n",
    ),
    "a list at module level": ("KINDS = ['a']", "KINDS = ('a',)", "change at module level"),
    "a dict at module level": (
        "RANK = {'a': 1}",
        "from types import MappingProxyType\nRANK = MappingProxyType({'a': 1})",
        "change at module level",
    ),
    "a set at module level": ("KINDS = {'a'}", "KINDS = frozenset({'a'})", "change at module level"),
    "a Final that is not": (
        "from typing import Final\nKINDS: Final = [n for n in 'ab']",
        "from typing import Final\nKINDS: Final = tuple(n for n in 'ab')",
        "change at module level",
    ),
    "a call that makes a dict": ("SEEN = dict()", "SEEN = tuple()", "change at module level"),
    "a defaultdict": (
        "from collections import defaultdict as dd\nSEEN = dd(list)",
        "from collections import defaultdict as dd\ndef f(): return dd(list)",
        "change at module level",
    ),
    "a counter": (
        "import itertools\nNEXT = itertools.count()",
        "import itertools\ndef f(): return itertools.count()",
        "change at module level",
    ),
    "a list in a tuple": ("ROWS = (['a'], 'b')", "ROWS = (('a',), 'b')", "change at module level"),
    "a list in a frozen mapping": (
        "from types import MappingProxyType as frozen\nROWS = frozen({'a': ['b']})",
        "from types import MappingProxyType as frozen\nROWS = frozen({'a': ('b',)})",
        "change at module level",
    ),
    "a list by another road": ("KINDS = 'a b'.split()", "KINDS = tuple('a b'.split())", "change at module level"),
    "a list under a condition": ("if FAST:\n    KINDS = []", "if FAST:\n    KINDS = ()", "change at module level"),
    "a list on a class": (
        "from typing import ClassVar\nclass A:\n    seen: ClassVar[list[str]] = []",
        "from typing import ClassVar\nclass A:\n    seen: ClassVar[tuple[str, ...]] = ()",
        "change on a class",
    ),
    "a bare dict on a class": (
        "class A:\n    seen = {}",
        "class A:\n    seen: dict[str, str] = {}",
        "change on a class",
    ),
    "a default that remembers": ("def f(x, seen=[]): return seen", "def f(x, seen=()): return seen", "has a default"),
    "a mark left on a function": (
        "def f(): f.calls = 1",
        "def f(g):\n    h = g.copy()\n    h.calls = 1",
        "changes f",
    ),
    "a count kept on a class": (
        "class A:\n    n = 0\n    def f(self): A.n += 1",
        "class A:\n    n = 0\n    def f(self): self.n += 1",
        "changes A",
    ),
    "a loop over a set": (
        "def f():\n    for x in {'a', 'b'}: yield x",
        "def f():\n    for x in sorted({'a', 'b'}): yield x",
        "no fixed order",
    ),
    "a comprehension over a set": (
        "def f(xs): return [x for x in set(xs)]",
        "def f(xs): return [x for x in dict.fromkeys(xs)]",
        "no fixed order",
    ),
    "a dict made from a set": (
        "def f(xs): return {x: 1 for x in frozenset(xs)}",
        "def f(xs): return {x for x in frozenset(xs)}",
        "no fixed order",
    ),
    "a tuple of a set": ("def f(xs): return tuple(set(xs))", "def f(xs): return len(set(xs))", "no fixed order"),
    "a list of a set": (
        "def f(xs): return list({x.id for x in xs})",
        "def f(xs): return sorted({x.id for x in xs})",
        "no fixed order",
    ),
    "a sentence from a set": (
        "def f(xs): return ', '.join(set(xs))",
        "def f(xs): return ', '.join(sorted(set(xs)))",
        "no fixed order",
    ),
    "a set in a sentence": ("def f(xs): return f'{set(xs)}'", "def f(xs): return f'{len(set(xs))}'", "no fixed order"),
    "a set unpacked": ("def f(xs): return [*set(xs)]", "def f(xs): return {*set(xs)}", "no fixed order"),
    "a set unpacked into names": ("def f(s):\n    a, b = set(s)", "def f(s):\n    a = set(s)", "no fixed order"),
    "any one of a set": ("def f(xs): return next(iter(set(xs)))", "def f(xs): return min(set(xs))", "no fixed order"),
    "the first of equals": (
        "def f(xs): return min(set(xs), key=len)",
        "def f(xs): return min(xs, key=len)",
        "no fixed order",
    ),
    "a set popped": ("def f(s: set[str]): return s.pop()", "def f(s: list[str]): return s.pop()", "no fixed order"),
    "a parameter that is a set": (
        "def f(people: frozenset[str] | None): return tuple(people)",
        "def f(people: tuple[str, ...] | None): return tuple(people)",
        "no fixed order",
    ),
    "a variable that is a set": (
        "def f(xs):\n    ys = set(xs)\n    return [y for y in ys]",
        "def f(xs):\n    ys = set(xs)\n    ys = sorted(ys)\n    return [y for y in ys]",
        "no fixed order",
    ),
    "a constant that is a set": (
        "def f(): return [k for k in KINDS]\nKINDS = frozenset({'a'})",
        "def f(): return all(k for k in KINDS)\nKINDS = frozenset({'a'})",
        "no fixed order",
    ),
    "a difference of sets": (
        "def f(a, b): return [x for x in a.keys() - b]",
        "def f(a, b): return [x for x in a.keys() if x not in b]",
        "no fixed order",
    ),
    "a union by name": (
        "def f(a, b): return list(a.union(b))",
        "def f(a, b): return any(x for x in a.union(b))",
        "no fixed order",
    ),
    "a field that is a set": (
        "class A:\n    people: frozenset[str] = frozenset()",
        "class A:\n    people: tuple[str, ...] = ()",
        "a field that is a set",
    ),
}


def test_floor_0_is_pure() -> None:
    """No module of floor 0 sees the world, remembers a call or depends on the order of a set."""
    found = [each for path in modules("tidegate") for each in offences_of_rules(path.read_text("utf-8"), short(path))]
    assert not found, "\n".join(found)


def test_the_workflows_are_pure_but_for_what_the_server_tells() -> None:
    """No module of a workflow sees a clock, dice or the world: time and fresh ids are those of its history alone."""
    sources = {name: (ROOT / "workflows" / f"{name}.py").read_text("utf-8") for name in WORKFLOWS}
    assert {name for name, source in sources.items() if "@workflow.defn" in source} == {"line", "request", "rollout"}
    found = [each for name, source in sources.items() for each in offences_of_a_workflow(source, name)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("own", ["workflow.now", "workflow.uuid4"])
@pytest.mark.parametrize("foreign", ["datetime.now", "uuid.uuid4", "self.clock.now"])
def test_a_workflow_with_a_clock_of_its_own_is_caught(own: str, foreign: str) -> None:
    """Whatever is not the server's is refused; the server's time and its fresh ids are not."""
    assert offences_of_a_workflow(f"def f(self): return {own}()", "rollout") == []
    assert len(offences_of_a_workflow(f"def f(self): return {foreign}()", "rollout")) == 1


@pytest.mark.parametrize(("impure", "pure", "word"), TWINS.values(), ids=TWINS.keys())
def test_an_impurity_is_caught_and_its_pure_twin_is_not(impure: str, pure: str, word: str) -> None:
    """Each impurity is caught for its own reason, once, and the pure way to say the same passes."""
    (found,) = offences(impure, "m.py")
    assert word in found
    assert offences(pure, "m.py") == []


def test_an_offence_names_its_place() -> None:
    """An offence says in which file and on which line it stands."""
    assert offences("\n\nimport os\n", "gates.py") == ["gates.py:3: imports os, which is not on the list of floor 0"]
