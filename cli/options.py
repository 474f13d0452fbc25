"""The options that several verbs share, each defined once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cli.completion import people, use_cases


def day(text: str) -> date:
    """Read a day as people type it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day; write it like 2027-03-31.") from None


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]

ProgrammeFile = Annotated[
    Path | None,
    typer.Option(
        "--programme",
        metavar="FILE",
        envvar="TIDEGATE_PROGRAMME",
        help="The programme; else the nearest programme.yaml above the playbook, then above this directory.",
    ),
]

AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        parser=day,
        envvar="TIDEGATE_AS_OF",
        help="Judge it as on this day; else today, where the programme works.",
    ),
]

UseCase = Annotated[
    str, typer.Argument(metavar="USE_CASE", help="Which rollout, by its name.", autocompletion=use_cases)
]

Who = Annotated[
    str | None,
    typer.Option("--as", metavar="PERSON", help="Who says it; else `tidegate me`.", autocompletion=people),
]

Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in your own words.")]

MustWhy = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in your own words.")]

Evidence = Annotated[str | None, typer.Option("--evidence", metavar="WHERE", help="Where it can be seen.")]

Gate = Annotated[
    str | None,
    typer.Option("--gate", metavar="GATE", help="Which round of votes; else the one that still lacks your vote."),
]

InFunction = Annotated[
    str | None, typer.Option("--function", metavar="FUNCTION", help="In which function; else the one still needed.")
]

Wait = Annotated[
    int | None,
    typer.Option(
        "--wait", metavar="[SECONDS]", min=1, help="Follow what comes of it until it is settled; 120 if not said."
    ),
]

MessageId = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Makes it the same message when it is sent again with the same words."),
]

GoodUntil = Annotated[
    str | None,
    typer.Option(
        "--good-until",
        metavar="TIME",
        help="From when on it is not heard any more; else after 15 minutes, and with --id never.",
    ),
]
