"""A world for one test, told in few words: a plan of short stories, and what a scenario says beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from rehearsal.world import World
from tests.pure.world import START, but, standard_plan
from tidegate.models.base import Span
from tidegate.models.plan import Backend, Plan
from tidegate.models.scenario import Scenario
from tidegate.models.sight import When

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FLAG = Backend(kind="flagd", settings={"file": "flags.json", "flag": "claims"})


def day(number: int, **more: Any) -> When:
    """So many days after the start."""
    return When(day=Span.of(f"{number}d"), **more)


def within(since: int, until: int, **more: Any) -> dict[str, Any]:
    """From one day until another."""
    return {"since": day(since), "until": day(until), **more}


def planned(**changes: Any) -> Plan:
    """The standard plan, with a flag behind its target."""
    return but(standard_plan(), **{"drivers": {"flags/claims": FLAG}, **changes})


def world(plan: Plan | None = None, beside: Path = Path(), revise: Any = None, **says: Any) -> World:
    """A world in which a scenario says this."""
    scenario = Scenario(scenario="test", title="A test.", **says)
    return World(plan or planned(), scenario, START, beside=beside, revise=revise)
