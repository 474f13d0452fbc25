"""`ledger upgrade`: the tables of the ledger, brought forward before anybody writes to them.

A worker does the same by itself; where many begin at once, and where the release is rolled out step by step, one that
does it first and says how it went is easier to watch.
"""

from __future__ import annotations

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson


def ledger() -> None:
    """Look after the tables in which the evidence is kept."""


def upgrade(*, as_json: AsJson = False) -> None:
    """Bring the tables of the ledger forward to what this Tidegate writes, and end.

    TIDEGATE_LEDGER names it; without it, it is a file in this home. What is current is left as it is, and nothing is
    ever taken back: a ledger that a newer Tidegate has written to is refused. With --json: {"ledger", "was", "at",
    "changed"}; `was` is null where there were no tables.

    Example: tidegate ledger upgrade
    """
    from cli import past
    from store.engine import Unreachable
    from store.migrate import Ahead, standing
    from store.migrate import upgrade as forward

    try:
        before = standing(past.ledger())
        after = forward(past.ledger())
        where = past.named()
    except Unreachable as error:
        raise Refusal(str(error), "TIDEGATE_LEDGER names it; `tidegate doctor` says more.", Exit.UNREACHABLE) from None
    except Ahead as error:
        raise Refusal(str(error), "Nothing was changed.", Exit.NO) from None
    if as_json:
        render.answer({"ledger": where, "was": before.at, "at": after.at, "changed": before.at != after.at})
    elif before.at == after.at:
        render.say(f"{where}: its tables are current, at {after.at}.")
    else:
        came = f"from {before.at} " if before.at else "from nothing "
        render.say(f"{where}: its tables were brought forward {came}to {after.at}.")
