"""The options that several verbs share, each defined once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def _day(text: str) -> date:
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
        parser=_day,
        envvar="TIDEGATE_AS_OF",
        help="Judge it as on this day; else today, where the programme works.",
    ),
]
