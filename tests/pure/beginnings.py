"""Beginnings that many stories share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.pure.world import Story, but, standard_plan, with_gate, with_metric
from tidegate.models.base import GateKind

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


def asking(**changes: Any) -> Plan:
    """Return the plan with another rule for the first gate."""
    return with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, **changes)


def lone(**changes: Any) -> Plan:
    """Return the plan with the one metric `errors`, which may be silent for any time; changed."""
    plan = with_metric(standard_plan(), "errors", **{"blind_limit": None, **changes})
    return but(plan, metrics={"errors": plan.metrics["errors"]})


def opened(plan: Plan | None = None, who: str = "owner") -> Story:
    """Return a story whose first gate is open."""
    story = Story(plan)
    story.start(who)
    story.ready()
    assert story.gate.kind is GateKind.FIRST_EXPOSURE
    return story
