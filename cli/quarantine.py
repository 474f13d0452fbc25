"""`quarantine`: what monitoring sent that belongs to no rollout. It needs no server, only the ledger's database."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import past, render
from cli.answers import Exit, Refusal
from cli.options import AsJson


def quarantine(
    *,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="ID", help="Let go of one row, after somebody has looked at it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--drop-all", help="Let go of every row.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what monitoring sent that belongs to no rollout, what came last first.

    A misspelled use case is why an alert stops nothing: correct the label where the alert is made. Nothing that lies
    here has done anything. The same thing again is counted, at most once in five seconds.

    With --json: {"quarantine": [{"id", "sender", "use_case", "why", "words", "times", "first", "last"}]}; with --drop:
    {"dropped"}.

    Example: tidegate quarantine
    """
    from cli.evidence_ledger import known_trouble, opened
    from store.quarantine import Quarantine, kept

    if drop is not None or everything:
        with opened():
            pass  # nothing is made where there is none
        with known_trouble():
            gone = Quarantine(past.ledger()).drop(None if everything else drop)
        if not gone and not everything:
            raise Refusal(
                f"nothing in quarantine is called {drop}", "`tidegate quarantine` shows all.", Exit.NO_SUCH_THING
            )
        if as_json:
            render.answer({"dropped": gone})
        else:
            render.say(f"Let go of {gone}.")
        return
    with opened() as view:
        rows = list(kept(view))
    if as_json:
        render.answer({
            "quarantine": [
                {**row._asdict(), "first": row.first.isoformat(), "last": row.last.isoformat()} for row in rows
            ]
        })  # fmt: skip
    elif not rows:
        render.say("Nothing is in quarantine.")
    else:
        render.table(
            ("Id", "Sender", "Use case", "Why", "Times", "Last (UTC)", "It said"),
            [
                (
                    one.id,
                    one.sender,
                    one.use_case or "-",
                    one.why,
                    f"{one.times:,}",
                    f"{one.last:%Y-%m-%d %H:%M}",
                    one.words,
                )
                for one in rows
            ],
        )


def lost() -> int:
    """Return how many different things lie there; none where that cannot be known now."""
    from cli.evidence_ledger import opened
    from store.quarantine import kept

    try:
        with opened() as view:
            return sum(1 for _ in kept(view))
    except Refusal:
        return 0
