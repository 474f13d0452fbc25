"""A playbook made into a plan for a verb that sends it away: with every finding said, and without errors only."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import render
from cli.answers import Exit
from cli.judge import Desk

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


def compiled(playbook: Path, programme: Path | None, day: date | None, *, as_json: bool = False) -> Plan:
    """Return the plan; print the findings and end with 1 if an error stands in the way."""
    judged = Desk(programme, day).judge(playbook)
    plan = judged.compiled.plan
    errors = tuple(row for row in judged.rows if row.severity == "error")
    if plan is not None and not errors:
        return plan
    if as_json:
        render.answer({"ok": False, "findings": [row._asdict() for row in judged.rows]})
    else:
        render.findings(judged.rows)
        render.say(f"{render.counted(len(errors), 'error')}: nothing was sent. Mend them and say it again.")
    raise typer.Exit(Exit.NO)
