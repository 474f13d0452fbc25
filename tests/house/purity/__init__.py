"""What floor 0 may not do, read off the syntax of its modules.

Floor 0 passes through the workflow sandbox untouched, so this is its only guard: where it must guess, it refuses.
A replay in another process must come to the same answer, so three judges hunt for what could differ there: the world,
memory that outlives a call, and the order of sets.
"""

import ast

from tests.house.purity.memory import Memory
from tests.house.purity.order import Order
from tests.house.purity.world import World


def offences(source: str, name: str) -> list[str]:
    """Every offence in a module, as `name:line: what is wrong`."""
    tree = ast.parse(source)
    found: set[tuple[int, str]] = set()
    for judge in (World(tree, source), Memory(tree), Order(tree)):
        judge.visit(tree)
        found |= judge.found
    return [f"{name}:{line}: {what}" for line, what in sorted(found)]
