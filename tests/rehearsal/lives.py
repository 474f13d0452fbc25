"""Lives of the playbooks that ship, in few words: what a test of the engine says of a scenario, and what it reads."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cli.judge import Desk
from rehearsal.run import rehearse
from tests.cli.run import ROOT
from tidegate.models.scenario import Scenario

if TYPE_CHECKING:
    from rehearsal.run import Ended
    from tidegate.models.plan import Plan

MORNING = datetime(2026, 11, 30, 8, tzinfo=UTC)
"""A Monday, nine o'clock where the programme works."""


@cache
def planned(name: str) -> Plan:
    """Return the plan of a playbook that ships."""
    plan = Desk(None, date(2026, 11, 30)).judge(ROOT / "playbooks" / f"{name}.yaml").compiled.plan
    assert plan is not None
    return plan


def lived(name: str, starts: datetime = MORNING, **says: Any) -> Ended:
    """Live a playbook with a scenario that says this."""
    words = {"scenario": "test", "title": "A test.", **says}
    return rehearse(planned(name), Scenario.model_validate_json(json.dumps(words)), starts)


def days(ended: Ended, action: str) -> list[str]:
    """Return on which days something was done, and when."""
    return [f"{entry.at:%m-%d %H:%M:%S}" for entry in ended.entries if entry.action == action]


def phases(ended: Ended) -> list[str]:
    """Return the phases in their order."""
    return [phase for phase, _ in groupby(entry.phase for entry in ended.entries)]
