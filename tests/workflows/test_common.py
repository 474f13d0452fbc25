"""What rollouts have in common lies in memory once, and nobody can tell by reading it."""

from __future__ import annotations

import json
from typing import Any

from tests.pure.world import but, standard_plan, with_member
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Plan, reread
from workflows.converter import CONVERTER


def carried(plan: Plan) -> Plan:
    """Return a plan as a worker has it that a rollout was begun with."""
    return arrived(RolloutInput(plan=plan).model_dump(mode="json"))


def arrived(words: dict[str, Any]) -> Plan:
    """Return the plan of what arrived in a payload."""
    converter = CONVERTER.payload_converter
    [payload] = converter.to_payloads([words])
    given: RolloutInput
    [given] = converter.from_payloads([payload], [RolloutInput])
    return given.plan


def test_rollouts_of_one_programme_share_people_and_rules() -> None:
    """Two plans that differ in their use case are each what was sent, and hold the same people and rules."""
    one, other = (carried(but(standard_plan(), use_case=name)) for name in ("one", "other"))
    assert (one.use_case, other.use_case) == ("one", "other")
    assert one.model_dump_json() == but(standard_plan(), use_case="one").model_dump_json()
    assert all(one.roster[name] is other.roster[name] for name in one.roster)
    assert all(one.stages[stage] is other.stages[stage] for stage in one.stages)
    assert one.calendar is other.calendar


def test_a_person_who_differs_is_somebody_else() -> None:
    """Whoever is no longer there in one plan is still there in the other, and everybody else is shared."""
    one, other = carried(standard_plan()), carried(with_member(standard_plan(), "risk-a", active=False))
    assert (one.roster["risk-a"].active, other.roster["risk-a"].active) == (True, False)
    assert one.roster["risk-b"] is other.roster["risk-b"]


def test_what_was_said_is_not_what_was_left_to_its_default() -> None:
    """A person whose payload leaves out what is usual is not the one whose payload says it: a seal tells them apart."""
    words = RolloutInput(plan=standard_plan()).model_dump(mode="json")
    one = arrived(words)
    shorter = json.loads(json.dumps(words))
    del shorter["plan"]["roster"]["risk-a"]["active"]
    other = arrived(shorter)
    assert one.roster["risk-a"] == other.roster["risk-a"]
    assert one.roster["risk-a"] is not other.roster["risk-a"]
    assert "active" not in other.roster["risk-a"].model_dump(exclude_unset=True)


def test_a_plan_in_one_order_is_held_once() -> None:
    """What was read from canonical bytes is itself when it is read again, and another order of names is not."""
    canonical = reread(carried(standard_plan()))
    assert reread(canonical) is canonical
    turned = canonical.but(roster=dict(reversed(canonical.roster.items())))
    assert turned == canonical
    assert list(reread(turned).roster) == list(canonical.roster)
