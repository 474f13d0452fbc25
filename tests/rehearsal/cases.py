"""Lives a scenario file as `tidegate rehearse` does, and says what it expected that did not come."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import scenarios
from cli.judge import Desk
from rehearsal.run import rehearse
from tidegate.chronicle import Chronicle, lived
from tidegate.expectations import judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.plan import Plan

FOLDER = Path(__file__).resolve().parents[2] / "playbooks" / "scenarios"
FILES = tuple(sorted(FOLDER.glob("*.yaml")))
_WRITTEN = date(2026, 11, 21)
"""The day on which the sample playbooks are judged: their dates lie after it."""


class Unread(Exception):  # noqa: N818  # it says what is wrong with the file
    """A scenario file that cannot be lived; the words are its findings."""


def unmet(file: Path) -> tuple[str, ...]:
    """Return what did not come, in the sentences of the verdicts."""
    desk = Desk(None, _WRITTEN)
    one = scenarios.beside(desk, file)
    plan = one.compiled.plan if one.compiled is not None else None
    errors = [row for row in one.rows if row.severity == "error"]
    if one.scenario is None or plan is None or errors or one.scenario.starts is None:
        raise Unread(f"{file.name}: {errors or one.rows}")

    def revise(changes: Mapping[str, Any], at: datetime) -> Plan:
        del at
        return scenarios.revised(desk, one, changes)

    ended = rehearse(plan, one.scenario, one.scenario.starts, beside=file.parent, revise=revise)
    told = lived(
        Chronicle(ended.papers, ended.texts).read(ended.rows),
        ended=ended.ended,
        how=ended.how,
        tool=version("tidegate"),
        plan=plan.digest,
    )
    return tuple(f"{row.expects}: {row.says}" for row in judge(told, one.scenario, plan) if row.result != "passed")
