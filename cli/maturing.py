"""`maturity`: whether a use case is run as what is scaled, or still as a pilot, dimension by dimension."""

from __future__ import annotations

import typer

from cli import render
from cli.answers import Exit
from cli.options import AsJson, AsOf, UseCase


def maturity(use_case: UseCase, *, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Say of goal, ownership, governance, metrics and delivery whether they are a pilot's or those of what is scaled.

    It ends with 1 while one of the five is a pilot's. From the ledger, as it was at the end of a day with --as-of. With
    --json: {"use_case", "scaled", "as_of", "dimensions": [{"name", "pilot", "scaled", "met", "rests", "lacks"}]}.

    Example: tidegate maturity claims-triage
    """
    from cli.evidence_ledger import opened
    from cli.remembered import moment, one_of
    from tidegate.scaled import maturity as five

    at = moment(as_of)
    with opened() as view:
        known = one_of(view, use_case, at)
    found = five(known.plan, known.state, at)
    scaled = all(one.met for one in found)
    if as_json:
        words = {"use_case": use_case, "scaled": scaled, "as_of": at.isoformat()}
        render.answer({**words, "dimensions": [one._asdict() for one in found]})
    else:
        met = sum(one.met for one in found)
        render.heading(f"{known.plan.title}: {met} of {len(found)} dimensions are those of what is scaled", first=True)
        render.table(
            ("Dimension", "A pilot", "Scaled", "Is it", "Rests on", "Lacks"),
            [
                (one.name, one.pilot, one.scaled, "met" if one.met else "not yet", "; ".join(one.rests) or "-",
                 "; ".join(one.lacks) or "-")
                for one in found
            ],
        )  # fmt: skip
    if not scaled:
        raise typer.Exit(Exit.NO)
