"""Incidents: a stop leaves a record that somebody must answer for before anything widens again.

One at a time: what is stopped again while an incident is open belongs to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import Function
from tidegate.models.event import Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason


def opened(turn: Turn, verb: Reduction) -> Reason | None:
    """Open an incident about a stop, where the rules of the stage want one; return what it says."""
    within = turn.rules.incident_within
    ends = turn.state.ends
    # What is taken away because its end was agreed to is no incident.
    agreed = ends is not None and ends.revoke_at is not None and turn.now >= ends.revoke_at
    graver = verb.rank >= Reduction.PAUSE.rank and not agreed
    if within is None or not graver or any(owed.kind == "incident" for owed in turn.state.obligations.values()):
        return None
    due = calendar.later(turn.plan.calendar, turn.now, within)
    name = turn.name("incident")
    owed = Obligation(
        kind="incident",
        what=f"what led to the {verb.value} by {turn.actor.subject}, and what has changed since",
        owner=Function.OPERATIONS.value,
        due=due,
        then="block",
    )
    turn.change(obligations={**turn.state.obligations, name: owed})
    return because(Code.INCIDENT_OPENED, id=name, verb=verb.value, due=due)
